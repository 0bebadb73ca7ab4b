"""Goals that give a USB device of the host to a guest: to the one that runs, at once; or in its definition."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import plug_device
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.domain_devices import Hostdev
from vfiotui.model.guest.guest_usb import matches
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.model.pci.usb import UsbDevice
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.guest.definition import Definition, definition_goal
from vfiotui.plan.guest.usb import named
from vfiotui.plan.guest.usb_named import NUMBER, found, kind_of, must_be_free, one


def running_guest(draft: Draft, name: str) -> StoredGuest:
    """A guest that runs on this host; PlanError says why there is none."""
    stored = draft.snapshot.guests.get(name, Unread("it was not read"))
    if isinstance(stored, Unread):
        raise PlanError(f"{name} cannot be reached: {stored.reason}")
    if stored.elsewhere:
        raise PlanError(f"{name} runs on another host, whose USB devices are not known here")
    if stored.running is None and stored.definition is None:
        raise PlanError(f"there is no guest {name!r}")
    if stored.running is None:
        raise PlanError(
            f"{name} does not run: only a running guest gets a device at once; --config changes its definition"
        )
    return stored


def _domain(draft: Draft, name: str) -> Domain | None:
    virt = draft.facts.virt
    domains = () if isinstance(virt, Unread) or isinstance(virt.domains, Unread) else virt.domains
    return next((d for d in domains if d.name == name), None)


def device_xml(device: UsbDevice) -> bytes:
    """The element that means exactly this device, by the number that it has until it is unplugged."""
    return (
        "<hostdev mode='subsystem' type='usb' managed='yes'>\n  <source>\n"
        f"    <address bus='{device.bus}' device='{device.number}'/>\n  </source>\n</hostdev>\n"
    ).encode()


def _attach(draft: Draft, argument: str) -> None:
    guest, _, word = argument.partition("/")
    stored = running_guest(draft, guest)
    device = one(draft, word)
    if isinstance(device.number, Unread):
        raise PlanError(f"the number of {device.path} cannot be read ({device.number}): plug it in anew")
    domain = _domain(draft, guest)
    if domain is not None and any(
        h.kind == "usb" and h.address == f"{device.bus}:{device.number}" for h in domain.hostdevs
    ):
        raise PlanError(f"{guest} has {device.path} already")
    must_be_free(draft, device, guest)
    name = f"{device.label} ({device.path})" if device.label else device.path
    draft.add(
        plug_device(guest, None, device_xml(device), f"give {name} to {guest} now", where=stored.where), Phase.GUEST
    )


def _held(draft: Draft, domain: Domain, word: str) -> Hostdev:
    """What of a guest a word means: a device that is plugged in, or one that is gone, by the guest's own name of it."""
    usb = [h for h in domain.hostdevs if h.kind == "usb"]
    kind, plugged = kind_of(word), found(draft, word) if not isinstance(draft.facts.usb, Unread) else ()
    address = word.lower()
    if kind == "number" and (match := NUMBER.fullmatch(word)):
        address = f"{int(match[1])}:{int(match[2])}"
    mine = [h for h in usb if h.address == address or any(matches(h, d) is True for d in plugged)]
    if not mine:
        known = ", ".join(h.address for h in usb) or "none"
        raise PlanError(f"{domain.name} has no USB device {word}; it has: {known}")
    if len(mine) > 1:
        raise PlanError(
            f"{domain.name} has {len(mine)} USB devices {word}: name one of {', '.join(h.address for h in mine)}"
        )
    return mine[0]


def _source(hostdev: Hostdev, quote: str = "'") -> tuple[str, ...]:
    """The lines of <source> that mean a device as a guest names it."""
    q, by = quote, hostdev.usb_by
    if by == "ids":
        vendor, _, product = hostdev.address.partition(":")
        return (f"<vendor id={q}0x{vendor}{q}/>", f"<product id={q}0x{product}{q}/>")
    if by == "port":
        bus, _, port = hostdev.address.partition("-")
        return (f"<address bus={q}{bus}{q} port={q}{port}{q}/>",)
    bus, _, number = hostdev.address.partition(":")
    return (f"<address bus={q}{bus}{q} device={q}{number}{q}/>",)


def _detach(draft: Draft, argument: str) -> None:
    guest, _, word = argument.partition("/")
    stored = running_guest(draft, guest)
    domain = _domain(draft, guest)
    if domain is None:
        raise PlanError(f"what {guest} has cannot be read: ask libvirt anew")
    held = _held(draft, domain, word)
    source = f"  <source>{''.join(_source(held))}</source>\n"
    xml = f"<hostdev mode='subsystem' type='usb' managed='yes'>\n{source}</hostdev>\n"
    why = f"take {word} from {guest} now"
    draft.add(plug_device(guest, xml.encode(), None, why, where=stored.where), Phase.GUEST)


def _add(work: Definition, word: str) -> None:
    kind = kind_of(word)
    if kind == "number":
        raise PlanError(f"{word} is another number each time it is plugged in: a definition names a port or ids")
    if any(c.get("model") == "none" for c in work.xml.devices("controller") if c.get("type") == "usb"):
        raise PlanError(f"{work.name} has no USB: its <controller type='usb' model='none'/> is changed by hand first")
    if kind == "port" and work.versions.libvirt_is((12, 0)) is False:
        raise PlanError(
            f"this libvirt takes no port in a definition (12.0 and later do): name the ids, or have it follow the port "
            f"('vfiotui usb follow {work.name} {word}')"
        )
    address = word.lower()
    if any(h.kind == "usb" and h.address == address for h in work.domain.hostdevs):
        return
    plugged = () if isinstance(work.facts.usb, Unread) else found(work.draft, word)
    if len(plugged) > 1:
        raise PlanError(
            f"{len(plugged)} devices have the ids {word}: libvirt would not know which is meant; follow the port of "
            f"one ('vfiotui usb follow {work.name} {plugged[0].path}')"
        )
    for device in plugged:
        if device.is_hub:
            raise PlanError(f"{word} is a hub, which no guest can have: name what is plugged into it")
        must_be_free(work.draft, device, work.name)
    xml, q = work.xml, work.xml.document.quote
    parent = xml.root.find("devices")
    if parent is None:
        raise PlanError(f"{work.name} has no devices at all")
    body = "\n    ".join(_source(Hostdev("usb", address, True), q))
    written = (
        f"<hostdev mode={q}subsystem{q} type={q}usb{q} managed={q}yes{q}>\n"
        f"  <source startupPolicy={q}optional{q}>\n    {body}\n  </source>\n</hostdev>"
    )
    behind = next(iter(reversed(xml.devices("hostdev"))), None)
    xml.document.edit([xml.document.insert_edit(parent, [written], (), behind)])


def _drop(work: Definition, word: str) -> None:
    held = _held(work.draft, work.domain, word)
    work.xml.remove(named(work, held.address)[0])


PLANNERS = (
    Planner(
        "usb.attach", "GUEST/DEVICE", "give a plugged USB device to a running guest now", "{1}: USB {2} now", _attach
    ),
    Planner("usb.detach", "GUEST/DEVICE", "take a USB device from a running guest now", "{1}: no USB {2}", _detach),
    definition_goal("domain.usb.add", "DEVICE", "a USB device by port or ids", "passes USB {2} too", _add),
    definition_goal("domain.usb.drop", "DEVICE", "a USB device of the host less", "no USB {2}", _drop),
)
