"""Goals that give a guest another disk, or take one away: in its definition, or while it runs.

A block device is named by a link that stays, and refused while this host uses any part of it.
"""

from __future__ import annotations

import re

from vfiotui.formats.domain_xml.xml_text import Element, escaped
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.guest.disk_source import BLOCK, CONTROLLER, OTHER, DiskSource
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.attach import some
from vfiotui.plan.guest.definition import OTHER_HOST, Definition, definition_goal, whole
from vfiotui.plan.guest.disks import LINKS, PATH, PREFIX, disk_of, free_name, lasting
from vfiotui.plan.guest.running import running_domain, running_goal
from vfiotui.plan.guest.threads import MOST, add_iothread

ORDER = ("driver", "auth", "source")
FORMATS = ("raw", "qcow2", "vmdk", "vdi", "vhdx", "luks")
KINDS = ("disk", "cdrom", "lun")
BUSES = ("virtio", "scsi", "sata", "usb")
HOT = ("virtio", "scsi", "usb")
"""Buses that a running guest takes a disk on (libvirt, qemuDomainAttachDeviceDiskLive)."""
BARE = re.compile(r"/dev/(sd|hd|vd|nvme|mmcblk|dm-|md)[\w]*")
"""Names that the kernel gives in the order in which it finds devices."""
BDF = re.compile(r"/?([0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for; empty words are left to the program."""

    path: str
    bus: str = ""
    device: str = ""
    format: str = ""
    target: str = ""
    iothread: str = ""
    readonly: bool = False


def wanted(value: str) -> Wanted:
    """OPTIONS:PATH as it is asked for; PlanError for words that mean nothing.

    >>> wanted("bus=sata,readonly:/srv/x.iso")
    Wanted(path='/srv/x.iso', bus='sata', device='', format='', target='', iothread='', readonly=True)
    """
    options, slash, rest = value.partition("/")
    path = slash + rest
    if BDF.fullmatch(value):
        raise PlanError(f"{value} is a PCI device and no disk: 'vfiotui guest attach' passes it")
    if not PATH.fullmatch(path) or not path.isprintable():
        raise PlanError(f"{path or value!r} is no absolute path of a block device or an image")
    given: dict[str, str] = {}
    for word in filter(None, options.removesuffix(":").split(",")):
        name, equals, text = word.partition("=")
        allowed = {"bus": BUSES, "device": KINDS, "format": FORMATS}.get(name, ())
        fits = (
            text in allowed
            or (name == "target" and re.fullmatch(r"[a-z]{3,5}", text))
            or (name == "iothread" and (text == "none" or text.isdecimal()))
        )
        if word != "readonly" and not (equals and fits):
            raise PlanError(f"{word!r} says nothing of a disk: bus=, device=, format=, target=, iothread=, readonly do")
        given[name] = text
    return Wanted(path, **{**given, **({"readonly": True} if "readonly" in given else {})})  # type: ignore[arg-type]


def _path_of(argument: str) -> tuple[str, ...]:
    """The path in the argument of a goal, for what is read beforehand."""
    try:
        return (wanted(argument.partition("/")[2]).path,)
    except PlanError:
        return ()


def _looked_at(work: Definition, path: str) -> DiskSource:
    """What the path holds; PlanError where it is nothing that a guest can have, or this host uses it."""
    if work.facts.guest_files is OTHER_HOST:
        raise PlanError(f"{work.name} runs on another host, whose disks are not seen here: ask there")
    return unused(work.draft.snapshot.disks.get(path, Unread("was not looked at")), path, work.name)


def unused(found: Reading[DiskSource], path: str, guest: str) -> DiskSource:
    """What was found at a path where a guest may have it as a disk; PlanError where it may not, or that is unknown."""
    if isinstance(found, Unread):
        missing = found.why is Why.ABSENT
        todo = "; 'qemu-img create' makes an image" if missing and not path.startswith("/dev/") else ""
        raise PlanError(f"{path} {'is not there' if missing else f'cannot be looked at ({found.reason})'}{todo}")
    if found.kind == CONTROLLER:
        (name,) = found.functions or ("its PCI address",)
        raise PlanError(
            f"{path} is an NVMe controller and no disk: its namespace is the disk ({found.real}n1); to pass the whole "
            f"drive, 'vfiotui guest attach {guest} {name}'"
        )
    if found.kind == OTHER:
        raise PlanError(f"{path} is neither a block device nor a file")
    if isinstance(found.users, Unread):
        raise PlanError(f"whether this host uses {path} is not known: {found.users}")
    if found.users:
        raise PlanError(f"this host uses {path}: {', '.join(found.users)}; both writing to it destroys it")
    return found


def _in_guests(work: Definition, found: DiskSource) -> None:
    """PlanError where the guest has the disk already, or another one that runs; a note for those that are off."""
    names = {found.path, found.real, *(link for link, real in _links(work).items() if real == found.real)}
    if any(d.source in names for d in work.domain.devices.disks):
        raise PlanError(f"{work.name} has {found.path} already")
    virt = work.facts.virt
    off: list[str] = []
    for other in () if isinstance(virt, Unread) else or_else(virt.domains, ()):
        if other.name == work.name or not any(d.source in names for d in other.devices.disks):
            continue
        if other.running:
            raise PlanError(f"{found.path} is a disk of {other.name}, which runs: both writing to it destroys it")
        off.append(other.name)
    if off:
        work.note(f"{found.path} is a disk of {some(off)} too: never run both at once")


def _links(work: Definition) -> dict[str, str]:
    return dict(or_else(work.snapshot.links.get(LINKS, Unread("was not looked at")), {}))


def _bus(work: Definition, want: Wanted, device: str) -> str:
    """The bus that is asked for; else virtio where the guest has its driver for sure, or is no Windows."""
    if want.bus:
        return want.bus
    if device == "cdrom":
        return "scsi" if work.domain.machine.startswith("virt") else "sata"
    known = any(d.bus == "virtio" for d in work.domain.devices.disks)
    return "virtio" if known or work.running or not work.domain.is_windows else "sata"


def _target(work: Definition, want: Wanted, bus: str) -> str:
    """A name that neither the definition nor the running guest has for a disk."""
    other = running_domain(work.draft.facts, work.name)
    running = set() if other is None else {d.target for d in other.devices.disks}
    stored = work.draft.snapshot.guests.get(work.name)
    text = b"" if stored is None or isinstance(stored, Unread) else stored.definition or b""
    taken = running | set(re.findall(r"<target\s+dev=['\"](\w+)['\"]", text.decode("utf-8", "replace")))
    if want.target:
        if want.target in taken:
            raise PlanError(f"{work.name} has a disk {want.target} already")
        return want.target
    return free_name(work, {**PREFIX, "usb": "sd"}[bus], frozenset(taken))


def _iothread(work: Definition, want: Wanted, bus: str) -> str:
    """The number of the iothread that serves the disk; empty for none.

    A virtio disk profits from one; the least used is taken. Without any, the definition gets one beside QEMU's own
    threads.
    """
    if want.iothread == "none" or (not want.iothread and bus != "virtio"):
        return ""
    ids = work.xml.iothread_ids
    if want.iothread:
        if bus != "virtio":
            raise PlanError(f"a disk on {bus} has no iothread of its own: its controller has")
        number = whole(want.iothread, "number of an iothread", MOST)
        if number not in ids:
            raise PlanError(f"{work.name} has no iothread {number}")
        return str(number)
    if not ids:
        if work.running:
            return ""
        add_iothread(work, 1)
        if work.xml.emulator_pin:
            work.xml.iothread_pins = {1: work.xml.emulator_pin}
        return "1"
    devices = work.domain.devices
    uses = [n for d in devices.disks for n in d.iothreads] + [n for c in devices.controllers for n in c.iothreads]
    return str(min(ids, key=lambda n: (uses.count(n), n)))


def _scsi(work: Definition) -> None:
    """A virtio-scsi controller is there where disks of scsi shall be."""
    if any(c.get("type") == "scsi" for c in work.xml.devices("controller")):
        return
    q = work.xml.document.quote
    work.xml.add("devices", f"<controller type={q}scsi{q} index={q}0{q} model={q}virtio-scsi{q}/>")


def _add(work: Definition, value: str) -> None:
    want = wanted(value)
    found = _looked_at(work, want.path)
    _in_guests(work, found)
    block = found.kind == BLOCK
    drive = want.path.lower().endswith(".iso") or re.fullmatch(r"/dev/sr\d+", found.real) is not None
    device = want.device or ("cdrom" if drive else "disk")
    bus = _bus(work, want, device)
    if work.running and (bus not in HOT or device == "cdrom"):
        raise PlanError(f"a running guest takes no {device} on {bus}: add it to the definition (--config)")
    path = lasting(work, LINKS, want.path) if block and BARE.fullmatch(want.path) else want.path
    target = _target(work, want, bus)
    if bus == "scsi":
        _scsi(work)
    thread = "" if device == "cdrom" else _iothread(work, want, bus)
    _write(work, want, found, path, (device, bus, target, thread))
    _say(work, found, bus, device)


def _write(work: Definition, want: Wanted, found: DiskSource, path: str, place: tuple[str, str, str, str]) -> None:
    """The element, behind the last disk."""
    device, bus, target, thread = place
    q, block = work.xml.document.quote, found.kind == BLOCK
    words = {"name": "qemu", "type": want.format or ("raw" if block else found.format)}
    if device != "cdrom":
        # Past the host's page cache; a guest's trim reaches the device (QEMU's manual, disk images).
        words |= {"cache": "none", "io": "native", "discard": "unmap"}
    words |= {"iothread": thread} if thread else {}
    driver = " ".join(f"{name}={q}{word}{q}" for name, word in words.items())
    kind, name = ("block", "dev") if block else ("file", "file")
    only_read = "  <readonly/>\n" if want.readonly or device == "cdrom" else ""
    written = (
        f"<disk type={q}{kind}{q} device={q}{device}{q}>\n  <driver {driver}/>\n"
        f"  <source {name}={q}{escaped(path)}{q}/>\n  <target dev={q}{target}{q} bus={q}{bus}{q}/>\n{only_read}</disk>"
    )
    xml = work.xml
    parent = xml.made("devices")
    last: Element | None = next(iter(reversed(xml.devices("disk"))), None)
    xml.document.edit([xml.document.insert_edit(parent, [written], () if last is not None else ("disk",), last)])


def _say(work: Definition, found: DiskSource, bus: str, device: str) -> None:
    """What a person should know of the disk."""
    for sign in found.signs:
        work.note(f"{sign} lies on {found.path}, not in use now: this host must not start it while the guest runs")
    if found.functions and device == "disk":
        one = found.functions[0]
        work.note(
            f"{found.path} is an NVMe disk that this host drives; the whole drive is the PCI device {one}, which the "
            f"guest drives itself after 'vfiotui guest attach {work.name} {one}'"
        )
    if bus == "virtio" and work.domain.is_windows and not any(d.bus == "virtio" for d in work.domain.devices.disks):
        work.note("Windows sees a virtio disk only with the driver of virtio-win")


def _name_of(work: Definition, value: str) -> str:
    """The target name of the disk that a name or a path means; PlanError where none does."""
    if not value.startswith("/"):
        return value
    links = _links(work)
    names = {value, links.get(value, value), *(link for link, real in links.items() if real == value)}
    found = [d.target for d in work.domain.devices.disks if d.source in names]
    if not found:
        raise PlanError(f"{work.name} has no disk {value}")
    return found[0]


def _remove(work: Definition, value: str) -> None:
    target = _name_of(work, value)
    disk = disk_of(work, target)
    one = next((d for d in work.domain.devices.disks if d.target == target), None)
    if work.running and one is not None and (one.bus not in HOT or one.device == "cdrom"):
        raise PlanError(f"a running guest keeps its {one.device} {target} on {one.bus}: take --config")
    work.xml.remove(disk)
    disks = [d for d in work.domain.devices.disks if d.device == "disk"]
    if one is not None and disks and disks[0] == one and not work.running:
        work.note(f"{target} is the first disk of {work.name}: it may be what it starts from")
    for number in sorted(one.iothreads if one is not None else ()):
        if not any(number in d.iothreads for d in work.domain.devices.disks if d.target != target):
            work.note(
                f"iothread {number} serves no disk any more: domain.iothread.drop={work.name}/{number} removes it"
            )
    work.note(f"what is on {target} stays as it is")


FILES = (LINKS,)
ADD = "[OPTIONS:]PATH"
PLANNERS = (
    definition_goal("guest.disk.add", ADD, "add a disk or an image to the guest", "disk {2}", _add, FILES, _path_of),
    definition_goal(
        "guest.disk.remove", "TARGET|PATH", "take a disk away from the guest", "no disk {2}", _remove, FILES
    ),
    running_goal("guest.disk.plug", ADD, "attach a disk to the running guest", "disk {2}", _add, FILES, _path_of),
    running_goal(
        "guest.disk.unplug", "TARGET|PATH", "detach a disk from the running guest", "no disk {2}", _remove, FILES
    ),
)
