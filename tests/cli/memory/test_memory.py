"""`vfiotui memory`: what is there, and changes of it as plans."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.trees import folder_root
from vfiotui.cli.main import main
from vfiotui.cli.memory.memory import as_text
from vfiotui.host.memory.guest_backing import BackingReader
from vfiotui.host.memory.host_memory import read
from vfiotui.model.base.reading import Unread


def test_show_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "--json", "memory"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {(p["size_kib"], p["node"]) for p in found["pools"]} >= {(2048, None), (2048, 0), (1048576, None)}
    (guest,) = found["guests"]
    assert guest["coverage"] == 1.0 and guest["short_kib"] == 0 and guest["walk_ms"] is None
    assert (guest["small_kib"], guest["untouched_kib"], guest["pinned"]) == (0, 0, False)


def test_what_was_never_touched_is_told_apart_from_small_pages(tmp_path: Path) -> None:
    status = "Name:\tqemu\nVmRSS:\t 3145728 kB\nVmLck:\t{lock} kB\nHugetlbPages:\t 0 kB\n"
    group = "/machine.slice/machine-qemu\\x2d1\\x2dg.scope"
    files = {
        "/proc/meminfo": "MemAvailable: 9 kB\n",
        "/proc/77/comm": "qemu-system-x86\n",
        "/proc/77/cmdline": b"qemu-system-x86_64\0-name\0guest=g\0-m\0size=4194304k\0",
        "/proc/77/cgroup": f"0::{group}\n",
        f"/sys/fs/cgroup{group}/memory.stat": f"anon_thp {2 << 30}\n",
    }

    def told(lock: int) -> str:
        root = folder_root(tmp_path / str(lock), {**files, "/proc/77/status": status.format(lock=lock)})
        memory = read(root)
        assert not isinstance(memory, Unread)
        return "\n".join(as_text(root, memory, BackingReader(root).read(), Unread("not asked")))

    assert "g (process 77): 50.0% in huge pages, 1048576 kB in small ones, 1048576 kB never touched" in told(0)
    assert "held where it lies" in told(4194304) and "held where it lies" not in told(0)


def test_show_as_text_says_what_a_walk_would_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "memory", "show", "--walk"]) == 0
    text = capsys.readouterr().out
    assert "cannot be predicted; try it" in text and "blocks of 2 MiB are free now" in text and "counted in" in text


def test_a_change_is_a_plan_of_goals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "--json", "memory", "reserve", "node0:2048=64"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["goals"] == [["memory.reserve", "node0:2048=64"]]
    assert [s["kind"] for s in plan["steps"]] == ["pages"]


def test_a_guests_pages_come_with_it_by_a_hook(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "--json", "memory", "hook", "win10", "macos"]) == 0
    (step,) = json.loads(capsys.readouterr().out)["steps"]
    assert step["subject"] == "/etc/libvirt/hooks/qemu.d/40-vfiotui-pages" and "win10" in "".join(step["after"])


@pytest.mark.parametrize(
    "words", [["reserve"], ["hook"], ["compact", "2048=1"], ["show", "2048=1"], ["show", "--apply"], ["release"]]
)
def test_words_that_do_not_fit_are_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "memory", *words]) == 2
    assert "vfiotui memory" in capsys.readouterr().err


@pytest.mark.parametrize("pages", ["2048=999999999", "x [/dev/vfio/1]\x1b[2J", "node9:2048=1", "4=4", "2048=-1", "0=1"])
def test_pages_that_cannot_be_had_are_a_sentence(pages: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "memory", "reserve", pages]) == 4
    error = capsys.readouterr().err
    assert error.startswith("vfiotui: ") and "\x1b" not in error
