"""A guest as a pin plan needs it: its stored definition and the pins of its running threads, read now."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.apply.errors import ApplyError
from vfiotui.host.guest import domains
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import replace
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.guest.stored_guest import StoredGuest


def read_guest(root: Root, uri: str, name: str) -> StoredGuest:
    """The guest from a daemon, or with an empty `uri` from the root's files; blocks, and raises ApplyError."""
    return _asked(uri, name) if uri else _filed(root, name)


def survey_guests(snapshot: ConfigSnapshot, root: Root, uri: str, names: Iterable[str]) -> ConfigSnapshot:
    """The ground with these guests on it; one that cannot be read says why."""

    def one(name: str) -> Reading[StoredGuest]:
        try:
            return read_guest(root, uri, name)
        except ApplyError as error:
            return Unread(str(error), Why.FORBIDDEN)

    return replace(snapshot, guests={name: one(name) for name in names})


def _filed(root: Root, name: str) -> StoredGuest:
    files = domains.read_defined(root)
    if isinstance(files, Unread):
        if files.why is not Why.ABSENT:
            raise ApplyError(f"the definitions of the guests cannot be read: {files}")
        return StoredGuest(name, "", None)
    found = [file for file, domain in files.domains.items() if domain.name == name]
    if not found:
        unread = next((g for g in files.unread.values() if g.name == name), None)
        if unread is not None:
            raise ApplyError(f"the definition of {name} cannot be read: {unread.why}")
        return StoredGuest(name, "", None)
    path = f"{domains.DEFINED}/{found[0]}"
    content = root.bytes(path)
    if isinstance(content, Unread):
        raise ApplyError(f"the definition of {name} cannot be read: {content}")
    return StoredGuest(name, "", content, path)


def _asked(uri: str, name: str) -> StoredGuest:
    from vfiotui.virt.connect import NoConnection, load
    from vfiotui.virt.define import definition, writable
    from vfiotui.virt.pins import read_pins

    try:
        libvirt = load()
        with writable(uri) as connection:
            try:
                return StoredGuest(name, uri, definition(connection, name), running=read_pins(connection, name))
            except libvirt.libvirtError as error:
                raise ApplyError(f"libvirt does not tell of {name}: {error}") from error
    except NoConnection as error:
        raise ApplyError(str(error)) from error
