"""The auxiliary vector of a process: pairs of a tag and a value, in the word size and byte order of the process."""

from __future__ import annotations

import struct

PAGE_SIZE_TAG = 6
"""AT_PAGESZ (include/uapi/linux/auxvec.h)."""
SMALLEST, LARGEST = 1 << 12, 1 << 20
"""Bytes; no kernel that runs guests has smaller pages, none has larger ones."""
LAYOUTS = ("<QQ", ">QQ", "<II", ">II")


def is_page_size(size: int) -> bool:
    """Whether a kernel may have small pages of so many bytes.

    >>> is_page_size(16384), is_page_size(5000), is_page_size(0)
    (True, False, False)
    """
    return SMALLEST <= size <= LARGEST and size & (size - 1) == 0


def page_pair(data: bytes) -> bytes | None:
    """The pair that holds the page size, as it stands in the vector; None where the vector names none.

    The word size and the byte order are those under which the pairs end with the tag 0, as the kernel ends them.
    """
    for layout in LAYOUTS:
        size = struct.calcsize(layout)
        pairs = [struct.unpack_from(layout, data, at) for at in range(0, len(data) - size + 1, size)]
        if not pairs or len(data) % size or pairs[-1][0] != 0:
            continue
        for place, (tag, value) in enumerate(pairs):
            if tag == PAGE_SIZE_TAG and is_page_size(value):
                return data[place * size : (place + 1) * size]
    return None


def page_size(data: bytes) -> int | None:
    """Bytes of a small page of the kernel that made the vector; None where it does not tell.

    >>> page_size(struct.pack(">QQQQ", 6, 65536, 0, 0)), page_size(b"")
    (65536, None)
    """
    pair = page_pair(data)
    if pair is None:
        return None
    half = len(pair) // 2
    found = (int.from_bytes(pair[half:], "little"), int.from_bytes(pair[half:], "big"))
    return next(filter(is_page_size, found), None)


def of_page_size(size: int) -> bytes:
    """A vector that names nothing but the page size.

    >>> page_size(of_page_size(16384))
    16384
    """
    return struct.pack("<QQQQ", PAGE_SIZE_TAG, size, 0, 0)


def only_page_size(data: bytes) -> bytes | None:
    """A vector that holds the page size and its end, and no address of the process."""
    pair = page_pair(data)
    return None if pair is None else pair + bytes(len(pair))
