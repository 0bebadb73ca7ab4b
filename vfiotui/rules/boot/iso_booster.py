"""booster is given what it understands.

Expected
    Where booster builds the initramfs, vfio-pci is set up by options lines and modules_force_load only.
Why
    booster reads options lines of modprobe.d and nothing else: softdep, install and blacklist have no effect in
    its image.
How it is read
    The initramfs tool; modprobe.d; /etc/booster.yaml.
Fix
    modules_force_load: vfio_pci,vfio,vfio_iommu_type1 in /etc/booster.yaml.
Valid for
    booster, every version.
Sources
    booster's manual; generator/kmod.go.
"""

from __future__ import annotations

from vfiotui.model.boot.modprobe_lines import statements
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import OPTIONS, Answers, fails, fix, holds, known, not_applicable, rule, seen


@rule(
    "ISO-BOOSTER",
    Severity.WARN,
    needs=("boot",),
    fires="booster",
    silent="clean",
    reads=(*OPTIONS, "/etc/booster.yaml"),
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    if known(boot.initramfs) != "booster":
        yield not_applicable("host", "booster does not build the initramfs")
        return
    forced = any("modules_force_load" in f.text and "vfio" in f.text for f in boot.initramfs_config)
    lines = [
        (f"{f.path}:{said.line}", f"{said.verb} {said.name.value} {said.rest}")
        for f in boot.modprobe
        for said in statements(f.text)
        if said.verb in ("softdep", "install") and "vfio" in f"{said.name.value} {said.rest}"
    ]
    if lines and not forced:
        yield fails(
            "host",
            "booster does not read these lines: vfio-pci is not loaded first.",
            *(seen(where, text) for where, text in lines),
            fix=fix(
                "modules_force_load: vfio_pci,vfio,vfio_iommu_type1 in /etc/booster.yaml",
                Risk.R2,
                ("initramfs.module", "vfio_pci"),
            ),
        )
    else:
        yield holds("host", "nothing relies on lines that booster passes over")
