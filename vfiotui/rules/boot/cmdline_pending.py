"""The running command line is that of the next boot.

Expected
    Every word of the entry that boots next is on the running command line.
Why
    A difference means that a reboot is pending, or that another loader starts this host.
How it is read
    /proc/cmdline against the entry that the loader will start; against its sources where entries are not followed.
Fix
    Boot again; if the words are still missing, look which loader is active (the evidence says).
Valid for
    Every loader whose entries or configuration are read.
Sources
    Documentation/admin-guide/kernel-parameters.rst; the loader's own manual.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import LINES, Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen

OF_THE_LOADER = frozenset({"BOOT_IMAGE", "initrd"})
"""Words that loaders add for themselves: they name files, as this boot or the next one has them."""


@rule(
    "CMDLINE-PENDING", Severity.WARN, needs=("boot",), fires="pending", silent="tower", reads=LINES, only_running=True
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    if facts.mode is Mode.ROOT:
        yield not_applicable("host", "a mounted disk has no running kernel")
        return
    running, following = known(boot.cmdline), known(boot.next_line)
    present = {w.text for w in running.words()}
    missing = [w.text for w in following.words() if w.text not in present and w.key not in OF_THE_LOADER]
    evidence = (
        seen(running.source, running.text),
        seen(following.source, following.text),
        *(seen("loader", e) for e in boot.loader.evidence[:2]),
    )
    if missing:
        where = "In the next boot's entry" if boot.on_disk == following else "Configured"
        yield fails(
            "host",
            f"{where} but not running: {' '.join(missing)}. A reboot is pending, or another loader is active.",
            *evidence,
            fix=by_hand(ByHand.RUNNING_HOST, "boot again, then look here"),
        )
    else:
        yield holds("host", "every word of the next boot is running", *evidence)
