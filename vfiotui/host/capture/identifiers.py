"""What identifies a host, read only to know what must not leave it: names, people, guests, addresses and serials."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vfiotui.host.capture.public_words import USER_NAMES
from vfiotui.host.capture.scrub import is_public
from vfiotui.host.guest.sessions import sessions
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import or_else
from vfiotui.model.guest.domain import Domain

SERIALS = (
    "/sys/class/dmi/id/{}",
    ("product_serial", "product_uuid", "board_serial", "chassis_serial", "chassis_asset_tag", "board_asset_tag"),
)
SHORTEST = 5
"""Characters; a shorter serial stands in too many texts by chance."""


def _texts(root: Root, folder: str, *files: str) -> Iterator[str]:
    for name in or_else(root.names(folder), ()):
        for file in files:
            text = or_else(root.text(f"{folder}/{name}/{file}", 4096), "").strip()
            if text:
                yield text


def _first_lines(root: Root, *paths: str) -> Iterator[str]:
    for path in paths:
        text = or_else(root.text(path, 4096), "").strip()
        if text:
            yield text.split("\n")[0]


def identifiers(root: Root, guests: Iterable[Domain]) -> tuple[tuple[str, str], ...]:
    """Texts that identify, each with its pseudonym; guests keep the order of their names."""
    found: list[tuple[str, str]] = []
    for name in _first_lines(root, "/etc/hostname", "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"):
        for text in (name, name.partition(".")[0], name.partition(".")[2]):
            if len(text) > 2 and text not in ("localhost", "(none)"):
                found.append((text, "host"))
    names = sorted({g.name for g in guests} | _names_of_files(root))
    width = len(str(len(names)))
    found += [(name, f"guest-{number:0{width}d}") for number, name in enumerate(names, 1)]
    found += [(user, f"user-{number}") for number, user in enumerate(sorted(_people(root)), 1)]
    serials = [
        *_first_lines(root, *(SERIALS[0].format(name) for name in SERIALS[1])),
        *_texts(root, "/sys/bus/usb/devices", "serial"),
        *_texts(root, "/sys/class/block", "device/serial", "device/wwid", "wwid", "serial"),
        *_texts(root, "/sys/class/nvme", "serial", "subsysnqn"),
    ]
    found += [(s, f"serial-{n}") for n, s in enumerate(dict.fromkeys(s for s in serials if len(s) >= SHORTEST), 1)]
    for number, address in enumerate(dict.fromkeys(_texts(root, "/sys/class/net", "address")), 1):
        bare = re.sub(r"[^0-9a-f]", "", address.lower())
        if len(bare) == 12 and set(bare) - {"0"}:
            found += [(bare, f"mac-{number}")]
    links = sorted(n for n in or_else(root.names("/sys/class/net"), ()) if not is_public(n))
    found += [(name, f"net-{number}") for number, name in enumerate(links, 1)]
    return tuple(found)


def _names_of_files(root: Root) -> set[str]:
    """Guests by the names of their files: of a damaged definition nothing else is known."""
    folders = ["/etc/libvirt/qemu", "/run/libvirt/qemu"]
    for session in sessions(root):
        folders += [session.defined, session.running]
    return {
        name.removesuffix(".xml")
        for folder in folders
        for name in or_else(root.names(folder), ())
        if name.endswith(".xml")
    }


def _people(root: Root) -> set[str]:
    """Users and groups that no package makes, and who has a home."""
    found = set(or_else(root.names("/home"), ()))
    for path in ("/etc/passwd", "/etc/group"):
        for line in or_else(root.lines(path, 1 << 20), ()):
            name, _, rest = line.partition(":")
            if name and rest:
                found.add(name)
    return found - USER_NAMES
