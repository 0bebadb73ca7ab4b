"""Domain XML reduced to the elements and attributes that this program reads (libvirt.org/formatdomain.html).

Names, UUIDs, hardware addresses and paths are replaced consistently; titles, descriptions, metadata of others,
passwords, secrets, labels and comments are not in the list and are left out. Blanks and order stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from xml.sax.saxutils import unescape

from vfiotui.formats.domain_xml.domain_xml import parse, parse_status
from vfiotui.formats.domain_xml.elements.commandline import QEMU
from vfiotui.formats.domain_xml.elements.domain import OSINFO
from vfiotui.formats.domain_xml.network_xml import parse_network
from vfiotui.formats.domain_xml.xml_text import ATTRIBUTE, Element, XmlText, decode, escaped
from vfiotui.host.capture.domain_fields import NETWORK_TABLE, OPTION_KEYS, TABLE, WORDS
from vfiotui.host.capture.scrub import Scrubber, Senseless, is_public

LONG = re.compile(r"[0-9]{1,20}|0x[0-9a-fA-F]{1,8}|[0-9,\-^]{1,2000}")
MACHINE = re.compile(r"(?:pc|pc-q35|pc-i440fx|virt|q35)(?:-[a-z0-9.+~]{1,20}){0,3}")
LIBOSINFO = re.compile(r"http://[a-z.]{3,40}\.(?:com|org|net|io)/[a-z0-9/._-]{1,40}")


VENDORS = ("AuthenticAMD", "GenuineIntel", "KVMKVMKVM", "Microsoft Hv", "HygonGenuine", "VIA VIA VIA ", "whatever")
PATHS = frozenset({"file", "dev", "runtimeDir", "template"})
"""Attributes that hold a path or a device's name."""
PATH_TEXTS = frozenset({"os/loader", "os/nvram", "devices/emulator"})
"""Elements whose text is a path."""


def qemu_argument(text: str, scrub: Scrubber) -> str:
    """One argument of qemu:commandline: options whose key is known keep a scrubbed value, others become names.

    >>> qemu_argument("secret,id=s0,data=hunter2", Scrubber())
    'name-1,id=name-2,data=value-1'
    """
    if text.startswith("{"):
        try:
            made = _json(json.loads(text), scrub)
            return json.dumps(made) if '": ' in text else json.dumps(made, separators=(",", ":"))
        except (ValueError, RecursionError):
            return scrub.alias("value", text)
    return ",".join(_option(piece, scrub) for piece in text.split(","))


def _option(piece: str, scrub: Scrubber) -> str:
    key, equals, value = piece.partition("=")
    if not equals:
        return piece if piece.lstrip("+-") in WORDS | OPTION_KEYS else _value(piece, scrub)
    if key in OPTION_KEYS:
        return f"{key}={_value(value, scrub)}"
    return f"{key if _plain_key(key) else scrub.text(key)}={scrub.same(value, scrub.alias('value', value))}"


def _plain_key(name: str) -> bool:
    return name in ("data", "file", "string", "name", "path", "secret", "password") or is_public(name)


def _json(value: Any, scrub: Scrubber) -> Any:
    if isinstance(value, dict):
        return {
            (k if k in OPTION_KEYS else scrub.text(k)): _json(v, scrub)
            if k in OPTION_KEYS or not isinstance(v, str)
            else scrub.alias("value", v)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_json(v, scrub) for v in value]
    return _value(value, scrub) if isinstance(value, str) else value


def _value(text: str, scrub: Scrubber) -> str:
    if not text or text in WORDS or LONG.fullmatch(text) or MACHINE.fullmatch(text):
        return text
    if text.startswith("/"):
        return scrub.path(text)
    return scrub.text(text)


def _attribute(path: str, name: str, value: str, scrub: Scrubber) -> str:
    if path == "features/hyperv/vendor_id" and name == "value":
        # Its length is judged.
        return (
            value
            if value in VENDORS
            else scrub.alias("vendor", value, lambda n: f"v{n}".ljust(len(value), "x")[: len(value)])
        )
    if name in ("uuid", "portid"):
        return scrub.uuid(value)
    return scrub.path(value) if name in PATHS and value.startswith("/") else _value(value, scrub)


def _text(path: str, text: str, scrub: Scrubber) -> str:
    bare = text.strip()
    if path == "name":
        new = scrub.name("guest", bare)
    elif path == "uuid":
        new = scrub.uuid(bare)
    else:
        new = scrub.path(bare) if path in PATH_TEXTS else _value(bare, scrub)
    return text.replace(bare, escaped(new)) if bare else text


