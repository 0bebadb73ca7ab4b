"""What Live shows only when it is asked: exits of the vCPUs, waits that were traced, one host CPU closely."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.live.history import LiveHistory
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.live.core import Core
from vfiotui.model.live.exits import GuestExits
from vfiotui.model.live.interference import Culprits, Wait
from vfiotui.tui.row import Row, Run, row
from vfiotui.tui.screens.live.view import clock_text, name_of
from vfiotui.tui.text import clean, fit

WAITS = 5
"""Traced waits that are shown: the longest."""
SOURCES = 6
"""Interrupt sources that are shown."""


def exit_rows(look: GuestExits | Unread | None, width: int) -> list[Row]:
    """A line for each vCPU, or why there is none; what the question costs."""
    if look is None:
        return [row((" exits: asking libvirt …", "accent"))]
    told = look if isinstance(look, Unread) else look.vcpus
    if isinstance(told, Unread):
        return [row((fit(f" exits unknown: {clean(str(told))}", width), "unknown"))]
    assert isinstance(look, GuestExits)
    counts = f"{'exits/s':>11}{'I/O':>9}{'MMIO':>9}{'halts':>9}{'emulated':>11}"
    head = f" {'vCPU':5}{counts}{'polled, won':>13}{'lost ms/s':>10}"
    rows = [row((fit(head, width), "head"))]
    for v in told:
        figures = [_rate(x, w) for x, w in ((v.exits, 11), (v.io, 9), (v.mmio, 9), (v.halts, 9), (v.emulated, 11))]
        polled = f"{_rate(v.poll_won_ms, 13, 1)}{_rate(v.poll_lost_ms, 10, 1)}"
        rows.append(row((f" v{v.vcpu:<4}", "accent"), fit("".join(figures) + polled, width - 6)))
    if look.seconds:
        told_cost = f" asked of libvirt and QEMU every 5 s, {look.cost_ms:.0f} ms each time; e ends it"
    else:
        told_cost = (
            f" asked of libvirt and QEMU ({look.cost_ms:.0f} ms); the next look, 5 s later, gives the rates; e ends it"
        )
    return [*rows, row((fit(told_cost, width), "dim"))]


def _rate(value: Reading[float], width: int, digits: int = 0) -> str:
    return ("?" if isinstance(value, Unread) else f"{value:,.{digits}f}").rjust(width)


def trace_rows(
    history: LiveHistory, guest: str, look: Reading[Culprits] | None, longest: Sequence[tuple[float, Wait]], width: int
) -> list[Row]:
    """How long it goes on, the longest waits so far (time of day and wait) with those behind whom they were."""
    if look is None:
        return [row((" precise: tracing begins …", "accent"))]
    found = look if isinstance(look, Unread) else look.found
    if isinstance(found, Unread):
        rows = [row((fit(f" precise: {clean(str(found))}", width), "unknown"))]
    else:
        assert isinstance(look, Culprits)
        traced = look.traced
        assert traced is not None
        left = max(traced.until - look.at, 0.0)
        lost = f", {traced.lost:,} lost" if traced.lost else ""
        told = (
            f" precise, {left:.0f} s left, W ends it: {traced.waited} waits in {look.seconds:.1f} s, "
            f"{traced.events:,} events{lost}; each costs its CPU some 0.3 µs; read in {look.cost_ms:.0f} ms"
        )
        rows = [row((fit(told, width), "warn" if traced.lost else "dim"))]
    names = {t.tid: name_of(k) for k in history.guests.get(guest, ()) if (t := history.thread(k)) is not None}
    for wall, wait in longest[:WAITS]:
        rows.append(_wait_row(names.get(wait.tid, str(wait.tid)), wall, wait, width))
    return rows


def _wait_row(name: str, wall: float, wait: Wait, width: int) -> Row:
    runs: list[Run] = [(f" {clock_text(wall)} {name} waited {wait.ms:.1f} ms on CPU {wait.cpu} behind ", "accent")]
    parts = []
    for kind, who, tid, ms in wait.behind:
        if kind == "task" and not tid:
            parts.append(f"the idle CPU's waking {ms:.1f} ms")
        else:
            number = f" ({tid})" if tid else ""
            parts.append(f"{kind + ' ' if kind.endswith('irq') else ''}{clean(who)}{number} {ms:.1f} ms")
    text = " · ".join(parts) or "none that was seen"
    return Row((*runs, (fit(text, max(width - len(runs[0][0]), 0)), "")))


def core_rows(look: Reading[Core] | None, width: int) -> list[Row]:
    """Idle states, throttling and interrupts of a host CPU."""
    if isinstance(look, Unread):
        return [row((fit(f" this CPU is unknown: {clean(str(look))}", width), "unknown"))]
    if look is None or not look.seconds:
        return [row((" this CPU is being looked at …", "accent"))]
    if isinstance(look.idle, Unread):
        idle = f"C-states unknown: {look.idle}"
    else:
        idle = "C-states  " + " · ".join(
            f"{clean(s.name)} {_share(s.share)} ({_rate(s.per_second, 0)}/s{', off' if s.disabled else ''})"
            for s in look.idle
        )
    if isinstance(look.throttled, Unread) or isinstance(look.throttled_ever, Unread):
        why = look.throttled if isinstance(look.throttled, Unread) else look.throttled_ever
        heat = f"throttling unknown: {why}"
    else:
        now = f"throttled {look.throttled:.1f} times a second, " if look.throttled else "not throttled for heat now, "
        heat = f"{now}{look.throttled_ever:,} times since boot"
    hot = not isinstance(look.throttled, Unread) and look.throttled > 0
    if isinstance(look.sources, Unread):
        named = f"interrupts unknown: {look.sources}"
    else:
        named = "interrupts  " + (
            " · ".join(
                f"{s.kind + ' ' if s.kind == 'softirq' or s.name[:1].isdigit() else ''}{clean(s.name)} "
                f"{s.per_second:,.0f}/s"
                for s in look.sources[:SOURCES]
            )
            or "none"
        )
    title = f" CPU {look.cpu}  "
    return [
        row((title, "accent"), fit(idle, width - len(title))),
        row((fit(" " * len(title) + heat, width), "warn" if hot else "")),
        row(fit(" " * len(title) + named, width)),
    ]


def _share(value: Reading[float]) -> str:
    return "?" if isinstance(value, Unread) else f"{value:.0%}"
