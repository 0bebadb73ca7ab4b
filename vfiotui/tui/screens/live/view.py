"""The Live table as rows: vCPUs with their pins, frequency and delay; host CPUs below."""

from __future__ import annotations

import math
import time

from vfiotui.live.history import STEAL, THREAD_FIELDS, Key, LiveHistory, cpu_key
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.base.value import dataclass, field
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.live.sample import LiveMoment, ThreadMoment
from vfiotui.tui.row import BLANK, Row, Run, row
from vfiotui.tui.screens.live.time_window import GraphLines, Window, delay_top, mhz_top
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean, fit, wrap

LATE = 2.0
"""Milliseconds of delay per second from which on a figure is marked."""
REFIT = 16
"""Samples after which the delay's axis is fitted anew."""
LEFT, FIXED, CPU_FIXED = 25, 53, 22
"""Cells before the first graph; cells of a row that are no graph, and of a host CPU's row."""
STEAL_CELLS = 7
"""Cells of the column that only hosts have which are virtual machines themselves."""


@dataclass(slots=True)
class Table:
    """How the table is shown; it remembers graphs and axes between two samples."""

    glyphs: Glyphs
    mhz: GraphLines = field(default_factory=lambda: GraphLines("mhz"))
    delay: GraphLines = field(default_factory=lambda: GraphLines("delay"))
    busy: GraphLines = field(default_factory=lambda: GraphLines("busy"))
    mhz_top: float = 0.0
    delay_top: float = 20.0
    fitted: tuple[int, int, int] = (-1, 0, 0)
    """End, zoom and cells of the window for which the delay's axis was fitted last."""
    rows: dict[Key, tuple[object, Row]] = field(default_factory=dict)
    """The row of each thread, and what it was made of: what idles is not made again."""
    begins: dict[Key, tuple[object, tuple[Run, Run]]] = field(default_factory=dict)
    """How each of them begins, and the pins that it shows."""
    head: tuple[tuple[float, ...], Row] = ((), BLANK)
    """The heading, and what it was made of."""


def key_text(key: Key) -> str:
    """A row's key for the list: kind and number; the guest is the one that is shown."""
    return f"{key[1]} {key[2]}"


def name_of(key: Key) -> str:
    """v0, emu, io1; the number of a host CPU."""
    _, kind, number = key
    return {"vcpu": f"v{number}", "emulator": "emu", "iothread": f"io{number}"}.get(kind, str(number))


def number(value: float, form: str, width: int) -> str:
    """A number in its column, or "?" where there is none."""
    return (format(value, form) if value == value else "?").rjust(width)


def short_number(value: float, width: int) -> str:
    """A whole number that stays in its column: thousands above 99,999; "?" where there is none."""
    if value < 1e5:
        return f"{value:{width}.0f}"
    return f"{value / 1000:{width - 1}.0f}k" if value == value else "?".rjust(width)


def pin_text(thread: ThreadMoment | None) -> str:
    """Where a thread may run."""
    return "?" if thread is None or isinstance(thread.pinned, Unread) else format_list(thread.pinned)


def clock_text(wall: float) -> str:
    """The time of day of a sample; "?" where it is not known."""
    return time.strftime("%H:%M:%S", time.localtime(wall)) if wall == wall else "?"


def past_words(history: LiveHistory, at: int, recording: str) -> str:
    """Which sample of the past is read; of a recording its place in it."""
    clock = clock_text(history.wall(at))
    if recording:
        return f"{clean(recording)} at {clock}, sample {at + 1} of {history.count}"
    return f"{clock}, {history.at(history.count - 1) - history.at(at):.1f} s ago"


def headline_row(guest: str, running: int | None, interval: float, notes: tuple[str, ...], restraint: str) -> Row:
    """Which guest, how many run (None: not known) and how often they are read, notes, and this program's own CPUs."""
    runs: list[Run] = [(" ", ""), (guest, "head")]
    if running is not None:
        runs.append((f" · {running} running · every {interval:.2g} s", ""))
    runs += [(f" · {note}", "mark") for note in notes if note]
    return Row((*runs, (f" · {restraint}" if restraint else "", "dim")))


def graph_widths(width: int) -> tuple[int, int]:
    """Cells of the frequency's and of the delay's graph in a table of so many cells."""
    room = max(width - FIXED, 12)
    return room // 2, room - room // 2


