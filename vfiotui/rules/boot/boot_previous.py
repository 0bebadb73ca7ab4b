"""The boot before this one ended well.

Expected
    The kernel log of the previous boot holds no sign of trouble with passthrough, and the system was shut down in
    order.
Why
    A host that froze while a guest stopped shows why in its last lines only, and after the reset they are gone from
    them.
How it is read
    journalctl -k of the previous boot (of a mounted disk: of its last one), and the journal's own last word; else
    /var/log/dmesg.0.
Fix
    Read the lines that are shown; the checks of reset, D3 and BARs explain each.
Valid for
    Systems that keep their journal (/var/log/journal).
Sources
    journalctl(1); systemd-journald.service(8).
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.finding.log_signs import ALL, said
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, holds, known, rule, seen

PLACES = ("/var/log/journal", "/var/log/dmesg.0")


@rule("BOOT-PREVIOUS", Severity.INFO, needs=("last_boot",), fires="bad-log", silent="clean", reads=PLACES)
def check(facts: Facts) -> Answers:
    last = known(facts.last_boot)
    signs = [(sign, said(last.lines, sign)) for sign in ALL]
    signs = [(sign, lines) for sign, lines in signs if lines]
    cut = last.shut_down is False
    ending = "It was not shut down in order. " if cut else ""
    if signs:
        yield fails(
            "host",
            f"The boot before this one: {ending}{'; '.join(f'{s.name} ({len(t)})' for s, t in signs)}.",
            *(seen(last.source, t[-1]) for _, t in signs[:6]),
            fix=by_hand(ByHand.LOG, "read these lines, then the checks that they belong to"),
            severity=Severity.WARN,
        )
    elif cut:
        yield fails(
            "host",
            "The boot before this one was not shut down in order: a freeze, a reset or a power cut.",
            seen(last.source, last.lines[-1].text if last.lines else "no line about passthrough"),
            fix=by_hand(ByHand.LOG, "if it froze: let the kernel log go to another machine (netconsole) the next time"),
        )
    else:
        yield holds("host", "the boot before this one shows no trouble", seen(last.source, f"{len(last.lines)} lines"))
