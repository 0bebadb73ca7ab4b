"""Live figures as rows: vCPUs with their pins, frequency and delay; host CPUs below."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.cpuset import format_list
from vfiotui.model.live import CpuMoment, GuestMoment, LiveMoment, ThreadMoment
from vfiotui.model.reading import Reading, Unread, Why
from vfiotui.tui.caps import Glyphs
from vfiotui.tui.row import BLANK, Row, Run, row
from vfiotui.tui.text import clean, fit, shown, wrap
from vfiotui.tui.views.graph import graph_block, graph_line

NONE = Unread("no reading", Why.NOT_HERE)
DELAY_TOP = 20.0
"""Milliseconds of delay per second at the top of the delay graph."""


def guests_of(moment: LiveMoment | None) -> tuple[GuestMoment, ...]:
    """The running guests of a moment."""
    return () if moment is None or isinstance(moment.guests, Unread) else moment.guests


def cpu_values(history: Sequence[LiveMoment], cpu: int, what: str) -> list[Reading[float]]:
    """A host CPU's "mhz" or "busy" over time."""
    found: list[Reading[float]] = []
    for moment in history:
        cpus = () if isinstance(moment.cpus, Unread) else moment.cpus
        # CPU numbers have gaps only where CPUs are offline: the index is right most of the time.
        one = cpus[cpu] if cpu < len(cpus) and cpus[cpu].cpu == cpu else next((c for c in cpus if c.cpu == cpu), None)
        found.append(NONE if one is None else one.mhz if what == "mhz" else one.busy)
    return found


def thread_values(history: Sequence[LiveMoment], name: str, tid: int, what: str) -> list[Reading[float]]:
    """A guest thread's "delay_ms" or "busy" over time."""
    found: list[Reading[float]] = []
    for moment in history:
        guest = next((g for g in guests_of(moment) if g.name == name), None)
        threads = () if guest is None or isinstance(guest.threads, Unread) else guest.threads
        thread = next((t for t in threads if t.tid == tid), None)
        found.append(NONE if thread is None else thread.delay_ms if what == "delay_ms" else thread.busy)
    return found


def number(value: Reading[float], form: str, width: int) -> str:
    """A number in its column, or "?" where there is none."""
    return (format(value, form) if not isinstance(value, Unread) else "?").rjust(width)


