"""Tracing on the real tracefs, mounted for the test alone: the thief is named, and nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.locks import GUESTS, alone_with
from tests.requirements import need
from vfiotui.host.root.root import Root
from vfiotui.live.tracing import TraceReader
from vfiotui.model.base.reading import Unread

HOUSE = Path(__file__).parents[2]
CPU = max(os.sched_getaffinity(0))
MOUNT = 'mount -t tracefs nodev /sys/kernel/tracing && exec "$@"'
PREPARE = f"""
import ctypes, os, signal, subprocess, sys, time
from pathlib import Path
from vfiotui.host.root.root import Root
from vfiotui.host.live.trace_leftovers import leftovers, remove_leftovers
from vfiotui.model.base.reading import Unread
from vfiotui.live.tracing import TraceReader
TRACING = Path("/sys/kernel/tracing")
def mine():
    return [p for p in (TRACING / "instances").iterdir() if p.name.startswith(f"vfiotui-{{os.getpid()}}-")]
def spinner():
    "A process that burns the CPU, and writes a line whenever it had it for another tenth of a second."
    program = "import os, time; os.sched_setaffinity(0, {{{CPU}}}); at = -1.0\\nwhile True:\\n"
    program += " if time.process_time() > at: print(flush=True); at = time.process_time() + 0.1\\n"
    program += " for _ in range(10000): pass"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    process.stdout.readline()
    return process
root = Root.live()
"""


def ran(program: str) -> subprocess.CompletedProcess[str]:
    """A Python program in a mount namespace with tracefs in it."""
    if os.geteuid() != 0 or "tracefs" not in Path("/proc/filesystems").read_text():
        pytest.skip("tracefs needs root and a kernel with it")
    words = [need("unshare", "util-linux"), "--mount", "--propagation", "private", "sh", "-euc", MOUNT, "sh"]
    return subprocess.run(
        [*words, sys.executable, "-c", PREPARE + program],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=HOUSE,
    )


def succeeds(program: str) -> str:
    done = ran(program)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_thief_is_named_and_nobody_elses_tracing_is_touched() -> None:
    succeeds(
        f"""
other = TRACING / "instances" / f"other-{{os.getpid()}}"
other.mkdir()
watched = [TRACING / "tracing_on", TRACING / "set_event", TRACING / "trace_clock", TRACING / "current_tracer",
           TRACING / "events/sched/sched_switch/enable", TRACING / "events/sched/sched_switch/filter",
           TRACING / "buffer_size_kb", other / "set_event", other / "tracing_on", other / "buffer_size_kb"]
state = [p.read_text() for p in watched]
victim, thief = spinner(), spinner()
reader = TraceReader(root, frozenset({{{CPU}}}), frozenset({{victim.pid}}))
try:
    assert "begun" in str(reader.read().found)
    assert len(mine()) == 1
    end = time.monotonic() + 60
    waits = []
    while not any(b[2] == thief.pid for w in waits for b in w.behind):
        assert time.monotonic() < end, waits
        for one in (victim, thief):
            assert one.stdout.readline(), "it has run for a while"
        look = reader.read()
        waits += look.traced.waits
    assert all(w.tid == victim.pid and w.cpu == {CPU} and w.ms > 0 for w in waits)
    names = {{c.tid: c for c in look.on({CPU})}}
    assert {{victim.pid, thief.pid}} <= names.keys(), names
    assert sum(c.share for c in look.on({CPU})) <= 1.02
    assert [p.read_text() for p in watched] == state
finally:
    reader.close()
    victim.kill(); thief.kill(); victim.wait(); thief.wait()
    other.rmdir()
assert mine() == []
"""
    )


def test_a_killed_process_leaves_no_instance_behind() -> None:
    done = ran(
        f"""
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: whom the child leaves behind is a child of this process.
child = os.fork()
if not child:
    reader = TraceReader(root, frozenset({{{CPU}}}), frozenset({{os.getpid()}}))
    reader.read()
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(child, 0)
os.wait()  # The guard.
assert not any(p.name.startswith(f"vfiotui-{{child}}-") for p in (TRACING / "instances").iterdir())
"""
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_where_the_guard_is_killed_too_the_kernel_stops_and_the_next_start_removes() -> None:
    succeeds(
        """
