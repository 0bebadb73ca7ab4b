"""Access lists of files as the kernel hands them out: the value of system.posix_acl_access.

The layout is that of include/uapi/linux/posix_acl_xattr.h, the order of the checks that of acl(5).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from vfiotui.formats.refused import EditRefused

VERSION = 2
USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
PASS = 0x1
"""The right to execute a file, or to pass a folder."""
HEAD, ENTRY = struct.Struct("<I"), struct.Struct("<HHI")


def entries(data: bytes) -> tuple[tuple[int, int, int], ...]:
    """Tag, rights and number of each entry; EditRefused where the bytes are no access list."""
    if len(data) < HEAD.size or HEAD.unpack_from(data)[0] != VERSION or (len(data) - HEAD.size) % ENTRY.size:
        raise EditRefused("is no access list")
    return tuple(ENTRY.iter_unpack(data[HEAD.size :]))


def passes(data: bytes, uid: int, groups: frozenset[int], owner: int, group: int) -> bool:
    """Whether a user may pass a folder with this access list, its owner and group; EditRefused as for `entries`."""
    found = entries(data)
    mask = next((rights for tag, rights, _ in found if tag == MASK), PASS)
    if uid == owner:
        return bool(_first(found, USER_OBJ) & PASS)
    named = next((rights for tag, rights, number in found if tag == USER and number == uid), None)
    if named is not None:
        return bool(named & mask & PASS)
    mine = list(_of_groups(found, groups, group))
    return any(rights & mask & PASS for rights in mine) if mine else bool(_first(found, OTHER) & PASS)


def _first(found: tuple[tuple[int, int, int], ...], tag: int) -> int:
    return next((rights for t, rights, _ in found if t == tag), 0)


def _of_groups(found: tuple[tuple[int, int, int], ...], groups: frozenset[int], own: int) -> Iterator[int]:
    for tag, rights, number in found:
        if (tag == GROUP_OBJ and own in groups) or (tag == GROUP and number in groups):
            yield rights
