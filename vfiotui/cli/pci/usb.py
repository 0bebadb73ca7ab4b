"""`vfiotui usb list`: controllers, buses, ports and devices, with who uses each.

JSON: {"vfiotui": version, "controllers": [{"address", "name", "driver", "group", "reset", "whole": {"possible": true,
false or null, "why": [sentences]}, "host_loses", "buses": [{"bus", "speed", "ports", "free", "devices": [NODE]}]}],
"follows": [{"guest", "uuid", "ids", "port", "controller", "speed", "chain"}] or null, "unread": reason or null}. NODE:
{"port", "bus", "number", "ids", "name", "speed", "drivers", "hub", "keyboard", "needed": [what the host cannot do
without], "used", "guests", "defined", "follows": [guests], "same_ids": [ports], "free", "devices": [NODE]}.
"""

from __future__ import annotations

import argparse

from vfiotui.cli.exit import Exit


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, with which device."""
    from vfiotui.cli.main import add_global

    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    one = verbs.add_parser("list", help="controllers, buses, ports and devices as a tree, and who uses each")
    one.add_argument("--ports", action="store_true", help="name the free ports, too")
    for one in verbs.choices.values():
        add_global(one, argparse.SUPPRESS)


def run(args: argparse.Namespace) -> Exit:
    """Does what the verb says."""
    from vfiotui.cli.pci import usb_text

    return usb_text.show_list(args)
