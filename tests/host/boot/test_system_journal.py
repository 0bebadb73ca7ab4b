"""The journal is asked within limits, and what it prints is read whatever it is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hosts import HOSTS
from tests.machines import known_facts, root_of
from tests.requirements import need
from tests.trees import folder_root
from vfiotui.host.boot import last_boot
from vfiotui.host.boot import system_journal as journal
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import LastBoot
from vfiotui.rules import rule_of


def test_messages_are_text_or_lists_of_bytes() -> None:
    lines = [
        {"MESSAGE": "AMD-Vi: one", "__MONOTONIC_TIMESTAMP": "1500000"},
        {"MESSAGE": list(b"vfio \xff two\nrest")},
        {"NOTHING": 1},
    ]
    found = journal.parse("\n".join(map(json.dumps, lines)).encode() + b"\n{cut")
    assert [(line.at, line.text) for line in found] == [(1.5, "AMD-Vi: one"), (None, "vfio \ufffd two")]


@given(st.binary(max_size=300))
def test_any_output_is_read(output: bytes) -> None:
    assert isinstance(journal.parse(output), tuple)
    assert isinstance(journal.parse(b'{"MESSAGE": ' + output + b"}"), tuple)


def test_who_gives_no_answer_is_given_up() -> None:
    found = journal.ask([sys.executable, "-c", "input()"], seconds=0.0)
    assert isinstance(found, Unread)


def test_a_journal_that_refuses_says_why() -> None:
    found = journal.ask([sys.executable, "-c", "import sys; sys.exit('No such boot ID in journal')"], seconds=30.0)
    assert isinstance(found, Unread) and "No such boot" in found.reason


def test_a_mounted_disk_is_asked_for_its_own_journal(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    root = Root.mounted(str(tmp_path))
    without = journal.command(root, 0)
    assert isinstance(without, Unread)
    (tmp_path / "var/log/journal").mkdir(parents=True)
    asked = journal.command(root, 0)
    if not isinstance(asked, Unread):
        assert f"--directory={tmp_path}/var/log/journal" in asked and asked[0].endswith("journalctl")
        found = last_boot.read(root)
        assert isinstance(found, Unread) or found.lines == ()


def test_a_capture_tells_its_last_boot_from_the_rotated_log() -> None:
    found = last_boot.read(root_of(HOSTS["bad-log"]))
    assert isinstance(found, LastBoot) and isinstance(found.shut_down, Unread)
    assert any("can't reserve" in line.text for line in found.lines)


def test_every_sign_is_told_of_the_last_boot() -> None:
    rule = rule_of("BOOT-PREVIOUS")
    assert rule is not None
    (finding,) = rule.ask(known_facts("bad-log"))
    assert all(word in finding.sentence for word in ("kernel gave up", "reset failed", "held by something else"))


@pytest.mark.parametrize("name", ["machine", "machine/system.journal"])
def test_a_journal_of_links_is_not_handed_to_journalctl(tmp_path: Path, name: str) -> None:
    need("journalctl", "systemd")
    root = folder_root(tmp_path / "root", {"/var/log/journal/other/system.journal": "x"})
    place = tmp_path / "root/var/log/journal" / name
    place.parent.mkdir(exist_ok=True)
    assert not isinstance(journal.command(root, 0), Unread)
    place.symlink_to("/var/log/journal")
    found = journal.command(root, 0)
    assert isinstance(found, Unread) and found.path == f"/var/log/journal/{name}"