def live_rows(
    history: LiveHistory, guest: str, window: Window, at: int, table: Table, width: int, *, cpus: bool
) -> list[Row]:
    """The table of a guest's threads at sample `at`, and the host's CPUs where they are wanted or no guest runs."""
    if not history.count or history.last is None:
        return [row(("the first sample is being taken …", "accent"))]
    keys = history.guests.get(guest, ())
    table.mhz_top = mhz_top(history, table.mhz_top)
    rows: list[Row] = []
    if keys:
        rows += _guest_rows(history, keys, window, at, table, width)
        rows += _missing_rows(history.last, guest, width)
    else:
        rows += _no_guest(history.last, width)
    if cpus or not keys:
        rows += [BLANK, *_cpu_rows(history, window, at, table, width)]
    return rows


def _no_guest(moment: LiveMoment, width: int) -> list[Row]:
    if isinstance(moment.guests, Unread):
        rows = [row((line, "unknown")) for line in wrap(f"guests are not visible: {moment.guests}", width)]
        words = "vfiotui live --replay FILE shows a recording here; vfiotui live --record FILE makes one on the host"
        return [*rows, *(row((line, "dim")) for line in wrap(words, width))]
    return [row(("no guest runs on this host; its CPUs are shown", "dim"))]


def _missing_rows(moment: LiveMoment, guest: str, width: int) -> list[Row]:
    """What of a guest, and of other guests, is not visible."""
    known = next((g.missing for g in or_else(moment.guests, ()) if g.name == guest), None)
    words = [f"not all vCPUs are visible: {known}"] if known is not None else []
    if moment.sample.unseen is not None:
        words.append(f"more guests may run: {moment.sample.unseen}")
    return [row((line, "unknown")) for text in words for line in wrap(text, width)]


def _guest_rows(
    history: LiveHistory, keys: tuple[Key, ...], window: Window, at: int, table: Table, width: int
) -> list[Row]:
    first, second = graph_widths(width)
    _fit_delay(history, keys, window, table, second)
    table.mhz.look(window, first, table.mhz_top, table.glyphs)
    table.delay.look(window, second, table.delay_top, table.glyphs)
    rows = [_heading(table, first, second)]
    marks = _mark_row(history, window, at, (LEFT, first, second), table.glyphs)
    if marks is not None:
        rows.append(marks)
    apart = False
    for key in keys:
        if key[1] != "vcpu" and not apart:
            apart = True
            rows.append(BLANK)
        rows.append(_thread_row(history, key, at, table))
    return rows


def _heading(table: Table, first: int, second: int) -> Row:
    made_of = (table.mhz_top, table.delay_top, first, second)
    if table.head[0] != made_of:
        mhz_word, top = _axis(f"MHz, top {table.mhz_top:.0f}", first), f"{table.delay_top:.0f}"
        delay_word = _axis(f"delay, top {top} ms/s", second, f"delay, top {top}", f"delay to {top}")
        head = f"{'vCPU':5}{'pinned':>8} {'CPU':>4} {'MHz':>5} {mhz_word} {'ms/s':>6} {delay_word}"
        table.head = made_of, row((f"{head}  busy forced switch", "head"))
    return table.head[1]


def _axis(text: str, width: int, *shorter: str) -> str:
    """The first of the texts for which there is room."""
    return fit(next((t for t in (text, *shorter) if len(t) <= width), text), width)


def _fit_delay(history: LiveHistory, keys: tuple[Key, ...], window: Window, table: Table, width: int) -> None:
    """Fits the axis to the delays that are shown; now and then it is seen whether a spike has left the graphs."""
    before, shape = table.fitted, (window.end, window.zoom, width)
    if shape == before:
        return
    if before == (window.end - 1, window.zoom, width) and window.end % REFIT and window.end == history.count:
        longest = history.newest[keys[0][0]].longest
        table.delay_top = max(table.delay_top, delay_top(longest if longest == longest else 0.0))
    else:
        shown = [v for k in keys for v in history.values(k, "delay", window.begin(width), window.end)]
        table.delay_top = delay_top(max((v for v in shown if v == v), default=0.0))
    table.fitted = shape


