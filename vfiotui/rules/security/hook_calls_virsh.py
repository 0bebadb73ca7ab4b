"""No hook of libvirt calls libvirt.

Expected
    No file of /etc/libvirt/hooks calls virsh or another client.
Why
    The daemon waits for the hook and the hook for the daemon: the guest's start hangs until something gives up.
How it is read
    The text of the hooks, comments left out.
Fix
    Take what is needed from the XML on standard input, or let a unit do it: systemctl start --no-block.
Valid for
    Every libvirt.
Sources
    libvirt hooks, "calling libvirt functions from within a hook script".
"""

from __future__ import annotations

import re

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, ByHand, all_hooks, by_hand, fails, holds, known, rule, seen

CALL = re.compile(r"(?<![\w/-])(?:/usr/bin/)?(?:virsh|virt-manager|virt-install)\s")


@rule("HOOK-CALLS-VIRSH", Severity.WARN, needs=("boot",), fires="bad-hooks", silent="clean")
def check(facts: Facts) -> Answers:
    hooks = known(facts.boot).hooks
    found = [(f, n, line) for f in hooks for n, line in f.numbered() if CALL.search(line)]
    for file, number, line in found:
        yield fails(
            file.path,
            "This hook calls libvirt while libvirt waits for it: both hang.",
            seen(f"{file.path}:{number}", line),
            fix=by_hand(ByHand.SCRIPT, "take it from standard input, or start a unit with --no-block", Risk.R2),
        )
    if not found:
        all_hooks(known(facts.boot))
        yield holds("host", f"none of {len(hooks)} hooks calls libvirt")
