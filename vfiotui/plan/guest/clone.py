"""A second guest of the same kind: a definition whose name, UUID, MAC addresses and files are its own.

The numbers follow from the first guest's UUID and the new name: the same clone gets the same ones again.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.domain_xml.properties import DomainXml
from vfiotui.formats.domain_xml.xml_text import Element, decode, escaped
from vfiotui.model.base.value import dataclass
from vfiotui.model.change.change import Change, Effect, define_domain, write_file
from vfiotui.model.change.plan import Plan
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.finding.finding import Risk
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.plan.draft import ANY_NAME, PlanError

FOLDER = "/etc/libvirt/qemu"
WRITES = (rf"{FOLDER}/{ANY_NAME}\.xml",)
NAME = re.compile(r"(?!\.{1,2}$)[^/\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}")
"""Names that libvirt takes and that may be the name of a file."""
PATH = re.compile(r"/[^\x00-\x1f\x7f]*")
OWN_MAC = "52:54:00"
"""The first half of the addresses that QEMU's guests have."""
MAC = re.compile(r"(?i)mac\s+address\s*=\s*['\"]([0-9a-f:]{17})")
OUTPUTS = ("file", "unix", "tcp", "udp", "dev", "pipe")
"""Types of a character device that are a place of the host's."""
LIBVIRTS_OWN = ("/var/lib/libvirt/qemu/channel/", "/run/libvirt/qemu/channel/")
"""Folders in which libvirt itself chooses the sockets of channels."""
GOES_WITH_SOURCE = ("source", "backingStore", "mirror")


@dataclass(frozen=True, slots=True)
class Disks:
    """What the clone has instead of the first guest's disks."""

    paths: Mapping[str, str]
    """By the target's name, such as vda: the file or the block device below /dev."""
    shared: bool = False
    """Whether it has the first guest's own disks where no path is named."""


@dataclass(frozen=True, slots=True)
class Clone:
    """A definition."""

    xml: str
    notes: tuple[str, ...]
    """What a person should know of it: sentences without a full stop."""


def cloned(xml: str, name: str, disks: Disks, others: Iterable[Domain] = ()) -> Clone:
    """The definition of a clone; ValueError where the XML is no sound domain, PlanError where it cannot be made.

    `others` are all guests that there are: neither their names nor their UUIDs and MAC addresses are taken again.
    """
    known = tuple(others)
    if not NAME.fullmatch(name):
        raise PlanError(f"{name!r} is no name for a guest: it may hold no slash and no control character")
    if any(d.name == name for d in known):
        raise PlanError(f"there is a guest {name!r} already: choose another name")
    old = parse(xml, source=name)
    if old.name == name:
        raise PlanError(f"{name!r} is the guest itself: choose another name")
    work = _Work(DomainXml(xml), old, name, _number(old, name, known))
    for part in (_identity, _firmware_variables, _channels, _other_places):
        part(work)
    _interfaces(work, {m.lower() for d in known for m in MAC.findall(d.xml)})
    _disks(work, disks)
    _shared_with_the_first(work)
    return Clone(work.xml.xml, tuple(dict.fromkeys(work.notes)))


def plan_clone(first: StoredGuest, second: StoredGuest, disks: Disks, others: Iterable[Domain]) -> Plan:
    """The plan that defines the clone `second` of a guest; PlanError says why there is none."""
    if second.definition is not None or second.running is not None:
        raise PlanError(f"there is a guest {second.name!r} already: choose another name")
    if first.definition is None:
        raise PlanError(f"there is no stored definition of a guest {first.name!r}")
    try:
        text, encoding = decode(first.definition)
        clone = cloned(text, second.name, disks, others)
        after = clone.xml.encode(encoding)
    except ValueError as error:
        raise PlanError(f"the definition of {first.name} cannot be cloned: {error}") from error
    why = f"the definition of {second.name}: {first.name} with another name, UUID and MAC addresses"
    step: Change = (
        write_file(f"{FOLDER}/{second.name}.xml", None, after, why, risk=Risk.R2, effect=Effect.GUEST, mode=0o600)
        if first.file
        else define_domain(second.name, None, after, why, where=first.where)
    )
    return Plan(f"Clone {first.name} as {second.name}", (step,), notes=clone.notes)


