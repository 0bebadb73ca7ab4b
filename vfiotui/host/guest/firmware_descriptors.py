"""QEMU's firmware descriptors, from which libvirt chooses an EFI image (docs/interop/firmware.json)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.guest.guest_files import Descriptor

FOLDERS = ("/usr/share/qemu/firmware", "/etc/qemu/firmware")
"""The later one overrides a namesake of the earlier."""
FILE_LIMIT = 64 << 10


def _words(value: Any) -> frozenset[str]:
    return frozenset(v for v in value if isinstance(v, str)) if isinstance(value, list) else frozenset()


def _part(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _targets(value: Any) -> Iterator[tuple[str, str]]:
    for target in value if isinstance(value, list) else ():
        arch = _part(target, "architecture")
        if isinstance(arch, str):
            yield from ((arch, machine) for machine in sorted(_words(_part(target, "machines"))))


def describe(path: str, text: str) -> Descriptor | None:
    """One descriptor; None where it is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    mapping = _part(document, "mapping")
    if not isinstance(mapping, dict):
        return None
    executable = _part(mapping, "executable", "filename") or _part(mapping, "filename")
    template = _part(mapping, "nvram-template", "filename")
    return Descriptor(
        path=path,
        executable=executable if isinstance(executable, str) else "",
        nvram_template=template if isinstance(template, str) else "",
        features=_words(_part(document, "features")),
        interfaces=_words(_part(document, "interface-types")),
        targets=tuple(_targets(_part(document, "targets"))),
    )


def read(root: Root) -> Reading[tuple[Descriptor, ...]]:
    """The descriptors in force; an empty file of a name hides the one that the distribution brings."""
    chosen: dict[str, str] = {}
    for folder in FOLDERS:
        for name in or_else(root.names(folder), ()):
            if name.endswith(".json"):
                chosen[name] = f"{folder}/{name}"
    if not chosen and not root.has("usr"):
        return Unread("a root without /usr does not show it", Why.NOT_HERE, FOLDERS[0])
    texts = ((path, root.text(path, FILE_LIMIT)) for _, path in sorted(chosen.items()))
    found = (describe(path, text) for path, text in texts if not isinstance(text, Unread))
    return tuple(d for d in found if d is not None)
