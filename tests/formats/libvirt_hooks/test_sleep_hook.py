"""The hook that keeps the host awake, called as libvirt calls it, with stand-ins that write down what it starts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.requirements import need
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.formats.libvirt_hooks.libvirt_hook import own
from vfiotui.formats.libvirt_hooks.sleep_hook import guests_of, sleep_hook

NAME, UUID = "it's $(a) vm", "00000000-0000-4000-8000-000000000002"
UNIT = f"vfiotui-nosleep-{UUID}.service"
RUN = '#!/bin/sh\nprintf "%s|" "$@" >>"$TREE/started"; echo >>"$TREE/started"\n: >"$TREE/active"\n'
SYSTEMCTL = """#!/bin/sh
case $1 in
  is-active) [ -f "$TREE/active" ] ;;
  stop) printf '%s|' "$@" >>"$TREE/stopped"; rm -f "$TREE/active" ;;
esac
"""


class Host:
    """A tree in which the hook runs."""

    def __init__(self, folder: Path, shell: list[str]) -> None:
        self.folder, self.shell = folder, shell
        for name, text in {"systemd-run": RUN, "systemctl": SYSTEMCTL}.items():
            (folder / "bin").mkdir(exist_ok=True)
            (folder / "bin" / name).write_text(text)
            (folder / "bin" / name).chmod(0o755)
        (folder / "hook").write_text(sleep_hook([NAME]))
        (folder / "run/libvirt/qemu").mkdir(parents=True)

    def call(self, operation: str, guest: str = NAME, xml: str | None = None) -> None:
        """It must end well and print nothing."""
        env = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "VFIOTUI_HOOK_ROOT": str(self.folder),
            "TREE": str(self.folder),
        }
        done = subprocess.run(
            [*self.shell, str(self.folder / "hook"), guest, operation, "begin", "-"],
            input=guest_xml(guest, UUID, memory_gib=1) if xml is None else xml,
            env=env, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def text(self, name: str) -> str:
        """What a stand-in wrote down."""
        place = self.folder / name
        return place.read_text() if place.exists() else ""


@pytest.fixture(params=[["dash"], ["bash"], ["busybox", "sh"]], ids=lambda shell: shell[0])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    need(request.param[0], request.param[0])
    need("flock", "util-linux")
    return Host(tmp_path, request.param)


def test_a_unit_holds_the_inhibitor_for_as_long_as_qemu_lives(host: Host) -> None:
    (host.folder / f"run/libvirt/qemu/{NAME}.pid").write_text("4242\n")
    host.call("started")
    (line,) = host.text("started").splitlines()
    words = line.split("|")
    assert f"--unit={UNIT}" in words and "--what=sleep:handle-lid-switch" in words
    assert words[-5:-1] == ["tail", "-f", "/dev/null", "--pid=4242"]
    host.call("reconnect")
    assert len(host.text("started").splitlines()) == 1, "a daemon that starts anew starts no second one"
    host.call("release")
    assert UNIT in host.text("stopped").split("|")
    host.call("reconnect")
    assert len(host.text("started").splitlines()) == 2, "a unit that is gone is started again"


def test_the_end_of_a_guest_whose_xml_cannot_be_read_is_heard(host: Host) -> None:
    (host.folder / f"run/libvirt/qemu/{NAME}.pid").write_text("4242\n")
    host.call("started")
    host.call("release", xml="<domain")
    assert UNIT in host.text("stopped").split("|")


@pytest.mark.parametrize("pid", ["", "x\n", "1; reboot\n"])
def test_without_a_process_nothing_is_started(host: Host, pid: str) -> None:
    if pid:
        (host.folder / f"run/libvirt/qemu/{NAME}.pid").write_text(pid)
    host.call("started")
    assert host.text("started") == ""


def test_other_guests_and_other_moments_change_nothing(host: Host) -> None:
    (host.folder / "run/libvirt/qemu/other.pid").write_text("1\n")
    host.call("started", guest="other")
    host.call("prepare")
    assert host.text("started") == ""


def test_the_script_knows_its_guests() -> None:
    text = sleep_hook([NAME, "win10"])
    assert guests_of(text) == (NAME, "win10")
    found = own(text)
    assert found is not None and found.untouched
    edited = own(text.replace("win10", "win11"))
    assert edited is not None and not edited.untouched
