"""What Live costs beside htop, btop, s-tui and glances: all in one run, interleaved, medians of some rounds."""

from __future__ import annotations

import contextlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.guest import btop_environment, guest
from benchmarks.host import crowd, lived_in
from benchmarks.terminal import Measured, Terminal, cpu_ns, key_times, measure

WARM_UP, SECONDS = 8.0, 10.0
"""The first alarm, with the word that it shows for some seconds, lies in the time before the measurement."""


@dataclass(frozen=True)
class Scene:
    """One program in one state."""

    name: str
    command: Sequence[str]
    keys: bytes = b""
    wanted: bytes = b""
    env: Mapping[str, str] | None = None


def scenes(uri: str, folder: str) -> list[Scene]:
    """Ours, then those of the peers that are installed."""
    live = [sys.executable, "-m", "vfiotui", "--connect", uri, "live", "--guest", "bench"]
    ready = b"v15"
    found = [
        Scene("Live 1 Hz", live, wanted=ready),
        Scene("Live 10 Hz", [*live, "--interval", "0.1"], wanted=ready),
        Scene("Live paused", live, keys=b"p", wanted=ready),
        Scene("Live hidden (Host)", live, keys=b"1", wanted=ready),
        Scene("bare Textual", [sys.executable, "benchmarks/bare_textual.py"], wanted=b"ready"),
        Scene("htop -d 10", ["htop", "-d", "10"]),
        Scene("htop -d 1", ["htop", "-d", "1"]),
        Scene("btop 1000 ms", ["btop"], env=btop_environment(folder, 1000)),
        *s_tui(),
        Scene("glances -t 1", ["glances", "-t", "1"]),
    ]
    return [s for s in found if shutil.which(s.command[0])]


def s_tui() -> list[Scene]:
    """At our intervals where it can be told its own; 1.1.4, which Debian 12 has, knows only its two seconds."""
    if shutil.which("s-tui") is None:
        return []
    told = subprocess.run(["s-tui", "--help"], capture_output=True, text=True, check=False).stdout
    if "--refresh-rate" not in told:
        return [Scene("s-tui (2 s)", ["s-tui"])]
    return [Scene(f"s-tui -r {r}", ["s-tui", "-r", r]) for r in ("1", "0.1")]


def middle(runs: Sequence[Measured], pick: Callable[[Measured], float]) -> float:
    """The median of one figure."""
    return statistics.median(pick(r) for r in runs)


def table(found: Mapping[str, Sequence[Measured]]) -> None:
    """Prints the medians."""
    heads = ("CPU ms/s", "B/s", "wakes/s", "useful ms", "start CPU", "PSS MB")
    print(f"\n{'scene, 120x40':24} " + " ".join(f"{h:>9}" for h in heads))
    for name, runs in found.items():
        print(
            f"{name:24} {middle(runs, lambda r: r.cpu_ms_per_s):9.2f} {middle(runs, lambda r: r.bytes_per_s):9.0f} "
            f"{middle(runs, lambda r: r.wakeups_per_s):9.1f} {middle(runs, lambda r: r.useful_ms):9.0f} "
            f"{middle(runs, lambda r: r.useful_cpu_ms):9.0f} {middle(runs, lambda r: r.pss_kib) / 1024:9.1f}",
            flush=True,
        )


def rounds(wanted: Sequence[Scene], count: int) -> dict[str, list[Measured]]:
    """Every scene once in each round, so that a slow minute is slow for all."""
    found: dict[str, list[Measured]] = {s.name: [] for s in wanted}
    for _ in range(count):
        for scene in wanted:
            found[scene.name].append(
                measure(
                    scene.command,
                    wanted=scene.wanted,
                    keys=scene.keys,
                    env=scene.env,
                    warm_up=WARM_UP,
                    seconds=SECONDS,
                )
            )
    return found


def calls(command: Sequence[str], keys: bytes = b"", seconds: float = 10.0) -> tuple[float, float]:
    """System calls in a second, and opened files in all of them, once the program has settled."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "strace"
        terminal = Terminal(list(command), 120, 40, {"TERM": "xterm-256color", "COLORTERM": "truecolor"})
        try:
            for part in (6.0, 6.0):
                until = time.monotonic() + part
                while (left := until - time.monotonic()) > 0:
                    terminal.read(left)
                if keys and part:
                    terminal.send(keys)
                    keys = b""
            tracer = subprocess.Popen(
                ["strace", "-f", "-qq", "-o", str(log), "-p", str(terminal.pid)], stderr=subprocess.DEVNULL
            )
            until = time.monotonic() + seconds
            while (left := until - time.monotonic()) > 0:
                terminal.read(left)
            tracer.terminate()
            tracer.wait()
        finally:
            terminal.close()
        lines = log.read_text(errors="replace").splitlines()
    made = [line for line in lines if "resumed>" not in line]
    return len(made) / seconds, sum("open(" in line or "openat(" in line for line in made)


def caused(pids: Sequence[int], command: Sequence[str], seconds: float = 10.0) -> tuple[float, float]:
    """Milliseconds of CPU in a second that other processes take without and with our program."""

    def spent() -> float:
        before, began = sum(map(cpu_ns, pids)), time.monotonic()
        time.sleep(seconds)
        return (sum(map(cpu_ns, pids)) - before) / 1e6 / (time.monotonic() - began)

    idle = spent()
    terminal = Terminal(list(command), 120, 40, {"TERM": "xterm-256color"})
    try:
        until = time.monotonic() + 8
        while (left := until - time.monotonic()) > 0:
            terminal.read(left)
        with terminal.drained():
            busy = spent()
    finally:
        terminal.close()
    return idle, busy


def goals(count: int) -> None:
    """All of it."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        uri, pids = stack.enter_context(guest())
        stack.enter_context(lived_in())
        every = scenes(uri, folder)
        table(rounds(every, count))
        few = [s for s in every if s.name in ("Live 1 Hz", "htop -d 10", "btop 1000 ms")]
        with crowd():
            print("\nwith 300 more processes", end="")
            table(rounds(few, count))
        live = next(s for s in every if s.name == "Live 1 Hz").command
        if shutil.which("strace"):
            print(f"\n{'system calls':24} {'per s':>9} {'opened in 10 s':>15}")
            for scene in every:
                if scene.name in ("Live 1 Hz", "htop -d 10"):
                    per_second, opened = calls(scene.command)
                    print(f"{scene.name:24} {per_second:9.1f} {opened:15.0f}", flush=True)
        idle, busy = caused(pids, live)
        print(f"\nlibvirtd and QEMU: {idle:.2f} ms/s alone, {busy:.2f} ms/s with Live at 1 Hz")
        every_tenth = [*live, "--interval", "0.1"]
        for name, command, ready in (
            ("Live 1 Hz", live, b"v15"),
            ("Live 10 Hz", every_tenth, b"v15"),
            ("htop -d 10", ["htop", "-d", "10"], b"F10"),
        ):
            times = key_times(command, (b"\x1b[B", b"\x1b[A"), wanted=ready) if shutil.which(command[0]) else []
            if times:
                print(
                    f"key to paint, {name}: median {statistics.median(times):.1f} ms, "
                    f"p95 {times[int(len(times) * 0.95)]:.1f} ms of {len(times)} keys",
                    flush=True,
                )
