"""Every vfio module that a list names exists.

Expected
    Lists of modules name vfio, vfio_pci, vfio_iommu_type1 and their kin.
Why
    mkinitcpio ends with an error at a name that no module has, and the image stays the old one; dracut leaves out the
    modules behind it in the list; the boot may wait for it.
How it is read
    The initramfs tool's configuration and the lists of modules to load.
Fix
    Take the name out, or spell it, and build the initramfs again.
Valid for
    Every kernel; vfio_virqfd before 6.2 only (see MODULES-VFIO-VIRQFD).
Sources
    drivers/vfio/Kconfig and the Makefiles below it.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.formats.initramfs import booster, dracut, initramfs_tools, mkinitcpio
from vfiotui.formats.modprobe import modules_load
from vfiotui.formats.modprobe.modprobe_faults import meant_module
from vfiotui.formats.refused import EditRefused
from vfiotui.model.boot.boot import Boot, ConfigFile
from vfiotui.model.boot.gone_modules import GONE
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import LISTS, Answers, counted, fails, fix, holds, known, rule, seen


def _named(file: ConfigFile) -> tuple[str, ...]:
    """The modules that a list names; none where shell code computes them."""
    try:
        if file.path.startswith("/etc/mkinitcpio.conf"):
            return mkinitcpio.words(file.text, "MODULES")
        if file.path.startswith("/etc/dracut.conf"):
            return tuple(w for name in ("add_drivers", "force_drivers") for w in dracut.words(file.text, name))
        if file.path == "/etc/initramfs-tools/modules":
            return tuple(name for name, _ in initramfs_tools.modules(file.text))
        if file.path == "/etc/booster.yaml":
            return booster.modules(file.text)
    except EditRefused:
        return ()
    return modules_load.modules(file.text) if "modules" in file.path else ()


def _unknown(boot: Boot) -> Iterator[tuple[ConfigFile, str, str]]:
    """List, name, and the module that was meant."""
    for file in (*boot.initramfs_config, *boot.modules_load):
        for name in _named(file):
            if meant := meant_module(name.rstrip("?")):
                yield file, name, meant


@rule("MODULES-UNKNOWN", Severity.FAIL, needs=("boot",), fires="odd-module", silent="clean", reads=LISTS)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    found = list(_unknown(boot))
    for file, name, meant in found:
        number, text = next(((n, t) for n, t in file.numbered() if name in t), (1, name))
        spelt = meant not in GONE
        goals = (("modules.remove", name), *((("initramfs.module", meant),) if spelt else ()))
        yield fails(
            file.path,
            f"No kernel has a module {name}: builders of the initramfs fail at it or leave out what follows.",
            seen(f"{file.path}:{number}", text),
            fix=fix(f"write {meant}" if spelt else f"take {name} out of the list", Risk.R2, *goals),
        )
    if not found:
        known(boot.lists_seen)
        files = len(boot.initramfs_config) + len(boot.modules_load)
        yield holds("host", f"{counted(files, 'file')} name no vfio module that does not exist")
