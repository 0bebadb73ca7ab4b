"""`vfiotui usb`: controllers, ports and devices with who uses each; USB devices, keyboards and mice for guests.

JSON of list: {"vfiotui": version, "controllers": [{"address", "name", "driver", "group", "reset", "whole": {"possible":
true, false or null, "why": [sentences]}, "host_loses", "buses": [{"bus", "speed", "ports", "free", "devices":
[NODE]}]}], "follows": [{"guest", "uuid", "ids", "port", "controller", "speed", "chain"}] or null, "unread": reason or
null}. NODE: {"port", "bus", "number", "ids", "name", "speed", "drivers", "hub", "keyboard", "needed": [what the host
cannot do without], "used", "guests", "defined", "follows": [guests], "same_ids": [ports], "free", "devices": [NODE]}.
The others: the answer of apply; with --dry-run the plan.
"""

from __future__ import annotations

import argparse

from vfiotui.cli.exit import CommandError, Exit

VERBS = {
    "attach": ("DEVICE", "give a plugged device to a guest: now where it runs, else in its definition"),
    "detach": ("DEVICE", "take a device from a guest: now where it runs, else from its definition"),
    "follow": ("PORT|IDS", "give a guest what is plugged into a port, or has these ids, always: rules that stay"),
    "unfollow": ("PORT|IDS", "give it by itself no more; 'all' for every rule of the guest"),
    "evdev": ("PATH", "share a keyboard or mouse (a link below /dev/input/by-id) with a guest; keys hand it over"),
}
DEVICE = "a port such as 1-2.3, ids such as 046d:c52b, or bus and device such as 1:5"
SCOPES = ("running", "config", "both")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, with which device, for which guest."""
    from vfiotui.cli.change.consent import add_consent
    from vfiotui.cli.main import add_global

    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    one = verbs.add_parser("list", help="controllers, buses, ports and devices as a tree, and who uses each")
    one.add_argument("--ports", action="store_true", help="name the free ports, too")
    for verb, (what, text) in VERBS.items():
        one = verbs.add_parser(verb, help=text)
        one.add_argument("guest", metavar="GUEST")
        many = "+" if verb == "evdev" else "?" if "follow" in verb else None
        one.add_argument("device", metavar=what, nargs=many, help=None if verb == "evdev" else DEVICE)
        if "follow" in verb:
            named = one.add_mutually_exclusive_group()
            named.add_argument("--port", metavar="P", help="the same as a port")
            named.add_argument("--id", metavar="VVVV:PPPP", help="the same as ids")
        if "tach" in verb:
            scope = one.add_mutually_exclusive_group()
            scope.add_argument("--running", action="store_true", help="only now, until the guest or the device goes")
            scope.add_argument("--config", action="store_true", help="only in the definition, from its next start on")
            scope.add_argument("--both", action="store_true", help="now and in the definition")
        if verb == "evdev":
            one.add_argument("--toggle", metavar="KEYS", default="ctrl-ctrl", help="ctrl-ctrl (default), scrolllock, …")
            one.add_argument("--off", action="store_true", help="share it no more")
        one.add_argument("--dry-run", action="store_true", help="show the plan and change nothing")
        add_consent(one)
    for one in verbs.choices.values():
        add_global(one, argparse.SUPPRESS)


def run(args: argparse.Namespace) -> Exit:
    """Does what the verb says."""
    if args.verb == "list":
        from vfiotui.cli.pci import usb_text

        return usb_text.show_list(args)
    from vfiotui.cli.change.apply import reach

    args.apply = not args.dry_run
    return reach(args, _goals(args))


def _goals(args: argparse.Namespace) -> list[tuple[str, str]]:
    """What the words want."""
    if args.verb == "evdev":
        if args.off:
            return [("domain.evdev.drop", f"{args.guest}/{path}") for path in args.device]
        return [("domain.evdev.add", f"{args.guest}/{path}={args.toggle}") for path in args.device]
    if "follow" in args.verb:
        words = [w for w in (args.device, args.port, args.id) if w]
        if len(words) != 1:
            raise CommandError(f"name one port or ids: {DEVICE.rpartition(', or')[0]}", Exit.USAGE)
        return [(f"usb.{args.verb}", f"{args.guest}/{words[0]}")]
    scope = next((s for s in SCOPES if getattr(args, s)), "") or _scope(args)
    goals = {"running": f"usb.{args.verb}", "config": f"domain.usb.{'add' if args.verb == 'attach' else 'drop'}"}
    return [(goal, f"{args.guest}/{args.device}") for kind, goal in goals.items() if scope in (kind, "both")]


def _scope(args: argparse.Namespace) -> str:
    """Now where the guest runs, else in its definition."""
    from vfiotui.cli.guest.guest_host import Guests

    domain = Guests(args).domain(args.guest)
    return "running" if domain is not None and domain.running else "config"
