"""libvirt's line for QEMU without what only a running libvirt can give: sockets, descriptors, secrets, its folders."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vfiotui.formats.qemu.line import Line, joined, line_of, object_of, parts_of, setting, with_values, written
from vfiotui.model.base.value import dataclass
from vfiotui.model.guest.domain import Domain
from vfiotui.plan.draft import PlanError
from vfiotui.plan.qemu.own_devices import RUN

STATE = "\uffffSTATE\uffff"
"""In a word: the folder that the script keeps from one start to the next."""
ALONE = ("-S", "-no-shutdown", "-daemonize")
"""Words with which QEMU waits for a daemon: it would neither begin nor end without one."""
MASTER_KEY = "masterKey0"
"""The key with which libvirt encrypts each secret on the line."""
DESCRIPTOR = re.compile(r"(vhost|vnet|tap|dom)?fds?|fdset|add-fd")
HANDED = re.compile(r"/dev/fdset/\d+|fd:\d+")
PFLASH = ("libvirt-pflash1-storage", "pflash1")
CODE = ("libvirt-pflash0-storage", "pflash0")
SCREENS = ("-vnc", "-spice")
HUGE = re.compile(r"(/.+)/libvirt/qemu/[^/]*")


@dataclass(frozen=True, slots=True)
class Variables:
    """The firmware variables: the script works on a copy."""

    own: str
    """libvirt's file for the guest."""
    template: str
    """What an empty copy is made from; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What the script starts; words hold RUN and STATE in place of its folders."""

    environment: tuple[tuple[str, str], ...]
    program: str
    words: tuple[str, ...]
    variables: Variables | None
    password: bool
    """Whether a screen of it asks for a password."""
    notes: tuple[str, ...]


def cleaned(text: str, domain: Domain, templates: Mapping[str, str], *, boots: bool = True) -> Cleaned:
    """What is left of the line that libvirt prints for a guest; PlanError where it cannot run without libvirt.

    `templates` are the files of empty firmware variables by their firmware image. `boots`: whether libvirt's order of
    booting is the guest's.
    """
    try:
        line = line_of(text)
    except ValueError as error:
        raise PlanError(f"libvirt's line for QEMU cannot be read: {error}") from error
    work = _Work(line, domain, () if boots else ("bootindex",))
    for option in line.options():
        work.take(option)
    for option in work.kept:
        _refuse_descriptors(option, domain.name)
    own = dict(domain.qemu.environment)
    environment = tuple((name, value) for name, value in line.environment if name in own)
    words = tuple(word for option in work.kept for word in option)
    variables = Variables(work.nvram, _template(work.code, domain, templates)) if work.nvram else None
    return Cleaned(environment, line.program, words, variables, work.password, tuple(work.notes))


def _template(code: str, domain: Domain, templates: Mapping[str, str]) -> str:
    return domain.boot.nvram_template or templates.get(code, "")


