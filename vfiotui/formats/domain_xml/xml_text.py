"""XML as text that is edited in place: every byte outside an edit stays what it was.

The standard parser tells where each element begins and ends; an edit replaces just those bytes. Comments,
order, quotes, blanks, unknown elements, prefixes, line ends and the encoding declaration are never rewritten.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from xml.parsers import expat

LIMIT = 4 << 20
ELEMENTS = 100_000
"""More than this in one document is no guest but an attack on memory."""
ATTRIBUTE = re.compile(rb"""([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*')""")
START = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
"""A start tag; a > inside quotes does not end it."""
NAMES = re.compile(r"(?:\{[^}]*\})?[^/{}]+")
"""The names of a path."""
PIECE = re.compile(rb"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[.*?\]\]>|<[^>]*>|[^<]+", re.S)
ENCODINGS = re.compile(
    r"utf-?8|utf-?16(-?[lb]e)?|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?\d{1,2}|windows-125\d|koi8-[ru]", re.I
)
"""Those of text in files of libvirt; Python has others, some of which take ages on hostile input."""
DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})""")
ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&apos;"), ('"', "&quot;"))

MANY = 8
"""Children that are looked up by their names instead of one after the other."""

Edit = tuple[int, int, bytes]
"""Bytes from, to, and what stands there instead."""


def escaped(value: str) -> str:
    """The value inside quotes of either kind, or between tags.

    >>> escaped("Tom & 'Jerry'")
    'Tom &amp; &apos;Jerry&apos;'
    """
    for char, written in ESCAPES:
        value = value.replace(char, written)
    return value


def decode(data: bytes) -> tuple[str, str]:
    """Text and encoding of a document by its byte order mark, else its declaration, else UTF-8.

    The mark stays in the text, so that `text.encode(encoding)` gives the same bytes. Raises ValueError.
    """
    marks = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
    found = next((name for mark, name in marks if data.startswith(mark)), "")
    declared = DECLARED.match(data)
    encoding = found or (declared[1].decode("ascii") if declared else "utf-8")
    if not ENCODINGS.fullmatch(encoding.replace("_", "-")):
        raise ValueError(f"the XML is declared to be {encoding}, which is not read here")
    try:
        text = data.decode(encoding)
        faithful = text.encode(encoding) == data
    except (LookupError, UnicodeError) as error:
        raise ValueError(f"the XML cannot be read as {encoding}: {error}") from error
    if not faithful:
        raise ValueError(f"the XML does not come back from {encoding} as it was")
    return text, encoding


class Element:
    """One element and where it stands in the bytes of the document."""

    __slots__ = ("_data", "_last", "_named", "attributes", "children", "start", "tag")

    def __init__(self, tag: str, attributes: dict[str, str], start: int, data: bytes) -> None:
        self.tag = tag
        """"name", or "{namespace}name"."""
        self.attributes = attributes
        """By their names; those of a namespace are "namespace}name"."""
        self.children: list[Element] = []
        self.start = start
        """The first byte of the start tag."""
        self._data = data
        self._last = start
        self._named: dict[str, list[Element]] | None = None

    @property
    def inner(self) -> int:
        """The first byte behind the start tag."""
        tag = START.match(self._data, self.start)
        assert tag
        return tag.end()

    @property
    def empty(self) -> bool:
        """Written as <a/>."""
        inner = self.inner
        return self._data[inner - 2 : inner] == b"/>"

    @property
    def close(self) -> int:
        """The first byte of the end tag; the same as `inner` where there is none."""
        return self.inner if self.empty else self._last

    @property
    def end(self) -> int:
        """The first byte behind the element."""
        return self.inner if self.empty else self._data.index(b">", self._last) + 1

    @property
    def text(self) -> str:
        """All character data directly inside."""
        written = b"" if self.empty else self._data[self.inner : self._last]
        if self.children or b"<" in written or b"&" in written or b"\r" in written:
            return _words(self._data[self.start : self.end])
        return written.decode("utf-8")

    def get(self, name: str, default: str = "") -> str:
        """The value of an attribute, or the default where the element does not have it."""
        return self.attributes.get(name, default)

    def find(self, path: str) -> Element | None:
        """The first element at a path of names below this one, or None."""
        if "/" in path or len(self.children) >= MANY:
            return next(iter(self.all(path)), None)
        for child in self.children:
            if child.tag == path:
                return child
        return None

    def all(self, path: str) -> list[Element]:
        """All elements at a path of names below this one, in their order; * stands for any name."""
        if "/" not in path:
            return self.named(path)
        # A name with a namespace holds slashes inside its braces.
        found = [self]
        for name in NAMES.findall(path) if "{" in path else path.split("/"):
            if not found:
                break
            found = found[0].named(name) if len(found) == 1 else [c for e in found for c in e.named(name)]
        return found

    def named(self, name: str) -> list[Element]:
        """The children of a name; * stands for any."""
        if name == "*":
            return self.children
        if len(self.children) < MANY:
            return [child for child in self.children if child.tag == name] if self.children else []
        if self._named is None:
            self._named = {}
            for child in self.children:
                if child.tag in self._named:
                    self._named[child.tag].append(child)
                else:
                    self._named[child.tag] = [child]
        return self._named.get(name, [])

    def below(self, tag: str) -> Iterator[Element]:
        """All elements of a name at any depth below this one, in their order."""
        left = self.children[::-1]
        while left:
            element = left.pop()
            if element.tag == tag:
                yield element
            left += element.children[::-1]


class XmlText:
    """A document and its edits; elements belong to the text that they were found in and not to a later one."""

    def __init__(self, text: str) -> None:
        """Raises ValueError with a sentence where the text is no sound XML."""
        if len(text) > LIMIT:
            raise ValueError(f"the XML is longer than {LIMIT >> 20} MiB")
        if text.count("<") > 2 * ELEMENTS:
            raise ValueError(f"the XML has more than {ELEMENTS} elements")
        try:
            self._load(text.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise ValueError("the XML holds half a character") from error

    @property
    def text(self) -> str:
        """The document as it is now."""
        return self._data.decode("utf-8")

    def _load(self, data: bytes) -> None:
        self._data = data
        self.root = _read(data)

    def part(self, element: Element) -> str:
        """An element as a document of its own: its text, and the namespaces that the elements around it declare."""
        known = self._namespaces(element)
        around: dict[bytes, bytes] = {}
        above = self._parent(element)
        while above is not None:
            around = self._namespaces(above) | around
            above = self._parent(above)
        name = element.start + 1 + len(self._name(element))
        added = b"".join(b" " + n + b"=" + v for n, v in around.items() if n not in known)
        return (self._data[element.start : name] + added + self._data[name : element.end]).decode("utf-8")

    def _namespaces(self, element: Element) -> dict[bytes, bytes]:
        """Names and quoted values of the namespace declarations in a start tag."""
        found = ATTRIBUTE.findall(self._data, element.start, element.inner)
        return {name: value for name, value in found if name == b"xmlns" or name.startswith(b"xmlns:")}

    def edit(self, edits: Iterable[Edit]) -> None:
        """Does edits that do not overlap; those at one place come to stand in their given order."""
        found, at = [], 0
        for start, end, new in sorted(edits, key=lambda e: e[0]):
            found += [self._data[at:start], new]
            at = end
        data = b"".join([*found, self._data[at:]])
        if data != self._data:
            self._load(data)

    def attribute_edit(self, element: Element, name: str, value: str | None) -> Edit | None:
        """The edit that sets an attribute, or with None takes it away; None where nothing changes."""
        if element.attributes.get(name) == value:
            return None
        tag = self._data[element.start : element.inner]
        head = re.match(rb"<[^\s/>]+", tag)
        assert head
        last = head.end()
        for match in ATTRIBUTE.finditer(tag, last):
            last = match.end()
            if match[1].decode("utf-8") == name:
                if value is None:
                    before = len(tag[: match.start()].rstrip())
                    return element.start + before, element.start + match.end(), b""
                quoted = escaped(value).encode("utf-8")
                return element.start + match.start(2) + 1, element.start + match.end(2) - 1, quoted
        where = element.start + last
        return None if value is None else (where, where, f" {name}={self.quote}{escaped(value)}{self.quote}".encode())

    def text_edit(self, element: Element, value: str) -> Edit | None:
        """The edit that replaces the words inside an element; blanks and comments around them stay."""
        if element.text.strip() == value:
            return None
        new = escaped(value).encode("utf-8")
        if element.empty:
            name = self._name(element)
            slash = self._data.rindex(b"/", element.start, element.inner)
            return len(self._data[:slash].rstrip()), element.end, b">" + new + b"</" + name + b">"
        for piece in PIECE.finditer(self._data, element.inner, element.close):
            words = piece[0]
            if words.strip() and (not words.startswith(b"<") or words.startswith(b"<![CDATA[")):
                lead = len(words) - len(words.lstrip())
                return piece.start() + lead, piece.start() + len(words.rstrip()), new
        return element.inner, element.inner, new

    def insert_edit(
        self, parent: Element, written: Sequence[str], order: Sequence[str] = (), behind: Element | None = None
    ) -> Edit:
        """The edit that adds elements to a parent: `behind` one, else behind those before them in `order`, else last.

        Each of `written` is an element whose further lines are indented as if it stood at the left margin.
        """
        tag = re.match(r"<([^\s/>]+)", written[0])
        earlier = {*order[: order.index(tag[1])], tag[1]} if tag and tag[1] in order else None
        before = [behind] if behind else [c for c in parent.children if earlier is None or c.tag in earlier]
        at = before[-1].end if before else parent.inner
        margin = self._margin(parent)
        eol = self.eol if margin is not None else ""
        lines = [f"{eol}{(margin or '')}{e.replace(chr(10), eol + (margin or ''))}" for e in written]
        new = "".join(lines).encode("utf-8")
        if parent.empty:
            name = self._name(parent)
            outer = self._indent(parent)
            tail = (eol + outer).encode() if margin is not None and outer is not None else b""
            slash = self._data.rindex(b"/", parent.start, parent.inner)
            return len(self._data[:slash].rstrip()), parent.end, b">" + new + tail + b"</" + name + b">"
        return at, at, new

    def remove_edits(self, elements: Sequence[Element], *, prune: bool = True) -> list[Edit]:
        """The edits that take children of one parent away with their lines, and with them a parent left bare."""
        parent = self._parent(elements[0]) if elements else None
        if prune and parent is not None and parent is not self.root and self._bare(parent, set(elements)):
            return self.remove_edits([parent])
        return [self._remove_edit(e) for e in elements]

    def _remove_edit(self, element: Element) -> Edit:
        start = element.start
        line = self._data.rfind(b"\n", 0, start)
        if line >= 0 and not self._data[line:start].strip():
            start = line - 1 if self._data[line - 1 : line] == b"\r" else line
        return start, element.end, b""

    def _bare(self, parent: Element, gone: set[Element]) -> bool:
        """Whether nothing is left inside and on an element once some children have gone."""
        if parent.attributes or any(c not in gone for c in parent.children):
            return False
        pieces = []
        at = parent.inner
        for child in parent.children:
            pieces.append(self._data[at : child.start])
            at = child.end
        return not b"".join([*pieces, self._data[at : parent.close]]).strip()

    def _parent(self, element: Element) -> Element | None:
        """The element around one of this text; None around the outermost."""
        found, here = None, self.root
        while here is not element:
            found = here
            here = here.children[bisect_right(here.children, element.start, key=lambda c: c.start) - 1]
        return found

    def _name(self, element: Element) -> bytes:
        match = re.match(rb"<([^\s/>]+)", self._data[element.start : element.inner])
        assert match
        return match[1]

    @property
    def eol(self) -> str:
        """How lines end here."""
        first = self._data.find(b"\n")
        return "\r\n" if first > 0 and self._data[first - 1 : first] == b"\r" else "\n"

    @property
    def quote(self) -> str:
        """The quotes that most attributes stand in; libvirt writes single ones."""
        return '"' if self._data.count(b'="') > self._data.count(b"='") else "'"

    def _indent(self, element: Element) -> str | None:
        """The blanks before an element that begins its line, else None."""
        line = self._data.rfind(b"\n", 0, element.start)
        lead = self._data[line + 1 : element.start]
        return lead.decode("utf-8") if not lead.strip() and (line >= 0 or element is self.root) else None

    def _margin(self, parent: Element) -> str | None:
        """The blanks before a new child; None where the children stand in one line."""
        if parent.children:
            return next((i for c in parent.children if (i := self._indent(c)) is not None), None)
        outer = self._indent(parent)
        if outer is None:
            return None
        grand = self._parent(parent)
        above = None if grand is None else self._indent(grand)
        step = outer.removeprefix(above) if above is not None and outer.startswith(above) else ""
        return outer + (step or "  ")


def _read(data: bytes) -> Element:
    """The outermost element, with all that is in it and where; raises ValueError with a sentence."""
    document = Element("", {}, 0, data)
    open_elements = [document]
    begin, leave = open_elements.append, open_elements.pop
    parser = expat.ParserCreate("utf-8", "}")

    def start(tag: str, attributes: dict[str, str]) -> None:
        if "}" in tag:
            tag = "{" + tag
        element = Element(tag, attributes, parser.CurrentByteIndex, data)
        open_elements[-1].children.append(element)
        begin(element)

    def end(_: str) -> None:
        leave()._last = parser.CurrentByteIndex

    def doctype(*_: object) -> None:
        raise ValueError("the XML has a document type, which libvirt never writes")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError(f"the XML is damaged: {error}") from error
    finally:
        # They hold the parser that holds them: the circle would keep all elements until the next collection.
        parser.StartElementHandler = parser.EndElementHandler = None
    return document.children[0]


def _words(element: bytes) -> str:
    """The character data directly inside an element of a sound document."""
    found: list[str] = []
    depth = 0

    def start(*_: object) -> None:
        nonlocal depth
        depth += 1

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    def words(text: str) -> None:
        if depth == 1:
            found.append(text)

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = words
    parser.Parse(element, True)
    return "".join(found)
