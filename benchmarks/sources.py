"""What Live asks of kernel and libvirt in the steady state, seen by strace: and that nothing costly is among it.

Costly is what makes the kernel walk a guest's page tables (smaps, numa_maps), take a global lock for long
(pagetypeinfo), leave the guest (PCI config space, MSRs) or interrupts QEMU's main loop (QMP, which libvirt's
domstats ask for). Of libvirt's own protocol only its keepalive, a call without work, is allowed.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.terminal import Terminal

CALL = re.compile(r"^\d+ +(\w+)\((.*)")
PLACE = re.compile(r"<(/[^>]*)>|\"(/[^\"]*)\"")
COSTLY = re.compile(r"/(smaps(_rollup)?|numa_maps|pagemap|pagetypeinfo|config|msr|rom|mem)$|/cpu/\d+/msr|monitor")
TALK = re.compile(r"^(?:sendto|sendmsg|write)\(\d+<(?:socket|UNIX)[^>]*>, (?:\"|.*iov_base=\")(.{0,80})")
BELL = '"\\0", 1, '
"""A thread rings the event loop of its own process through a pair of sockets."""
KEEPALIVE = "keep"
"""The program's number in the head of libvirt's messages: 0x6b656570 (src/rpc/virkeepaliveprotocol.x)."""


def made(lines: Iterable[str]) -> list[str]:
    """The system calls of a log of `strace -f -y`, their threads left out; a resumed call is counted once."""
    return [f"{m[1]}({m[2]}" for line in lines if "resumed>" not in line and (m := CALL.match(line))]


def place(call: str) -> str:
    """The file that a call speaks of: what it opens, else what its descriptor stands for."""
    found = PLACE.findall(call)
    return next((named for _, named in found if named), found[0][0] if found else "")


def costly(calls: Iterable[str]) -> list[str]:
    """The calls that the steady state must not make."""
    found = []
    for call in calls:
        talk = TALK.match(call)
        asked = talk is not None and KEEPALIVE not in talk[1] and BELL not in call
        if asked or call.startswith("connect(") or COSTLY.search(place(call)):
            found.append(call)
    return found


def opened(calls: Iterable[str]) -> list[str]:
    """The calls that open a file."""
    return [call for call in calls if call.startswith(("open(", "openat(", "openat2("))]


def kinds(calls: Iterable[str]) -> Counter[str]:
    """How often each kind of call was made, with numbers left out of its file's name."""
    found: Counter[str] = Counter()
    for call in calls:
        where = re.sub(r"\d+", "N", place(call))
        found[f"{call.partition('(')[0]} {where}".strip()] += 1
    return found


def traced(pid: int, seconds: float) -> list[str]:
    """The system calls of a process and its threads in some seconds."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "strace"
        subprocess.run(
            ["timeout", str(seconds), "strace", "-f", "-qq", "-y", "-s", "64", "-o", str(log), "-p", str(pid)],
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return made(log.read_text(errors="replace").splitlines())


def sources(command: Sequence[str], seconds: float) -> None:
    """Prints what Live asks for in so many seconds; an error where something costly is among it."""
    terminal = Terminal(command, 120, 40, {"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    try:
        until = time.monotonic() + 15
        while (left := until - time.monotonic()) > 0:
            terminal.read(left)
        with terminal.drained():
            calls = traced(terminal.pid, seconds)
    finally:
        terminal.close()
    print(f"\n{'call and file, numbers left out':60} {'per s':>8}")
    for kind, count in kinds(calls).most_common():
        print(f"{kind:60} {count / seconds:8.2f}")
    bad = costly(calls)
    print(
        f"{len(calls) / seconds:.1f} calls/s, {len(opened(calls))} files opened in {seconds:.0f} s, {len(bad)} costly"
    )
    if bad:
        raise SystemExit("\n".join(["costly calls in the steady state:", *bad]))
