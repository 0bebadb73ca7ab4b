"""Ids assigned to vfio-pci reach it.

Expected
    Where vfio-pci is built into the kernel, its ids are on the command line and not in modprobe.d.
Why
    modprobe.d is read for modules only: a built-in vfio-pci never sees it, and the host driver takes the card.
How it is read
    modules.builtin of the kernel that runs or would run; options lines of modprobe.d.
Fix
    Put vfio-pci.ids= on the kernel command line.
Valid for
    Kernels with CONFIG_VFIO_PCI=y: Ubuntu and its kin since 20.04, some others.
Sources
    modprobe.d(5); Documentation/admin-guide/kernel-parameters.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk, Severity
from vfiotui.model.pci.vfio_ids import VfioId, configured_ids
from vfiotui.rules.boot.iso_same_id import goals_of
from vfiotui.rules.engine import OPTIONS, Answers, all_options, fails, fix, holds, known, not_applicable, rule, seen


def _fix(facts: Facts, lost: list[VfioId]) -> Fix:
    """The ids on the command line, but for one that would take the boot display or a second card: see ISO-SAME-ID."""
    bus = () if isinstance(facts.pci, Unread) else facts.pci.devices
    plain: list[str] = []
    goals: list[tuple[str, str]] = []
    for one in lost:
        matched = [d for d in bus if one.matches(d) and not d.is_bridge]
        if any(d.boot_vga is True for d in matched) or len({d.slot for d in matched}) > 1:
            by_address = goals_of(one.text, matched)
            goals += by_address
            if not by_address:
                return fix("bind by address: one of the ids is that of several cards", Risk.R3)
        else:
            plain.append(one.text)
    text = "put the ids on the kernel command line"
    if goals:
        text = "bind the card by address whose id another card has too" + (f", and {text}" if plain else "")
    if plain:
        goals.append(("cmdline.add", f"vfio-pci.ids={','.join(dict.fromkeys(plain))}"))
    return fix(text, Risk.R3, *goals)


@rule(
    "VFIO-IDS-IGNORED",
    Severity.FAIL,
    needs=("boot",),
    fires="same-id",
    silent="clean",
    reads=OPTIONS,
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    ids = configured_ids(boot)
    if not ids:
        all_options(facts)
        yield not_applicable("host", "no ids are assigned to vfio-pci")
        return
    kernel = known(boot.kernel)
    builtin = "vfio_pci" in known(kernel.builtin)
    where = seen(
        f"/lib/modules/{kernel.release}/modules.builtin", "vfio-pci is built in" if builtin else "vfio-pci is a module"
    )
    on_cmdline = {i.text for i in ids if i.on_cmdline}
    lost = [i for i in ids if not i.on_cmdline and i.text not in on_cmdline]
    if builtin and lost:
        yield fails(
            "host",
            f"vfio-pci is built into this kernel and never sees {', '.join(i.text for i in lost)}.",
            where,
            *(seen(i.where, i.text) for i in lost),
            fix=_fix(facts, lost),
        )
    else:
        yield holds("host", "the ids reach vfio-pci", where)
