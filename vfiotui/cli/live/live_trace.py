"""`vfiotui live --precise` and `--exits`: what costs more than a live figure, in lines, for a bounded time."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.live.asked_to_end import asked_to_end
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import printable
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.live.exits import GuestExits
from vfiotui.model.live.interference import Wait
from vfiotui.model.live.sample import GuestCount, ThreadCount

SECONDS, MOST_SECONDS = 10.0, 60.0
"""How long is traced without a word, and at most."""
LEAST_MS, MOST_WAITS = 1.0, 5
"""Waits that are reported of each second: no shorter ones, no more."""
EXITS_SECONDS = 5.0


def _ticks(args: argparse.Namespace, step: float, most: float | None) -> Iterator[None]:
    """Once at the beginning and then every `step` seconds, until the time is over or somebody ends it."""
    ended = asked_to_end()
    length = args.seconds if most is None else min(args.seconds or SECONDS, most)
    end = None if length is None else time.monotonic() + length
    while True:
        yield
        if ended.wait(step) or (end is not None and time.monotonic() >= end):
            return


def _guest(root: Root, name: str) -> GuestCount:
    """The guest of this name, or the only one that runs."""
    from vfiotui.host.live.guests import GuestReader

    reader = GuestReader(root)
    found = reader.read()
    reader.close()
    if isinstance(found, Unread):
        raise CommandError(f"guests are not visible: {printable(str(found))}", Exit.NO_ACCESS)
    chosen = [g for g in found if not name or g.name == name]
    if len(chosen) != 1:
        names = ", ".join(printable(g.name) for g in found) or "none"
        raise CommandError(f"--guest must name one running guest; there runs: {names}", Exit.USAGE)
    return chosen[0]


def precise(args: argparse.Namespace) -> Exit:
    """Traces the vCPUs of a guest, and tells each second the longest waits with those behind whom they were."""
    from vfiotui.host.live.trace_leftovers import remove_leftovers
    from vfiotui.live.tracing import TraceReader

    root = open_root(args)
    vcpus = {t.tid: t for t in _guest(root, args.guest).threads if t.kind == "vcpu"}
    for path in remove_leftovers(root):
        print(f"a killed process had left {path}: removed", file=sys.stderr)
    cpus = frozenset(t.ran_on for t in vcpus.values() if isinstance(t.ran_on, int))
    reader = TraceReader(root, cpus, frozenset(vcpus))
    waits = events = lost = 0
    try:
        first = reader.read()
        if not reader.traces:
            raise CommandError(str(first.found), Exit.NO_ACCESS)
        for _ in _ticks(args, 1.0, MOST_SECONDS):
            look = reader.read()
            if look.traced is None:
                break
            waits, events, lost = waits + look.traced.waited, events + look.traced.events, lost + look.traced.lost
            wall = time.time() - time.monotonic()
            for wait in [w for w in look.traced.waits if w.ms >= LEAST_MS][:MOST_WAITS]:
                print(_wait_line(vcpus[wait.tid], wait, wall), flush=True)
    finally:
        reader.close()
    print(f"{waits} waits, {events} events traced, {lost} lost", file=sys.stderr)
    return Exit.FINE


def _wait_line(thread: ThreadCount, wait: Wait, wall: float) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(wall + wait.at))
    behind = ", ".join(_who(*who) for who in wait.behind)
    return f"{clock} vCPU {thread.number} waited {wait.ms:.1f} ms on CPU {wait.cpu} behind {behind or 'none seen'}"


def _who(kind: str, name: str, tid: int, ms: float) -> str:
    word = "idle CPU waking" if kind == "task" and not tid else printable(name)
    return f"{word}{f' ({tid})' if tid else ''} {ms:.1f} ms"


def exits(args: argparse.Namespace) -> Exit:
    """A line for each vCPU every five seconds, as libvirt tells them."""
    from vfiotui.virt.exits import ExitReader

    root = open_root(args)
    if not (root.is_live or args.connect):
        raise CommandError("only libvirt on a running host reports exits", Exit.NO_ACCESS)
    name, reader = args.guest or _guest(root, "").name, ExitReader(args.connect)
    try:
        for _ in _ticks(args, EXITS_SECONDS, None):
            look = reader.read(name)
            if isinstance(look.vcpus, Unread):
                raise CommandError(f"exits of {printable(name)} are unknown: {look.vcpus}", Exit.NO_ACCESS)
            if look.seconds:
                sys.stdout.write(_exit_lines(look))
                sys.stdout.flush()
    finally:
        reader.close()
    return Exit.FINE


def _exit_lines(look: GuestExits) -> str:
    def cell(value: Reading[float], form: str = ".0f") -> str:
        return "?" if isinstance(value, Unread) else format(value, form)

    clock = time.strftime("%H:%M:%S")
    return "".join(
        f"{clock} {printable(look.guest)} vCPU {v.vcpu:<3} exits {cell(v.exits)}/s  I/O {cell(v.io)}/s  "
        f"MMIO {cell(v.mmio)}/s  halts {cell(v.halts)}/s  emulated {cell(v.emulated)}/s  "
        f"polled {cell(v.poll_won_ms, '.1f')} won, {cell(v.poll_lost_ms, '.1f')} ms/s lost\n"
        for v in (look.vcpus if isinstance(look.vcpus, tuple) else ())
    )
