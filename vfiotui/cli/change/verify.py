"""`vfiotui verify`: what this boot did against what was predicted when the newest change was applied; moved cards.

JSON: {"change", "without_passthrough", "trial", "devices": [{"bdf", "predicted": [drivers], "bound", "right"}],
"not_bound": [bdf], "moved": [sentences], "right", "of", "left": [sentences], "undo"};
{"left"} where only steps were left.
Exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import needed, plain, print_json, printable
from vfiotui.host import changes
from vfiotui.host.boot import boot, trial
from vfiotui.host.pci import functions as pci
from vfiotui.host.pci import selection
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.verification import newest_forecast, not_bound, verify
from vfiotui.model.change.journal import ChangeRecord, State, state_words
from vfiotui.model.change.plan import Plan
from vfiotui.model.pci.selection import moved

TRIALS = {
    "armed": "a trial boot is prepared: the next start tries it once",
    "running": "the trial boot has not been found healthy yet",
    "failed": "the trial boot was not healthy: every start is without passthrough until the change is undone",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def _records(root: Root) -> tuple[ChangeRecord, ...]:
    return needed(changes.read(root), "the journal cannot be read")


def _left(root: Root, record: ChangeRecord, booted: bool = False) -> str:
    """How a change stands with steps left, looked at anew by their effect; written down where this process may."""
    from vfiotui.apply.errors import ApplyError
    from vfiotui.apply.target import Target
    from vfiotui.apply.undo.left import look_again

    try:
        outcome = look_again(Target(root), record.name, booted)
    except ApplyError as error:
        return f"change {record.name} was {record.words}; it cannot be refresh: {error}"
    return f"change {record.name} is {state_words(outcome.state, outcome.left)}"


def run(args: argparse.Namespace) -> Exit:
    """Compares."""
    root = open_root(args)
    outstanding = [r for r in _records(root) if r.state is State.OUTSTANDING]
    looked = [_left(root, r) for r in outstanding]
    records = _records(root) if outstanding else ()
    for sentence in () if args.json else looked:
        print(printable(sentence))
    record = newest_forecast(records or _records(root))
    if record is None and outstanding:
        if args.json:
            print_json({"left": looked})
        return Exit.FAILS if any(r.state is State.OUTSTANDING for r in records) else Exit.FINE
    if record is None:
        raise CommandError("nothing to verify: no pending boot change", Exit.FAILS)
    if record.state is State.WAITING or (record.state is State.OUTSTANDING and changes.same_boot(root, record)):
        raise CommandError(f"change {record.name} waits for the next boot: reboot the host, then run this again")
    assert isinstance(record.plan, Plan)
    bus = needed(pci.read(root), "the PCI devices cannot be seen")
    found = verify(record.plan.forecast, bus)
    chosen = selection.read(root)
    lost = [f"the stored choice cannot be read: {chosen}"] if isinstance(chosen, Unread) else [
        m.sentence for m in moved(chosen, bus)
    ]  # fmt: skip
    line = boot.read_cmdline(root)
    without = not isinstance(line, Unread) and line.last("vfiotui") == "off"
    state = trial.read(root)
    right = sum(v.right for v in found)
    unbound = not_bound(record.plan, bus)
    left = record.progress.left
    if left and right == len(found) and not without and not unbound:
        # What no file shows is true where the boot came as it was predicted.
        _left(root, record, booted=True)
        left = next((r.progress.left for r in _records(root) if r.number == record.number), ())
    undo = f"'vfiotui undo {record.number}' takes change {record.name} back"
    if args.json:
        print_json(
            {
                "change": record.name,
                "without_passthrough": without,
                "trial": state,
                "devices": [
                    {"bdf": v.bdf, "predicted": list(v.predicted), "bound": plain(v.bound), "right": v.right}
                    for v in found
                ],
                "not_bound": [bdf for bdf, _ in unbound],
                "moved": lost,
                "right": right,
                "of": len(found),
                "left": list(left),
                "undo": undo,
            }
        )
    else:
        head = [f"change {record.name}: {record.title}"]
        head += ["this boot was started without passthrough: it is not the one that was predicted"] if without else []
        head += [TRIALS[state]] if state in TRIALS else []
        wrong = [v.sentence for v in found if not v.right]
        given = [v.sentence for v in found if v.right and isinstance(v.bound, str) and "vfio" in v.bound]
        count = f"{right} of {len(found)} devices match the prediction"
        open_ = [f"left to do: {sentence}" for sentence in left]
        missed = [f"{bdf} was chosen for vfio-pci and has {driver}" for bdf, driver in unbound]
        for text in (*head, *given, *missed, *wrong, *lost, count, *open_, undo):
            print(printable(text))
    return Exit.FINE if right == len(found) and not lost and not unbound and not without and not left else Exit.FAILS