child = subprocess.Popen(["true"]); child.wait()
left = TRACING / "instances" / f"vfiotui-{child.pid}-1"
kept = TRACING / "instances" / f"vfiotui-{os.getpid()}-1"
left.mkdir(); kept.mkdir()
try:
    (left / "options/disable_on_free").write_text("1")
    with (left / "free_buffer").open("w"):
        assert (left / "tracing_on").read_text().strip() == "1"
    assert (left / "tracing_on").read_text().strip() == "0", "its descriptor ends with the process"
    assert str(left) in leftovers(root) and str(kept) not in leftovers(root)
    assert str(left) in remove_leftovers(root)
    assert not left.exists() and kept.exists()
finally:
    kept.rmdir()
    if left.exists(): left.rmdir()
"""
    )


def test_it_ends_by_itself_and_says_so() -> None:
    succeeds(
        f"""
import vfiotui.live.tracing as tracing
tracing.SECONDS = 0.0
reader = TraceReader(root, frozenset({{{CPU}}}), frozenset({{os.getpid()}}))
reader.read()
assert reader.read().traced is not None
assert mine() == []
assert "are over" in str(reader.read().found)
"""
    )


def test_a_cpu_that_there_is_not_is_a_sentence_and_leaves_nothing() -> None:
    succeeds(
        """
told = str(TraceReader(root, frozenset({4000}), frozenset({1})).read().found)
assert "cpu4000" in told and "cannot be used" in told, told
assert mine() == []
"""
    )


def test_without_tracefs_it_says_what_to_do(tmp_path: Path) -> None:
    told = TraceReader(Root.mounted(str(tmp_path)), frozenset({0}), frozenset({1})).read().found
    assert isinstance(told, Unread) and "running host" in str(told)
    if os.geteuid() == 0 and not Path("/sys/kernel/tracing/instances").exists():
        told = TraceReader(Root.live(), frozenset({0}), frozenset({1})).read().found
        assert "mount -t tracefs" in str(told)


def test_the_command_tells_behind_whom_a_real_guest_waited(tmp_path: Path) -> None:
    qemu = need("qemu-system-x86_64", "qemu-system-x86")
    disk = tmp_path / "boot.img"
    disk.write_bytes(b"\xfa\xeb\xfe" + bytes(507) + b"\x55\xaa" + bytes(1 << 20))
    words = [qemu, "-name", "guest=traced,debug-threads=on", "-accel", "tcg", "-m", "32", "-display", "none"]
    words += ["-nodefaults", "-qmp", "stdio", "-drive", f"file={disk},format=raw,snapshot=on"]
    with alone_with(GUESTS):
        out = succeeds(
            f"""
guest = subprocess.Popen({words!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         preexec_fn=lambda: os.sched_setaffinity(0, {{{CPU}}}))
thief = spinner()
try:
    guest.stdin.write(b'{{"execute": "qmp_capabilities"}} {{"execute": "query-status"}}\\n')
    guest.stdin.flush()
    while b'"status"' not in (line := guest.stdout.readline()):
        assert line, "QEMU has ended"
    done = subprocess.run([sys.executable, "-m", "vfiotui", "live", "--precise", "--guest", "traced", "--seconds", "3"],
                          capture_output=True, text=True)
finally:
    guest.kill(); thief.kill(); guest.wait(); thief.wait()
assert done.returncode == 0, done.stderr
assert f"({{thief.pid}})" in done.stdout, done.stdout + done.stderr
assert "waits, " in done.stderr
print(done.stdout)
"""
        )
    assert "vCPU 0 waited" in out and f"ms on CPU {CPU} behind " in out
