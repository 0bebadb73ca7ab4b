"""Hooks of libvirt can be run.

Expected
    /etc/libvirt/hooks/qemu and the files of qemu.d are executable.
Why
    libvirt passes over a hook that it may not run, without a word: cores are not freed, cards not handed over.
How it is read
    The mode of the files.
Fix
    chmod +x, and restart the daemon where the hook is its first.
Valid for
    Every libvirt; qemu.d since 6.5.
Sources
    libvirt hooks.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, rule, seen


@rule("HOOK-NOT-RUN", Severity.WARN, needs=("access",), fires="bad-hooks", silent="clean")
def check(facts: Facts) -> Answers:
    hooks = known(known(facts.access).hooks)
    bad = [h for h in hooks if not h.executable]
    for hook in bad:
        yield fails(
            hook.path,
            "This hook is not executable: libvirt passes over it.",
            seen(hook.path, "no right to execute"),
            fix=fix(f"chmod +x {hook.path}", Risk.R2, ("hook.executable", hook.path)),
        )
    if not bad:
        yield holds("host", f"{len(hooks)} hooks, all executable" if hooks else "there is no hook")
