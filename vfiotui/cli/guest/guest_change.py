"""`vfiotui guest attach|detach|disk|set|autostart`: a guest's devices, disks and settings, as changes with undo.

JSON: the answer of apply; with --dry-run the plan.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vfiotui.cli.change.consent import add_consent
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import print_json, printable, table

if TYPE_CHECKING:
    from vfiotui.model.change.plan import Goal

VERBS = ("attach", "detach", "disk", "set", "autostart")
CONFIG, RUNNING, BOTH = "config", "running", "both"
LIVE = {"attach": "plug", "detach": "unplug", "disk.add": "disk.plug", "disk.remove": "disk.unplug"}
"""Goals of the definition, and those that do the same to a running guest."""


def arguments(verbs: Any) -> None:
    """The words of the verbs."""
    one = verbs.add_parser("attach", help="pass PCI devices to it, with all that must go together")
    _devices(one)
    one.add_argument("--rom", metavar="FILE", help="a ROM file for the first device; it is judged first")
    _devices(verbs.add_parser("detach", help="take PCI devices from it, with what belongs to them"))
    _disk(verbs.add_parser("disk", help="give it another disk, or take one away"))
    _settings(verbs)
    one = verbs.add_parser("autostart", help="whether it starts together with libvirt")
    one.add_argument("guest", metavar="GUEST")
    one.add_argument("value", choices=("on", "off"), metavar="on|off")
    for verb in VERBS:
        verbs.choices[verb].add_argument("--dry-run", action="store_true", help="show the plan and change nothing")
        add_consent(verbs.choices[verb])


def _devices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("guest", metavar="GUEST")
    parser.add_argument("device", nargs="+", metavar="BDF", help="a PCI address such as 0b:00.0")
    _where(parser)


def _where(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    words = {
        CONFIG: "its definition, for its next start (the default)",
        RUNNING: "the running guest, until it ends",
        BOTH: "the running guest and its definition",
    }
    for word, text in words.items():
        where.add_argument(f"--{word}", dest="where", action="store_const", const=word, default=CONFIG, help=text)


def _disk(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("guest", metavar="GUEST")
    parser.add_argument("action", choices=("add", "remove"), metavar="add|remove")
    parser.add_argument(
        "disk", metavar="PATH|TARGET", help="a block device or an image; to remove also its name, such as vdb"
    )
    parser.add_argument("--bus", choices=("virtio", "scsi", "sata", "usb"), help="what it is plugged into")
    parser.add_argument("--device", choices=("disk", "cdrom", "lun"), help="what the guest sees")
    parser.add_argument("--format", metavar="FORMAT", help="of an image, where its first bytes do not show it")
    parser.add_argument("--target", metavar="NAME", help="its name, such as vdb")
    parser.add_argument("--iothread", metavar="ID|none", help="the iothread that serves it")
    parser.add_argument("--readonly", action="store_true", help="the guest cannot write to it")
    _where(parser)


def _settings(verbs: Any) -> None:
    from vfiotui.plan.guest.setting_keys import SETTINGS

    rows = table((f"  {key}={setting.value}", setting.help) for key, setting in SETTINGS.items())
    one = verbs.add_parser(
        "set",
        help="set memory, vCPUs, firmware, boot order and more of it",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(("keys:", *rows)),
    )
    one.add_argument("guest", metavar="GUEST")
    one.add_argument("setting", nargs="+", metavar="KEY=VALUE", help="one of the keys below")


def goals(args: argparse.Namespace) -> Iterator[Goal]:
    """The goals that the words of a command name; PlanError where a key or a value means nothing."""
    from vfiotui.plan.guest.setting_keys import setting_goal

    if args.verb == "set":
        for pair in args.setting:
            yield setting_goal(args.guest, pair)
        return
    if args.verb == "autostart":
        yield "guest.autostart", f"{args.guest}/{args.value}"
        return
    name, value = _wanted(args)
    # The running guest first: what it does not take is not stored.
    if args.where in (RUNNING, BOTH):
        yield f"guest.{LIVE[name]}", f"{args.guest}/{value}"
    if args.where in (CONFIG, BOTH):
        yield f"guest.{name}", f"{args.guest}/{value}"
    if getattr(args, "rom", None):
        yield "guest.rom", f"{args.guest}/{args.device[0]}={args.rom}"


def _wanted(args: argparse.Namespace) -> tuple[str, str]:
    """Name and value of the goal about devices and disks."""
    if args.verb != "disk":
        return args.verb, ",".join(args.device)
    given = [f"{n}={v}" for n in ("bus", "device", "format", "target", "iothread") if (v := getattr(args, n))]
    given += ["readonly"] if args.readonly else []
    if args.action == "remove":
        if given:
            raise CommandError("a disk is removed by its name or path alone", Exit.USAGE)
        return "disk.remove", args.disk
    return "disk.add", f"{','.join(given)}{':' if given else ''}{args.disk}"


def run(args: argparse.Namespace) -> Exit:
    """Plans what the words say, shows it, asks, and applies it."""
    from vfiotui.cli.change.apply import carry_out
    from vfiotui.cli.change.plan import show
    from vfiotui.cli.change.plan_options import planned
    from vfiotui.plan.draft import PlanError
    from vfiotui.plan.judged import Judged

    if "/" in args.guest:
        raise CommandError(f"{printable(args.guest)} is no name of a guest: libvirt takes no slash in one", Exit.USAGE)
    if getattr(args, "rom", None) and args.where == RUNNING:
        raise CommandError("--rom belongs to the definition: take --config or --both", Exit.USAGE)
    try:
        wanted = tuple(goals(args))
    except PlanError as error:
        if args.json:
            print_json({"change": "", "state": "refused", "why": str(error)})
        raise CommandError(printable(str(error)), Exit.USAGE) from error
    root = open_root(args)
    if args.dry_run:
        return show(args, Judged(planned(args, root, wanted)))
    return carry_out(args, root, lambda: Judged(planned(args, root, wanted)))
