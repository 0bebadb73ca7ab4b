"""The host has remote access as a fallback.

Expected
    Where the last display is assigned to a guest, the host can be reached over ssh or a serial console.
Why
    The host goes dark with its last display: without another way in nothing can be fixed but by a rescue system.
How it is read
    Display controllers that are not assigned to guests; units ssh, sshd and serial-getty@; console=ttyS of the
    command line.
Fix
    Switch ssh on and try it from another machine before the card is passed through.
Valid for
    Every system with systemd; with OpenRC the default runlevel is looked at.
Sources
    systemd.unit(5); Documentation/admin-guide/serial-console.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.host_use import remaining_displays
from vfiotui.model.pci.passthrough import device_of, passthrough_devices
from vfiotui.rules.engine import MEANT, Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen

WAYS = ("ssh", "sshd", "dropbear", "sshd@", "tailscaled")


@rule(
    "PASSTHROUGH-REMOTE-ACCESS",
    Severity.WARN,
    needs=("pci", "services"),
    fires="single-gpu",
    silent="clean",
    counts_guests=True,
    reads=MEANT,
)
def check(facts: Facts) -> Answers:
    bus, services = known(facts.pci), known(facts.services)
    given = passthrough_devices(bus, facts.boot, facts.virt)
    cards = [bdf for bdf in given if device_of(bus, bdf).is_display]
    if not cards:
        yield not_applicable("host", "no display controller is assigned to a guest")
        return
    left = remaining_displays(bus, frozenset(given))
    if left:
        yield holds("host", f"the host keeps {left[0].bdf} {left[0].name}")
        return
    consoles = [s for s in or_else(services.enabled, frozenset()) if s.startswith("serial-getty@")]
    serial = [*services.wanted(*sorted(consoles))]
    line = known(facts.boot).cmdline
    if isinstance(line, CommandLine) and any((v or "").startswith("ttyS") for v in line.values("console")):
        serial.append("console=ttyS on the command line")
    ways = [*services.wanted(*WAYS), *serial]
    evidence = (*(e for bdf in cards for e in given[bdf][:1]), seen("/etc/systemd/system", ", ".join(ways) or "no ssh"))
    if ways:
        known(services.masked)
        yield holds("host", f"the last display is assigned to a guest; {', '.join(ways)} leads in", *evidence)
    else:
        known(services.every)
        yield fails(
            "host",
            "The last display is assigned to a guest, and neither ssh nor a serial console is switched on.",
            *evidence,
            fix=by_hand(
                ByHand.CHOICE, "switch ssh on, and log in over it once, before the card is passed through", Risk.R2
            ),
        )
