"""What plans are made from, read from a root and from libvirt: the reading half of `plan/service.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

from vfiotui.host.guest import domains
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.next_boot import NextBoot
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.facts import Facts
from vfiotui.model.guest.disk_source import DiskSource
from vfiotui.model.guest.domain import Virt
from vfiotui.model.guest.named_place import NamedPlace
from vfiotui.model.guest.stored_guest import StoredGuest

LOGS = frozenset({"kernel_log", "last_boot"})
"""Parts of the facts that no planner uses, and that cost as much as the logs are long."""


class RootInputs:
    """One machine at one moment; the guests are asked for once."""

    def __init__(self, root: Root, guests: Callable[[], Reading[Virt]], *, daemon: bool) -> None:
        """`daemon`: definitions are read from the libvirt daemon of the guests, and not from the root's files."""
        self.root = root
        self._guests = guests
        self._daemon = daemon
        self._stored: dict[str, Reading[StoredGuest]] = {}

    @cached_property
    def virt(self) -> Reading[Virt]:
        """The guests."""
        return self._guests()

    def why_no_system(self) -> str | None:
        """Why the root holds no system, as a sentence; None where it holds one."""
        from vfiotui.host.boot.mounts import why_no_system

        return why_no_system(self.root)

    def facts(self) -> Facts:
        """The facts that planners use, with the guests: all but `LOGS`."""
        from vfiotui.host.gather import READERS, gather

        return gather(self.root, self.virt, READERS.keys() - LOGS)

    def machine(self) -> str:
        """The machine's fingerprint, which a plan bears; empty where there is none."""
        from vfiotui.host.root.identity import machine

        return machine(self.root)

    def config(self, more: Iterable[str] = ()) -> ConfigSnapshot:
        """The configuration files and programs, and the files of the paths `more`."""
        from vfiotui.host.boot.config_snapshot import read_config_snapshot

        return read_config_snapshot(self.root, more)

    def disk(self, path: str) -> Reading[DiskSource]:
        """What a path holds as a guest's disk, and what uses it."""
        from vfiotui.host.guest.disk_source import read

        return read(self.root, path)

    def boots(self, facts: Facts) -> tuple[NextBoot, ...]:
        """Every boot that may come next, with its initramfs; at least one."""
        from vfiotui.host.boot.next_image import read_boots

        return read_boots(self.root, facts.boot if isinstance(facts.boot, Unread) else facts.boot.path)

    def place(self, path: str) -> NamedPlace:
        """What is at a path that a goal names for a guest."""
        from vfiotui.host.guest.named_place import read

        return read(self.root, path)

    def guest(self, name: str) -> Reading[StoredGuest]:
        """A guest's stored definition and the pins of its running threads; the same answer for the same name."""
        if name not in self._stored:
            self._stored[name] = self._read_guest(name)
        return self._stored[name]

    def _read_guest(self, name: str) -> Reading[StoredGuest]:
        if not self._daemon:
            return _filed(self.root, name)
        # The files behind a daemon that is not asked yet are never a substitute: it would not see them change.
        return self.virt if isinstance(self.virt, Unread) else _asked(self.virt.uri, name)


def _filed(root: Root, name: str) -> Reading[StoredGuest]:
    """The guest from the root's files."""
    files = domains.read_defined(root)
    if isinstance(files, Unread):
        if files.why is not Why.ABSENT:
            return Unread(f"the definitions of the guests cannot be read: {files}", files.why)
        return StoredGuest(name, "", None)
    found = [file for file, domain in files.domains.items() if domain.name == name]
    if not found:
        unread = next((g for g in files.unread.values() if g.name == name), None)
        if unread is not None:
            return Unread(f"the definition of {name} cannot be read: {unread.why}", unread.why.why)
        return StoredGuest(name, "", None)
    path = f"{domains.DEFINED}/{found[0]}"
    content = root.bytes(path)
    if isinstance(content, Unread):
        return Unread(f"the definition of {name} cannot be read: {content}", content.why)
    link = root.link(f"{domains.DEFINED}/autostart/{found[0]}")
    if isinstance(link, Unread) and link.why is not Why.ABSENT:
        return Unread(f"whether {name} starts by itself cannot be read: {link}", link.why)
    target = None if isinstance(link, Unread) else link
    return StoredGuest(name, "", content, path, target is not None, target)


def _asked(uri: str, name: str) -> Reading[StoredGuest]:
    """The guest from a daemon."""
    from vfiotui.virt.connect import NoConnection, load
    from vfiotui.virt.define import autostarts, definition, has_kvm, writable
    from vfiotui.virt.pins import read_pins

    try:
        libvirt = load()
        with writable(uri) as connection:
            try:
                found = definition(connection, name)
                starts = autostarts(connection, name) is True
                running = read_pins(connection, name)
                kvm = has_kvm(connection) if found is None else None
                return StoredGuest(name, uri, found, autostart=starts, running=running, kvm=kvm)
            except libvirt.libvirtError as error:
                return Unread(f"libvirt does not report {name}: {error}", Why.NOT_HERE)
    except NoConnection as error:
        return Unread(str(error), Why.FORBIDDEN)
