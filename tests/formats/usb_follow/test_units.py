"""The units and rules as systemd and udev judge them, and the hook that only makes a file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.requirements import need
from vfiotui.formats.usb_follow import units
from vfiotui.formats.usb_follow.script import script
from vfiotui.model.guest.usb_follow import Follow, follows_of

FOLLOWS = (
    Follow("win", "11111111-2222-3333-4444-555555555555", controller="0000:0d:00.3", speed=480, chain="2.3"),
    Follow("it's $(a) vm", "21111111-2222-3333-4444-555555555555", ids="046d:0c2b"),
)


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    program = need("systemd-analyze", "systemd")
    (tmp_path / "usb-follow.sh").write_text(script())
    for path, text in ((units.SERVICE, units.SERVICE_TEXT), (units.WATCH, units.WATCH_TEXT)):
        (tmp_path / Path(path).name).write_text(text)
    files = [str(tmp_path / Path(p).name) for p in (units.SERVICE, units.WATCH)]
    done = subprocess.run(
        [program, "verify", "--man=no", "--recursive-errors=no", *files],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    assert done.returncode == 0 and "vfiotui" not in done.stderr, done.stderr


def test_udev_finds_nothing_wrong_with_the_rules(tmp_path: Path) -> None:
    program = need("udevadm", "udev")
    file = tmp_path / "90-vfiotui-usb.rules"
    file.write_text(units.rules(FOLLOWS))
    version = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60).stdout
    if int(version.split()[0]) < 254:
        pytest.skip("this udevadm has no verify, which came with 254")
    done = subprocess.run([program, "verify", str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_run_nothing_but_the_making_of_the_file() -> None:
    text = units.rules(FOLLOWS)
    assert text.count("RUN") == 2 and text.count(f": >{units.WAKE}") == 2
    assert units.is_own_rules(text) and units.is_own_rules(units.rules(()))
    for evil in ('RUN+="/bin/rm -rf /"\n', text.replace(": >", "rm -rf "), text + 'RUN+="x"\n', ""):
        assert not units.is_own_rules(evil), evil


def test_what_is_written_is_read_back() -> None:
    assert follows_of(units.config(FOLLOWS)) == (FOLLOWS, ())
    assert follows_of("id 046d:c52b x y\n\nport 1\n")[1] == ("id 046d:c52b x y", "port 1")


def test_the_hook_makes_the_file_when_its_guest_has_started_and_at_nothing_else(tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.write_text(units.hook(["it's $(a) vm"]))
    (tmp_path / "run").mkdir()
    wake = tmp_path / units.WAKE[1:]

    def call(guest: str, operation: str) -> bool:
        wake.unlink(missing_ok=True)
        words = [need("dash", "dash"), str(hook), guest, operation, "begin", "-"]
        env = {"PATH": os.environ["PATH"], "VFIOTUI_HOOK_ROOT": str(tmp_path)}
        done = subprocess.run(words, env=env, input=b"<domain/>", capture_output=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, b"")
        return wake.exists()

    assert call("it's $(a) vm", "started")
    assert not call("other", "started") and not call("it's $(a) vm", "prepare")
