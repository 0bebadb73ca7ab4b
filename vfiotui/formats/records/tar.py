"""tar archives, read member by member in bounded memory: ustar, GNU's long names and pax headers.

Sources: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU tar's manual, "Basic Tar Format".
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO, NamedTuple

from vfiotui.formats.initramfs.cpio import Damaged

BLOCK = 512
EXTENDED = 64 << 10
"""Bytes of a header that extends another; its names have 4096 at most (PATH_MAX)."""
CHUNK = 1 << 20


class NoTar(Damaged):
    """The first header is none."""


class Kind(Enum):
    """What a member is; devices, FIFOs and what only some tars know are OTHER."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symbolic link"
    HARDLINK = "hard link"
    OTHER = "other"


class Member(NamedTuple):
    """One member; `target` is a link's text, `size` the bytes of a file's body."""

    name: str
    kind: Kind
    size: int
    mode: int
    mtime: float
    target: str


KINDS = {b"0": Kind.FILE, b"\0": Kind.FILE, b"7": Kind.FILE, b"1": Kind.HARDLINK, b"2": Kind.SYMLINK, b"5": Kind.FOLDER}


class Members:
    """The members of a stream, in order."""

    def __init__(self, stream: BinaryIO) -> None:
        """`stream` gives as many bytes as it is asked for, and fewer only at its end."""
        self._stream = stream
        self._left = 0
        """Bytes before the next header, the present member's body among them."""
        self._body = 0

    def __iter__(self) -> Iterator[Member]:
        """Raises Damaged where a header is none or the stream ends early; NoTar where that is the first."""
        first = True
        extended: dict[str, str] = {}
        while True:
            self._skip(self._left)
            header = self._stream.read(BLOCK)
            if not header.strip(b"\0"):
                if not header and first:
                    raise NoTar("it is empty")
                return
            if len(header) < BLOCK or not _is_header(header):
                raise (NoTar if first else Damaged)("a header is damaged")
            first = False
            kind, size = header[156:157], _number(header[124:136])
            if kind in (b"x", b"L", b"K"):
                body = self._extended(size)
                extended |= _records(body) if kind == b"x" else {"path" if kind == b"L" else "linkpath": _text(body)}
                continue
            if kind == b"S" or any(key.startswith("GNU.sparse.") for key in extended):
                raise Damaged("it holds a sparse file: pack it without --sparse")
            if kind != b"g":
                size = _whole(extended["size"]) if "size" in extended else size
                yield self._member(header, size, extended)
                extended = {}
            else:
                self._left = size + -size % BLOCK

    def body(self) -> bytes:
        """The bytes of the file that came last; raises Damaged where the stream ends before."""
        data = self._stream.read(self._body)
        if len(data) < self._body:
            raise Damaged("it is cut short")
        self._left -= len(data)
        return data

    def _member(self, header: bytes, size: int, extended: dict[str, str]) -> Member:
        name = _text(header[:100])
        if header[257:263] == b"ustar\0" and (prefix := _text(header[345:500])):
            name = f"{prefix}/{name}"
        name = extended.get("path", name)
        kind = KINDS.get(header[156:157], Kind.OTHER)
        if kind is Kind.FILE and header[156:157] == b"\0" and name.endswith("/"):
            kind = Kind.FOLDER  # Before ustar a folder had no kind of its own.
        # Links and folders have no body, whatever size they name.
        self._body = size if kind is Kind.FILE else 0
        carried = size if kind in (Kind.FILE, Kind.OTHER) else 0
        if kind is Kind.OTHER and header[156:157] in b"346":
            carried = 0
        self._left = carried + -carried % BLOCK
        target = extended.get("linkpath", _text(header[157:257]))
        mtime = _real(extended["mtime"]) if "mtime" in extended else float(_number(header[136:148]))
        return Member(name, kind, self._body, _number(header[100:108]) & 0o7777, mtime, target)

    def _extended(self, size: int) -> bytes:
        if size > EXTENDED:
            raise Damaged(f"a name or header has {size} bytes")
        data = self._stream.read(size)
        if len(data) < size:
            raise Damaged("it is cut short")
        self._skip(-size % BLOCK)
        self._left = 0
        return data

    def _skip(self, size: int) -> None:
        while size > 0:
            found = len(self._stream.read(min(size, CHUNK)))
            if not found:
                raise Damaged("it is cut short")
            size -= found


def _is_header(header: bytes) -> bool:
    """Whether the checksum is right: the sum of all bytes, its own taken as blanks."""
    try:
        return _number(header[148:156]) == sum(header) - sum(header[148:156]) + 8 * 32
    except Damaged:
        return False


def _number(field: bytes) -> int:
    """Octal digits, or GNU's base 256 where the first bit is set."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
        return value if not field[0] & 0x40 else 0
    digits = field.split(b"\0", 1)[0].strip()
    if digits and digits.strip(b"01234567"):
        raise Damaged("a number in a header has other digits than octal ones")
    return int(digits or b"0", 8)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _records(body: bytes) -> dict[str, str]:
    """The records of a pax header: length, blank, key, "=", value, newline."""
    found: dict[str, str] = {}
    while body.strip(b"\0"):
        digits, _, _ = body.partition(b" ")
        length = _whole(digits.decode("ascii", "replace"))
        record = body[:length]
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if len(record) < length or length <= len(digits) + 2 or not equals or record[-1:] != b"\n":
            raise Damaged("a pax header is damaged")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        body = body[length:]
    return found


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise Damaged("a number in a pax header is none")
    return int(text)


def _real(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    return value if abs(value) < 1e12 else 0.0
