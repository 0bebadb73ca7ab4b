"""The guard's hooks are whole, and can start vfiotui.

Expected
    Where the guard is on, its script and the hooks that fit this system are as this version writes them, and the
    program that they start is there.
Why
    A hook that cannot start vfiotui says nothing, so that no package operation fails: an update that loses the
    isolation then goes unnoticed until after the reboot. Moving vfiotui, a distribution upgrade and a new package
    manager do this.
How it is read
    /etc/vfiotui/guard.sh, the hooks of apt, pacman, dnf, kernel packages, kernel-install, initramfs-tools and
    mkinitcpio, and the place that the script names.
Fix
    Turn the guard on again: what is missing or old is written anew.
Valid for
    Hosts on which 'vfiotui guard on' was applied.
Sources
    Debian Kernel Handbook, chapter 8; kernel-install(8); apt.conf(5); alpm-hooks(5); libdnf5-actions(8).
"""

from __future__ import annotations

from vfiotui.formats.guard_hooks.runner import PATH
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, counted, fails, fix, holds, known, not_applicable, rule, seen


@rule("GUARD-DAMAGED", Severity.WARN, needs=("boot",), fires="guard-damaged", silent="guarded")
def check(facts: Facts) -> Answers:
    guard = known(facts.boot).guard
    if isinstance(guard.runner, Unread) and guard.runner.why is Why.ABSENT:
        yield not_applicable("host", "the guard is off")
        return
    known(guard.runner)
    again = fix("turn the guard on again", Risk.R2, ("guard.on", "yes"))
    damaged, starts = known(guard.damaged), known(guard.starts)
    if damaged:
        paths = ", ".join(damaged)
        sentence = f"The guard is on, but {counted(len(damaged), 'file')} of it is missing or old: {paths}."
        yield fails("host", sentence, *(seen(path, "not as vfiotui writes it") for path in damaged), fix=again)
    elif not starts:
        yield fails(
            "host", "The guard's hooks say nothing: the program that they start is gone.",
            seen(PATH, "the program that it names is not there"), fix=again,
        )  # fmt: skip
    else:
        yield holds(
            "host", f"{counted(len(guard.interfaces), 'hook')} can start vfiotui", seen(PATH, "as it was written")
        )
