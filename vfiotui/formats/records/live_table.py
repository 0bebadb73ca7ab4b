"""Live moments for other programs: CSV, JSON lines and OpenMetrics, all from the same figures."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.live.sample import LiveMoment, ThreadCount

COLUMNS = (
    "at", "wall", "guest", "thread", "number", "tid", "pinned", "ran_on", "mhz", "busy", "delay_ms", "slices", "forced",
    "steal", "note",
)  # fmt: skip
"""Seconds of CLOCK_MONOTONIC, seconds since the epoch, who; then rates per second, busy and steal from 0 to 1. A host
CPU has no guest and "cpu" as its thread. "unread" as a thread is what cannot be seen, of a guest or of all guests, and
the note why."""


def records(moment: LiveMoment) -> list[dict[str, Any]]:
    """One record for each thread and each host CPU; what is unknown is None."""
    base: dict[str, Any] = {"at": round(moment.at, 6), "wall": round(moment.sample.wall, 3)}
    megahertz: dict[int, float | None] = {}
    found: list[dict[str, Any]] = []
    for cpu in () if isinstance(moment.cpus, Unread) else moment.cpus:
        megahertz[cpu.cpu] = _plain(cpu.mhz)
        found.append({**base, "guest": "", "thread": "cpu", "number": cpu.cpu, "mhz": _plain(cpu.mhz)})
        found[-1] |= {"busy": _plain(cpu.busy), "steal": _plain(cpu.steal)}
    unseen = moment.guests if isinstance(moment.guests, Unread) else moment.sample.unseen
    if unseen is not None:
        found.append({**base, "thread": "unread", "note": str(unseen)})
    for guest in () if isinstance(moment.guests, Unread) else moment.guests:
        for t in guest.threads:
            ran_on = _plain(t.ran_on)
            figures: dict[str, Any] = {
                "guest": guest.name,
                "thread": t.kind,
                "number": t.number,
                "tid": t.tid,
                "pinned": None if isinstance(t.pinned, Unread) else format_list(t.pinned),
                "ran_on": ran_on,
                "mhz": megahertz.get(-1 if ran_on is None else int(ran_on)),
                "busy": _plain(t.busy),
                "delay_ms": _plain(t.delay_ms),
                "slices": _plain(t.slices),
                "forced": _plain(t.forced),
            }
            found.append({**base, **figures})
        if guest.missing is not None:
            found.append({**base, "guest": guest.name, "thread": "unread", "note": str(guest.missing)})
    return found


def _plain(value: Reading[float]) -> float | None:
    if isinstance(value, Unread):
        return None
    return round(value, 6) if isinstance(value, float) else value


def csv_heading() -> str:
    """The first line of a CSV file."""
    return ",".join(COLUMNS)


def csv_lines(moment: LiveMoment) -> str:
    """A moment as lines of CSV (RFC 4180, but for its line ends); empty fields are unknown."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for record in records(moment):
        writer.writerow(["" if (v := record.get(c)) is None else v for c in COLUMNS])
    return out.getvalue()


def json_lines(moment: LiveMoment) -> str:
    """A moment as lines of JSON, with the keys of COLUMNS."""
    return "".join(json.dumps({c: r.get(c) for c in COLUMNS}) + "\n" for r in records(moment))


COUNTERS = (
    ("vfiotui_thread_run_seconds", "run", 1e9, "Time on a CPU (schedstat)."),
    ("vfiotui_thread_delay_seconds", "wait", 1e9, "Time runnable and waiting for a CPU (schedstat run_delay)."),
    ("vfiotui_thread_slices", "slices", 1, "Time slices (schedstat)."),
    ("vfiotui_thread_forced_switches", "forced", 1, "Involuntary switches (status)."),
)
OPENMETRICS_BEGIN = f"# TYPE {COUNTERS[0][0]} counter\n"
"""The first line of every text that `openmetrics` makes."""


def openmetrics(moment: LiveMoment) -> str:
    """The moment's counters and frequencies as OpenMetrics text 1.0; what is unknown is left out."""
    lines: list[str] = []
    sample = moment.sample
    guests = () if isinstance(sample.guests, Unread) else sample.guests
    for name, field, unit, text in COUNTERS:
        lines += [f"# TYPE {name} counter", f"# HELP {name} {text}"]
        for guest in guests:
            for thread in guest.threads:
                value = getattr(thread, field)
                if not isinstance(value, Unread):
                    lines.append(f"{name}_total{_labels(guest.name, thread)} {value / unit:.9g}")
    gauges = [("vfiotui_cpu_frequency_hertz", "mhz", "Frequency of a host CPU."),
              ("vfiotui_cpu_busy_ratio", "busy", "Its load.")]  # fmt: skip
    if any(c.steal for c in or_else(sample.cpus, ())):
        gauges.append(("vfiotui_cpu_steal_ratio", "steal", "The share that the hypervisor below this host took."))
    for name, pick, text in gauges:
        lines += [f"# TYPE {name} gauge", f"# HELP {name} {text}"]
        for cpu in () if isinstance(moment.cpus, Unread) else moment.cpus:
            reading = getattr(cpu, pick)
            if not isinstance(reading, Unread) and math.isfinite(reading):
                lines.append(f'{name}{{cpu="{cpu.cpu}"}} {reading * (1e6 if pick == "mhz" else 1):.9g}')
    return "\n".join([*lines, "# EOF", ""])


def _labels(guest: str, thread: ThreadCount) -> str:
    name = guest.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{{guest="{name}",thread="{thread.kind}",number="{thread.number}"}}'
