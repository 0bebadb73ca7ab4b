"""Scripts of this host that start guests or run around them: libvirt hooks and local start scripts."""

from __future__ import annotations

from vfiotui.host import config_files
from vfiotui.host.root import Root
from vfiotui.model.boot import ConfigFile
from vfiotui.model.reading import Unread, or_else

HOOKS = "/etc/libvirt/hooks"
SCRIPT_LIMIT = 64 << 10
LOCAL = ("/usr/local/bin", "/usr/local/sbin", "/root")
COUNT_LIMIT = 200


def _script(root: Root, path: str) -> tuple[ConfigFile, ...]:
    """A small text that names QEMU; programs and others are passed over."""
    data = root.bytes(path, SCRIPT_LIMIT)
    if isinstance(data, Unread) or b"qemu" not in data or data.startswith(b"\x7fELF"):
        return ()
    return (ConfigFile(path, data.decode("utf-8", "replace").replace("\0", "")),)


def read_hooks(root: Root) -> tuple[ConfigFile, ...]:
    """The hooks that libvirt runs for QEMU guests, and scripts that start QEMU by hand."""
    found = [*config_files.one(root, f"{HOOKS}/qemu"), *config_files.folder(root, f"{HOOKS}/qemu.d")]
    places = [*LOCAL, *(f"/home/{user}" for user in or_else(root.names("/home"), ())[:20])]
    for place in places:
        for name in or_else(root.names(place), ())[:COUNT_LIMIT]:
            if place in LOCAL[:2] or name.endswith(".sh"):
                found.extend(_script(root, f"{place}/{name}"))
    return tuple(found)
