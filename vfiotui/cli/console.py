"""`vfiotui console`: opens the console, or prints the doctor's report where none can be drawn."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root

if TYPE_CHECKING:
    from vfiotui.host.root.root import Root
    from vfiotui.live.sampler import Readers
    from vfiotui.tui.app import ConsoleApp
    from vfiotui.tui.terminal.capabilities import Caps


def arguments(parser: argparse.ArgumentParser) -> None:
    """Where to begin."""
    parser.add_argument("--theme", default="", help="dark, light, contrast, console, or one of your own")


@contextlib.contextmanager
def guests_of(args: argparse.Namespace) -> Iterator[str | None]:
    """The libvirt connection to follow; for the demo a node of libvirt's test driver, gone afterwards."""
    if not args.demo or args.connect:
        yield args.connect
        return
    import tempfile

    from vfiotui.demo.libvirt_node import write_node
    from vfiotui.demo.machine import machine
    from vfiotui.virt.connect import NoConnection, load

    with tempfile.TemporaryDirectory(prefix="vfiotui-demo-") as folder:
        try:
            load()
        except NoConnection:
            yield None
            return
        host = machine(args.machine)
        # libvirt refuses a name with a slash; such a machine's guests are read from its files.
        yield None if any("/" in g.name for g in host.guests) else write_node(host, folder)


def run(args: argparse.Namespace) -> Exit:
    """The console until it is left; a fault becomes a sentence and a file with the details."""
    from vfiotui.tui.terminal.capabilities import find_caps
    from vfiotui.tui.terminal.output import drawing
    from vfiotui.tui.terminal.size import take_exported

    caps = find_caps()
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or caps.dumb or args.plain or args.json:
        from vfiotui.cli.finding import doctor

        plain = argparse.ArgumentParser()
        doctor.arguments(plain)
        return doctor.run(plain.parse_args([], args))
    # Nothing of what is loaded now is ever garbage: the collector begins after the first frame.
    gc.disable()
    take_exported()
    root = open_root(args)
    with guests_of(args) as uri:
        with _first_picture(args, root, caps) as readers:
            app = _console(args, root, caps, uri, readers)
        with drawing():
            ended = app.run()
    fault = getattr(app, "fault", None)
    if fault is not None:
        from vfiotui.cli.fault import kept

        raise CommandError(f"the console {kept(fault)}")
    return Exit(ended or Exit.FINE)


def _first_picture(
    args: argparse.Namespace, root: Root, caps: Caps
) -> contextlib.AbstractContextManager[Readers | None]:
    """What Live can show while the rest of the console is loaded; nothing for other screens and for recordings."""
    live = getattr(args, "start", "") == "live" and not getattr(args, "replay", None)
    if not live or not root.moves:
        return contextlib.nullcontext()
    from vfiotui.tui.terminal.first_frame import first_frame
    from vfiotui.tui.terminal.output import TERMINAL

    return first_frame(root, caps, args.guest, args.interval, TERMINAL)


def _console(args: argparse.Namespace, root: Root, caps: Caps, uri: str | None, readers: Readers | None) -> ConsoleApp:
    try:
        from vfiotui.tui.app import ConsoleApp
        from vfiotui.tui.terminal.door import catch_faults
    except ImportError as error:
        raise CommandError(
            f"the console needs the Python package textual, which cannot be loaded ({error}); "
            "'vfiotui doctor' works without it"
        ) from error

    theme = getattr(args, "theme", "") or os.environ.get("VFIOTUI_THEME", "")
    start = getattr(args, "start", "host")
    app = ConsoleApp(root, caps, uri=uri, theme=theme, start=start, readers=readers)
    app.live_guest = getattr(args, "guest", "")
    app.sampler.interval = getattr(args, "interval", 1.0)
    replay = getattr(args, "replay", None)
    if replay:
        from vfiotui.cli.live.recording import recorded

        app.replay(replay, *recorded(replay))
    catch_faults(app, lambda error: _failed(app, error))
    return app


def _failed(app: object, error: Exception) -> None:
    """Ends the console; the fault is told after the terminal is itself again."""
    if getattr(app, "fault", None) is None:
        app.fault = error  # type: ignore[attr-defined]
        app.exit(1)  # type: ignore[attr-defined]
