"""Versions of libvirt and QEMU from what is installed below a root, where no daemon can be asked.

libvirt's library bears its version in its name (libvirt.so.0.9000.0 is 9.0.0). QEMU's stands in the lists of packages
that are plain text: dpkg, pacman, apk, portage.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.guest.versions import NO_LIBVIRT, NO_QEMU, Version, Versions, version

LIBRARIES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
LIBRARY = re.compile(r"libvirt\.so\.0\.(\d{4,6})\.\d+")
LIBVIRT_FACT, QEMU_FACT = "libvirt_installed", "qemu_installed"
"""Names in the statement of a capture."""
LIST_LIMIT = 32 << 20
"""Bytes; dpkg's list of a full desktop has about 5 MiB."""
DPKG = re.compile(
    r"^Package: qemu-system-(?:x86|arm|common)\nStatus: install ok installed\n(?:(?!\n\n).)*?^Version: ([^\n]+)",
    re.M | re.S,
)
APK = re.compile(r"^P:qemu-system-[^\n]*\nV:([^\n]+)", re.M)
PACMAN = re.compile(r"qemu-(?:base|common|full|desktop|system-x86)-(\d[^-]*)-")
PORTAGE = re.compile(r"qemu-(\d.*)")


def libvirt(root: Root) -> Reading[Version]:
    """The version of the installed library."""
    for folder in LIBRARIES:
        for match in filter(None, map(LIBRARY.fullmatch, or_else(root.names(folder), ()))):
            return int(match[1]) // 1000, int(match[1]) % 1000
    return NO_LIBVIRT


def _listed(root: Root, path: str, row: re.Pattern[str]) -> str:
    match = row.search(or_else(root.text(path, LIST_LIMIT), ""))
    return match[1] if match else ""


def _named(root: Root, folder: str, name: re.Pattern[str]) -> str:
    return next((m[1] for m in map(name.match, or_else(root.names(folder), ())) if m), "")


def qemu(root: Root) -> Reading[Version]:
    """The version of the installed package."""
    ways: tuple[Callable[[], str], ...] = (
        lambda: _listed(root, "/var/lib/dpkg/status", DPKG),
        lambda: _named(root, "/var/lib/pacman/local", PACMAN),
        lambda: _listed(root, "/lib/apk/db/installed", APK),
        lambda: _named(root, "/var/db/pkg/app-emulation", PORTAGE),
    )
    return next((v for way in ways if (v := version(way())) is not None), NO_QEMU)


def installed(root: Root) -> Versions:
    """Both, as far as they are shown; a capture says them, for it holds no list of packages."""
    if root.said is None:
        return Versions(libvirt(root), qemu(root))
    told = {name: version(str(root.said.facts.get(name, ""))) for name in (LIBVIRT_FACT, QEMU_FACT)}
    return Versions(told[LIBVIRT_FACT] or NO_LIBVIRT, told[QEMU_FACT] or NO_QEMU)


def as_facts(found: Versions) -> dict[str, str]:
    """The versions as a capture says them; empty where they are not known."""
    numbers = ((LIBVIRT_FACT, found.libvirt), (QEMU_FACT, found.qemu))
    return {name: "" if isinstance(n, Unread) else f"{n[0]}.{n[1]}" for name, n in numbers}
