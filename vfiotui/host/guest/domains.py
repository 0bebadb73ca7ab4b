"""Guests as libvirt's own files describe them, for roots where no daemon can be asked.

A file that cannot be read or parsed is a guest all the same: it stays in the list, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from vfiotui.formats.domain_xml.domain_xml import parse, parse_status
from vfiotui.formats.domain_xml.network_xml import parse_network
from vfiotui.formats.domain_xml.xml_text import decode
from vfiotui.host.guest import versions
from vfiotui.host.guest.sessions import sessions
from vfiotui.host.guest.thread_affinity import affinities
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.guest.domain import Domain, UnreadGuest, Virt, with_networks
from vfiotui.model.guest.host_network import HostNetwork

DEFINED = "/etc/libvirt/qemu"
RUNNING = "/run/libvirt/qemu"
NETWORKS = f"{DEFINED}/networks"
FILE_LIMIT = 4 << 20
"""Bytes of one definition; libvirt itself writes some thousands."""
FOLDER_LIMIT = 64 << 20
"""Bytes of all definitions in a folder, which are held in memory: 3,000 guests of real hosts need about 25 MiB."""
SYSTEM = ":///system"
"""The connection whose definitions are the files below /etc."""


@dataclass(frozen=True, slots=True)
class Definitions:
    """A folder of XML files, each by its name."""

    domains: Mapping[str, Domain]
    unread: Mapping[str, UnreadGuest]

    def guests(self) -> dict[str, Domain | UnreadGuest]:
        """Both kinds."""
        return {**self.domains, **self.unread}


def _files(root: Root, folder: str) -> Reading[tuple[str, ...]]:
    names = root.names(folder)
    return names if isinstance(names, Unread) else tuple(n for n in names if n.endswith(".xml"))


def unread_guest(path: str, why: Unread) -> UnreadGuest:
    """The guest of a file that could not be read."""
    return UnreadGuest(path.rpartition("/")[2].removesuffix(".xml"), path, why)


def _one(root: Root, path: str, room: int, read_xml: Callable[[str], Domain]) -> Domain | UnreadGuest | None:
    """The guest of a file; None where the file is gone meanwhile."""
    data = root.bytes(path, FILE_LIMIT)
    if isinstance(data, Unread):
        gone = data.why is Why.ABSENT and isinstance(root.stat(path, follow=False), Unread)
        return None if gone else unread_guest(path, data)
    if len(data) > room:
        words = f"was not read, because the definitions before it fill {FOLDER_LIMIT >> 20} MiB"
        return unread_guest(path, Unread(words, Why.TOO_BIG, path))
    try:
        domain = read_xml(decode(data)[0])
    except ValueError as error:
        return unread_guest(path, Unread(str(error), Why.DAMAGED, path))
    if domain.name:
        return domain
    return unread_guest(path, Unread("the XML does not name the guest", Why.DAMAGED, path))


def _read(root: Root, folder: str, names: Iterable[str], read_xml: Callable[[str, str], Domain]) -> Definitions:
    """The guests of some files; of two files with one name, the one that is called like its guest is the guest."""
    domains: dict[str, Domain] = {}
    unread: dict[str, UnreadGuest] = {}
    room = FOLDER_LIMIT
    for name in names:
        found = _one(root, f"{folder}/{name}", room, lambda xml, name=name: read_xml(name, xml))  # type: ignore[misc]
        if isinstance(found, Domain):
            domains[name] = found
            room -= len(found.xml)
        elif found is not None:
            unread[name] = found
    owners: dict[str, str] = {}
    for name in sorted(domains, key=lambda n: (n != f"{domains[n].name}.xml", n)):
        owner = owners.setdefault(domains[name].name, name)
        if owner != name:
            words = f"describes {domains[name].name!r}, as {owner} does: libvirt takes only one of them"
            unread[name] = unread_guest(f"{folder}/{name}", Unread(words, Why.DAMAGED, f"{folder}/{name}"))
    return Definitions({n: d for n, d in domains.items() if n not in unread}, unread)


def idle_state(root: Root, folder: str = RUNNING) -> str:
    """The state of a guest that the daemon's folder of running guests does not name.

    On a mounted disk nothing runs. In a capture without that folder, and where it may not be looked into, the state
    is unknown.
    """
    running = root.names(folder)
    if not isinstance(running, Unread):
        return "shut off"
    if root.origin is Mode.ROOT:
        return "defined"
    return "shut off" if root.origin is Mode.LIVE and running.why is Why.ABSENT else "unknown"


def read_defined(root: Root, folder: str = DEFINED, running: str = RUNNING) -> Reading[Definitions]:
    """Defined guests; Unread where the folder cannot be listed."""
    names = _files(root, folder)
    if isinstance(names, Unread):
        return names
    autostart = frozenset(or_else(_files(root, f"{folder}/autostart"), ()))
    state = idle_state(root, running)
    return _read(
        root,
        folder,
        names,
        lambda name, xml: parse(xml, source=f"{folder}/{name}", state=state, autostart=name in autostart),
    )


def read_running(root: Root, folder: str = RUNNING, defined: str = DEFINED) -> Definitions:
    """Running guests, from the status files of the daemon; none where their folder cannot be listed."""
    autostart = frozenset(or_else(_files(root, f"{defined}/autostart"), ()))
    names = or_else(_files(root, folder), ())
    return _read(
        root,
        folder,
        names,
        lambda name, xml: _with_threads(
            root, parse_status(xml, source=f"{folder}/{name}", autostart=name in autostart)
        ),
    )


def _with_threads(root: Root, domain: Domain) -> Domain:
    """A running guest with the CPUs of its threads, where it has pins to compare with them."""
    pinned = domain.vcpu_pins or domain.emulator_pin or domain.iothread_pins
    return replace(domain, affinities=affinities(root, domain.pid)) if pinned and domain.pid else domain


def _with_sessions(
    root: Root, domains: tuple[Domain, ...], unread: tuple[UnreadGuest, ...]
) -> tuple[tuple[Domain, ...], tuple[UnreadGuest, ...]]:
    """The guests, and those of users' sessions; one that is called as another guest is not taken for it."""
    for session in sessions(root):
        defined = or_else(read_defined(root, session.defined, session.running), Definitions({}, {}))
        found, bad = _merged(defined, read_running(root, session.running, session.defined))
        taken = {d.name for d in domains}
        words = f"is a guest in the session of {session.user}, and another guest has its name"
        twins = (UnreadGuest(d.name, d.source, Unread(words, path=d.source)) for d in found if d.name in taken)
        unread = (*unread, *bad, *twins)
        domains = (*domains, *(replace(d, owner=session.user) for d in found if d.name not in taken))
    return tuple(sorted(domains, key=lambda d: d.name)), unread


