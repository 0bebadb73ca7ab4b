"""Every fault at every call, with every recovery: `make torture`. The suite tries a sample of the same."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.apply.faults import ERRORS, RECOVERIES, Bench, Case
from tests.apply.systems import COMMAND, FILES

CASES = (Case("files", FILES), Case("command", (FILES[0], *COMMAND), enters=True))


def trials(bench: Bench) -> Iterator[tuple[str, Callable[[], None]]]:
    """All faults of one case: what it is called, and the trial."""
    for point in bench.points:
        for recover in RECOVERIES:
            yield f"killed, {recover.__name__}", lambda p=point, r=recover: bench.killed_apply(p, r)  # type: ignore[misc]
        for error in ERRORS:
            yield error, lambda p=point, e=error: bench.refused(p, e)  # type: ignore[misc]
    for point in bench.undo_points:
        yield "undo killed", lambda p=point: bench.killed_undo(p)  # type: ignore[misc]


def main() -> int:
    """Tries all; prints a tally, and every trial that ended in a third state."""
    begin, failed = time.monotonic(), 0
    for case in CASES:
        bench = Bench(case)
        tried: Counter[str] = Counter()
        with ThreadPoolExecutor(2) as pool:
            running = [(name, pool.submit(trial)) for name, trial in trials(bench)]
            for name, future in running:
                tried[name] += 1
                error = future.exception()
                if error is not None:
                    failed += 1
                    print(f"{case.name}: {name}: {error!r}", flush=True)
        bench.close()
        print(
            f"{case.name}: {len(bench.points)} calls of apply, {len(bench.undo_points)} of undo: {dict(tried)}",
            flush=True,
        )
    print(f"{failed} ended in a third state, {time.monotonic() - begin:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
