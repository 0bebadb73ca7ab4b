"""vfio-pci may take the devices that it is given.

Expected
    No id names an Intel accelerator (QAT, DSA, IAX) that vfio-pci refuses.
Why
    vfio-pci keeps a list of devices whose own faults let a guest reach the host; it does not bind them.
How it is read
    ids of modprobe.d and the command line.
Fix
    disable_denylist=1 for vfio-pci, where the guest is trusted.
Valid for
    Kernel 5.9 and later.
Sources
    drivers/vfio/pci/vfio_pci.c, vfio_pci_dev_in_denylist.
"""

from __future__ import annotations

from vfiotui.formats.modprobe.modprobe_set import gathered
from vfiotui.model.boot.machine import kernel_since
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.vfio_ids import configured_ids
from vfiotui.rules.engine import OPTIONS, Answers, all_options, fails, fix, holds, known, not_applicable, rule, seen
from vfiotui.rules.old_words import OLD_KERNEL

FIRST = (5, 9)
"""The first kernel that has the list."""
DENIED = frozenset("19e2 19e3 37c8 37c9 0435 0443 0b25 0cfe".split())


@rule(
    "ISO-DENYLIST",
    Severity.INFO,
    needs=("boot",),
    fires="odd-ids",
    silent="clean",
    reads=OPTIONS,
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    ids = configured_ids(boot)
    bad = [i for i in ids if (w := i.text.lower().split(":"))[0] == "8086" and len(w) > 1 and w[1] in DENIED]
    said = gathered(boot.modprobe).option("vfio_pci", "disable_denylist")
    allowed = said is not None and said.text in ("1", "Y", "y")
    for one in bad:
        if allowed:
            yield holds(one.text, "the list is switched off", seen(one.where, one.text))
        elif not known(kernel_since(facts, FIRST)):
            yield not_applicable(one.text, OLD_KERNEL, seen(one.where, one.text))
        else:
            yield fails(
                one.text,
                "vfio-pci refuses this accelerator by its own list.",
                seen(one.where, one.text),
                fix=fix(
                    "options vfio-pci disable_denylist=1, where the guest is trusted",
                    Risk.R2,
                    ("modprobe.option", "vfio-pci disable_denylist=1"),
                ),
            )
    if not bad:
        all_options(facts)
        yield holds("host", f"none of {len(ids)} ids is on the list")
