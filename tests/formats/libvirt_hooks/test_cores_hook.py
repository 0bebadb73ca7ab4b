"""The hook at work: called as libvirt calls it, in the shells of hosts, over a tree that stands for one."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.requirements import need
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.formats.libvirt_hooks.cores_hook import cores_hook, guests_of
from vfiotui.formats.libvirt_hooks.libvirt_hook import own

UUIDS = {"win10": "00000000-0000-4000-8000-000000000001", "it's $(a) vm": "00000000-0000-4000-8000-000000000002"}
PINS = {"win10": (4, 5, 12, 13), "it's $(a) vm": (6, 14)}
SYSTEMCTL = """#!/bin/sh
[ "$1" = show ] && { cat "$TREE/before-$6" 2>/dev/null; exit 0; }
printf '%s\\n' "$4 $5" >>"$TREE/calls"
"""


class Host:
    """A tree with 16 CPUs and three interrupts, of which one refuses to be moved."""

    def __init__(self, folder: Path, shell: list[str]) -> None:
        self.folder, self.shell = folder, shell
        files = {
            "sys/devices/system/cpu/online": "0-15\n",
            "sys/fs/cgroup/cgroup.controllers": "cpuset cpu\n",
            "proc/irq/24/smp_affinity_list": "0-15\n",
            "proc/irq/25/smp_affinity_list": "4\n",
            "bin/systemctl": SYSTEMCTL,
            "hook": cores_hook(UUIDS),
        }
        for name, text in files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        (folder / "proc/irq/26/smp_affinity_list").mkdir(parents=True)
        (folder / "run/libvirt/qemu").mkdir(parents=True)
        (folder / "bin/systemctl").chmod(0o755)

    def call(self, guest: str, operation: str, xml: str | None = None) -> None:
        """libvirt calls the hook; it must end well and print nothing."""
        env = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "VFIOTUI_HOOK_ROOT": str(self.folder),
            "TREE": str(self.folder),
        }
        text = guest_xml(guest, UUIDS.get(guest, "x"), memory_gib=1, pins=PINS.get(guest, (1,))) if xml is None else xml
        done = subprocess.run(
            [*self.shell, str(self.folder / "hook"), guest, operation, "begin", "-"],
            input=text,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def starts(self, guest: str, pid: int) -> None:
        self.call(guest, "prepare")
        (self.folder / f"run/libvirt/qemu/{guest}.pid").write_text(str(pid))
        (self.folder / f"proc/{pid}").mkdir()

    @property
    def allowed(self) -> dict[str, str]:
        """What systemd was told last of each slice."""
        calls = (self.folder / "calls").read_text().splitlines() if (self.folder / "calls").exists() else []
        return {line.split()[0]: line.partition("AllowedCPUs=")[2] for line in calls}

    def interrupt(self, number: int) -> str:
        return (self.folder / f"proc/irq/{number}/smp_affinity_list").read_text().strip()

    @property
    def untouched(self) -> bool:
        return (
            self.interrupt(24) == "0-15"
            and self.interrupt(25) == "4"
            and not (self.folder / "run/vfiotui/cores").exists()
        )


@pytest.fixture(params=["dash", "busybox", "bash"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    program = need(request.param, request.param)
    return Host(tmp_path, [program, "sh"] if request.param == "busybox" else [program])


SLICES = ("user.slice", "system.slice", "init.scope")
OFF = "0,1,2,3,6,7,8,9,10,11,14,15"


def test_the_host_is_kept_off_while_the_guest_runs_and_comes_back(host: Host) -> None:
    host.starts("win10", 100)
    assert host.allowed == dict.fromkeys(SLICES, OFF)
    assert host.interrupt(24) == OFF
    assert host.interrupt(25) == OFF, "an interrupt that was on a guest's CPU only goes to the host's"
    host.call("win10", "started")
    host.call("win10", "stopped")
    assert host.interrupt(24) == OFF, "only release gives back"
    host.call("win10", "release")
    assert host.allowed == dict.fromkeys(SLICES, "0-15")
    assert host.untouched


def test_hundreds_of_interrupts_cost_no_process_each(host: Host) -> None:
    """The guest waits for the hook."""
    awk = shutil.which("awk") or need("awk", "mawk")
    counting = host.folder / "bin/awk"
    counting.write_text(f'#!/bin/sh\necho >>"$TREE/awks"\nexec {awk} "$@"\n')
    counting.chmod(0o755)
    for number in range(100, 300):
        place = host.folder / f"proc/irq/{number}/smp_affinity_list"
        place.parent.mkdir()
        place.write_text(f"{number % 16}\n")
    host.starts("win10", 100)
    assert host.interrupt(299) == "11" and host.interrupt(292) == OFF
    awks = host.folder / "awks"
    # A busybox that runs its own applets starts none of them.
    assert not awks.exists() or len(awks.read_text()) < 10
    host.call("win10", "release")
    assert host.untouched and [host.interrupt(n) for n in (292, 299)] == ["4", "11"]


def test_two_guests_share_the_squeeze(host: Host) -> None:
    host.starts("win10", 100)
    host.starts("it's $(a) vm", 200)
    assert host.allowed["user.slice"] == "0,1,2,3,7,8,9,10,11,15"
    host.call("win10", "release")
    assert host.allowed["user.slice"] == "0,1,2,3,4,5,7,8,9,10,11,12,13,15"
    assert host.interrupt(25) == "4"
    host.call("it's $(a) vm", "release")
    assert host.untouched


def test_what_was_set_before_is_set_again(host: Host) -> None:
    (host.folder / "before-system.slice").write_text("0-7 9\n")
    (host.folder / "before-init.scope").write_text("4-5\n")
    host.starts("win10", 100)
    assert host.allowed["system.slice"] == "0,1,2,3,6,7,9", "no CPU that it was not given before"
    assert host.allowed["init.scope"] == OFF, "a slice whose CPUs are all the guest's goes to the host's"
    host.call("win10", "release")
    assert host.allowed == {"user.slice": "0-15", "system.slice": "0-7,9", "init.scope": "4-5"}


def test_after_a_crash_the_next_start_gives_back(host: Host) -> None:
    host.starts("it's $(a) vm", 200)
    (host.folder / "proc/200").rmdir()
    state = host.folder / "run/vfiotui/cores/guest" / UUIDS["it's $(a) vm"]
    long_ago = time.time() - 300
    os.utime(state, (long_ago, long_ago))
    host.starts("win10", 100)
    assert host.allowed["user.slice"] == OFF, "the dead guest's CPUs are the host's again"
    host.call("win10", "release")
    assert host.untouched


def test_a_daemon_that_comes_back_finds_its_guests_squeezed(host: Host) -> None:
    host.starts("win10", 100)
    (host.folder / "calls").unlink()
    host.call("win10", "reconnect")
    assert host.allowed["user.slice"] == OFF
    host.call("win10", "release")
    assert host.untouched


@pytest.mark.parametrize("xml", ["", "<domain/>", "not XML", "<uuid>../../../etc</uuid>\n<vcpupin cpuset='4'/>"])
def test_damaged_xml_fails_nothing(host: Host, xml: str) -> None:
    for operation in ("prepare", "reconnect", "release", "migrate"):
        host.call("win10", operation, xml)
    assert host.allowed.get("user.slice") in (None, "0-15")


def test_other_guests_and_a_guest_that_has_all_cpus_squeeze_nobody(host: Host) -> None:
    host.call("somebody", "prepare")
    assert host.allowed == {} and host.untouched
    whole = guest_xml("win10", UUIDS["win10"], memory_gib=1, pins=tuple(range(16)))
    host.call("win10", "prepare", whole)
    assert host.allowed == {}


def test_without_cgroup_v2_only_interrupts_move(host: Host) -> None:
    (host.folder / "sys/fs/cgroup/cgroup.controllers").unlink()
    host.starts("win10", 100)
    assert host.allowed == {} and host.interrupt(24) == OFF
    host.call("win10", "release")
    assert host.untouched


def test_no_state_can_be_kept_and_the_guest_starts_all_the_same(host: Host) -> None:
    (host.folder / "run/vfiotui").write_text("a file is in the way")
    host.call("win10", "prepare")
    host.call("win10", "reconnect")


def test_the_script_knows_its_guests_and_is_ours() -> None:
    text = cores_hook(UUIDS)
    assert set(guests_of(text)) == set(UUIDS)
    found = own(text)
    assert found is not None and found.untouched and found.kind == "fragment"
    assert guests_of("#!/bin/sh\nexit 0\n") == ()
