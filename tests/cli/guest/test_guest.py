"""vfiotui guest: lists, shows and checks guests; starts, stops and pauses them, or says what failed and what next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hosts import HOSTS
from tests.requirements import need
from tests.tree_on_disk import write
from tests.virt.libvirtd import Daemon, lone_daemon, own_name
from vfiotui import __version__
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.demo.builder import build

TEST = "test:///default"
"""libvirt's own driver for tests: its node lives as long as one connection of the process is open."""
GUEST = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><emulator>{emulator}</emulator><controller type='usb' model='none'/><memballoon model='none'/>
<graphics type='vnc' port='-1' autoport='yes'><listen type='socket'/></graphics>
<console type='pty'/>{more}</devices></domain>"""
LOST_DISK = """<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/nonexistent/lost.img'/>
<target dev='sda' bus='sata'/></disk>"""


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def document(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    return json.loads(told(capsys, *words, "--json")[1])


def state(node: Any) -> int:
    return int(node.lookupByName("test").state()[0])


@pytest.fixture
def node() -> Iterator[Any]:
    """A connection that keeps the test driver's node, with a guest that runs and is called "test"."""
    libvirt = pytest.importorskip("libvirt")
    connection = libvirt.open(TEST)
    guest = connection.lookupByName("test")
    if state(connection) == 3:
        guest.resume()
    elif not guest.isActive():
        guest.create()
    yield connection
    connection.close()


