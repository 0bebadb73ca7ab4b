"""`vfiotui live`: opens the Live screen, or streams, records and replays the figures of running guests.

Without a terminal, or with --csv or --json, each sample is printed: the columns are those of formats/live_table.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.live.asked_to_end import asked_to_end
from vfiotui.cli.live.recording import samples_of
from vfiotui.cli.machine import open_root
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.interference import Culprits
from vfiotui.model.live.sample import LiveMoment, Sample

if TYPE_CHECKING:
    # The screen needs none of what streams and recordings need.
    from vfiotui.live.recorder import Recorder
    from vfiotui.live.sampler import Readers
    from vfiotui.model.live.alarm import Alarm, Limits

Sink = Callable[[LiveMoment], None]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where the figures come from, and where they go."""
    parser.add_argument("--interval", type=float, default=1.0, metavar="S", help="seconds between samples, 0.1 to 10")
    parser.add_argument("--seconds", type=float, metavar="S", help="stop after this time (without it, at Ctrl-C)")
    parser.add_argument("--record", metavar="FILE", help="write every sample into a file that --replay opens")
    parser.add_argument(
        "--force", action="store_true", help="of --record and --openmetrics: replace FILE where it exists"
    )
    parser.add_argument("--replay", metavar="FILE", help="take the figures from a recording")
    parser.add_argument("--guest", default="", metavar="NAME", help="the guest that the screen shows first")
    parser.add_argument("--csv", action="store_true", help="print CSV; --json prints JSON lines")
    parser.add_argument(
        "--openmetrics", metavar="FILE|:PORT", help="for Prometheus: a file, or a port of 127.0.0.1 (HOST:PORT else)"
    )
    parser.add_argument(
        "--precise",
        action="store_true",
        help="as root: trace one guest's CPUs for --seconds (10, 60 at most); costs them",
    )
    parser.add_argument("--exits", action="store_true", help="every 5 s what KVM counts, asked of libvirt and QEMU")
    parser.add_argument("--alarm-delay", type=float, default=10.0, metavar="MS", help="report a vCPU that waits longer")
    parser.add_argument("--alarm-mhz", type=float, metavar="MHZ", help="report a busy vCPU on a slower CPU")


def run(args: argparse.Namespace) -> Exit:
    """The console where nothing else is asked for on a terminal, else the stream."""
    if args.root is not None and not args.replay:
        raise CommandError(
            "live shows guests while they run, and a disk or a capture has none that do: leave --root out, "
            "or give a recording with --replay FILE",
            Exit.NO_ACCESS,
        )
    if args.precise or args.exits:
        from vfiotui.cli.live import live_trace as live_close

        return live_close.precise(args) if args.precise else live_close.exits(args)
    streams = args.csv or args.json or args.plain or args.record or args.openmetrics
    if sys.stdout.isatty() and sys.stdin.isatty() and not streams:
        from vfiotui.cli import console

        args.start = "live"
        return console.run(args)
    return stream(args)


def stream(args: argparse.Namespace) -> Exit:
    """Every sample to all sinks, until the end that was asked for."""
    from vfiotui.formats.records import live_table
    from vfiotui.model.live.alarm import Limits

    ended = asked_to_end()
    with _told(), contextlib.ExitStack() as stack:
        recorder = _recorder(args, stack) if args.record else None
        sinks: list[Sink] = [lambda moment: recorder.sample(moment.sample)] if recorder else []
        if args.openmetrics:
            from vfiotui.cli.live.live_metrics import metrics_sink

            sinks.append(stack.enter_context(metrics_sink(args.openmetrics, args.force)))
        if args.csv:
            print(live_table.csv_heading())
            sinks.append(lambda moment: _print(live_table.csv_lines(moment)))
        elif args.json:
            sinks.append(lambda moment: _print(live_table.json_lines(moment)))
        elif not sinks:
            sinks.append(lambda moment: _print(as_text(moment)))
        limits = Limits(args.alarm_delay, args.alarm_mhz)
        moments, notice = _replay(args, limits) if args.replay else _watch(args, limits, ended)
        for moment in moments:
            for sink in sinks:
                sink(moment)
            _tell(moment, *notice(moment), recorder)
            if ended.is_set():
                break
    return Exit.FINE


Notice = Callable[[LiveMoment], "tuple[list[Alarm], Culprits | None]"]
"""The alarms that begin with a sample, and who was seen beside vCPUs that wait."""


def _replay(args: argparse.Namespace, limits: Limits) -> tuple[Iterator[LiveMoment], Notice]:
    """A recording; what it says of guests is not compared with this host."""
    from vfiotui.model.live.alarm import Alarms
    from vfiotui.model.live.rates import Rates

    rates, alarms = Rates(), Alarms(limits)
    moments = (rates.moment(s) for s in samples_of(args.replay) if isinstance(s, Sample))
    return moments, lambda moment: (alarms.check(moment), None)


