"""`vfiotui capture FILE`: what this host's checks need, without what identifies, in a file that --root opens.

JSON of --show: {"kept": [{"path", "fields", "bytes"}], "left_out": [{"path", "reason"}], "bytes"}.
"""

from __future__ import annotations

import argparse
import os
import sys

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import look_at_guests, open_root
from vfiotui.cli.new_file import refuse_existing, write_new
from vfiotui.cli.out import print_answer, printable
from vfiotui.host.capture.capture import collect
from vfiotui.host.capture.collector import Capture
from vfiotui.host.root.archive import pack
from vfiotui.host.root.root import Root
from vfiotui.host.root.zstd import CannotPack

ZSTD = (".zst", ".tzst", ".zstd")
OTHERS = (".xz", ".txz", ".bz2", ".lzma", ".lz4", ".zip", ".7z", ".tar")


def arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, or - for standard output."""
    words = "the file to write, packed as its name says (.tar.gz or .tar.zst), or - for standard output"
    parser.add_argument("file", metavar="FILE", nargs="?", help=words)
    parser.add_argument("--force", action="store_true", help="replace FILE where it exists")
    parser.add_argument("--show", action="store_true", help="print what would leave this host, and write nothing")


def run(args: argparse.Namespace) -> Exit:
    """Collects, packs and writes; or with --show lists what would be written, and what is left out and why."""
    if args.file is None and not args.show:
        raise CommandError("give a file to write, - for standard output, or --show", Exit.USAGE)
    if args.file not in (None, "-") and not args.show:
        _refuse_packing(args.file)
        refuse_existing(args.file, args.force)
    root = open_root(args)
    capture = collect(root, look_at_guests(args, root))
    if args.show:
        return print_answer(args, lambda: as_json(capture), lambda: as_text(capture))
    if args.file == "-":
        if sys.stdout.isatty():
            raise CommandError("a capture is no text: give a file name, or send standard output into one", Exit.USAGE)
        pack(capture.nodes, sys.stdout.buffer)
    else:
        by_zstd = args.file.lower().endswith(ZSTD)
        try:
            write_new(args.file, lambda out: pack(capture.nodes, out, by_zstd=by_zstd), force=args.force)
        except CannotPack as error:
            raise CommandError(f"{args.file} was not written: {error}, or name it .tar.gz", Exit.NO_ACCESS) from error
        _say(f"wrote {args.file}: {summary(capture)}; open it with --root, list it with --show")
    _say_rights(root)
    return Exit.FINE


def _refuse_packing(file: str) -> None:
    """Ends the command where the file's name says a packing that is not written here."""
    ending = next((e for e in OTHERS if file.lower().endswith(e)), "")
    if ending:
        raise CommandError(f"a capture is packed as .tar.gz or .tar.zst and not as {ending}", Exit.USAGE)


def summary(capture: Capture) -> str:
    """How much leaves and how much does not."""
    size = sum(size for _, size in capture.kept.values())
    left = len(capture.left_out)
    files = "1 file" if left == 1 else f"{left} files"
    return f"{len(capture.kept)} files reduced to {size} bytes, names replaced, {files} left out"


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _say_rights(root: Root) -> None:
    if root.is_live and os.geteuid() != 0:
        _say("what needs root is marked as unread in it: run it with sudo for a complete one")


def as_text(capture: Capture) -> list[str]:
    """Every file with what stays of it and its size, then what is left out."""
    lines = [f"{summary(capture)}. Files, what stays of them, bytes:"]
    lines += [printable(f"  {path}: {fields}, {size}") for path, (fields, size) in sorted(capture.kept.items())]
    if capture.left_out:
        lines += ["", "Left out:"]
        lines += [printable(f"  {path}: {why}") for path, why in sorted(capture.left_out.items())]
    return lines


def as_json(capture: Capture) -> dict[str, object]:
    """The same as a document; see the module."""
    return {
        "kept": [{"path": p, "fields": fields, "bytes": n} for p, (fields, n) in sorted(capture.kept.items())],
        "left_out": [{"path": p, "reason": why} for p, why in sorted(capture.left_out.items())],
        "bytes": sum(n for _, n in capture.kept.values()),
    }