def _mark_row(
    history: LiveHistory, window: Window, at: int, places: tuple[int, int, int], glyphs: Glyphs
) -> Row | None:
    """The line of marks above the graphs, where there are any: ^ a mark, ! an alarm, v the reading cursor."""
    offset, first, second = places
    begin, end = window.begin(max(first, second)), window.end
    found = [(at, "v")] if at != end - 1 else []
    found += [(m.number, "!" if m.alarm else "^") for m in history.marks if begin <= m.number < end]
    if not found:
        return None

    def line(width: int) -> str:
        signs = [" "] * width
        for sample, sign in found:
            cell = window.cell_of(sample, width)
            if cell is not None:
                signs[cell] = sign
        return "".join(signs)

    lines = line(first), line(second)
    if not any(text.strip() for text in lines):
        return None
    return row(" " * offset, (lines[0], "mark"), " " * 8, (lines[1], "mark"))


def _thread_row(history: LiveHistory, key: Key, at: int, table: Table) -> Row:
    values = history.moment(key, at)
    mhz_line, delay_line = table.mhz.line(history, key), table.delay.line(history, key)
    thread = history.thread(key)
    pinned = None if thread is None else thread.pinned
    made_of = (values, pinned, mhz_line, delay_line)
    made = table.rows.get(key)
    if made is not None and made[0] == made_of:
        return made[1]
    mhz, delay, busy, forced, slices, ran_on = values or (math.nan,) * len(THREAD_FIELDS)
    astray = isinstance(pinned, frozenset) and ran_on == ran_on and int(ran_on) not in pinned
    runs: tuple[Run, ...] = (
        *_begin(table, key, thread),
        (f"{ran_on:3.0f} " if ran_on == ran_on else "  ? ", "warn" if astray else ""),
        (f"{mhz:6.0f} " if mhz == mhz else "     ? ", ""),
        (mhz_line, "graph"),
        (f"{delay:7.1f} " if delay == delay else "      ? ", "warn" if delay > LATE else ""),
        (delay_line, "graph2"),
        (f"{busy:6.0%}" if busy == busy else "     ?", ""),
        (short_number(forced, 7), ""),
        (short_number(slices, 7), ""),
    )
    found = Row(runs, key_text(key) if made is None else made[1].key)
    table.rows[key] = made_of, found
    return found


def _begin(table: Table, key: Key, thread: ThreadMoment | None) -> tuple[Run, Run]:
    """Name and pins."""
    pinned = None if thread is None else thread.pinned
    known = table.begins.get(key)
    if known is None or known[0] is not pinned:
        runs = (f"{name_of(key):5}", "accent"), (f"{fit(pin_text(thread), 8)} ", "")
        known = table.begins[key] = pinned, runs
    return known[1]


def _cpu_rows(history: LiveHistory, window: Window, at: int, table: Table, width: int) -> list[Row]:
    assert history.last is not None
    if isinstance(history.last.cpus, Unread):
        return [row((line, "unknown")) for line in wrap(f"the CPUs cannot be seen: {history.last.cpus}", width)]
    room = max(width - CPU_FIXED - (STEAL_CELLS if history.stolen else 0), 12)
    first, second = room // 2, room - room // 2
    table.mhz.look(window, first, table.mhz_top, table.glyphs)
    table.busy.look(window, second, 1.0, table.glyphs)
    head = f"{'CPU':5}{'MHz':>6} {fit(f'frequency, top {table.mhz_top:.0f}', first)} "
    stolen = f"{'steal':>{STEAL_CELLS}}" if history.stolen else ""
    rows = [row((f"{head}{'busy':>5}{stolen} {fit('load, top 100 %', second)}", "head"))]
    for key in history.cpus:
        runs: list[Run] = [
            (f"{key[2]:<5}", "accent"),
            (number(history.value(key, "mhz", at), ".0f", 6) + " ", ""),
            (table.mhz.line(history, key), "graph"),
            (" ", ""),
            (number(history.value(key, "busy", at), "4.0%", 5), ""),
            (number(history.value(key, STEAL, at), ".1%", STEAL_CELLS) if history.stolen else "", "warn"),
            (" ", ""),
            (table.busy.line(history, key), "graph2"),
        ]
        rows.append(Row(tuple(runs), key_text(key)))
    return rows


def key_of(guest: str, text: str) -> Key:
    """The key behind the key of a row."""
    kind, _, place = text.partition(" ")
    return cpu_key(int(place)) if kind == "cpu" else (guest, kind, int(place))
