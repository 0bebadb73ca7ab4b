"""`vfiotui isolate [BDF…]`: what the next boot gives to vfio-pci; with addresses a plan that gives them away, or back.

JSON without addresses: {"devices": [{"bdf", "name", "group", "configured", "on_disk", "booted", "bound", "drift",
"forecast": [drivers], "sure", "why", "advice"}], "boot_path": {"loader", "steps", "candidates", "open", "on_disk",
"configured", "booted", "not_read"}}; with addresses the plan; with --apply or --undo as those commands.
"""

from __future__ import annotations

import argparse
from typing import Any

from vfiotui.cli.change.consent import add_consent
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root, plan_inputs
from vfiotui.cli.out import needed, plain, print_answer, printable, table
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.path_text import path_json, path_lines
from vfiotui.model.boot.prediction import Forecast
from vfiotui.model.boot.verification import newest_isolation
from vfiotui.model.pci.binding_state import BindingState, in_words
from vfiotui.model.pci.functions import PciBus

METHODS = ("auto", "ids", "subsystem", "override", "dynamic")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which devices, how, and whether it is done."""
    parser.add_argument("device", nargs="*", metavar="BDF", help="a PCI address such as 01:00.0; none lists all")
    parser.add_argument(
        "--method", choices=METHODS, default="auto", help="how they are bound (the simplest that works)"
    )
    parser.add_argument("--now", action="store_true", help="also bind them (with --off: give them back) now")
    parser.add_argument("--trial", action="store_true", help="the next boot is a trial, kept only when it is healthy")
    parser.add_argument(
        "--off", action="store_true", help="give them back to the host at the next boot, whatever binds them"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--plan", action="store_true", help="show the plan and change nothing (the default)")
    what.add_argument("--apply", action="store_true", help="apply the plan")
    what.add_argument("--undo", action="store_true", help="undo the newest change that isolates devices")
    add_consent(parser)


def run(args: argparse.Namespace) -> Exit:
    """Lists, plans, applies or undoes."""
    if args.undo:
        from vfiotui.cli.change import undo

        args.number, args.preview, args.force = newest(open_root(args)), False, False
        return undo.run(args)
    if not args.device:
        if args.apply or args.now or args.trial or args.off:
            raise CommandError("name the devices: 'vfiotui isolate' lists them", Exit.USAGE)
        return _list(args)
    from vfiotui.cli.change.apply import reach

    devices = ",".join(args.device)
    if args.off and args.method != "auto":
        raise CommandError("--off takes the devices off whatever binds them: it takes no --method", Exit.USAGE)
    goals = [("isolate.off" if args.off else f"isolate.{args.method}", devices)]
    goals += [("driver.host" if args.off else "driver.vfio", devices)] if args.now else []
    goals += [("boot.trial", "yes")] if args.trial else []
    return reach(args, goals)


def newest(root: Root) -> str:
    """The number of the newest change in force that gives devices away."""
    from vfiotui.host import changes

    found = needed(changes.read(root), "the journal cannot be read")
    record = newest_isolation(found)
    if record is None:
        raise CommandError("no change that isolates devices is in force: there is nothing to undo", Exit.FAILS)
    return str(record.number)


def _list(args: argparse.Namespace) -> Exit:
    from vfiotui.plan.service import look_at_isolation

    inputs = plan_inputs(args, open_root(args))
    facts = inputs.facts()
    view = needed(look_at_isolation(inputs, facts), "the next boot cannot be predicted")
    boot = needed(facts.boot, "how this host boots cannot be read")
    rows, next_boot = tuple(view.columns.values()), tuple(view.forecasts.values())
    return print_answer(
        args,
        lambda: {
            "devices": [_as_json(view.bus, c, f) for c, f in zip(rows, next_boot, strict=True)],
            "boot_path": path_json(boot),
        },
        lambda: [*as_text(view.bus, rows, next_boot), "", *path_text(boot)],
    )


def _as_json(bus: PciBus, row: BindingState, told: Forecast) -> dict[str, Any]:
    device = bus.get(row.bdf)
    return {
        "bdf": row.bdf,
        "name": device.name if device else None,
        "group": plain(device.group) if device else None,
        "configured": plain(row.configured),
        "on_disk": plain(row.on_disk),
        "booted": plain(row.booted),
        "bound": plain(row.bound),
        "drift": list(row.drift),
        "forecast": list(told.outcomes),
        "sure": told.sure,
        "why": told.why,
        "advice": told.advice,
    }


def path_text(boot: Boot) -> list[str]:
    """The boot path, each line with where it was read."""
    found = ["next boot, by what lies on the disk:"]
    for line in path_lines(boot):
        source = f"  [{line.source}]" if line.source and line.source not in line.text else ""
        found.append(f"  {line.what:<10}  {line.text}{source}")
    return [printable(line) for line in found]


def as_text(bus: PciBus, rows: tuple[BindingState, ...], next_boot: tuple[Forecast, ...]) -> list[str]:
    """Every device that is no bridge; below it what drifts and what is not ordered."""
    head = ("device", "group", "configured", "on disk", "booted", "driver", "next boot", "name")
    lines: list[tuple[str, ...]] = [head]
    notes: dict[int, list[str]] = {}
    for row, told in zip(rows, next_boot, strict=True):
        device = bus.get(row.bdf)
        if device is None or device.is_bridge:
            continue
        group = "?" if isinstance(device.group, Unread) else "–" if device.group is None else str(device.group)
        words = [in_words(c) if not isinstance(c, Unread) else "?" for c in (row.configured, row.on_disk, row.booted)]
        lines.append((row.bdf, group, *words, "?" if isinstance(row.bound, Unread) else row.bound or "none",
                      told.text, device.name))  # fmt: skip
        sentences = [*row.drift, *([] if told.sure else [told.why, told.advice])]
        notes[len(lines)] = [s for s in sentences if s]
    found = table(lines)
    for place in sorted(notes, reverse=True):
        found[place:place] = [f"    {sentence}" for sentence in notes[place]]
    return [printable(line) for line in found]