def mhz_top(moment: LiveMoment) -> float:
    """The top of the frequency axis: the next full GHz above what is seen."""
    seen = [] if isinstance(moment.cpus, Unread) else [c.mhz for c in moment.cpus if not isinstance(c.mhz, Unread)]
    return (int(max(seen, default=4000.0)) // 1000 + 1) * 1000.0


def thread_name(thread: ThreadMoment) -> str:
    """v0, emu, io1."""
    return {"vcpu": f"v{thread.index}", "emulator": "emu", "iothread": f"io{thread.index}"}.get(thread.kind, "?")


def pin_words(thread: ThreadMoment, glyphs: Glyphs) -> str:
    """Where it may run, and where it ran."""
    pinned = "?" if isinstance(thread.pinned, Unread) else format_list(thread.pinned)
    return f"{fit(pinned, 7)}{glyphs.arrow}{shown(thread.ran_on)[:3]:>3}"


def live_rows(
    history: Sequence[LiveMoment], guest: GuestMoment | None, cpus: bool, glyphs: Glyphs, width: int
) -> list[Row]:
    """The table of a guest's threads, then the host's CPUs where they are wanted or no guest runs."""
    if not history:
        return [row(("the first sample is being taken …", "accent"))]
    moment = history[-1]
    rows: list[Row] = []
    if guest is not None:
        rows += _guest_rows(history, moment, guest, glyphs, width)
    elif isinstance(moment.guests, Unread):
        rows += [row((line, "unknown")) for line in wrap(f"guests cannot be seen: {moment.guests}", width)]
    else:
        rows.append(row(("no guest runs on this host; its CPUs are shown", "dim")))
    if cpus or guest is None:
        rows += [BLANK, *_cpu_rows(history, moment, glyphs, width)]
    return rows


def _guest_rows(
    history: Sequence[LiveMoment], moment: LiveMoment, guest: GuestMoment, glyphs: Glyphs, width: int
) -> list[Row]:
    if isinstance(guest.threads, Unread):
        return [row((f"its threads cannot be seen: {clean(str(guest.threads))}", "unknown"))]
    room = max(width - 48, 10)
    first, second = room // 2, room - room // 2
    top = mhz_top(moment)
    mhz_word, delay_word = f"MHz, top {top:.0f}", f"delay, top {DELAY_TOP:.0f}"
    head = f"{'vCPU':5}{'may run ran':>12}  {'MHz':>5} {fit(mhz_word, first)} "
    head += f"{'ms/s':>6} {fit(delay_word, second)} busy forced"
    rows = [row((fit(head, width), "head"))]
    by_cpu = {} if isinstance(moment.cpus, Unread) else {c.cpu: c for c in moment.cpus}
    for thread in guest.threads:
        if thread.kind != "vcpu" and rows[-1] is not BLANK and not any(r is BLANK for r in rows):
            rows.append(BLANK)
        cpu = thread.ran_on if not isinstance(thread.ran_on, Unread) else -1
        one = by_cpu.get(cpu)
        mhz: Reading[float] = NONE if one is None else one.mhz
        delays = thread_values(history[-second:], guest.name, thread.tid, "delay_ms")
        late = not isinstance(thread.delay_ms, Unread) and thread.delay_ms > 2
        runs: list[Run] = [
            (f"{thread_name(thread):5}", "accent"),
            (f"{pin_words(thread, glyphs)} ", ""),
            (number(mhz, ".0f", 6) + " ", ""),
            (graph_line(cpu_values(history[-first:], cpu, "mhz"), 0, top, first, glyphs) + " ", "graph"),
            (number(thread.delay_ms, ".1f", 6) + " ", "warn" if late else ""),
            (graph_line(delays, 0, DELAY_TOP, second, glyphs) + " ", "graph2"),
            (number(thread.busy, "4.0%", 4), ""),
            (number(thread.forced, ".0f", 7), ""),
        ]
        rows.append(Row(tuple(runs), f"thread {thread.tid}"))
    return rows


def _cpu_rows(history: Sequence[LiveMoment], moment: LiveMoment, glyphs: Glyphs, width: int) -> list[Row]:
    if isinstance(moment.cpus, Unread):
        return [row((line, "unknown")) for line in wrap(f"the CPUs cannot be seen: {moment.cpus}", width)]
    room = max(width - 22, 10)
    first, second = room // 2, room - room // 2
    top = mhz_top(moment)
    mhz_word = fit(f"frequency, top {top:.0f}", first)
    head = f"{'CPU':5}{'MHz':>6} {mhz_word} busy {fit('load, top 100 %', second)}"
    rows = [row((fit(head, width), "head"))]
    for cpu in moment.cpus:
        rows.append(_cpu_row(history, cpu, top, first, second, glyphs))
    return rows


def _cpu_row(history: Sequence[LiveMoment], cpu: CpuMoment, top: float, first: int, second: int, glyphs: Glyphs) -> Row:
    return Row(
        (
            (f"{cpu.cpu:<5}", "accent"),
            (number(cpu.mhz, ".0f", 6) + " ", ""),
            (graph_line(cpu_values(history[-first:], cpu.cpu, "mhz"), 0, top, first, glyphs) + " ", "graph"),
            (number(cpu.busy, "4.0%", 4) + " ", ""),
            (graph_line(cpu_values(history[-second:], cpu.cpu, "busy"), 0, 1, second, glyphs), "graph2"),
        ),
        f"cpu {cpu.cpu}",
    )


def big_rows(history: Sequence[LiveMoment], name: str, key: str, glyphs: Glyphs, width: int, height: int) -> list[Row]:
    """Two panels for one row of the table: frequency or load above, delay below, with axes."""
    kind, _, text = key.partition(" ")
    place = int(text)
    each = max((height - 6) // 2, 3)
    inner = max(width - 8, 10)
    moment = history[-1]
    if kind == "thread":
        guest = next((g for g in guests_of(moment) if g.name == name), None)
        threads = () if guest is None or isinstance(guest.threads, Unread) else guest.threads
        thread = next((t for t in threads if t.tid == place), None)
        cpu = thread.ran_on if thread is not None and isinstance(thread.ran_on, int) else -1
        title = "the thread has ended" if thread is None else f"{thread_name(thread)} of {clean(name)} on CPU {cpu}"
        delays = thread_values(history[-inner:], name, place, "delay_ms")
        second = ("delay, ms/s", delays, 0.0, DELAY_TOP, "graph2")
    else:
        cpu, title = place, f"CPU {place}"
        second = (
            "load, %",
            [v if isinstance(v, Unread) else v * 100 for v in cpu_values(history[-inner:], cpu, "busy")],
            0.0,
            100.0,
            "graph2",
        )
    top = mhz_top(moment)
    first = ("frequency, MHz", cpu_values(history[-inner:], cpu, "mhz"), 0.0, top, "graph")
    rows = [row((title, "head"))]
    for label, values, low, high, style in (first, second):
        rows.append(row((label, "dim"), _summary(values)))
        block = graph_block(values, low, high, inner, each, glyphs)
        for i, line in enumerate(block):
            axis = f"{high:6.0f}" if i == 0 else f"{low:6.0f}" if i == each - 1 else " " * 6
            rows.append(row((f"{axis}{glyphs.vertical}", "dim"), (line, style)))
    return rows


def _summary(values: Sequence[Reading[float]]) -> str:
    """The spread of what is shown."""
    known = sorted(v for v in values if not isinstance(v, Unread))
    if not known:
        return "  nothing measured yet"
    middle, high = known[len(known) // 2], known[min(int(len(known) * 0.99), len(known) - 1)]
    return f"  p50 {middle:.1f} · p99 {high:.1f} · max {known[-1]:.1f} · {len(known)} samples"
