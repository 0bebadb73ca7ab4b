"""The goal that a passed card is the screen: what emulates one goes, a keyboard and a way to see errors stay."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal
from vfiotui.plan.guest.display import no_balloon, no_video

USB_CONTROLLER = 0x0C03
"""Class of USB controllers, whatever their interface."""


def _card(work: Definition) -> bool | None:
    """Whether it is passed a graphics card; None where that is not known."""
    bus = work.facts.pci
    if isinstance(bus, Unread):
        return None
    found = [d for h in work.domain.pci_hostdevs if (d := bus.get(h.address)) is not None]
    if any(d.is_display for d in found):
        return True
    return None if any(d.class16 is None for d in found) else False


def _has_keyboard(work: Definition) -> bool:
    """Whether a keyboard of the host reaches it: an evdev input, a USB device, a whole USB controller."""
    bus = work.facts.pci
    controllers = [] if isinstance(bus, Unread) else [bus.get(h.address) for h in work.domain.pci_hostdevs]
    return (
        bool(work.domain.devices.evdev)
        or any(h.kind == "usb" for h in work.domain.hostdevs)
        or any(d is not None and d.class16 == USB_CONTROLLER for d in controllers)
    )


def _screen(work: Definition, value: str) -> None:
    if value != "card":
        raise PlanError(f"{value!r}: only card can be planned")
    card = _card(work)
    if card is None:
        raise PlanError(f"whether {work.name} is passed a graphics card is not known")
    if not card:
        raise PlanError(f"{work.name} is passed no graphics card: 'vfiotui guest attach {work.name} BDF' first")
    looking = work.domain.looking_glass is not None
    if not _has_keyboard(work) and not looking:
        raise PlanError(
            f"{work.name} would have no keyboard: pass one ('vfiotui usb attach'), a USB controller, or an evdev input"
        )
    for element in _emulated(work, looking):
        _remove(work, element)
    no_video(work, "none")
    no_balloon(work, "none")
    _silent_audio(work)
    _way_to_see(work)
    if looking:
        work.note("SPICE stays without its channel for agents: Looking Glass takes keyboard and mouse by it")


def _emulated(work: Definition, looking: bool) -> list[tuple[str, int]]:
    """Kind and number of what emulates a screen, or needs one, the last first."""
    found = []
    for kind in ("graphics", "channel", "redirdev", "smartcard", "input"):
        for place, element in enumerate(work.xml.devices(kind)):
            spice = element.get("type") in ("spicevmc", "spiceport")
            goes = {
                "graphics": not (looking and element.get("type") == "spice"),
                # The keyboard of a display that is gone cannot be typed on, and libvirt adds it again all the same.
                "input": element.get("type") == "tablet",
            }.get(kind, spice and not (looking and kind == "channel"))
            if goes:
                found.append((kind, place))
    return found[::-1]


def _remove(work: Definition, place: tuple[str, int]) -> None:
    kind, number = place
    work.xml.remove_all([work.xml.devices(kind)[number]], prune=False)


def _silent_audio(work: Definition) -> None:
    """Sound that went over SPICE has no way any more (formatdomain, audio backends)."""
    if any(g.get("type") == "spice" for g in work.xml.devices("graphics")):
        return
    for element in work.xml.devices("audio"):
        if element.get("type") == "spice":
            work.xml.set_on(element, "type", "none")
            work.note("sound went over SPICE: domain.audio sends it to a user's sound server")
            return


def _way_to_see(work: Definition) -> None:
    """A serial console, on which firmware and system write what they have to say."""
    if work.xml.devices("serial") or work.xml.devices("console"):
        return
    q = work.xml.document.quote
    work.xml.add("devices", f"<serial type={q}pty{q}/>")
    work.note(f"errors can be seen on its serial console: 'virsh console {work.name}'")


PLANNERS = (
    definition_goal(
        "guest.screen",
        "card",
        "make the passed card the only screen: no SPICE, tablet, balloon or emulated card",
        "the card is the screen",
        _screen,
    ),
)
