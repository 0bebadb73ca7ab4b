"""The text console does not sit on a card that a guest takes at its start.

Expected
    Where a guest takes a card from its host driver, no virtual console draws on a framebuffer of that card alone.
Why
    The console keeps the framebuffer, and with it the driver: unbinding hangs or leaves the host without any
    console.
How it is read
    /sys/class/vtconsole/*/bind and name, /proc/fb, and the display controllers that are assigned to guests and have
    a host driver.
Fix
    Unbind the console before the guest starts (echo 0 > /sys/class/vtconsole/vtconN/bind) and bind it again
    afterwards.
Valid for
    Every kernel with fbcon.
Sources
    Documentation/driver-api/console.rst; Documentation/fb/fbcon.rst.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.host_use import is_given, remaining_displays
from vfiotui.model.pci.passthrough import device_of, passthrough_devices
from vfiotui.rules.engine import MEANT, Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen


@rule(
    "PASSTHROUGH-CONSOLE",
    Severity.INFO,
    needs=("pci", "virt", "screens"),
    fires="single-gpu",
    silent="clean",
    reads=MEANT,
)
def check(facts: Facts) -> Answers:
    bus, screens = known(facts.pci), known(facts.screens)
    known(known(facts.virt).domains)
    given = passthrough_devices(bus, facts.boot, facts.virt)
    cards = [device_of(bus, bdf) for bdf in given if device_of(bus, bdf).is_display]
    cards = [c for c in cards if not is_given(c)]
    if not cards:
        yield not_applicable("host", "no guest takes a card from a host driver")
        return
    bound = [c for c in known(screens.consoles) if known(c.on_framebuffer) and known(c.bound)]
    left = remaining_displays(bus, frozenset(given))
    evidence = [seen(f"/sys/class/vtconsole/{c.name}", c.kind) for c in bound]
    if bound and not left:
        yield fails(
            cards[0].bdf,
            f"The text console draws on {cards[0].name}, and a guest takes that card: no other is left.",
            *evidence,
            fix=by_hand(ByHand.RUNNING_HOST, f"unbind {bound[0].name} before the guest starts", Risk.R1),
        )
    else:
        yield holds("host", "a display is left for the text console" if left else "no console is bound", *evidence)
