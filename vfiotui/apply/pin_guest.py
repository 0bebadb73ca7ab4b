"""A guest as a pin plan needs it: its stored definition and the pins of its running threads, read now."""

from __future__ import annotations

from vfiotui.apply.trouble import Trouble
from vfiotui.host import domains
from vfiotui.host.root import Root
from vfiotui.model.reading import Unread
from vfiotui.plan.pin_plan import Guest


def read_guest(root: Root, uri: str, name: str) -> Guest:
    """The guest from a daemon, or with an empty `uri` from the root's files; blocks, and raises Trouble."""
    return _asked(uri, name) if uri else _filed(root, name)


def _filed(root: Root, name: str) -> Guest:
    files = domains.read_defined(root)
    found = [] if isinstance(files, Unread) else [file for file, domain in files.items() if domain.name == name]
    if not found:
        return Guest(name, "", None)
    path = f"{domains.DEFINED}/{found[0]}"
    content = root.bytes(path)
    if isinstance(content, Unread):
        raise Trouble(f"the definition of {name} cannot be read: {content}")
    return Guest(name, "", content, path)


def _asked(uri: str, name: str) -> Guest:
    from vfiotui.virt.connect import NoConnection, load
    from vfiotui.virt.define import definition, writable
    from vfiotui.virt.pins import read_pins

    try:
        libvirt = load()
        with writable(uri) as connection:
            try:
                return Guest(name, uri, definition(connection, name), running=read_pins(connection, name))
            except libvirt.libvirtError as error:
                raise Trouble(f"libvirt does not tell of {name}: {error}") from error
    except NoConnection as error:
        raise Trouble(str(error)) from error
