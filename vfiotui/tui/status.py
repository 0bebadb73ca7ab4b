"""The status line and the line of keys, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.live.sample import OwnCost
from vfiotui.tui.row import Row, Run
from vfiotui.tui.text import clean, fit

if TYPE_CHECKING:
    # The first frame has none of these in it, and need not wait for their classes.
    from vfiotui.model.boot.boot_summary import Booted
    from vfiotui.model.change.journal import ChangeRecord
    from vfiotui.model.guest.domain import Virt
    from vfiotui.tui.actions import Action

MORE = " …"
"""What the key line ends with where it is cut."""

Journal: TypeAlias = "Reading[tuple[ChangeRecord, ...]]"


def libvirt_words(virt: Virt | None) -> str:
    """ "libvirt ok 2/3 running" and its like."""
    if virt is None:
        return "libvirt …"
    if isinstance(virt.domains, Unread):
        return "libvirt off"
    running = sum(d.running for d in virt.domains)
    state = "ok" if virt.connected else "lost" if virt.libvirt_version else "off" if virt.uri else "files"
    unread = f" {len(virt.unread)} not read" if virt.unread else ""
    return f"libvirt {state} {running}/{len(virt.domains) + len(virt.unread)} running{unread}"


def change_words(journal: Journal | None) -> Run:
    """Whether a change is at work or broke off half-way, else how many wait for a boot."""
    if journal is None or isinstance(journal, Unread):
        return "changes ?", ""
    if not journal:
        return "no changes pending", ""
    from vfiotui.model.change.journal import BUSY, State

    at_work = [r for r in journal if r.state in BUSY]
    if at_work:
        return f"change {at_work[0].number} {at_work[0].state}", "accent"
    broken = [r for r in journal if r.state in (State.INTERRUPTED, State.STUCK, State.DAMAGED)]
    if broken:
        return f"change {broken[0].number} {broken[0].state}", "fail"
    outstanding = [r for r in journal if r.state is State.OUTSTANDING]
    if outstanding:
        left = len(outstanding[0].progress.left)
        return f"change {outstanding[0].number}: {left} step{'s' * (left != 1)} left", "warn"
    count = sum(r.state is State.WAITING for r in journal)
    return (f"{count} change{'s' * (count != 1)} pending", "warn") if count else ("no changes pending", "")


def reboot_needed(boot: Reading[Booted] | None, journal: Journal | None) -> bool:
    """Whether a change, or the system itself, waits for the next boot."""
    waits = isinstance(journal, tuple) and any(r.waits for r in journal)
    return waits or (boot is not None and not isinstance(boot, Unread) and boot.reboot_required is True)


def rough(value: float) -> str:
    """One digit of a figure: what wanders by a little is not painted again at every reading.

    >>> rough(0.4), rough(3.45), rough(14.6), rough(187.0)
    ('<1', '3', '10', '200')
    """
    return "<1" if value < 1 else f"{float(f'{value:.0e}'):.0f}"


def cost_words(cost: Reading[OwnCost]) -> str:
    """What this program takes: CPU time, and bytes to the terminal."""
    if isinstance(cost, Unread) or isinstance(cost.cpu_ms, Unread):
        return ""
    sent = "" if isinstance(cost.bytes_per_s, Unread) else f" · {rough(cost.bytes_per_s / 1000)} kB/s"
    return f"vfiotui {rough(cost.cpu_ms / 10)} % CPU{sent} "


def status_row(
    mode: Mode,
    label: str,
    booted: Reading[Booted] | None,
    virt: Virt | None,
    journal: Journal | None,
    cost: Reading[OwnCost] | None,
    reading: bool,
    width: int,
    *,
    unfollowed: bool = False,
) -> Row:
    """Host, kernel, mode, libvirt, changes, reboot on the left; own cost on the right.

    `unfollowed`: device events do not come, so that only r shows what was plugged in or taken out.
    """
    boot = None if isinstance(booted, Unread) else booted
    state = libvirt_words(virt)
    # Of a long path the end tells more than the beginning.
    place = clean(label)
    place = place if len(place) <= width // 3 else f"…{place[-(width // 3) :]}"
    word = f"{mode} {place}".strip()
    changes = change_words(journal)
    # What is left out first where the line is short has the highest number.
    parts: list[tuple[int, Run]] = [(0, (word, "") if mode is Mode.LIVE else (f" {word} ", "reverse"))]
    if boot is not None:
        release = boot.release
        host = "unnamed" if isinstance(boot.hostname, Unread) else clean(boot.hostname) or "unnamed"
        parts.insert(0, (0, (host, "head")))
        parts.insert(1, (2, ("kernel ?" if isinstance(release, Unread) else clean(release), "")))
    parts.append((1, (state, "warn" if "lost" in state or "off" in state else "")))
    parts.append((1 if changes[1] else 3, changes))
    if reboot_needed(boot, journal):
        parts.append((1, ("reboot needed", "warn")))
    if unfollowed:
        parts.append((1, ("no device events", "warn")))
    if reading:
        parts.append((1, ("reading", "accent")))
    while sum(len(text) + 3 for _, (text, _) in parts) - 1 > width and len(parts) > 1:
        parts.remove(max(parts, key=lambda part: part[0]))
    runs: list[Run] = []
    for _, run in parts:
        runs += [(" · " if runs else " ", ""), run]
    right = "" if cost is None else cost_words(cost)
    used = sum(len(t) for t, _ in runs)
    if used + len(right) + 1 <= width:
        runs += [(" " * (width - used - len(right)), ""), (right, "dim")]
    return Row(tuple(runs))


def trouble_row(sentence: str, width: int) -> Row:
    """What broke, in place of the status, whose words may be old then."""
    return Row(((fit(clean(sentence), width), "warn"),))


def key_row(actions: Sequence[Action], width: int) -> Row:
    """The keys that work now; "…" stands for those that do not fit, which the help has."""
    runs: list[Run] = []
    used = 0
    for index, action in enumerate(actions):
        key, word = action.bar_key, action.word
        part = len(key) + len(word) + 3
        more = len(MORE) if index + 1 < len(actions) else 0
        if used + part + more > width:
            runs.append((fit(MORE, max(width - used, 0)).rstrip(), "dim"))
            used = min(used + len(MORE), width)
            break
        runs += [(f" {key}", "key"), (f" {word} ", "")]
        used += part
    return Row((*runs, (fit("", max(width - used, 0)), "")))
