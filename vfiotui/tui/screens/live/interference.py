"""Who ran on the CPU of a vCPU that waits, as rows."""

from __future__ import annotations

from vfiotui.live.history import Key, LiveHistory
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.alarm import LONG_WAIT
from vfiotui.model.live.interference import Culprit, Culprits
from vfiotui.tui.row import Row, Run, row
from vfiotui.tui.screens.live.view import LATE, name_of
from vfiotui.tui.text import clean, fit

RECENT = 10
"""Samples for which a wait is remembered."""
MOST = 3
"""vCPUs that are spoken of: those that wait longest."""


def late_keys(history: LiveHistory, guest: str, at: int) -> list[Key]:
    """The vCPUs that have waited in the last samples, the longest wait first."""
    waits = []
    for key in history.guests.get(guest, ()):
        if key[1] == "vcpu":
            wait = history.peak(key, "delay", at - RECENT + 1, at + 1)
            if wait > LONG_WAIT:
                waits.append((wait, key))
    return [key for _, key in sorted(waits, reverse=True)]


def culprit_rows(
    history: LiveHistory, guest: str, at: int, look: Culprits | Unread | None, asked: bool, width: int
) -> list[Row]:
    """A line for each vCPU that waits, or all of them where somebody asked; what the look cost."""
    keys = late_keys(history, guest, at)
    if asked:
        keys += [k for k in history.guests.get(guest, ()) if k[1] == "vcpu" and k not in keys]
    if not keys:
        return [row((fit("no vCPU waits long; w looks who runs on their CPUs", width), "dim"))]
    if isinstance(look, Unread):
        return [row((fit(clean(str(look)), width), "unknown"))]
    if look is None or isinstance(look.found, Unread):
        return [row((fit("looking who runs on their CPUs …", width), "accent"))]
    rows = [_line(history, key, at, look, width) for key in keys[: None if asked else MOST]]
    sleeping = f", {look.others} sleep" if look.others else ""
    told = (
        f"{look.tasks} tasks seen{sleeping}, in {look.cost_ms:.1f} ms of CPU; shares of the last {look.seconds:.1f} s"
    )
    return [*rows, row((fit(told, width), "dim"))]


def _line(history: LiveHistory, key: Key, at: int, look: Culprits, width: int) -> Row:
    ran_on, thread = history.value(key, "ran_on", at), history.thread(key)
    if ran_on != ran_on:
        return row((fit(f"{name_of(key)}: where it ran is unknown", width), "unknown"))
    delay = history.value(key, "delay", at)
    waited = f" waited {delay:.1f} ms/s" if delay == delay else ""
    runs: list[Run] = [(f"{name_of(key)} on CPU {ran_on:.0f}{waited}: ", "warn" if delay > LATE else "head")]
    found = look.on(int(ran_on), 0 if thread is None else thread.tid)
    if not found:
        runs.append(("nothing else ran there", "dim"))
    used = len(runs[0][0])
    for i, culprit in enumerate(found):
        text = (" · " if i else "") + words(culprit)
        if used + len(text) > width:
            break
        runs.append((text, "" if culprit.share > 0.05 or not i else "dim"))
        used += len(text)
    return Row((*runs, (" " * max(width - used, 0), "")))


def words(culprit: Culprit) -> str:
    """kworker/12:1 (kernel) 61 %, irq 87 xhci_hcd 340/s."""
    name = clean(culprit.name)
    if culprit.kind in ("irq", "softirq"):
        return f"{culprit.kind} {name} {culprit.per_second:.0f}/s"
    what = {"kernel": " (kernel)", "ended": ""}.get(culprit.kind, f" ({culprit.tid})")
    return f"{name}{what} {culprit.share:.0%}"
