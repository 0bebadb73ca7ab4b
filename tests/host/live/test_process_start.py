"""Since when a process runs, whatever it is called and whatever its files hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trees import folder_root
from vfiotui.host.live.process_start import age, read_start
from vfiotui.host.memory.guest_backing import BackingReader
from vfiotui.model.base.reading import Unread

NAMED = "77 ({name}) S 1 77 77 " + "0 " * 15 + "{start} " + "0 " * 30 + "\n"


@pytest.mark.parametrize("name", ["qemu-system-x86", "a) S 1 (b", "", ")))", "x y z"])
def test_the_start_is_the_field_behind_the_name(name: str, tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/proc/77/stat": NAMED.format(name=name, start=123456)})
    assert read_start(root, 77) == 1234.56


@pytest.mark.parametrize(
    "stat", [b"", b"77 (x", b"77 (x) S 1\n", b"\0" * 100, NAMED.format(name="x", start="-5").encode()]
)
def test_what_shows_no_start_is_unread(stat: bytes, tmp_path: Path) -> None:
    assert isinstance(read_start(folder_root(tmp_path, {"/proc/77/stat": stat}), 77), Unread)


def test_an_unread_side_leaves_the_age_unread() -> None:
    missing = Unread("is hidden")
    assert age(missing, 9.0) is missing and age(9.0, missing) is missing


def test_a_guest_has_an_age_only_where_somebody_asks_for_it(tmp_path: Path) -> None:
    files = {
        "/proc/77/comm": "qemu-system-x86\n",
        "/proc/77/cmdline": b"qemu-system-x86_64\0-name\0guest=win10\0",
        "/proc/77/stat": NAMED.format(name="qemu", start=5000),
        "/proc/uptime": "7250.25 1.00\n",
    }
    root = folder_root(tmp_path, files)
    asked, unasked = BackingReader(root, ages=True).read(), BackingReader(root).read()
    assert not isinstance(asked, Unread) and not isinstance(unasked, Unread)
    assert asked[0].age == 7200 and isinstance(unasked[0].age, Unread)
