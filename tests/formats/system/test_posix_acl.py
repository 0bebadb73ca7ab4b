"""Access lists judged as acl(5) says; the kernel's own check of a real list is the oracle where there is one."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

import pytest

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.system import posix_acl
from vfiotui.formats.system.posix_acl import GROUP, GROUP_OBJ, MASK, OTHER, USER, USER_OBJ

NONE = 0xFFFFFFFF
OWNER, NAMED, MEMBER, STRANGER = 7001, 7002, 7003, 7004
TEAM, CREW = 8001, 8002


def packed(*listed: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in listed)


LISTS = {
    "named in": packed(
        (USER_OBJ, 7, NONE), (USER, 1, NAMED), (GROUP_OBJ, 0, NONE), (GROUP, 1, CREW), (MASK, 1, NONE), (OTHER, 0, NONE)
    ),
    "masked": packed(
        (USER_OBJ, 7, NONE), (USER, 7, NAMED), (GROUP_OBJ, 1, NONE), (GROUP, 7, CREW), (MASK, 6, NONE), (OTHER, 1, NONE)
    ),
    "named out": packed((USER_OBJ, 7, NONE), (USER, 0, NAMED), (GROUP_OBJ, 1, NONE), (MASK, 7, NONE), (OTHER, 1, NONE)),
    "group out": packed((USER_OBJ, 0, NONE), (GROUP_OBJ, 0, NONE), (GROUP, 0, CREW), (MASK, 7, NONE), (OTHER, 1, NONE)),
}


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes other users")
@pytest.mark.parametrize("name", LISTS)
def test_the_kernel_lets_the_same_users_pass(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "listed"
    folder.mkdir(0o700)
    (folder / "inner").mkdir(0o777)
    os.chown(folder, OWNER, TEAM)
    try:
        os.setxattr(folder, "system.posix_acl_access", LISTS[name])
    except OSError:
        pytest.skip("this file system keeps no access lists")
    for above in (tmp_path, *tmp_path.parents[:-1]):
        if not above.stat().st_mode & 1:
            above.chmod(above.stat().st_mode | 1)
    kept = os.getxattr(folder, "system.posix_acl_access")
    for uid, groups in (
        (OWNER, {9000}), (NAMED, {9000}), (NAMED, {TEAM}), (MEMBER, {TEAM}), (MEMBER, {CREW}), (STRANGER, {9000}),
        (MEMBER, {TEAM, CREW}),
    ):  # fmt: skip
        done = subprocess.run(
            ["stat", str(folder / "inner")],
            user=uid,
            group=min(groups),
            extra_groups=sorted(groups),
            capture_output=True,
        )
        told = posix_acl.passes(kept, uid, frozenset(groups), OWNER, TEAM)
        assert told is (done.returncode == 0), (name, uid, groups)


@pytest.mark.parametrize("data", [b"", b"\2\0", struct.pack("<I", 3), packed((USER_OBJ, 7, NONE))[:-1], b"\xff" * 40])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(EditRefused, match="no access list"):
        posix_acl.passes(data, 1, frozenset(), 0, 0)
