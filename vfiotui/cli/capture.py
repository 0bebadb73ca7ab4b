"""`vfiotui capture FILE`: this host, scrubbed, in a file that --root opens to the same report."""

from __future__ import annotations

import argparse
import os
import sys

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import look_at_guests, open_root
from vfiotui.cli.new_file import refuse_existing, write_new
from vfiotui.host import kernel_log
from vfiotui.host.archive import pack
from vfiotui.host.capture import collect
from vfiotui.model.reading import then


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, or - for standard output."""
    parser.add_argument("file", metavar="FILE", help="the file to write (.tar.gz), or - for standard output")
    parser.add_argument("--force", action="store_true", help="replace FILE where it exists")


def run(args: argparse.Namespace) -> Exit:
    """Collects, packs and writes; names on standard error what was left out for want of rights."""
    if args.file != "-":
        refuse_existing(args.file, args.force)
    root = open_root(args)
    log = then(kernel_log.read(root), lambda lines: tuple(_as_dmesg(line.at, line.text) for line in lines))
    nodes = collect(root, look_at_guests(args, root), log)
    if args.file == "-":
        if sys.stdout.isatty():
            raise CommandError("a capture is no text: give a file name, or send standard output into one", Exit.USAGE)
        pack(nodes, sys.stdout.buffer)
    else:
        write_new(args.file, lambda out: pack(nodes, out), force=args.force)
        print(f"wrote {args.file}: {len(nodes)} files and links, scrubbed; open it with --root", file=sys.stderr)
    if root.is_live and os.geteuid() != 0:
        print("what needs root is marked as unread in it: run it with sudo for a complete one", file=sys.stderr)
    return Exit.FINE


def _as_dmesg(at: float | None, text: str) -> str:
    return text if at is None else f"[{at:12.6f}] {text}"
