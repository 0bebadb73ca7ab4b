"""`vfiotui verify`: what this boot did against what was foretold when the newest change was applied; moved cards.

JSON: {"change", "without_passthrough", "trial", "devices": [{"bdf", "foretold": [drivers], "bound", "right"}],
"moved": [sentences], "right", "of", "undo"}. Exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import plain, print_json, printable
from vfiotui.host import boot, changes, pci, selection, trial
from vfiotui.host.root import Root
from vfiotui.model.journal import ChangeRecord, State
from vfiotui.model.plan import Plan
from vfiotui.model.reading import Unread
from vfiotui.model.selection import moved
from vfiotui.model.verified import newest_forecast, verify

TRIALS = {
    "armed": "a trial boot is prepared: the next start tries it once",
    "running": "the trial boot has not been found healthy yet",
    "failed": "the trial boot was not healthy: every start is without passthrough until the change is undone",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def newest(root: Root) -> ChangeRecord:
    """The newest change in force that foretold a boot."""
    found = changes.read(root)
    if isinstance(found, Unread):
        raise CommandError(f"the journal cannot be read: {found}", Exit.NO_ACCESS)
    record = newest_forecast(found)
    if record is None:
        raise CommandError("no change in force foretold a boot: there is nothing to compare", Exit.FAILS)
    return record


def run(args: argparse.Namespace) -> Exit:
    """Compares."""
    root = open_root(args)
    record = newest(root)
    if record.state is State.WAITING:
        raise CommandError(f"change {record.name} waits for the next boot: start the host anew, then ask again")
    assert isinstance(record.plan, Plan)
    bus = pci.read(root)
    if isinstance(bus, Unread):
        raise CommandError(f"the PCI devices cannot be seen: {bus}", Exit.NO_ACCESS)
    found = verify(record.plan.forecast, bus)
    chosen = selection.read(root)
    lost = [f"the stored choice cannot be read: {chosen}"] if isinstance(chosen, Unread) else [
        m.sentence for m in moved(chosen, bus)
    ]  # fmt: skip
    line = boot.read_cmdline(root)
    without = not isinstance(line, Unread) and line.last("vfiotui") == "off"
    state = trial.read(root)
    right = sum(v.right for v in found)
    undo = f"'vfiotui undo {record.number}' takes change {record.name} back"
    if args.json:
        print_json(
            {
                "change": record.name,
                "without_passthrough": without,
                "trial": state,
                "devices": [
                    {"bdf": v.bdf, "foretold": list(v.foretold), "bound": plain(v.bound), "right": v.right}
                    for v in found
                ],
                "moved": lost,
                "right": right,
                "of": len(found),
                "undo": undo,
            }
        )
    else:
        head = [f"change {record.name}: {record.title}"]
        head += ["this boot was started without passthrough: it is not the one that was foretold"] if without else []
        head += [TRIALS[state]] if state in TRIALS else []
        wrong = [v.sentence for v in found if not v.right]
        given = [v.sentence for v in found if v.right and isinstance(v.bound, str) and "vfio" in v.bound]
        count = f"{right} of {len(found)} devices came as foretold"
        for text in (*head, *given, *wrong, *lost, count, undo):
            print(printable(text))
    return Exit.FINE if right == len(found) and not lost and not without else Exit.FAILS