def _watch(args: argparse.Namespace, limits: Limits, ended: threading.Event) -> tuple[Iterator[LiveMoment], Notice]:
    """This host, while this program keeps off the guests' CPUs; libvirt is asked when a guest appears."""
    from vfiotui.cli.machine import look_at_guests
    from vfiotui.live.monitor import Monitor
    from vfiotui.live.sampler import Readers
    from vfiotui.live.self_affinity import SelfRestraint

    root = open_root(args)
    readers, monitor, affinity = Readers(root), Monitor(root, limits), SelfRestraint(root)

    def notice(moment: LiveMoment) -> tuple[list[Alarm], Culprits | None]:
        affinity.hear_moment(moment)
        if monitor.is_new(moment):
            virt = look_at_guests(args, root)
            monitor.hear_libvirt(None if isinstance(virt, Unread) else virt, moment.at)
        alarms = [*monitor.judge_pages(monitor.settled(moment.at)), *monitor.hear_moment(moment)]
        return alarms, monitor.look(readers, moment)

    return _live(args, readers, ended), notice


def _tell(moment: LiveMoment, alarms: list[Alarm], look: Culprits | None, recorder: Recorder | None) -> None:
    """Alarms and names go to standard error, and into the recording."""
    from vfiotui.cli.out import printable
    from vfiotui.model.memory.start_pages import COUNTED

    for alarm in alarms:
        print(f"{_clock(moment.sample.wall)} {printable(alarm.text)}", file=sys.stderr)
        if recorder:
            recorder.remark(alarm.text, alarm.at, alarm=alarm.kind != COUNTED)
    if look is not None:
        _tell_look(look, moment.sample.wall)
        if recorder:
            recorder.look(look)


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _clock(wall: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(wall))


def _tell_look(look: Culprits, wall: float) -> None:
    """The first three on each CPU, without vCPUs."""
    from vfiotui.cli.out import printable

    for cpu in sorted({c.cpu for c in look.found if c.share} if not isinstance(look.found, Unread) else ()):
        others = [c for c in look.on(cpu) if c.share and not c.name.startswith("CPU ")]
        named = ", ".join(f"{printable(c.name)} ({c.tid}) {c.share:.0%}" for c in others[:3])
        if named:
            print(f"{_clock(wall)} on CPU {cpu} in the last {look.seconds:.0f} s: {named}", file=sys.stderr)


def _live(args: argparse.Namespace, readers: Readers, ended: threading.Event) -> Iterator[LiveMoment]:
    from vfiotui.live.sampler import FASTEST, SLOWEST

    interval = min(max(args.interval, FASTEST), SLOWEST)
    begin = beat = time.monotonic()
    while not ended.is_set():
        yield readers.live()
        beat = max(beat + interval, time.monotonic())
        if args.seconds is not None and beat - begin > args.seconds:
            return
        ended.wait(beat - time.monotonic())


def _recorder(args: argparse.Namespace, stack: contextlib.ExitStack) -> Recorder:
    # Only a recording needs what writes files.
    from vfiotui.cli.new_file import open_new
    from vfiotui.live.recorder import Recorder

    recorder = Recorder(args.record, open_new(args.record, args.force), open_root(args))
    stack.callback(recorder.close)
    return recorder


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """A recording that cannot be written ends the command with a sentence."""
    from vfiotui.apply.errors import ApplyError

    try:
        yield
    except ApplyError as error:
        raise CommandError(str(error)) from error


def as_text(moment: LiveMoment) -> str:
    """A moment for a person: a line for each thread of a guest."""
    from vfiotui.cli.out import printable
    from vfiotui.formats.records import live_table

    if isinstance(moment.guests, Unread):
        return f"{_clock(moment.sample.wall)} guests are not visible: {printable(str(moment.guests))}\n"
    if not moment.guests:
        return f"{_clock(moment.sample.wall)} no guest runs\n"
    lines = []
    for record in live_table.records(moment):
        if record["thread"] == "unread":
            whose = f"{printable(str(record['guest'])):16} not all vCPUs" if record.get("guest") else "more guests"
            lines.append(f"{_clock(moment.sample.wall)} {whose} are visible: {printable(str(record['note']))}")
        if record["thread"] == "unread" or not record["guest"]:
            continue

        def cell(name: str, form: str, record: dict[str, object] = record) -> str:
            value = record.get(name)
            return "?" if value is None else format(value, form)

        lines.append(
            f"{_clock(moment.sample.wall)} {printable(str(record['guest'])):16} {record['thread']:8} "
            f"{record['number']:>3} may run {cell('pinned', 's'):>8} ran {cell('ran_on', 'd'):>3} "
            f"{cell('mhz', '.0f'):>5} MHz busy {cell('busy', '.0%'):>4} delay {cell('delay_ms', '.1f'):>6} ms/s "
            f"forced {cell('forced', '.0f'):>5}"
        )
    return "\n".join([*lines, ""])