class _Writer:
    """Writes the elements that are in the list, with the blanks around them."""

    def __init__(self, data: bytes, scrub: Scrubber, table: Mapping[str, tuple[frozenset[str], bool]] = TABLE) -> None:
        self._data = data
        self._table = table
        self._scrub = scrub

    def element(self, element: Element, path: str) -> str | None:
        """The element; None where it is not in the list."""
        if path == "metadata":
            return _system(element)
        if element.tag == f"{QEMU}commandline":
            return self._commandline(element)
        known = (
            self._table.get(path)
            or self._table.get(re.sub(r"[^/]+$", "*", path))
            or self._table.get(re.sub(r"^devices/[^/]+/", "devices/*/", path))
        )
        if known is None:
            return None
        kept, texted = known
        raw = self._data[element.start : element.inner].decode()
        name = re.match(r"<([^\s/>]+)", raw)
        assert name
        written = "".join(
            f" {m[1].decode()}={m[2][:1].decode()}"
            f"{escaped(_attribute(path, m[1].decode(), unescape(m[2][1:-1].decode(), ENTITIES), self._scrub))}"
            f"{m[2][:1].decode()}"
            for m in ATTRIBUTE.finditer(self._data[element.start : element.inner], name.end())
            if m[1].decode() in kept
        )
        if not path and f"{QEMU}commandline" in {c.tag for c in element.children}:
            written += f" xmlns:qemu='{QEMU[1:-1]}'"
        if element.empty:
            return f"<{name[1]}{written}/>"
        return f"<{name[1]}{written}>{self._inside(element, path, texted)}</{name[1]}>"

    def _inside(self, element: Element, path: str, texted: bool) -> str:
        if texted and not element.children:
            if self._table is NETWORK_TABLE:
                return escaped(_value(element.text.strip(), self._scrub))
            return _text(path, element.text, self._scrub)
        found, at = [], element.inner
        for child in element.children:
            written = self.element(child, f"{path}/{child.tag}" if path else child.tag)
            if written is not None:
                found.append(_blanks(self._data[at : child.start]) + written)
            at = child.end
        return "".join([*found, _blanks(self._data[at : element.close])])

    def _commandline(self, element: Element) -> str:
        pieces = ["<qemu:commandline>"]
        for child in element.children:
            value = child.attributes.get("value", "")
            if child.tag == f"{QEMU}arg":
                pieces.append(f"    <qemu:arg value='{escaped(qemu_argument(value, self._scrub))}'/>")
            elif child.tag == f"{QEMU}env":
                name = child.attributes.get("name", "")
                known = name.startswith(("QEMU_AUDIO_", "QEMU_PA_", "QEMU_ALSA_"))
                shown = _value(value, self._scrub) if known else self._scrub.alias("value", value)
                label = name if known and is_plain_name(name) else self._scrub.alias("name", name)
                pieces.append(f"    <qemu:env name='{escaped(label)}' value='{escaped(shown)}'/>")
        return "\n".join([*pieces, "  </qemu:commandline>"])


def _system(metadata: Element) -> str | None:
    """What libosinfo calls the system inside, the only metadata that is read."""
    todo = [metadata]
    while todo:
        element = todo.pop()
        found = LIBOSINFO.fullmatch(element.attributes.get("id", "")) if element.tag in OSINFO else None
        if found:
            return f'<metadata><libosinfo:os xmlns:libosinfo="{OSINFO[0][1:-3]}" id="{found[0]}"/></metadata>'
        todo += reversed(element.children)
    return None


ENTITIES = {"&apos;": "'", "&quot;": '"'}


def is_plain_name(name: str) -> bool:
    """Whether the name of a variable is one of QEMU's audio."""
    return re.fullmatch(r"QEMU_(?:AUDIO|PA|ALSA)_[A-Z_]{1,24}", name) is not None


def _blanks(data: bytes) -> str:
    """The blanks of a gap between elements; a comment leaves those ahead of it."""
    text = data.decode()
    lead = text[: len(text) - len(text.lstrip())]
    tail = text[len(text.rstrip()) :] if text.strip() else ""
    return tail or lead


def domain(text: str, scrub: Scrubber) -> str:
    """A guest's definition; Senseless with its reader's words where it is no sound domain XML."""
    with _judged(scrub):
        parse(text, source="")
        return f"{_written(XmlText(text), scrub)}\n"


def domain_file(data: bytes, scrub: Scrubber) -> bytes:
    """A file of a guest's definition in any encoding, as UTF-8."""
    with _judged(scrub):
        return domain(decode(data)[0], scrub).encode()


def status_file(data: bytes, scrub: Scrubber) -> bytes:
    """A file of a running guest: its state, its process and its definition."""
    with _judged(scrub):
        text = decode(data)[0]
        parse_status(text, source="")
        document = XmlText(text)
        inner = document.root.find("domain")
        assert inner is not None
        state = document.root.attributes.get("state", "running")
        pid = document.root.attributes.get("pid", "")
        told = f" pid='{pid}'" if re.fullmatch("[0-9]{1,10}", pid) else ""
        shown = state if state in ("running", "paused", "pmsuspended", "crashed") else "running"
        body = _Writer(document.text.encode(), scrub).element(inner, "")
        return f"<domstatus state='{shown}'{told}>\n  {body}\n</domstatus>\n".encode()


def network_file(data: bytes, scrub: Scrubber) -> bytes:
    """A file of a network's definition: its name, and the devices that it hands to guests."""
    with _judged(scrub):
        text = decode(data)[0]
        parse_network(text)
        return f"{_written(XmlText(text), scrub, NETWORK_TABLE)}\n".encode()


def _written(document: XmlText, scrub: Scrubber, table: Mapping[str, tuple[frozenset[str], bool]] = TABLE) -> str:
    written = _Writer(document.text.encode(), scrub, table).element(document.root, "")
    assert written is not None
    return written


@contextmanager
def _judged(scrub: Scrubber) -> Iterator[None]:
    """Turns a parser's complaint into Senseless: its own words and places stay."""
    try:
        yield
    except Senseless:
        raise
    except (ValueError, RecursionError) as error:
        raise Senseless(scrub.sentence(str(error))) from error