class _Work:
    """A definition while it becomes another's."""

    def __init__(self, xml: DomainXml, old: Domain, name: str, number: uuid.UUID) -> None:
        self.xml, self.old, self.name, self.number = xml, old, name, number
        self.notes: list[str] = []

    def each(self, path: str, edit: Callable[[Callable[[], Element]], None]) -> None:
        """Calls `edit` for each element at a path, with what finds it in the present text."""
        for index in range(len(self.xml.root.all(path))):
            edit(lambda at=index: self.xml.root.all(path)[at])  # type: ignore[misc]


def _number(old: Domain, name: str, others: tuple[Domain, ...]) -> uuid.UUID:
    taken = {d.uuid.lower() for d in (*others, old)}
    numbers = (uuid.uuid5(uuid.NAMESPACE_URL, f"{old.uuid}/{old.name}/{name}/{turn}") for turn in range(1000))
    return next(number for number in numbers if str(number) not in taken)


def _identity(work: _Work) -> None:
    xml = work.xml
    xml.set_text("name", work.name)
    xml.set_text("uuid", str(work.number))
    if (genid := xml.root.find("genid")) is not None and genid.text.strip():
        # Windows must see another one in a clone (libvirt formatdomain, genid).
        xml.set_words(genid, str(uuid.uuid5(work.number, "genid")))
    for entry in xml.root.all("sysinfo/system/entry"):
        if entry.get("name") == "uuid":
            # libvirt refuses a guest in which the two differ.
            xml.set_words(entry, str(work.number))
            break


def _firmware_variables(work: _Work) -> None:
    """libvirt makes a file of its own where none is named, and fills it from the template."""
    nvram = work.xml.root.find("os/nvram")
    if nvram is None:
        return
    kind = nvram.get("type", "file")
    if kind != "file":
        raise PlanError(f"its firmware variables are on {kind} storage: write <nvram> of the clone by hand")
    source = nvram.find("source")
    path = nvram.text.strip() if source is None else source.get("file")
    quote = work.xml.document.quote
    kept = {n: v for n, v in nvram.attributes.items() if n in ("template", "templateFormat", "format")}
    words = "".join(f" {n}={quote}{escaped(v)}{quote}" for n, v in kept.items())
    work.xml.remove(nvram)
    if kept:
        work.xml.add("os", f"<nvram{words}/>")
    if path:
        work.notes.append(f"it gets firmware variables of its own; copy {path} over them to keep boot entries and keys")


def _channels(work: _Work) -> None:
    """Sockets that libvirt chose carry the first guest's name."""

    def own(find: Callable[[], Element]) -> None:
        source = find().find("source")
        if source is not None and source.get("path").startswith(LIBVIRTS_OWN):
            work.xml.remove(source)

    work.each("devices/channel", own)


def _other_places(work: _Work) -> None:
    """Places of the host that two guests cannot have at once."""

    def address(find: Callable[[], Element]) -> None:
        cid = find().find("cid")
        if cid is not None and cid.get("address"):
            work.xml.set_on(cid, "address", None)
            if (cid := find().find("cid")) is not None:
                work.xml.set_on(cid, "auto", "yes")
            else:
                quote = work.xml.document.quote
                work.xml.add_to(find(), f"<cid auto={quote}yes{quote}/>")

    def port(find: Callable[[], Element]) -> None:
        if find().get("autoport") == "yes" and "port" in find().attributes:
            work.xml.set_on(find(), "port", "-1")
        elif find().get("port") not in ("", "-1"):
            work.notes.append(f"its {find().get('type')} screen has the port {find().get('port')} of {work.old.name}")

    def state(find: Callable[[], Element]) -> None:
        source = find().find("source")
        if source is not None:
            work.xml.remove(source)
            work.notes.append("its TPM starts empty: BitLocker of a copied disk asks for the recovery key")

    work.each("devices/vsock", address)
    work.each("devices/graphics", port)
    work.each("devices/tpm/backend", state)


