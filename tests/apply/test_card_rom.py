"""Reading a ROM out of a card: the decoder is opened and closed, and whatever the kernel answers is a reason."""

from __future__ import annotations

from pathlib import Path

from tests.trees import folder_root
from vfiotui.apply.card_rom import read_card_rom
from vfiotui.demo.rom_image import card_rom
from vfiotui.host.root.root import Root
from vfiotui.host.root.tree import FolderTree
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread, Why

BDF = "0000:01:00.0"
PATH = f"/sys/bus/pci/devices/{BDF}/rom"


def live(folder: Path) -> Root:
    """A root that takes the way of the live host, over a folder."""
    return Root(FolderTree(str(folder)), Mode.LIVE)


def test_a_tree_that_holds_a_rom_is_only_read(tmp_path: Path) -> None:
    data = card_rom(0x10DE, 0x13C2)
    assert read_card_rom(folder_root(tmp_path, {PATH: data}), BDF) == data
    assert (tmp_path / PATH[1:]).read_bytes() == data


def test_an_empty_file_is_no_rom(tmp_path: Path) -> None:
    found = read_card_rom(folder_root(tmp_path, {PATH: b""}), BDF)
    assert isinstance(found, Unread) and "nothing" in found.reason


def test_on_the_live_host_the_decoder_is_opened_before_and_closed_after(tmp_path: Path) -> None:
    folder_root(tmp_path, {PATH: b"--rest"})
    assert read_card_rom(live(tmp_path), BDF) == b"1\nrest"
    assert (tmp_path / PATH[1:]).read_bytes() == b"0\nrest"


def test_a_card_without_the_file_gives_a_reason(tmp_path: Path) -> None:
    found = read_card_rom(live(tmp_path), BDF)
    assert isinstance(found, Unread) and found.why is Why.ABSENT and found.path == PATH