def _merged(defined: Definitions, running: Definitions) -> tuple[tuple[Domain, ...], tuple[UnreadGuest, ...]]:
    """One entry for each guest: as it runs where its status was read, else as it is defined."""
    guests = defined.guests()
    for name, guest in running.guests().items():
        stored = guests.get(name)
        if isinstance(guest, UnreadGuest) and isinstance(stored, Domain):
            # That it has a status file says that it runs, and not as what.
            guests[name] = replace(stored, state="unknown")
        else:
            guests[name] = guest
    return (
        tuple(sorted((g for g in guests.values() if isinstance(g, Domain)), key=lambda g: g.name)),
        tuple(sorted((g for g in guests.values() if isinstance(g, UnreadGuest)), key=lambda g: (g.name, g.source))),
    )


def read_network(root: Root, name: str) -> Reading[HostNetwork]:
    """A network by its definition; the virtual functions of a card that it names are looked up in sysfs."""
    path = f"{NETWORKS}/{name}.xml"
    if not name or "/" in name:
        return Unread(f"libvirt has no network {name!r}", Why.ABSENT, NETWORKS)
    data = root.bytes(path, FILE_LIMIT)
    if isinstance(data, Unread):
        listed = not isinstance(root.names(NETWORKS), Unread)
        hidden = data.why is Why.ABSENT and not listed and not root.tells_absence
        return Unread("the capture does not hold the networks of libvirt", Why.NOT_HERE, path) if hidden else data
    try:
        network = parse_network(decode(data)[0])
    except ValueError as error:
        return Unread(str(error), Why.DAMAGED, path)
    return replace(network, addresses=(*network.addresses, *(a for c in network.cards for a in _virtual(root, c))))


