"""`vfiotui guest qemu GUEST`: the same guest as a script that starts QEMU without libvirt.

JSON: {"vfiotui": version, "guest", "script", "notes": [sentences]}.
"""

from __future__ import annotations

import argparse
from typing import Any

from vfiotui import __version__
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.guest.guest_host import Guests
from vfiotui.cli.out import print_json, printable, write_text
from vfiotui.model.base.reading import or_else

VERB = "qemu"
FILE_MODE = 0o700


def arguments(verbs: Any) -> None:
    """The words of the verb."""
    one = verbs.add_parser(VERB, help="a script that starts it with QEMU alone, without libvirt")
    one.add_argument("guest", metavar="GUEST")
    one.add_argument("--output", metavar="FILE", help="write it into a new file that can be run")


def run(args: argparse.Namespace) -> Exit:
    """Prints the script, or writes it into a file."""
    from vfiotui.apply.errors import ApplyError
    from vfiotui.apply.qemu_line import native
    from vfiotui.apply.user_files import save_new
    from vfiotui.cli.change.apply import tell
    from vfiotui.host.guest import firmware_descriptors
    from vfiotui.host.memory import host_memory
    from vfiotui.plan.draft import PlanError
    from vfiotui.plan.qemu.script import script

    guests = Guests(args)
    guests.domain(args.guest)
    if guests.elsewhere:
        raise CommandError("the guest is on another host: run this there", Exit.USAGE)
    try:
        found = native(guests.root, guests.virt.uri, args.guest, named=bool(args.connect))
        descriptors = or_else(firmware_descriptors.read(guests.root), ())
        templates = {d.executable: d.nvram_template for d in descriptors if d.nvram_template}
        made = script(found.domain, found.own, found.line, host_memory.read(guests.root), templates)
        if args.output:
            path = save_new(args.output, made.text, FILE_MODE)
    except ApplyError as error:
        raise CommandError(printable(str(error)), Exit.NO_ACCESS) from error
    except PlanError as error:
        raise CommandError(printable(f"no script is made: {error}"), Exit.FAILS) from error
    if args.json:
        print_json({"vfiotui": __version__, "guest": args.guest, "script": made.text, "notes": list(made.notes)})
        return Exit.FINE
    if args.output:
        print(
            printable(f"{path} starts {args.guest} without libvirt; with the word undo it gives back what a run left")
        )
    else:
        write_text(made.text)
    for note in made.notes:
        tell(f"also: {note}")
    return Exit.FINE
