"""What a person answers for a new guest, from a command line, a form or a TOML file; nothing of the host is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from vfiotui.model.base.value import dataclass

GIB = 1 << 30
MIB = 1 << 20
SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([MGT])(?:i?B)?", re.IGNORECASE)
UNITS = {"M": MIB, "G": GIB, "T": GIB << 10}
BDF = re.compile(r"(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}:[01][0-9a-f]\.[0-7])")
SCREEN = re.compile(r"(\d{3,5})x(\d{3,5})")
INTERFACE = re.compile(r"[^\s/:\x00-\x1f\x7f]{1,15}")
"""A network interface (Linux net/core/dev.c, dev_valid_name)."""
SYSTEMS = {
    "windows11": "Windows 11",
    "windows10": "Windows 10",
    "linux": "Linux",
    "macos": "macOS",
    "other": "another system",
}
SHORT = {"win11": "windows11", "win10": "windows10", "mac": "macos", "osx": "macos"}
DISPLAYS = ("monitor", "looking-glass", "window")
PAGES = ("auto", "none", "hook")
ISOLATION = ("boot", "start")
NAME_BYTES = 200
"""The definition's file has .xml behind it, the image .qcow2, and a name of a file 255 bytes."""
MOST_MEMORY, LEAST_MEMORY = 16 << 40, 64 * MIB
MOST_DISK, LEAST_DISK = 64 << 40, 16 * MIB
MOST_VCPUS = 1024
NETWORKS = "nat, network:NAME, bridge:INTERFACE, user or none"


@dataclass(frozen=True, slots=True)
class NewGuest:
    """The answers; what is empty is chosen by what the host has."""

    name: str
    system: str = "linux"
    """A key of SYSTEMS."""
    vcpus: int | None = None
    """None: as many as sensible."""
    memory: int | None = None
    """Bytes."""
    disk: str = ""
    """Absolute path of an image or of a block device; "none" for a guest without a disk."""
    disk_size: int | None = None
    """Bytes of an image that is made."""
    iso: str = ""
    """Absolute path of an installation medium."""
    virtio_iso: str = ""
    """Absolute path of the drivers for Windows (virtio-win)."""
    devices: tuple[str, ...] = ()
    """PCI addresses to pass through."""
    display: str = ""
    """One of DISPLAYS."""
    resolution: str = "1920x1080"
    """Of Looking Glass: its shared memory has room for a frame of it."""
    network: str = ""
    """As in NETWORKS; empty: nat where libvirt has its network "default", else user."""
    evdev: tuple[str, ...] = ()
    """Input devices of the host whose events the guest gets: paths below /dev/input."""
    pages: str = "auto"
    """auto: huge pages where enough of them are free; none; hook: a hook sets them aside at the guest's start."""
    pin: bool = True
    """Whether its threads are pinned as the proposer ranks best."""
    keep_cores: bool = False
    """Whether a hook keeps the host off its CPUs while it runs."""
    isolation: str = "boot"
    """boot: vfio-pci takes the devices at boot; start: libvirt binds them when the guest starts."""

    @property
    def is_windows(self) -> bool:
        """Whether Windows will run in it."""
        return self.system.startswith("windows")

    @property
    def paths(self) -> tuple[str, ...]:
        """The files and devices of the host that are named, a disk first."""
        disk = "" if self.disk == "none" else self.disk or default_disk(self.name)
        return tuple(dict.fromkeys(p for p in (disk, self.iso, self.virtio_iso, *self.evdev) if p))


IMAGES = "/var/lib/libvirt/images"
"""libvirt's own folder for images (the pool "default")."""


def default_disk(name: str) -> str:
    """Where the image of a guest lies unless a person says otherwise."""
    return f"{IMAGES}/{name}.qcow2"


def size(value: object, what: str, least: int, most: int) -> int:
    """Bytes of a text such as 16G, 8192M or 1.5T; a bare number is no size. ValueError with the form that is wanted.

    >>> size("16G", "memory", 1, 1 << 50), size("1.5GiB", "memory", 1, 1 << 50)
    (17179869184, 1610612736)
    """
    found = SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{what} {_shown(value)} is no size with a unit, such as 16G or 8192M")
    number = int(float(found[1]) * UNITS[found[2].upper()])
    if not least <= number <= most:
        raise ValueError(f"{what} {found[0]}: it is from {_words(least)} to {_words(most)}")
    return number // MIB * MIB


def _words(number: int) -> str:
    unit, word = (GIB, "GiB") if number >= GIB else (MIB, "MiB")
    return f"{number // unit} {word}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a guest needs a name")
    if not value.isprintable() or "/" in value or value in (".", "..") or value != value.strip():
        raise ValueError(f"{_shown(value)} is no name for a guest: no slash, no line break, no blank at its ends")
    if len(value.encode("utf-8", "surrogateescape")) > NAME_BYTES:
        raise ValueError(f"the name has more than {NAME_BYTES} bytes: files that are named after it could not be made")
    return value


