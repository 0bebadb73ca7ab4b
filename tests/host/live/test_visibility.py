"""Whether this user sees the processes of others: what is not visible is never said not to be there."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.host.live.process_nodes import process, root_of
from vfiotui.host.capture.statement import FILE, Statement, opened, to_json
from vfiotui.host.live.guests import GuestReader
from vfiotui.host.live.kvm_descriptors import INITIAL
from vfiotui.host.live.visibility import hidden_by, kvm_is_used
from vfiotui.host.memory.guest_backing import BackingReader
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Folder, Node, Symlink
from vfiotui.model.base.reading import Unread, Why

MOUNT = "22 1 0:20 / /proc rw,nosuid shared:5 - proc proc rw,{}\n"
STATUS = "Gid:\t{gid}\t{gid}\t{gid}\t{gid}\nGroups:\t{groups}\nCapEff:\t{caps:016x}\n"


def hidden(options: str, *, gid: int = 1000, groups: str = "1000 27 ", caps: int = 0) -> str:
    mounts = f"21 1 0:19 / / rw - ext4 /dev/a rw\n{MOUNT.format(options)}"
    return str(hidden_by(mounts.split("\n"), STATUS.format(gid=gid, groups=groups, caps=caps).split("\n")))


def test_hidden_processes_are_known_by_the_options_of_proc() -> None:
    for value in ("1", "2", "4", "noaccess", "invisible", "ptraceable"):
        assert f"hidepid={value}, which hides" in hidden(f"gid=5,hidepid={value}")
        assert hidden(f"hidepid={value}", caps=1 << 19) == "None"
    assert hidden("hidepid=2,gid=27") == "None", "a group may see all"
    assert "hidepid" in hidden("hidepid=4,gid=27"), "but not here"
    assert hidden("hidepid=0") == hidden("rw") == hidden("hidepid=off") == hidden("hidepid=99") == "None"
    assert hidden_by([], []) is None
    assert hidden_by([MOUNT.format("hidepid=2").strip()], ["CapEff:\tzz", "\0"]) is not None
    assert hidden_by(["36 1 0:20 / /proc rw", MOUNT, "a b c d /proc - - - - - -"], []) is None


def test_a_capture_says_whether_processes_were_hidden_on_its_host() -> None:
    processes: dict[str, Node] = {"/proc/1/comm": File(b"init\n"), "/proc/1/cmdline": File(b"")}
    assert BackingReader(root_of(processes)).read() == ()
    why = Unread("is mounted with hidepid=2", Why.FORBIDDEN, "/proc")
    said = Statement(Mode.LIVE, listed={"/proc": ()}, unread={"processes": why})
    found = BackingReader(Root(opened(processes | {FILE: File(to_json(said))}), Mode.CAPTURE)).read()
    assert isinstance(found, Unread) and "hidepid" in found.reason


def test_kvm_that_nobody_uses_needs_no_look_at_descriptors() -> None:
    def used(nodes: dict[str, Node]) -> bool:
        return kvm_is_used(root_of(nodes))

    assert not used({"/sys/module/kvm_intel/refcnt": File(b"0\n"), "/dev/kvm": File(b"")})
    assert used({"/sys/module/kvm_intel/refcnt": File(b"3\n")})
    assert used({"/sys/module/kvm_amd": Folder(), "/dev/kvm": File(b"")}), "it is built in"
    assert used({"/sys/module/kvm_amd/refcnt": File(b"x\n"), "/dev/kvm": File(b"")})


class Forbidding(MemoryTree):
    """Processes of other users: their descriptors are not shown."""

    def names(self, path: str) -> list[str]:
        if path.endswith("/fd"):
            raise PermissionError(13, "Permission denied", path)
        return super().names(path)


def test_processes_that_show_nothing_leave_open_whether_a_guest_runs() -> None:
    nodes = process(40, ["tool"], "tool") | process(50, ["other"], "other") | {"/dev/kvm": File(b"")}
    for reader in (GuestReader, BackingReader):
        found = reader(Root(Forbidding(nodes), Mode.CAPTURE)).read()
        assert isinstance(found, Unread) and found.why is Why.FORBIDDEN
        assert found.reason.startswith("2 processes of other users do not show whether they run guests")
    quiet = nodes | {"/sys/module/kvm_amd/refcnt": File(b"0\n")}
    assert GuestReader(Root(Forbidding(quiet), Mode.CAPTURE)).read() == (), "KVM counts nobody who uses it"
    mine = nodes | process(60, ["qemu-system-x86_64"], "qemu-system-x86", ["CPU 0/KVM"])
    found = GuestReader(Root(Forbidding(mine), Mode.CAPTURE)).read()
    assert not isinstance(found, Unread) and [g.pid for g in found] == [60]


def test_the_init_of_the_host_runs_no_guest_even_where_it_shows_nothing() -> None:
    nodes = process(1, ["/sbin/init"], "init") | {"/dev/kvm": File(b"")}
    space = {"/proc/self/ns/pid": Symlink(INITIAL)}
    for reader in (GuestReader, BackingReader):
        assert reader(Root(Forbidding(nodes | space), Mode.CAPTURE)).read() == ()
        container = nodes | {"/proc/self/ns/pid": Symlink("pid:[4026532000]")}
        assert isinstance(reader(Root(Forbidding(container), Mode.CAPTURE)).read(), Unread)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting /proc needs root")
@pytest.mark.parametrize("value", ["noaccess", "invisible", "ptraceable"])
def test_guests_behind_hidepid_are_not_visible_and_never_none(value: str) -> None:
    script = f"""
        mount -t proc -o hidepid={value} proc /proc || exit 77
        setpriv --reuid 65534 --clear-groups sh -c 'exec sleep 60' & other=$!
        setpriv --regid 12345 --clear-groups --bounding-set -sys_ptrace --inh-caps -sys_ptrace \\
            "$0" -m vfiotui live --plain --seconds 0.3 --interval 0.1
        setpriv --regid 12345 --clear-groups --bounding-set -sys_ptrace --inh-caps -sys_ptrace "$0" -m vfiotui memory
        setpriv --regid 12345 --clear-groups --bounding-set -sys_ptrace --inh-caps -sys_ptrace \\
            "$0" -m vfiotui live --json --seconds 0.3 --interval 0.1
        setpriv --regid 12345 --clear-groups --bounding-set -sys_ptrace --inh-caps -sys_ptrace "$0" -c '
from vfiotui.host.pci.holders import read
from vfiotui.host.root.root import Root
print("holders:", read(Root.live()).gap)'
        kill $other
    """
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script, sys.executable],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("this kernel has no such value of hidepid")
    assert "no guest runs" not in done.stdout
    assert f"guests are not visible: /proc: is mounted with hidepid={value}" in done.stdout, done.stderr
    assert f"guests: unknown (/proc: is mounted with hidepid={value}" in done.stdout
    assert '"thread": "unread"' in done.stdout
    assert re.search(rf"holders: .*more processes may run \(/proc: is mounted with hidepid={value}", done.stdout)
