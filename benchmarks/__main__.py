"""`python -m benchmarks [scene …]`: measures the console and its commands, beside installed peers.

`python -m benchmarks -- COMMAND …` measures any terminal program with the same harness.
"""

from __future__ import annotations

import compileall
import os
import shutil
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.apart import apart
from benchmarks.goals import goals
from benchmarks.growth import growth
from benchmarks.guest import guest
from benchmarks.host import alone
from benchmarks.looks import looks
from benchmarks.oneshot import cost, python_floor
from benchmarks.refreshes import refreshes
from benchmarks.sources import sources
from benchmarks.terminal import Measured, measure
from benchmarks.visits import visits

VFIOTUI = [sys.executable, "-m", "vfiotui"]
DEMO = [*VFIOTUI, "--demo"]
SCALE = [*VFIOTUI, "--demo", "--machine", "scale"]
RUNS = 3
ROUNDS = 5
"""Rounds in which every program of the goals is measured once; a number among the words is another."""
SOURCES_SECONDS, APART_SECONDS, REFRESHES, VISITS = 60, 600, 100_000, 500
"""How long Live's system calls are looked at, how long its threads, how often its screen is drawn, and how many times a
screen is visited."""


def line(name: str, runs: list[Measured]) -> None:
    """Prints the medians of some runs of one scene."""

    def middle(pick: Callable[[Measured], float]) -> float:
        return statistics.median(pick(r) for r in runs)

    print(
        f"{name:34} {middle(lambda r: r.useful_ms):8.0f} {middle(lambda r: r.useful_cpu_ms):8.0f} "
        f"{middle(lambda r: r.start_bytes):8.0f} {middle(lambda r: r.cpu_ms_per_s):9.2f} "
        f"{middle(lambda r: r.bytes_per_s):9.0f} {middle(lambda r: r.writes_per_s):8.1f} "
        f"{middle(lambda r: r.rss_kib) / 1024:7.1f}",
        flush=True,
    )


def head() -> None:
    """Prints the heading of the table of scenes."""
    print(
        f"{'scene, 120x40':34} {'useful':>8} {'CPU':>8} {'bytes':>8} {'CPU':>9} {'bytes':>9} {'writes':>8} {'RSS':>7}\n"
        f"{'':34} {'ms':>8} {'ms':>8} {'':>8} {'ms/s':>9} {'/s':>9} {'/s':>8} {'MB':>7}"
    )


def scenes() -> None:
    """The idle Host screen and the Live screen at 1 Hz, of the demo, a large and this host."""
    head()
    for name, command in (("demo", DEMO), ("256 CPUs, 2000 devices", SCALE), ("this host", VFIOTUI)):
        # The findings' counts are the first thing on the Host screen that had to be read and judged.
        line(f"Host, idle: {name}", [measure(command, wanted=b"hold") for _ in range(RUNS)])
        line(f"Live, 1 Hz: {name}", [measure(command, wanted=b"hold", keys=b"5") for _ in range(RUNS)])
    if shutil.which("htop"):
        line("peer: htop -d 10", [measure(["htop", "-d", "10"]) for _ in range(RUNS)])


def commands() -> None:
    """CPU time of the commands that answer and end."""
    print(f"\n{'command':44} {'CPU ms':>8}")
    rows = [
        ("python -c pass", [sys.executable, "-c", "pass"]),
        *((f"vfiotui --demo {w}", [*DEMO, *w.split()]) for w in ("doctor", "groups", "topology --json")),
        *((f"vfiotui {w} (256 CPUs, 2000 devices)", [*SCALE, *w.split()]) for w in ("doctor", "groups")),
        *((f"vfiotui {w} (this host)", [*VFIOTUI, *w.split()]) for w in ("doctor", "pci", "groups")),
    ]
    if shutil.which("lspci"):
        rows.append(("peer: lspci -nnk", ["lspci", "-nnk"]))
    if shutil.which("virt-host-validate"):
        rows.append(("peer: virt-host-validate qemu", ["virt-host-validate", "qemu"]))
    for name, command in rows:
        print(f"{name:44} {cost(command):8.1f}", flush=True)


def main(words: list[str]) -> None:
    """What is named, or scenes, commands, growth, looks, goals, sources; apart, refreshes, visits; -- PROGRAM."""
    alone()
    # An installed program is compiled once: that it would be at every start here is not what is measured.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(str(Path(__file__).parents[1] / "vfiotui"), quiet=1)
    print(f"a loop of one million Python additions takes {python_floor():.0f} ms of CPU here\n")
    if words[:1] == ["--"]:
        head()
        line(words[1], [measure(words[1:]) for _ in range(RUNS)])
        return
    if not words or "scenes" in words:
        scenes()
    if not words or "commands" in words:
        commands()
    if not words or "growth" in words:
        growth()
    if not words or "looks" in words:
        looks()
    number = next((int(w) for w in words if w.isdigit()), 0)
    if not words or "goals" in words:
        goals(number or ROUNDS)
    if not words or "sources" in words:
        with guest() as (uri, _):
            sources([*VFIOTUI, "--connect", uri, "live", "--guest", "bench"], number or SOURCES_SECONDS)
    if "apart" in words:
        last = max(os.sched_getaffinity(0))
        with guest(2, str(last)) as (uri, _):
            command = [*VFIOTUI, "--connect", uri, "live", "--guest", "bench", "--interval", "0.1"]
            apart(command, frozenset({last}), number or APART_SECONDS)
    if "refreshes" in words:
        refreshes(number or REFRESHES)
    if "visits" in words:
        visits(number or VISITS)


main(sys.argv[1:])
