"""The answers for a new guest, as people write them."""

from __future__ import annotations

import pytest

from vfiotui.model.guest.new_guest import SYSTEMS, new_guest


@pytest.mark.parametrize(
    ("written", "system"),
    [
        *((key, key) for key in SYSTEMS),
        ("Windows 11", "windows11"),
        ("windows-10", "windows10"),
        ("Win11", "windows11"),
        ("macOS", "macos"),
        ("LINUX", "linux"),
    ],
)
def test_a_system_is_known_by_the_names_that_people_use(written: str, system: str) -> None:
    assert new_guest({"name": "g", "system": written}).system == system


@pytest.mark.parametrize("written", ["", "windows", "windows 12", "[b]linux[/b]\n", "١١", 11, None])
def test_another_system_is_refused_with_those_that_are_known(written: object) -> None:
    with pytest.raises(ValueError, match="is none of windows11, windows10, linux, macos, other"):
        new_guest({"name": "g", "system": written})
