"""Hooks of several purposes lie in a folder.

Expected
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

from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.machine import libvirt_since
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import (
    Answers,
    ByHand,
    all_hooks,
    by_hand,
    fails,
    holds,
    known,
    not_applicable,
    rule,
    seen,
)

SINGLE = "/etc/libvirt/hooks/qemu"
FOLDER_SINCE = (6, 5)
"""The first libvirt that runs the hooks of qemu.d."""
OLDER = "; libvirt before 6.5 would pass over it there"


@rule("HOOK-SINGLE", Severity.INFO, needs=("boot",), fires="guest-qemu", silent="tower")
def check(facts: Facts) -> Answers:
    hooks = known(facts.boot).hooks
    single = next((f for f in hooks if f.path == SINGLE), None)
    if single is None:
        all_hooks(known(facts.boot))
        yield holds("host", f"no hook lies in {SINGLE}")
        return
    since = libvirt_since(facts, FOLDER_SINCE)
    if since is False:
        yield not_applicable(SINGLE, "this libvirt runs no hooks of qemu.d", seen(SINGLE, "is there"))
    else:
        yield fails(
            SINGLE,
            "All hooks of guests are in one file; libvirt also runs those of qemu.d"
            + (f" since 6.5 (not checked: {since})." if isinstance(since, Unread) else "."),
            seen(SINGLE, single.text.split("\n", 1)[0][:80] or "empty"),
            fix=by_hand(
                ByHand.SCRIPT,
                f"move it to qemu.d under a name of its own{OLDER if since is not True else ''}; "
                "one that looks for other files beside itself needs their new places",
                Risk.R2,
            ),
        )
