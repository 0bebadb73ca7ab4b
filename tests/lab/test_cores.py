"""The hook of cores with a real systemd and a real libvirtd: what the host's slices may use, and what its tasks do.

The host may use every CPU before the guest starts and after it is gone, however it went.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.machine import Lab

SLICES = ("system.slice", "user.slice", "init.scope")
PINNED = """<domain type='qemu'><name>pinned</name><memory unit='MiB'>64</memory><vcpu>2</vcpu>
<cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/></cputune>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator><memballoon model='none'/></devices></domain>"""
WHOLE, SQUEEZED = "0-7", "0-1,4-7"
TASKS = (
    "for p in 1 $(systemctl show -p MainPID --value systemd-journald.service); do "
    "sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/$p/status; done | sort -u"
)
"""CPUs of init and of a service, as the kernel has them (proc_pid_status(5)); one line where both have the same."""
QEMU = "cat /run/libvirt/qemu/pinned.pid"
GIVEN_BACK = f"test \"$({TASKS})\" = '{WHOLE}' && ! test -e /run/vfiotui/cores"


def allowed(lab: Lab, unit: str) -> str:
    """What systemd has for a unit, as a list with commas; empty where it has nothing."""
    return ",".join(lab.must(f"systemctl show -p AllowedCPUs --value {unit}").split())


def is_squeezed(lab: Lab) -> None:
    """systemd's word for each slice, and what the kernel lets tasks in two of them use."""
    assert [allowed(lab, unit) for unit in SLICES] == [SQUEEZED] * 3
    assert lab.must(TASKS).strip() == SQUEEZED


def is_given_back(lab: Lab) -> None:
    """All CPUs are the host's again, and the hook remembers nothing."""
    lab.wait(GIVEN_BACK, "the host has its CPUs again")
    assert {allowed(lab, unit) for unit in SLICES} <= {"", WHOLE}


@pytest.fixture(scope="module")
def pinned(lab: Lab) -> Iterator[Lab]:
    """The machine with a guest that is pinned to CPUs 2 and 3, and the hook for it."""
    lab.must(f"cat >/root/pinned.xml <<'END'\n{PINNED}\nEND\nvirsh -q define /root/pinned.xml")
    assert lab.must(TASKS).strip() == WHOLE
    done = lab.vfiotui("apply cores.keep=pinned --yes")
    assert done.code == 0, done.all
    # libvirtd looks for hooks when it starts.
    lab.must("systemctl restart libvirtd")
    yield lab
    lab.run("virsh -q destroy pinned; virsh -q undefine pinned")


def test_the_host_keeps_off_while_the_guest_runs(pinned: Lab) -> None:
    pinned.must("virsh -q start pinned")
    is_squeezed(pinned)
    pinned.must("virsh -q destroy pinned")
    is_given_back(pinned)


def test_a_killed_qemu_gives_the_cpus_back(pinned: Lab) -> None:
    pinned.must("virsh -q start pinned")
    is_squeezed(pinned)
    pinned.must(f"kill -KILL $({QEMU})")
    is_given_back(pinned)


def test_a_guest_that_dies_without_libvirtd_gives_the_cpus_back_when_it_is_there_again(pinned: Lab) -> None:
    pinned.must("virsh -q start pinned")
    is_squeezed(pinned)
    pinned.must(f"q=$({QEMU}); systemctl stop libvirtd.service libvirtd.socket; kill -KILL $q")
    assert pinned.must(TASKS).strip() == SQUEEZED
    pinned.must("systemctl start libvirtd && virsh -q list")
    is_given_back(pinned)


def test_a_slice_keeps_the_limit_that_it_had(pinned: Lab) -> None:
    """Where the administrator keeps users to some CPUs, a running guest takes its own out of them and adds none."""
    pinned.must("systemctl set-property --runtime user.slice AllowedCPUs=0-5")
    pinned.must("virsh -q start pinned")
    assert allowed(pinned, "user.slice") == "0-1,4-5"
    assert allowed(pinned, "system.slice") == SQUEEZED
    pinned.must("virsh -q destroy pinned")
    pinned.wait(GIVEN_BACK, "the host has its CPUs again")
    assert allowed(pinned, "user.slice") == "0-5"
    pinned.must("systemctl set-property --runtime user.slice AllowedCPUs=")


def test_the_undo_beside_the_running_guest_gives_the_cpus_back(pinned: Lab) -> None:
    pinned.must("virsh -q start pinned")
    is_squeezed(pinned)
    done = pinned.vfiotui("undo --yes")
    assert done.code == 0, done.all
    is_given_back(pinned)
