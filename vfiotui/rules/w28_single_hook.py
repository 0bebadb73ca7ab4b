"""Hooks of several purposes lie in a folder.

What must hold
    Where libvirt runs a hook for guests, it lies in /etc/libvirt/hooks/qemu.d.
Why
    The single file /etc/libvirt/hooks/qemu still works, but each program that brings one overwrites the last one's.
How it is read
    /etc/libvirt/hooks.
Fix
    Move it to /etc/libvirt/hooks/qemu.d under a name of its own, still executable.
Valid for
    libvirt 6.5 and later.
Sources
    libvirt hooks.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, all_hooks, fails, fix, holds, known, rule, seen

SINGLE = "/etc/libvirt/hooks/qemu"


@rule("W28-SINGLE-HOOK", "H17", Severity.INFO, needs=("boot",), fires="guest-qemu", silent="tower")
def check(facts: Facts) -> Iterator[Answer]:
    hooks = known(facts.boot).hooks
    single = next((f for f in hooks if f.path == SINGLE), None)
    if single is None:
        all_hooks(known(facts.boot))
        yield holds("host", f"no hook lies in {SINGLE}")
    else:
        yield fails(
            SINGLE,
            "All hooks of guests are in one file; libvirt also runs those of qemu.d.",
            seen(SINGLE, single.text.split("\n", 1)[0][:80] or "empty"),
            fix=fix("move it to qemu.d under a name of its own", Risk.R2),
        )
