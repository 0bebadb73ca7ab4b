"""Recordings of live samples: one JSON document in a line, the first one a heading.

{"vfiotui live": 1, "host": …, "kernel": …}
{"at": s, "wall": s, "cpus": [[cpu, MHz, busy ticks], …], "guests": [[name, pid, [[kind, number, tid, pins,
 ran on, run ns, wait ns, slices, forced switches, read at], …]], …]}
 and where there is something to say: "steal": {cpu: ticks}, "missing": {pid: why vCPUs are not among the threads},
 "not_visible": why there may be more guests, or why "guests" is null
{"mark": text, "at": s, "alarm": bool}
{"who": [[cpu, kind, name, tid, share, per second], …], "at": s, "seconds": s, "tasks": n, "cost_ms": ms,
 "others": n}

The counters are those of /proc; what could not be read is null. Rates are computed from them when the file is
read, by the same code that computes those of the screen. A file that ends in the middle of a line is fine up to there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cpuset import format_list, parse_list
from vfiotui.model.live.interference import Culprit, Culprits
from vfiotui.model.live.sample import CpuCount, GuestCount, Sample, ThreadCount

HEADING = "vfiotui live"
VERSION = 1
NOT_RECORDED = Unread("was not read when it was recorded", Why.ABSENT)
LARGEST = 1 << 63
KINDS = ("vcpu", "emulator", "iothread")
WHO = ("task", "kernel", "ended", "irq", "softirq")


class BadRecord(Exception):
    """A sentence: what is wrong with a recording, and where."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Where a recording comes from."""

    host: str
    kernel: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A mark or an alarm in a recording."""

    text: str
    at: float
    alarm: bool


def _plain(value: Any) -> Any:
    return None if isinstance(value, Unread) else value


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)


def heading_line(heading: Heading) -> str:
    """The first line, without its newline."""
    return _dump({HEADING: VERSION, "host": heading.host, "kernel": heading.kernel})


def remark_line(remark: Remark) -> str:
    """A mark as a line."""
    return _dump({"mark": remark.text, "at": remark.at, "alarm": remark.alarm})


def sample_line(sample: Sample) -> str:
    """A sample as a line, without its newline."""
    guests = None
    if not isinstance(sample.guests, Unread):
        guests = [[g.name, g.pid, [_thread(t) for t in g.threads]] for g in sample.guests]
    cpus = None
    if not isinstance(sample.cpus, Unread):
        cpus = [[c.cpu, _plain(c.mhz), _plain(c.busy)] for c in sample.cpus]
    return _dump({"at": sample.at, "wall": sample.wall, "cpus": cpus, "guests": guests} | _remarks(sample))


def _remarks(sample: Sample) -> dict[str, Any]:
    """What few hosts have to say: a reader that does not know it loses nothing else."""
    unseen = sample.guests if isinstance(sample.guests, Unread) else sample.unseen
    cpus, guests = or_else(sample.cpus, ()), or_else(sample.guests, ())
    steal = {str(c.cpu): c.steal for c in cpus if c.steal and not isinstance(c.steal, Unread)}
    missing = {str(g.pid): str(g.missing) for g in guests if g.missing is not None}
    said = {"steal": steal, "missing": missing, "not_visible": None if unseen is None else str(unseen)}
    return {name: value for name, value in said.items() if value}


def look_line(look: Culprits) -> str:
    """Who ran on the CPUs of waiting vCPUs, as a line."""
    found = [] if isinstance(look.found, Unread) else [list(c) for c in look.found]
    told = {"who": found, "at": look.at, "seconds": look.seconds, "tasks": look.tasks, "cost_ms": look.cost_ms}
    return _dump(told | {"others": look.others})


def _thread(thread: ThreadCount) -> list[Any]:
    pins = None if isinstance(thread.pinned, Unread) else format_list(thread.pinned)
    counts = (thread.ran_on, thread.run, thread.wait, thread.slices, thread.forced)
    return [thread.kind, thread.number, thread.tid, pins, *map(_plain, counts), thread.status_at]


def read_record(lines: Iterable[str]) -> Iterator[Heading | Sample | Remark | Culprits]:
    """The heading, then samples, remarks and looks in their order; raises BadRecord where a line is none of them."""
    begun = False
    bad: BadRecord | None = None
    for place, line in enumerate(lines, 1):
        if bad is not None:
            # Only the last line may be broken off.
            raise bad
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            if not begun:
                begun = True
                yield _heading(value)
            elif isinstance(value, dict) and "mark" in value:
                yield Remark(str(value["mark"])[:400], _real(value.get("at")), value.get("alarm") is True)
            elif isinstance(value, dict) and "who" in value:
                yield _look(value)
            else:
                yield _sample(value)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            bad = BadRecord(f"line {place} is no live sample: {error}")
            if place == 1 or not begun:
                raise BadRecord(f"is no recording of vfiotui live: {error}") from error
    if not begun:
        raise BadRecord("is no recording of vfiotui live: it is empty")


def _heading(value: Any) -> Heading:
    if not isinstance(value, dict) or value.get(HEADING) != VERSION:
        raise ValueError(f"its first line names no {HEADING!r} of version {VERSION}")
    return Heading(str(value.get("host", ""))[:100], str(value.get("kernel", ""))[:100])


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < LARGEST:
        raise ValueError(f"{str(value)[:40]!r} is no counter")
    return value


def _real(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{str(value)[:40]!r} is no number")
    return float(value)


def _counter(value: Any) -> Reading[int]:
    return NOT_RECORDED if value is None else _whole(value)


def _look(value: dict[str, Any]) -> Culprits:
    found = tuple(
        Culprit(_whole(cpu), _one_of(WHO, kind), str(name)[:400], _whole(tid), _real(share), _real(rate))
        for cpu, kind, name, tid, share, rate in value["who"]
    )
    at, seconds, cost = (_real(value[k]) for k in ("at", "seconds", "cost_ms"))
    return Culprits(at, seconds, found, _whole(value["tasks"]), cost, others=_whole(value.get("others", 0)))


def _one_of(kinds: tuple[str, ...], value: Any) -> str:
    if value not in kinds:
        raise ValueError(f"{str(value)[:40]!r} is none of {', '.join(kinds)}")
    return str(value)


def _sample(value: dict[str, Any]) -> Sample:
    cpus, guests = value["cpus"], value["guests"]
    steal = {int(cpu): _whole(ticks) for cpu, ticks in value.get("steal", {}).items()}
    missing = {int(pid): Unread(str(why)[:400]) for pid, why in value.get("missing", {}).items()}
    unseen = Unread(str(value["not_visible"])[:400]) if value.get("not_visible") else None
    return Sample(
        _real(value["at"]),
        _real(value["wall"]),
        NOT_RECORDED
        if cpus is None
        else tuple(
            CpuCount(_whole(cpu), NOT_RECORDED if mhz is None else _real(mhz), _counter(busy), steal.get(cpu, 0))
            for cpu, mhz, busy in cpus
        ),
        (unseen or NOT_RECORDED)
        if guests is None
        else tuple(
            GuestCount(str(name)[:400], _whole(pid), tuple(_thread_of(*f) for f in threads), missing.get(pid))
            for name, pid, threads in guests
        ),
        unseen,
    )


def _thread_of(
    kind: Any, number: Any, tid: Any, pins: Any, ran_on: Any, run: Any, wait: Any, slices: Any, forced: Any, read: Any
) -> ThreadCount:
    if kind not in KINDS:
        raise ValueError(f"{str(kind)[:40]!r} is no kind of thread")
    return ThreadCount(
        kind,
        _whole(number),
        _whole(tid),
        NOT_RECORDED if pins is None else parse_list(str(pins)),
        _counter(ran_on),
        _counter(run),
        _counter(wait),
        _counter(slices),
        _counter(forced),
        _real(read),
    )
