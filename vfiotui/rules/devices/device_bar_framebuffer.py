"""The firmware's framebuffer does not hold the memory of a guest's card.

Expected
    No firmware framebuffer (BOOTFB, efifb, simpledrm) lies in the memory of a card that is assigned to a guest.
Why
    vfio-pci cannot reserve that memory then, and the guest has no video output. vfio-pci drives the framebuffer out
    by itself for cards of class 0300, not for those of class 0302 and 0380.
How it is read
    /proc/iomem (root), the platform devices *-framebuffer.0 with their drivers, /proc/fb.
Fix
    Unbind the platform device before the guest starts. Only efifb listens to video=efifb:off; after a boot with
    initcall_blacklist=sysfb_init look into /proc/iomem again, because it did not help everywhere.
Valid for
    The eviction by vfio-pci since about kernel 6.0.
Sources
    drivers/vfio/pci/vfio_pci_core.c vfio_pci_vga_init; drivers/video/aperture.c; drivers/firmware/sysfb.c.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.machine import kernel_since
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.passthrough import device_of, passthrough_devices
from vfiotui.rules.engine import MEANT, Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen

VGA = 0x0300
EVICTS = (6, 0)
"""The first kernel whose vfio-pci drives the firmware's framebuffer out of a VGA device when it binds."""


def remedy(boot: Boot | Unread, device: str, driver: str | None) -> str:
    """What takes this framebuffer away on this kernel."""
    now = f"before the guest starts: echo {device} > /sys/bus/platform/drivers/{driver or 'DRIVER'}/unbind"
    kernel = boot if isinstance(boot, Unread) else boot.kernel
    config = kernel if isinstance(kernel, Unread) else kernel.config
    if device.startswith("efi-framebuffer"):
        return f"{now}; or video=efifb:off on the command line"
    if isinstance(config, Unread) or config.get("SYSFB_SIMPLEFB") == "y" or device.startswith("simple"):
        return f"{now}; video=efifb:off does nothing here"
    return now


def _outcome(evicts: Reading[bool]) -> str:
    """What becomes of the framebuffer when vfio-pci binds; nothing where this kernel leaves it alone."""
    if isinstance(evicts, Unread):
        return f"; not checked whether vfio-pci drives it out when it binds, as kernels since 6.0 do: {evicts}."
    return ": vfio-pci drives it out when it binds, and the host's console on it goes dark." if evicts else "."


@rule(
    "DEVICE-BAR-FRAMEBUFFER",
    Severity.WARN,
    needs=("pci", "screens"),
    fires="dark-card",
    silent="clean",
    counts_guests=True,
    reads=MEANT,
)
def check(facts: Facts) -> Answers:
    bus, screens = known(facts.pci), known(facts.screens)
    given = passthrough_devices(bus, facts.boot, facts.virt)
    cards = [device_of(bus, bdf) for bdf in given if device_of(bus, bdf).is_display]
    if not cards:
        yield not_applicable("host", "no display controller is assigned to a guest")
        return
    claims = known(screens.claims)
    firmware = or_else(screens.firmware, ())
    for card in cards:
        mine = [c for c in claims if c.bdf == card.bdf]
        if not mine:
            yield holds(card.bdf, "no framebuffer holds its memory", seen("/proc/iomem", f"{card.bdf}: none"))
            continue
        screen = firmware[0] if firmware else None
        device = screen.device if screen else "simple-framebuffer.0"
        driver = or_else(screen.driver, None) if screen else None
        evicts = kernel_since(facts, EVICTS) if card.class16 == VGA else False
        helped = evicts is True
        yield fails(
            card.bdf,
            f"{mine[0].name} holds memory of this card, which is assigned to a guest" + _outcome(evicts),
            *(seen("/proc/iomem", f"{c.start:x}-{c.end:x} {c.name} below {c.bdf}") for c in mine),
            *(seen("/proc/fb", f"{f.number} {f.name}") for f in or_else(screens.framebuffers, ())),
            *(seen(f"/sys/bus/platform/devices/{s.device}/driver", or_else(s.driver, "none")) for s in firmware),
            fix=by_hand(ByHand.RUNNING_HOST, remedy(facts.boot, device, driver), Risk.R3 if helped else Risk.R1),
            severity=Severity.INFO if helped else Severity.WARN if isinstance(evicts, Unread) else Severity.FAIL,
        )
