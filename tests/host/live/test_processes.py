"""Whose the processes are that hold a device: real processes, real device nodes, real proc file systems."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.private_mounts import ran
from tests.hosts import HOSTS
from tests.machines import root_of
from vfiotui.host.live.processes import describe
from vfiotui.host.pci import holders
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.live.process_info import ProcessInfo

WAIT = "import sys; print(flush=True); sys.stdin.read()"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits; its command line ends with hostile bytes."""
    words = [sys.executable, "-c", WAIT, "two words", b"\x1b[31m\xff"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"\n"
        yield process
        process.communicate()


def test_owner_start_and_command_line_are_those_of_the_process(child: subprocess.Popen[bytes]) -> None:
    found = describe(Root.live(), [child.pid, child.pid])
    told = found[child.pid]
    assert isinstance(told, ProcessInfo) and len(found) == 1
    import pwd

    assert told.owner == pwd.getpwuid(os.geteuid()).pw_name
    assert abs(told.started - os.stat(f"/proc/{child.pid}").st_mtime) < 60 and told.started <= time.time() + 1
    assert told.command[:4] == (sys.executable, "-c", WAIT, "two words")
    assert "\udcff" not in "".join(told.command)
    assert "two words" in told.whole and "two words" not in told.origin and sys.executable in told.origin
    assert len(ProcessInfo("x", 0.0, ("a" * 9, "b" * 9000)).whole) < 200


def test_a_process_that_ended_says_so(child: subprocess.Popen[bytes]) -> None:
    child.communicate()
    child.wait()
    gone = describe(Root.live(), [child.pid])[child.pid]
    assert isinstance(gone, Unread) and gone.why is Why.ABSENT


def test_without_psutil_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    told = describe(Root.live(), [os.getpid()])[os.getpid()]
    assert isinstance(told, Unread) and "psutil cannot be loaded" in told.reason


def test_made_up_machines_and_plain_files_have_no_processes(tmp_path: Path) -> None:
    (tmp_path / "proc/1").mkdir(parents=True)
    os.mkfifo(tmp_path / "proc/1/stat")
    os.mkfifo(tmp_path / "proc/stat")
    for root in (root_of(HOSTS["tower"], Mode.DEMO), root_of(HOSTS["tower"]), Root.mounted(str(tmp_path))):
        told = describe(root, [1])[1]
        assert isinstance(told, Unread) and told.why is Why.NOT_HERE
    found = holders.read(root_of(HOSTS["tower"], Mode.DEMO))
    assert not isinstance(found, Unread) and found.found and all(isinstance(h.process, Unread) for h in found.found)


HOLD = """
root="$1"
mount -t tmpfs none /dev
mkdir /dev/dri
mknod /dev/null c 1 3
mknod /dev/urandom c 1 9
mknod /dev/dri/card9 c 1 3
exec 8</dev/dri/card9
sleep 100 8<&8 &
held=$!
exec 8<&-
mkdir -p "$root/etc" "$root/proc"
"""
SHOW = """
status=0
$python -c '
import psutil, sys
from vfiotui.host.pci import holders
from vfiotui.host.root.root import Root
root = Root.live() if sys.argv[1] == "live" else Root.mounted(sys.argv[1])
for holder in holders.read(root).found:
    if holder.node == "/dev/dri/card9" and holder.name == "sleep":
        print(holder.who)
print(psutil.PROCFS_PATH)
' "$2" || status=$?
kill $held
exit $status
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts and device nodes are for root")
@pytest.mark.parametrize("where", ["live", "entered", "plain"])
def test_who_holds_a_node_is_described_where_the_root_has_a_proc(tmp_path: Path, where: str) -> None:
    mount = 'mount -t proc proc "$root/proc"\n' if where == "entered" else 'mkdir -p "$root/proc/$held/fd"\n'
    said = ran(HOLD + mount + SHOW, str(tmp_path), "live" if where == "live" else str(tmp_path))
    *found, procfs = said.splitlines()
    assert procfs == "/proc", "the library looks at the running system again"
    if where == "plain":
        assert found == []
        return
    (line,) = found
    assert line.startswith("sleep (") and line.endswith(": sleep 100)")
    assert f", of {'root' if where == 'live' else '0'} since {time.strftime('%Y-')}" in line