def _word(value: object, what: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{what} {_shown(value)} is none of {', '.join(known)}")
    return str(value)


def _system(value: object) -> str:
    """A key of SYSTEMS as people write it: Windows 11, win11, windows-11."""
    plain = re.sub(r"[^a-z0-9]", "", value.lower()) if isinstance(value, str) else ""
    plain = SHORT.get(plain, plain)
    return plain if plain in SYSTEMS else _word(value, "system", tuple(SYSTEMS))


def _path(value: object, what: str) -> str:
    if not isinstance(value, str) or not value.startswith("/") or not value.isprintable() or len(value) > 4000:
        raise ValueError(f"{what} {_shown(value)} is no absolute path")
    if value.endswith("/") or "/../" in f"{value}/":
        raise ValueError(f"{what} {_shown(value)}: name a file or a device without ..")
    return value


def _vcpus(value: object) -> int | None:
    if value == "sensible" or value is None:
        return None
    number = (
        int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 6 else value
    )
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MOST_VCPUS:
        raise ValueError(f"vcpus {_shown(value)} is neither a number from 1 to {MOST_VCPUS} nor 'sensible'")
    return number


def _devices(value: object) -> tuple[str, ...]:
    found = []
    for one in _list(value, "devices"):
        match = BDF.fullmatch(one.strip().lower())
        if match is None:
            raise ValueError(f"{_shown(one)} is no PCI address, such as 0b:00.0")
        found.append(f"{match[1] or '0000'}:{match[2]}")
    return tuple(dict.fromkeys(found))


def _list(value: object, what: str) -> list[str]:
    if isinstance(value, str):
        value = [w for w in re.split(r"[,\s]+", value) if w]
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{what} {_shown(value)} is no list of texts")
    return list(value)


def _network(value: object) -> str:
    if isinstance(value, str):
        kind, colon, name = value.partition(":")
        if value in ("nat", "user", "none"):
            return value
        if colon and ((kind == "bridge" and INTERFACE.fullmatch(name)) or (kind == "network" and _is_network(name))):
            return value
    raise ValueError(f"network {_shown(value)} is none of {NETWORKS}")


def _is_network(name: str) -> bool:
    return bool(name.strip()) and name.isprintable() and "/" not in name and len(name.encode("utf-8", "replace")) <= 200


def _flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{what} {_shown(value)} is neither true nor false")
    return value


def _resolution(value: object) -> str:
    found = SCREEN.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) > 16384 or int(found[2]) > 16384:
        raise ValueError(f"resolution {_shown(value)} is none, such as 1920x1080")
    return str(value)


READ: dict[str, Callable[[object], Any]] = {
    "name": _name,
    "system": _system,
    "vcpus": _vcpus,
    "memory": lambda v: size(v, "memory", LEAST_MEMORY, MOST_MEMORY),
    "disk": lambda v: v if v == "none" else _path(v, "disk"),
    "disk-size": lambda v: size(v, "disk-size", LEAST_DISK, MOST_DISK),
    "iso": lambda v: _path(v, "iso"),
    "virtio-iso": lambda v: _path(v, "virtio-iso"),
    "devices": _devices,
    "display": lambda v: _word(v, "display", DISPLAYS),
    "resolution": _resolution,
    "network": _network,
    "evdev": lambda v: tuple(_path(one, "evdev") for one in _list(v, "evdev")),
    "pages": lambda v: _word(v, "pages", PAGES),
    "pin": lambda v: _flag(v, "pin"),
    "keep-cores": lambda v: _flag(v, "keep-cores"),
    "isolation": lambda v: _word(v, "isolation", ISOLATION),
}
"""Answer → how its words are read."""


def new_guest(answers: Mapping[str, Any]) -> NewGuest:
    """The answers as a person wrote them, by the names of the options; ValueError for what is none of them."""
    given = {str(key).replace("_", "-"): value for key, value in answers.items()}
    strange = [key for key in given if key not in READ]
    if strange:
        raise ValueError(f"{_shown(strange[0])} is no answer: {', '.join(READ)}")
    _name(given.get("name"))
    return NewGuest(**{key.replace("-", "_"): READ[key](value) for key, value in given.items()})


def to_goal(answers: Mapping[str, Any]) -> str:
    """The argument of the goal guest.new: the name, a slash, and the other answers as JSON. ValueError as above."""
    guest = new_guest(answers)
    rest = {str(k).replace("_", "-"): v for k, v in answers.items() if k != "name"}
    return f"{guest.name}/{json.dumps(rest, sort_keys=True, ensure_ascii=False)}" if rest else guest.name


def from_goal(argument: str) -> NewGuest:
    """The answers in the argument of a goal; ValueError where it is none."""
    name, slash, text = argument.partition("/")
    if not slash:
        return new_guest({"name": name})
    try:
        rest = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"what stands behind {_shown(name)} is no JSON: {error}") from error
    if not isinstance(rest, dict):
        raise ValueError(f"what stands behind {_shown(name)} is no JSON object of answers")
    return new_guest({**rest, "name": name})
