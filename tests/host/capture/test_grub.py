"""GRUB's menus in a capture lead to the same entry as on their host, and hold no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.host.boot.path.grub_menus import MENUS, menu
from tests.trees import folder_root
from vfiotui.host.boot.path.grub.path import find_path
from vfiotui.host.capture.reduce_grub import grub_menu, grubenv
from vfiotui.host.capture.scrub import Scrubber
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.boot.boot import Loader
from vfiotui.model.boot.path import BootPath

NO_MENUS = {
    "an id that begins with a digit is a number",
    "a dollar sign that names nothing",
    "a dollar sign in quotes that names nothing",
    "while",
}
"""Texts that no menu has and that scrubbing makes others: an id that is half a number, a word that GRUB cannot read."""


def _way(found: Reading[BootPath]) -> object:
    if isinstance(found, Unread):
        return found.why
    return found.default and (found.default.source, found.default.maker), [e.source for e in found.entries], found.open


@pytest.mark.parametrize("name", sorted(MENUS.keys() - NO_MENUS))
def test_a_reduced_menu_starts_the_same_entry(name: str, tmp_path: Path) -> None:
    scrub = Scrubber()
    files = MENUS[name]
    reduced = {k: (grubenv if "." not in k and k != "other" else grub_menu)(v, scrub) or "" for k, v in files.items()}
    reduced |= {k: grubenv(v, scrub) or "" for k, v in files.items() if k == "other"}
    loader = Loader("grub", True, ())
    host = find_path(folder_root(tmp_path / "host", {f"/boot/grub/{k}": v for k, v in files.items()}), loader)
    captured = find_path(folder_root(tmp_path / "capture", {f"/boot/grub/{k}": v for k, v in reduced.items()}), loader)
    assert _way(captured) == _way(host)


SECRETS = (
    'set superusers="hunter"\n',
    "password_pbkdf2 hunter grub.pbkdf2.sha512.10000.deadbeefcafe.hunter\n",
    "password hunter hunter2\n",
    "cryptomount -u 1234 -p hunter\n",
    "echo hunter\n",
    "# hunter\n",
    "hunter hunter\n",
    "set secret=hunter\n",
    'linux /vmlinuz rd.luks.key=hunter "hunter" hunter=hunter\n',
    "menuentry 'hunter' --users hunter { true; }\n",
)


@pytest.mark.parametrize("line", SECRETS)
def test_what_a_person_wrote_is_no_part_of_a_reduced_menu(line: str) -> None:
    assert "hunter" not in grub_menu(menu() + line, Scrubber())


def test_lines_keep_their_numbers() -> None:
    assert grub_menu(menu(), Scrubber()).count("\n") == menu().count("\n")
