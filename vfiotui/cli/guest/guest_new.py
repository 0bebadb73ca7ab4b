"""`vfiotui guest new NAME`: a guest from nothing: its disk, its definition, its pins, its devices, as one change.

JSON is the plan with --dry-run, else the answer of apply. A file of --answers is TOML with the options' names as keys;
what the command line says counts more.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from typing import Any

from vfiotui.cli.change.consent import add_consent
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.out import print_json, printable
from vfiotui.model.guest.new_guest import DISPLAYS, ISOLATION, NETWORKS, PAGES, SYSTEMS

VERB = "new"
LIMIT = 64 << 10
PATHS = ("disk", "iso", "virtio-iso")
"""Answers that are paths: a relative one of the command line is meant from the current folder."""


def arguments(verbs: Any) -> None:
    """The words of the verb; each has a sensible answer but the name."""
    one = verbs.add_parser(VERB, help="a guest that is not there yet, with disk, pins and devices, as one change")
    one.add_argument("name", nargs="?", metavar="NAME", help="its name; it may stand in the file of answers instead")
    one.add_argument("--answers", metavar="FILE", help="a TOML file with these options as keys, such as disk-size")
    systems = ", ".join(f"{key} ({words})" for key, words in SYSTEMS.items())
    one.add_argument("--system", metavar="SYSTEM", help=f"what will run in it: {systems}")
    one.add_argument("--vcpus", metavar="N", help="vCPUs, or 'sensible': as many as one level 3 cache has to give")
    one.add_argument("--memory", metavar="SIZE", help="such as 16G; else the half of the host's, at most 16 GiB")
    one.add_argument("--disk", metavar="PATH", help="an image that is made, a block device or a volume, or none")
    one.add_argument("--disk-size", metavar="SIZE", help="of an image, such as 80G")
    one.add_argument("--iso", metavar="PATH", help="the installation medium")
    one.add_argument("--virtio-iso", metavar="PATH", help="the medium of virtio drivers for Windows")
    one.add_argument("--device", action="append", metavar="BDF", help="a PCI device to pass through; may be repeated")
    one.add_argument("--display", choices=DISPLAYS, help="a passed card's monitor, Looking Glass, or a window by VNC")
    one.add_argument("--resolution", metavar="WxH", help="of Looking Glass, such as 2560x1440")
    one.add_argument("--network", metavar="NETWORK", help=NETWORKS)
    one.add_argument("--evdev", action="append", metavar="PATH", help="keyboard or mouse of the host, shared by key")
    one.add_argument("--pages", choices=PAGES, help="huge pages: free ones (auto), none, or by a hook at its start")
    one.add_argument("--no-pin", action="store_true", help="no pins")
    one.add_argument("--keep-cores", action="store_true", help="a hook keeps the host off its CPUs while it runs")
    one.add_argument("--isolation", choices=ISOLATION, help="who binds the devices: vfio-pci at boot, libvirt at start")
    one.add_argument("--dry-run", action="store_true", help="show the plan, change nothing")
    add_consent(one)


def run(args: argparse.Namespace) -> Exit:
    """Shows the plan, asks, and applies it."""
    from vfiotui.cli.change.apply import carry_out
    from vfiotui.cli.change.plan import show
    from vfiotui.cli.change.plan_options import planned
    from vfiotui.cli.machine import open_root
    from vfiotui.model.guest.new_guest import to_goal
    from vfiotui.plan.judged import Judged

    try:
        goal = to_goal({**_from_file(args.answers), **_options(args)})
    except ValueError as error:
        if args.json:
            print_json({"change": "", "state": "refused", "why": str(error)})
        raise CommandError(printable(f"no new guest: {error}"), Exit.USAGE) from error
    root = open_root(args)

    def make() -> Judged:
        return Judged(planned(args, root, [("guest.new", goal)]))

    return show(args, make()) if args.dry_run else carry_out(args, root, make)


def _from_file(path: str | None) -> dict[str, Any]:
    """The answers of a TOML file; ValueError where it is none."""
    if path is None:
        return {}
    import tomllib

    from vfiotui.host.root.user_file import CannotRead, read_file

    try:
        text = read_file(path, LIMIT).decode("utf-8-sig").replace("\r\n", "\n")
        return {key.replace("_", "-"): value for key, value in tomllib.loads(text).items()}
    except CannotRead as error:
        raise ValueError(str(error)) from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no UTF-8 text") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from error


def _options(args: argparse.Namespace) -> Mapping[str, Any]:
    """What the command line says, by the names of the answers."""
    names = "name system vcpus memory disk disk-size iso virtio-iso display resolution network evdev pages isolation"
    found = {name: getattr(args, name.replace("-", "_")) for name in names.split()}
    found |= {"devices": args.device, "pin": False if args.no_pin else None, "keep-cores": args.keep_cores or None}
    given = {name: value for name, value in found.items() if value is not None}
    for name in PATHS:
        if name in given and given[name] != "none" and given[name]:
            given[name] = os.path.abspath(given[name])
    return given