class _Work:
    def __init__(self, line: Line, domain: Domain, dropped: tuple[str, ...]) -> None:
        self.domain = domain
        # A vhost device opens its node by itself where it is handed none.
        self.dropped = ("vhostfd", *dropped)
        self.kept: list[tuple[str, ...]] = []
        self.notes: list[str] = []
        self.password = False
        self.nvram = self.code = ""
        monitor = next((v for v in _values(line, "-chardev") if setting(v, "id") == "charmonitor"), "")
        self.folder = (setting(monitor, "path") or "").rpartition("/")[0]
        """In which libvirt has what one run of the guest needs."""
        self.name = self.folder.rpartition("/")[2]

    def take(self, option: tuple[str, ...]) -> None:
        name, value = option[0], option[1] if len(option) > 1 else ""
        if name in ALONE:
            return
        if name == "-object" and setting(value, "id") == MASTER_KEY:
            return
        if MASTER_KEY in value:
            raise PlanError(f"{self.domain.name} has a secret that libvirt alone keeps ({setting(value, 'id')})")
        if name == "-incoming":
            raise PlanError(f"{self.domain.name} continues from a saved state: shut it down first")
        if name in SCREENS:
            value = self._screen(name, value)
        if name == "-blockdev":
            value = self._flash(value)
        if name == "-device":
            value = _without(value, self.dropped)
        # Old firmware is a drive: its second one holds the variables.
        if name == "-drive" and setting(value, "if") == "pflash" and setting(value, "unit") == "1":
            self.nvram = setting(value, "file") or ""
            value = with_values(value, lambda v: f"{STATE}/variables" if v == self.nvram else v)
        if value:
            value = with_values(value, self._place)
        self.kept.append((name, value) if len(option) > 1 else option)

    def _place(self, text: str) -> str:
        """A path in a folder of libvirt's for this run is one in the script's."""
        if text.startswith("unix:/"):
            return f"unix:{self._place(text[5:])}"
        if self.folder and text.startswith(f"{self.folder}/"):
            return f"{RUN}/{'qmp' if text.endswith('/monitor.sock') else 'file'}-{text.rpartition('/')[2]}"
        # libvirt 11 leaves "domain-" out in its folder of channels.
        names = (self.name, self.name.removeprefix("domain-")) if self.name else ()
        if text.startswith("/") and any(f"/{name}/" in text for name in names):
            return f"{RUN}/{text.rpartition('/')[2]}"
        pool = HUGE.fullmatch(text)
        if pool and "/ram/" not in text and text.rpartition("/")[2] in names:
            return pool[1]
        return text

    def _screen(self, name: str, value: str) -> str:
        """A password is no part of the line: libvirt hands it over later, and the script does so in a file."""
        parts = parts_of(value)
        secret = ("password", "on") in parts or ("password", None) in parts
        screens = [d for d in self.domain.devices.displays if d.kind == name[1:]]
        if name == "-spice":
            secret = not any(key == "disable-ticketing" for key, _ in parts)
        if secret:
            self.password = True
            parts = [p for p in parts if p[0] != "password"] + [("password-secret", "vfiotui-password")]
        if name == "-vnc" and screens and parts[0][0].rpartition(":")[2].isdecimal() and self._automatic("vnc"):
            # The next free port, where the first is another guest's.
            parts.insert(1, ("to", "99"))
        return joined(parts)

    def _automatic(self, kind: str) -> bool:
        return bool(
            re.search(rf"<graphics[^>]*type=['\"]{kind}['\"][^>]*(autoport=['\"]yes|port=['\"]-1)", self.domain.xml)
        )

    def _flash(self, value: str) -> str:
        node, path = setting(value, "node-name"), setting(value, "filename")
        if node in CODE and path:
            self.code = path
        if node in PFLASH and path:
            self.nvram = path
            return with_values(value, lambda text: f"{STATE}/variables" if text == path else text)
        return value


def _values(line: Line, name: str) -> list[str]:
    return [option[1] for option in line.options() if option[0] == name and len(option) > 1]


def _without(value: str, keys: tuple[str, ...]) -> str:
    """A word without some of its settings."""
    found = object_of(value)
    if found is not None:
        return written({k: v for k, v in found.items() if k not in keys}) if found.keys() & set(keys) else value
    parts = parts_of(value)
    return joined([p for p in parts if p[0] not in keys]) if any(key in keys for key, _ in parts) else value


def _refuse_descriptors(option: tuple[str, ...], name: str) -> None:
    value = option[1] if len(option) > 1 else ""
    found = object_of(value)
    keys = found.keys() if found is not None else [key for key, rest in parts_of(value) if rest is not None]
    if any(DESCRIPTOR.fullmatch(key) for key in keys) or HANDED.search(value) or option[0] == "-add-fd":
        raise PlanError(
            f"QEMU gets an open file of libvirt's for {name}, which no script can hand over: {option[0]} {value}"
        )
