"""libvirt's own RELAX NG schema of domain XML, where it is installed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass

FOLDER = "/usr/share/libvirt/schemas"
FIRST = "domain.rng"
NAME = re.compile(r"[A-Za-z0-9_]+\.rng")
RNG = "{http://relaxng.org/ns/structure/1.0}"
PARTS = 50
"""Files of one schema; libvirt 12 has nine for a domain."""
SHOWN = 5
"""Complaints that are shown; a broken document begets many."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that a schema refuses."""

    sentence: str
    """For a person, with the line."""
    message: str
    """What it is, without the line: the same in two texts that differ elsewhere."""


class Schema:
    """The schema of a root; it is compiled once."""

    def __init__(self, read: Callable[[str], Reading[bytes]]) -> None:
        """`read` gives the bytes of a path: `Root.bytes`."""
        self._read = read
        self._compiled: Reading[Any] | None = None

    def problems(self, xml: str | bytes) -> Reading[tuple[str, ...]]:
        """What libvirt's schema says against a domain: sentences, none where it is valid; Unread without a schema."""
        found = self._complaints(xml)
        if isinstance(found, Unread):
            return found
        return tuple(dict.fromkeys(complaint.sentence for complaint in found))[:SHOWN]

    def added(self, before: bytes | None, after: bytes) -> Reading[tuple[str, ...]]:
        """What the schema says against a new definition that it does not say against the old one, line numbers aside.

        `before` is None for a guest that is new. Unread without a schema.
        """
        found = self._complaints(after)
        if isinstance(found, Unread):
            return found
        old = () if before is None else self._complaints(before)
        if isinstance(old, Unread):
            return old
        known = {complaint.message for complaint in old}
        return tuple(dict.fromkeys(c.sentence for c in found if c.message not in known))[:SHOWN]

    def _complaints(self, xml: str | bytes) -> Reading[tuple[Complaint, ...]]:
        compiled = self._schema()
        if isinstance(compiled, Unread):
            return compiled
        from lxml import etree

        try:
            document = etree.fromstring(xml.encode("utf-8") if isinstance(xml, str) else xml, _parser(etree))
        except (etree.XMLSyntaxError, ValueError) as error:
            # The parser's own words end with the place.
            return (Complaint(f"the XML is damaged: {error}", f"{type(error).__name__}"),)
        if compiled.validate(document):
            return ()
        log = tuple(_complaint(e.line, e.message.strip()) for e in compiled.error_log)
        return log or (Complaint("the XML does not fit libvirt's schema", ""),)

    def _schema(self) -> Reading[Any]:
        if self._compiled is None:
            self._compiled = self._compile()
        return self._compiled

    def _compile(self) -> Reading[Any]:
        first = self._read(f"{FOLDER}/{FIRST}")
        if isinstance(first, Unread):
            return Unread(f"libvirt's schema {first.reason}: it comes with libvirt", first.why, first.path)
        try:
            from lxml import etree
        except ImportError as error:
            return Unread(f"lxml cannot be loaded ({error})", Why.NOT_HERE)
        try:
            return etree.RelaxNG(_Parts(self._read, etree).whole(first, FIRST))
        except (etree.LxmlError, ValueError) as error:
            return Unread(f"libvirt's schema cannot be used: {error}", Why.DAMAGED, f"{FOLDER}/{FIRST}")


class _Parts:
    """The parts of a schema, put into one document: libxml2 would load them around the root, and from anywhere.

    RELAX NG, section 4.7: an include becomes a div with what the other grammar holds, but for what the include itself
    defines anew.
    """

    def __init__(self, read: Callable[[str], Reading[bytes]], etree: Any) -> None:
        self._read = read
        self._etree = etree
        self._left = PARTS

    def whole(self, data: bytes, name: str) -> Any:
        """A part with all that it includes; ValueError where one of them cannot be had."""
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"it has more than {PARTS} parts")
        try:
            top = self._etree.fromstring(data, _parser(self._etree))
        except self._etree.XMLSyntaxError as error:
            raise ValueError(f"{name} is damaged: {error}") from error
        if next(top.iter(f"{RNG}externalRef"), None) is not None:
            raise ValueError(f"{name} refers to another schema")
        for include in list(top.iter(f"{RNG}include")):
            self._take_in(include)
        return top

    def _take_in(self, include: Any) -> None:
        name = include.attrib.pop("href", "")
        if not NAME.fullmatch(name):
            raise ValueError(f"it includes {name!r}, which is none of its parts")
        data = self._read(f"{FOLDER}/{name}")
        if isinstance(data, Unread):
            raise ValueError(f"{name} {data.reason}")
        anew = {(e.tag, e.get("name")) for e in include.iter(f"{RNG}define", f"{RNG}start")}
        grammar = self.whole(data, name)
        for old in list(grammar.iter(f"{RNG}define", f"{RNG}start")):
            if (old.tag, old.get("name")) in anew:
                old.getparent().remove(old)
        grammar.tag = include.tag = f"{RNG}div"
        include.insert(0, grammar)


def _complaint(line: int, message: str) -> Complaint:
    """A word of libxml2's; of an element as a whole it knows no line."""
    return Complaint(f"line {line}: {message}" if line else message, message)


def _parser(etree: Any) -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