def test_the_list_has_what_running_guests_use_by_their_processes(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "--demo", "guest", "list")
    assert found["vfiotui"] == __version__ and found["connected"] is False and found["others"] == []
    guests = {g["name"]: g for g in found["guests"]}
    assert sorted(guests) == ["arch-test", "macos", "win10"]
    win = guests["win10"]
    assert (win["state"], win["vcpus"], win["pid"], win["age_s"]) == ("running", 8, 4242, (86400 - 50) // 60 * 60)
    assert 0 < win["cpus_busy"] <= 10 and win["host_memory_kib"] >= win["memory_kib"]
    assert [d["address"] for d in win["devices"]] == ["0000:08:00.0", "0000:08:00.1"]
    off = guests["macos"]
    assert off["pid"] is off["cpus_busy"] is off["host_memory_kib"] is off["age_s"] is None
    _, text, _ = told(capsys, "--demo", "guest", "list")
    row = next(line for line in text.splitlines() if line.startswith("win10"))
    assert "running" in row and "23 h 59 min" in row and row.split("running")[1].split()[2] == "%"


def test_a_hostile_name_is_literal_in_every_answer(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["list"], ["check"]):
        _, out, _ = told(capsys, "--demo", "--machine", "hostile", "guest", *words)
        assert out and all(c.isprintable() or c == "\n" for c in out)


def test_one_guest_is_shown_with_devices_and_pins(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "--demo", "guest", "show", "win10")
    assert code == Exit.FINE
    assert "0000:08:00.0  GM204 [GeForce GTX 970], driver vfio-pci  managed" in out
    assert "vCPU 7 to CPU 21" in out and "running, up 23 h 59 min" in out


def test_check_says_what_is_wrong_and_what_a_start_would_meet(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "--demo", "guest", "check", "macos")
    assert code == Exit.FAILS and "GROUP-FOREIGN" in out
    assert "its start fails: Group 14 holds" in out and "0000:05:00.0, driver igb" in out
    found = document(capsys, "--demo", "guest", "check", "macos")["guests"][0]
    assert found["counts"]["failed"] == sum(f["verdict"] == "failed" for f in found["findings"])
    assert [p["severity"] for p in found["start"]] == ["fail", "warn"]
    assert found["start"][0]["code"] == "GROUP-NOT-VIABLE"
    code, _, _ = told(capsys, "--demo", "guest", "check", "win10")
    assert code == Exit.FINE
    assert document(capsys, "--demo", "guest", "check", "win10")["guests"][0]["start"] == []


@pytest.mark.parametrize("verb", ["show", "check"])
def test_an_unknown_guest_is_wrong_usage(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "--demo", "guest", verb, "nope")
    assert (code, out) == (Exit.USAGE, "")
    assert err == "vfiotui: there is no guest 'nope'; known are: arch-test, macos, win10\n"


@pytest.mark.parametrize("verb", ["start", "shutdown", "force-off", "pause", "resume"])
def test_what_does_not_run_here_cannot_be_changed(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = told(capsys, "--demo", "guest", verb, "win10")
    assert (code, out) == (Exit.NO_ACCESS, "") and "sample machine" in err
    (tmp_path / "etc/libvirt/qemu").mkdir(parents=True)
    code, out, err = told(capsys, "--root", str(tmp_path), "guest", verb, "win10")
    assert (code, out) == (Exit.NO_ACCESS, "")
    assert f"{tmp_path} is a mounted disk, where no guest runs" in err
    code, out, _ = told(capsys, "--root", str(tmp_path), "guest", verb, "win10", "--json")
    said = json.loads(out)
    assert code == Exit.NO_ACCESS and said["done"] is False and "mounted disk" in said["why"]


def test_a_mounted_disk_shows_its_guests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(build(HOSTS["tower"]), str(tmp_path))
    found = document(capsys, "--root", str(tmp_path), "guest", "list")
    assert [g["name"] for g in found["guests"]] == ["arch-test", "macos", "win10"]
    assert all(g["cpus_busy"] is None for g in found["guests"])


def test_a_daemon_that_is_not_there_is_no_access(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("libvirt")
    uri = f"qemu+unix:///session?socket={tmp_path}/none"
    code, out, err = told(capsys, "--connect", uri, "guest", "start", "win10")
    assert (code, out) == (Exit.NO_ACCESS, "")
    assert f"{uri} cannot be opened" in err and "start the daemon" in err and "files below" not in err


def test_the_states_of_a_guest_follow_the_verbs(node: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def do(*words: str) -> Any:
        return document(capsys, "--connect", TEST, "guest", *words)

    assert do("pause", "test") == {
        "vfiotui": __version__,
        "guest": "test",
        "action": "pause",
        "done": True,
        "state": "paused",
        "why": "test was paused",
        "start": [],
    }
    assert state(node) == 3
    again = do("pause", "test")
    assert (again["done"], again["state"], again["why"]) == (False, "paused", "test is paused already")
    assert do("resume", "test")["state"] == "running" and state(node) == 1
    assert do("shutdown", "test")["state"] == "shut off" and state(node) == 5
    assert do("start", "test", "--yes")["done"] is True and state(node) == 1
    assert do("force-off", "test", "--yes")["state"] == "shut off" and state(node) == 5


@pytest.mark.parametrize(
    ("before", "verb", "said"),
    [
        ("suspend", "shutdown", "test is paused and cannot shut itself down: resume it first"),
        ("suspend", "start", "test is paused: resume it"),
        ("destroy", "pause", "test does not run: there is nothing to pause"),
        ("destroy", "resume", "test does not run: start it"),
    ],
)
def test_what_cannot_be_done_now_is_said_with_what_can(
    node: Any, before: str, verb: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    getattr(node.lookupByName("test"), before)()
    held = state(node)
    code, out, err = told(capsys, "--connect", TEST, "guest", verb, "test")
    assert (code, out) == (Exit.CHANGE_FAILED, "") and said in err
    assert state(node) == held


def test_a_dry_run_changes_nothing(node: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("shutdown", "force-off", "pause"):
        code, out, _ = told(capsys, "--connect", TEST, "guest", verb, "test", "--dry-run")
        assert code == Exit.FINE and f"would {verb} test of {TEST}; it is now: running" in out
    assert state(node) == 1


def test_without_a_terminal_a_guest_is_not_forced_off_unasked(node: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "--connect", TEST, "guest", "force-off", "test")
    assert (code, out) == (Exit.USAGE, "") and "--yes" in err
    assert state(node) == 1


def test_a_guest_that_the_daemon_does_not_know_is_wrong_usage(node: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "--connect", TEST, "guest", "start", "nope")
    assert (code, out) == (Exit.USAGE, "") and "there is no guest 'nope'; known are: test" in err


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A libvirtd with two guests: one that QEMU can start, one whose disk is gone."""
    need("libvirtd", "libvirt-daemon-system")
    with lone_daemon() as daemon:
        for name, more in ((own_name("well"), ""), (own_name("lost"), LOST_DISK)):
            file = daemon.folder / "guest.xml"
            file.write_text(GUEST.format(name=name, emulator=daemon.emulator, more=more))
            daemon.virsh("define", str(file))
        yield daemon


@pytest.mark.needs_libvirtd
def test_a_real_guest_is_started_shown_and_ended(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    name = own_name("well")

    def do(*words: str) -> Any:
        return document(capsys, "--connect", daemon.uri, "guest", *words)

    started = do("start", name, "--yes")
    assert (started["done"], started["state"]) == (True, "running"), started
    shown = do("show", name)
    assert shown["pid"] and shown["host_memory_kib"] > 4096 and 0 <= shown["age_s"] < 600
    assert shown["cpus_busy"] is not None
    (display,) = shown["displays"]
    assert display["address"].startswith("vnc+unix:///") and Path(display["address"][len("vnc+unix://") :]).exists()
    (console,) = shown["consoles"]
    assert console["path"].startswith("/dev/pts/")
    assert do("pause", name)["state"] == "paused" and do("resume", name)["state"] == "running"
    # Its firmware finds nothing to boot and answers no power button, so that the wait ends without it.
    code, out, _ = told(capsys, "--connect", daemon.uri, "guest", "shutdown", name, "--timeout", "0.1")
    assert code == Exit.CHANGE_FAILED and "is not off after 0.1 s" in out
    assert do("force-off", name, "--yes")["state"] == "shut off"
    assert do("show", name)["displays"][0]["address"] is None


@pytest.mark.needs_libvirtd
def test_a_start_that_fails_says_what_is_missing_before_and_after(
    daemon: Daemon, capsys: pytest.CaptureFixture[str]
) -> None:
    name = own_name("lost")
    code, _, err = told(capsys, "--connect", daemon.uri, "guest", "start", name, "--dry-run")
    assert code == Exit.FAILS and "fails: The source of its disk sda is not there: it does not start." in err
    code, out, err = told(capsys, "--connect", daemon.uri, "guest", "start", name)
    assert (code, out) == (Exit.USAGE, "") and "--yes" in err
    code, out, err = told(capsys, "--connect", daemon.uri, "guest", "start", name, "--yes")
    assert (code, out) == (Exit.CHANGE_FAILED, "")
    assert f"{name} cannot be started: " in err and "/nonexistent/lost.img" in err and "is not there" in err
    assert "\n" not in err.split("cannot be started")[1].strip()
