"""Scripts of this host that start guests or run around them: libvirt hooks and local start scripts."""

from __future__ import annotations

from vfiotui.host.root.config_files import ConfigFiles
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.boot import ConfigFile

HOOKS = "/etc/libvirt/hooks"
SCRIPT_LIMIT = 256 << 10
"""Bytes; longer scripts are said not to have been read."""
LOCAL = ("/usr/local/bin", "/usr/local/sbin", "/root")
PROGRAM, SCRIPT = b"\x7fELF", b"#!"


def _script(files: ConfigFiles, path: str) -> tuple[ConfigFile, ...]:
    """A text that names QEMU; programs and others are passed over. What a script carries behind a NUL is no text."""
    data = files.root.bytes(path, SCRIPT_LIMIT)
    if isinstance(data, Unread) and data.why is Why.TOO_BIG:
        head = files.root.peek(path, SCRIPT_LIMIT)
        data = head if isinstance(head, bytes) and (head.startswith(PROGRAM) or b"\0" in head) else data
    if isinstance(data, Unread):
        if data.why not in (Why.ABSENT, Why.NOT_A_FILE):
            files.missing.append(data)
        return ()
    if data.startswith(PROGRAM):
        return ()
    text, _, rest = data.partition(b"\0")
    if rest and not data.startswith(SCRIPT):
        files.missing.append(files.root.missed(Unread("holds bytes that are no text", Why.DAMAGED, path)))
        return ()
    return (ConfigFile(path, text.decode("utf-8", "replace")),) if b"qemu" in text else ()


def read_hooks(files: ConfigFiles) -> tuple[ConfigFile, ...]:
    """The hooks that libvirt runs for QEMU guests."""
    return (*files.one(f"{HOOKS}/qemu"), *files.folder(f"{HOOKS}/qemu.d"))


def read_scripts(files: ConfigFiles) -> tuple[ConfigFile, ...]:
    """Scripts that start QEMU by hand."""
    found: list[ConfigFile] = []
    for place in (*LOCAL, *(f"/home/{user}" for user in files.names("/home"))):
        for name in files.names(place):
            if place in LOCAL[:2] or name.endswith(".sh"):
                found.extend(_script(files, f"{place}/{name}"))
    return tuple(found)
