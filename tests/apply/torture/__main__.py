"""Every fault at every call, with every recovery: `make torture`. The suite tries a sample of the same."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from tests.apply.systems import BREAKING, COMMAND, FILES, FILLED, UNFORESEEN
from tests.apply.torture.faults import ERRORS, HOUSE, RECOVERIES, Bench, Case, by_other_start
from tests.apply.torture.full_partition import FullCase, bench_of
from tests.apply.torture.live_faults import LIVE_CASES, LiveBench
from tests.apply.torture.swapped_links import Systems, swaps
from tests.virt.libvirtd import Daemon

CASES = (
    Case("files", FILES),
    Case("command", (FILES[0], *COMMAND), enters=True),
    Case("elsewhere", (FILES[0], *UNFORESEEN), enters=True),
    Case("failing", (FILES[0], *BREAKING), enters=True, fails=True),
    FullCase("full", (FILES[0], *FILLED), enters=True, fails=True),
)
LINKS = "links"
LINKS_EVERY = 101
"""Of some 160,000 swaps (calls, folders, targets) so many are passed over for each that is tried."""
PROGRAMS = {"damage": 1, "edits": 11, "kernels": 1}
"""Tortures that are programs of their own, as audit hooks stay in a process; of so many trials each tries one."""
Trial = tuple[str, Callable[[], None]]


def trials(bench: Bench) -> Iterator[Trial]:
    """All faults of one case: what it is called, and the trial."""
    for point in bench.points:
        for recover in (*RECOVERIES, *((by_other_start,) if isinstance(bench.case, Case) else ())):
            yield f"killed, {recover.__name__}", lambda p=point, r=recover: bench.killed_apply(p, r)  # type: ignore[misc]
        for error in ERRORS:
            yield error, lambda p=point, e=error: bench.refused(p, e)  # type: ignore[misc]
    for point in bench.undo_points:
        yield "undo killed", lambda p=point: bench.killed_undo(p)  # type: ignore[misc]


def torture(bench: Bench, name: str, every: int) -> int:
    """Tries all; prints a tally and every trial that ended in a third state; returns how many did."""
    tried: Counter[str] = Counter()
    failed = 0
    with ThreadPoolExecutor(bench.workers) as pool:
        every_one = list(trials(bench))
        # Not always the same of a point's faults.
        chosen = (i + i // every % every for i in range(0, len(every_one), every))
        running = [(every_one[i][0], pool.submit(every_one[i][1])) for i in chosen if i < len(every_one)]
        for fault, future in running:
            tried[fault] += 1
            error = future.exception()
            if error is not None:
                failed += 1
                print(f"{name}: {fault}: {error!r}", flush=True)
    sizes = f"{len(bench.points)} calls of apply, {len(bench.undo_points)} of undo"
    print(f"{name}: {sizes}: {sum(tried.values())} trials {dict(tried)}", flush=True)
    return failed


def swap_links(every: int) -> int:
    """The same for links that take the place of folders; one after the other, for each trial is a fork."""
    tried: Counter[str] = Counter()
    failed = 0
    with closing(Systems(FILES)) as systems:
        calls = {doing: systems.count(doing) for doing in ("apply", "undo")}
        for swap in swaps(calls, every * LINKS_EVERY):
            wrong = systems.trial(swap)
            if wrong == "":
                continue
            tried[f"{swap.doing}, {swap.target}"] += 1
            if wrong:
                failed += 1
                print(f"{LINKS}: {swap}: {wrong}", flush=True)
    print(f"{LINKS}: calls {calls}: {sum(tried.values())} trials {dict(tried)}", flush=True)
    return failed


def run_program(name: str, every: int) -> int:
    """One of PROGRAMS, which prints its own tally; 1 where something ended in a third state."""
    words = [sys.executable, "-m", f"tests.apply.torture.{name}", "--every", str(every * PROGRAMS[name])]
    return subprocess.run(words, cwd=HOUSE).returncode


def main() -> int:
    """All cases, or some of their trials."""
    names = [*(c.name for c in (*CASES, *LIVE_CASES)), LINKS, *PROGRAMS]
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try every Nth only")
    parser.add_argument("case", nargs="*", metavar="CASE", help=f"of {', '.join(names)}; all unless named")
    args = parser.parse_args()
    begin, failed = time.monotonic(), 0
    Bench.forks = True
    for case in CASES:
        if case.name in (args.case or names):
            with closing(bench_of(case)) as bench:
                failed += torture(bench, case.name, args.every)
    for program in PROGRAMS:
        if program in (args.case or names):
            failed += run_program(program, args.every)
    if LINKS in (args.case or names):
        failed += swap_links(args.every)
    live = [c for c in LIVE_CASES if c.name in (args.case or names)]
    if live:
        daemon = Daemon()
        daemon.start()
        try:
            for live_case in live:
                with closing(LiveBench(live_case, daemon)) as bench:
                    failed += torture(bench, live_case.name, args.every)
        finally:
            daemon.stop()
    print(f"{failed} ended in a third state, {time.monotonic() - begin:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
