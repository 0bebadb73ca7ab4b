"""The next boot keeps what was isolated, by the guard's last check.

Expected
    The last check of the guard found that the next boot gives every wanted device to vfio-pci, and that its entry has
    the words that changes of vfiotui put there.
Why
    A new kernel, a new initramfs, a new boot menu or a new loader can leave out what an isolation needs. After the
    reboot the host's driver has the card, and guests do not start.
How it is read
    /var/lib/vfiotui/guard.json, which the hooks of 'vfiotui guard on' and 'vfiotui guard check' write; a check that was
    made before the running boot says nothing about the next one.
Fix
    'vfiotui isolate' shows what the next boot loads. Build the initramfs and the boot menu again, then run
    'vfiotui guard check': the warning goes away when the check passes.
Valid for
    Hosts with the guard, or on which its check was run.
Sources
    The boot path as vfiotui resolves it: the loader's own manual; modprobe.d(5); kernel-install(8).
"""

from __future__ import annotations

from vfiotui.formats.guard_hooks.runner import STATE
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import (
    Answers,
    ByHand,
    by_hand,
    counted,
    fails,
    holds,
    known,
    not_applicable,
    rule,
    seen,
    unknown,
)

ISOLATE_AGAIN = by_hand(
    ByHand.CHOICE,
    "isolate the device again ('vfiotui isolate'), or undo what changed the boot; 'vfiotui guard check' looks again",
)


@rule("GUARD-LOST", Severity.FAIL, needs=("boot",), fires="guard-lost", silent="guarded")
def check(facts: Facts) -> Answers:
    guard = known(facts.boot).guard
    if isinstance(guard.state, Unread) and guard.state.why is Why.ABSENT:
        yield not_applicable("host", "the guard never checked the next boot")
        return
    state = known(guard.state)
    if not guard.this_boot:
        yield not_applicable("host", f"the last check ({state.at}) was made before the running boot")
        return
    checked = seen(STATE, f"checked {state.at} after {state.by}")
    for one in state.lost:
        yield fails(one.what, f"At the next boot {one.sentence}", checked, seen(STATE, one.sentence), fix=ISOLATE_AGAIN)
    for sentence in state.unknown:
        yield unknown("host", sentence, checked)
    if not state.lost and not state.unknown:
        yield holds("host", f"the next boot keeps {counted(state.kept, 'thing')} that guests or changes need", checked)
