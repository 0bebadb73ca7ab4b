"""Softdep lines name modules.

Expected
    No softdep line for vfio-pci names a driver that is built into the kernel.
Why
    A built-in driver is there before any module: the line does nothing, and the driver takes the card.
How it is read
    softdep lines of modprobe.d against modules.builtin.
Fix
    driver_override for the card, or vfio-pci.ids= where vfio-pci is built in as well.
Valid for
    Every kernel.
Sources
    modprobe.d(5).
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.modprobe_lines import fold, statements
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.passthrough import passthrough_devices
from vfiotui.rules.engine import OPTIONS, Answers, all_files, fails, fix, holds, known, not_applicable, rule, seen


def _goals(facts: Facts, module: str) -> list[tuple[str, str]]:
    """The line goes; a built-in driver has the device before any script runs, so that it is bound later."""
    drop = [("modprobe.softdep.drop", module)]
    if isinstance(facts.pci, Unread):
        return drop
    given = passthrough_devices(facts.pci, facts.boot, facts.virt)
    mine = [d.bdf for d in facts.pci.devices if d.bdf in given and module in map(fold, or_else(d.modules, ()))]
    return [*drop, ("isolate.dynamic", ",".join(mine))] if mine else drop


@rule(
    "ISO-SOFTDEP-BUILTIN",
    Severity.INFO,
    needs=("boot",),
    fires="same-id-softdep",
    silent="clean",
    reads=OPTIONS,
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    lines = [
        (f"{f.path}:{said.line}", fold(said.name.value), f"softdep {said.name.value} {said.rest}")
        for f in boot.modprobe
        for said in statements(f.text)
        if said.verb == "softdep" and "vfio" in said.rest
    ]
    if not lines:
        all_files(boot)
        yield not_applicable("host", "no softdep line is about vfio")
        return
    kernel = known(boot.kernel)
    builtin = known(kernel.builtin)
    bad = [(where, name, text) for where, name, text in lines if name in builtin]
    for where, name, text in bad:
        yield fails(
            name,
            f"{name} is built into this kernel: the softdep line does nothing.",
            seen(where, text),
            seen(f"/lib/modules/{kernel.release}/modules.builtin", name),
            fix=fix("let libvirt bind the card when the guest starts", Risk.R3, *_goals(facts, name)),
        )
    if not bad:
        yield holds("host", f"all of {len(lines)} lines name modules", *(seen(w, t) for w, _, t in lines[:3]))