def _virtual(root: Root, card: str) -> tuple[str, ...]:
    """The virtual functions of a network interface; none where they cannot be listed."""
    folder = f"/sys/class/net/{card}/device"
    if not card or "/" in card:
        return ()
    links = (root.link(f"{folder}/{n}") for n in or_else(root.names(folder), ()) if n.startswith("virtfn"))
    return tuple(link.rpartition("/")[2] for link in links if isinstance(link, str))


def read(root: Root) -> Virt:
    """The guests of a root and the versions that start them; connected is always False: no daemon was asked."""
    virt = read_files(root)
    guests = not isinstance(virt.domains, Unread) and bool(virt.domains)
    return replace(virt, installed=versions.installed(root)) if guests else virt


def read_files(root: Root) -> Virt:
    """The guests of a root as its files describe them."""
    defined, running = read_defined(root), read_running(root)
    unread: tuple[UnreadGuest, ...] = ()
    domains: Reading[tuple[Domain, ...]]
    if isinstance(defined, Unread) and not running.guests():
        domains = () if defined.why is Why.ABSENT and root.has("etc") else defined
    else:
        domains, unread = _merged(or_else(defined, Definitions({}, {})), running)
        domains = with_networks(domains, lambda name: read_network(root, name))
        if isinstance(defined, Unread) and defined.why is not Why.ABSENT:
            unread = (*unread, UnreadGuest("*", DEFINED, defined))
    if not isinstance(domains, Unread):
        domains, unread = _with_sessions(root, domains, unread)
    said = {} if root.said is None else root.said.facts
    return Virt(
        uri="",
        connected=False,
        detail=f"guests are read from the files below {DEFINED}; libvirt was not asked",
        libvirt_version=str(said.get("libvirt_version", "")),
        hypervisor_version=str(said.get("hypervisor_version", "")),
        domains=domains,
        unread=unread,
    )


def with_files(root: Root, virt: Virt) -> Virt:
    """libvirt's word about the live host, and what its files add to it.

    Where libvirt cannot be asked, the files show what is defined. Where it can, they show the guests that it left out
    because it could not read their files; those that it reads at its next start are among them.
    """
    if not root.is_live:
        return virt
    if isinstance(virt.domains, Unread):
        files = read(root)
        if isinstance(files.domains, Unread):
            return virt
        detail = f"{virt.detail}; guests are read from the files below {DEFINED}"
        return replace(virt, domains=files.domains, unread=files.unread, installed=files.installed, detail=detail)
    return replace(virt, unread=(*virt.unread, *left_out(root, virt))) if virt.uri.endswith(SYSTEM) else virt


def left_out(root: Root, virt: Virt) -> tuple[UnreadGuest, ...]:
    """The files of guests that the daemon does not list; none where the folder cannot be listed."""
    listed = set(virt.names)
    strange = [n for n in or_else(_files(root, DEFINED), ()) if n.removesuffix(".xml") not in listed]
    if not strange:
        return ()
    found = _read(root, DEFINED, strange, lambda name, xml: parse(xml, source=f"{DEFINED}/{name}"))
    missed = [
        unread_guest(d.source, Unread("libvirt does not list it: it reads the file when it is started again"))
        for d in found.domains.values()
        if d.name not in listed
    ]
    return (*missed, *found.unread.values())
