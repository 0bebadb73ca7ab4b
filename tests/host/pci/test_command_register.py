"""The command register, and what a damaged configuration space says instead."""

from __future__ import annotations

from pathlib import Path

from tests.hosts import HOSTS
from tests.machines import root_of
from tests.trees import folder_root
from vfiotui.host.pci.config_space import read_command
from vfiotui.model.base.reading import Unread, Why


def test_a_described_card_answers_to_memory() -> None:
    assert read_command(root_of(HOSTS["clean"]), "0000:01:00.0") == 0x0406
    assert read_command(root_of(HOSTS["dead-card"]), "0000:01:00.0") == 0xFFFF


def test_a_short_space_is_damaged(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/sys/bus/pci/devices/0000:01:00.0/config": b"\x86\x80\x01"})
    found = read_command(root, "0000:01:00.0")
    assert isinstance(found, Unread) and found.why is Why.DAMAGED