def _interfaces(work: _Work, taken: set[str]) -> None:
    turns = count()

    def own(find: Callable[[], Element]) -> None:
        # A number that another guest has is passed over.
        mac = next(m for m in (_mac(f"{work.number}/{turn}") for turn in turns) if m not in taken)
        taken.add(mac)
        work.xml.set_below(find(), "mac", "address", mac)
        parameters = find().find("virtualport/parameters")
        if parameters is not None and "interfaceid" in parameters.attributes:
            work.xml.set_on(parameters, "interfaceid", None)
        target = find().find("target")
        if target is not None and target.get("dev") and target.get("managed") != "no":
            # Two guests cannot have a network device of one name; libvirt chooses another.
            work.xml.set_on(target, "dev", None)
            target = find().find("target")
            if target is not None and not target.attributes and not target.children:
                work.xml.remove(target)

    work.each("devices/interface", own)


def _mac(word: str) -> str:
    """An address from a word.

    >>> _mac("a").startswith("52:54:00:")
    True
    """
    digest = hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest()
    return ":".join((OWN_MAC, digest[:2], digest[2:4], digest[4:6]))


def _disks(work: _Work, disks: Disks) -> None:
    left = dict(disks.paths)
    targets = [t.get("dev") if (t := d.find("target")) is not None else "" for d in work.xml.root.all("devices/disk")]
    if strange := [name for name in left if name not in targets]:
        known = ", ".join(t for t in targets if t) or "none"
        raise PlanError(f"{work.old.name} has no disk {strange[0]!r}; it has {known}")
    for target in targets:
        if target in left:
            _move(work, target, left[target])
        elif _holds_data(_disk(work, target)):
            path = _place(_disk(work, target))
            if disks.shared:
                work.notes.append(f"{target} ({path}) is a disk of both: only one of them may run at a time")
            else:
                work.xml.remove(_disk(work, target))
                work.notes.append(f"it has no {target}: {path} stays with {work.old.name} alone")


def _disk(work: _Work, target: str) -> Element:
    for disk in work.xml.root.all("devices/disk"):
        found = disk.find("target")
        if (found.get("dev") if found is not None else "") == target:
            return disk
    raise PlanError(f"{work.old.name} has no disk {target!r}")


def _holds_data(disk: Element) -> bool:
    """Whether the guest writes to it: media that are only read may be in several guests."""
    if disk.get("device", "disk") == "cdrom" or disk.find("readonly") is not None:
        return False
    return disk.find("source") is not None


def _place(disk: Element) -> str:
    source = disk.find("source")
    words = {} if source is None else source.attributes
    return next((words[n] for n in ("file", "dev", "name", "volume", "path", "dir") if words.get(n)), "its storage")


def _move(work: _Work, target: str, path: str) -> None:
    if not PATH.fullmatch(path):
        raise PlanError(f"{path!r} is no absolute path")
    for name in GOES_WITH_SOURCE:
        while (found := _disk(work, target).find(name)) is not None:
            work.xml.remove(found)
    kind, attribute = ("block", "dev") if path.startswith("/dev/") else ("file", "file")
    work.xml.set_on(_disk(work, target), "type", kind)
    quote = work.xml.document.quote
    written = f"<source {attribute}={quote}{escaped(path)}{quote}/>"
    work.xml.add_to(_disk(work, target), written, ("driver", "auth", "source"))
    work.notes.append(f"{target} is {path}, which has to be there before it starts")


def _shared_with_the_first(work: _Work) -> None:
    """What both have and only one of them can use at a time."""
    old = work.old
    devices = [h.address for h in old.hostdevs]
    if devices:
        work.notes.append(f"both have {', '.join(devices)}: only one of them can run at a time")
    if old.pinned_cpus:
        work.notes.append(f"both are pinned to CPU {format_list(old.pinned_cpus)}: 'vfiotui pin propose' finds others")
    work.notes += [f"both share the memory {shmem.name}" for shmem in old.devices.shmems if shmem.name]
    work.notes += [f"both have {words}" for words in _places(work.xml.root)]
    if any(g.get("passwd") for g in work.xml.root.all("devices/graphics")):
        work.notes.append(f"its screen has the password of {old.name}")
    if old.qemu.arguments:
        work.notes.append("the words of qemu:commandline are the same: look for paths, ports and addresses in them")


def _places(root: Element) -> Iterator[str]:
    for kind in ("serial", "console", "parallel", "channel", "redirdev", "rng"):
        for device in root.all(f"devices/{kind}"):
            source = device.find("source")
            place = "" if source is None else source.get("path") or source.get("service")
            if device.get("type") in OUTPUTS and place:
                yield f"a {kind} at {place}"
