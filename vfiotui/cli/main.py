"""The `vfiotui` command: picks a subcommand and imports only that one.

A subcommand is a module in the folder of its topic, with `arguments(parser)` and `run(args) -> Exit`.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence
from functools import cache
from types import ModuleType

from vfiotui import __version__
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.own_path import own_path

COMMANDS = {
    "console": ("", "open the console (the default on a terminal)"),
    "doctor": ("finding", "run all checks on this host, with their evidence"),
    "explain": ("finding", "explain what a check expects, why it matters and how to fix it"),
    "topology": ("cpu", "show the processors: packages, caches, cores, nodes"),
    "groups": ("pci", "show the IOMMU groups and whether each card can be passed through"),
    "pci": ("pci", "show the PCI devices with reset, link, BARs and capabilities"),
    "firmware": ("pci", "show the IOMMU tables that the firmware reports (DMAR, IVRS, IORT) or its device tree"),
    "rom": ("pci", "read an option ROM: its images, and whether a UEFI guest can use it"),
    "pin": ("cpu", "show, propose and set which CPUs the threads of guests run on"),
    "guest": ("guest", "list, show and check guests; start, shut down, pause and resume them"),
    "usb": ("pci", "show USB ports and devices, and who uses each; give them to guests, now or always"),
    "memory": ("memory", "show huge pages and the page sizes of guests; reserve or release pages, now or at boot"),
    "isolate": ("boot", "show what the next boot binds to vfio-pci; assign devices to it, now or at boot; undo it"),
    "guard": ("boot", "warn before a reboot when an update lost the isolation: hooks of package managers, and a check"),
    "verify": ("change", "compare this boot with its prediction, and find moved cards"),
    "plan": ("change", "make a plan from goals, or show one: as text, JSON, diff or shell script"),
    "apply": ("change", "apply a plan or goals as one journaled change, or resume an interrupted one"),
    "undo": ("change", "undo a change, byte for byte"),
    "changes": ("change", "list the journal, or show one change with its log"),
    "live": ("live", "show what every vCPU gets while guests run; record, replay, CSV, Prometheus"),
    "capture": ("", "write this host, scrubbed, into a file that --root opens"),
}
"""Each subcommand: the folder of its module, and what it does."""
UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a full disk or a vanished terminal answers to a write."""


def module_of(command: str) -> ModuleType:
    """The module of a subcommand, a name in COMMANDS; imports it and what it imports."""
    folder = COMMANDS[command][0]
    return importlib.import_module(f"vfiotui.cli.{folder}.{command}" if folder else f"vfiotui.cli.{command}")


@cache
def _width() -> int:
    """The columns for help, as shutil counts them, without loading it and the libraries of three packers."""
    try:
        return int(os.environ.get("COLUMNS", "")) or 80
    except ValueError:
        pass
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, width=_width() - 2)


def build_parser(command: str, every: bool = True) -> argparse.ArgumentParser:
    """The parser of the whole command line, with the arguments of one subcommand only.

    Without `every` the other subcommands are left out, which costs a twentieth of a short command: only their list in
    the help and in an error would name them.
    """
    parser = argparse.ArgumentParser(
        prog="vfiotui",
        formatter_class=_formatter,
        description="A console for hosts that pass PCI devices through to virtual machines.",
        epilog="Exit codes: 0 fine, 1 something fails, 2 usage, 3 no access, 4 a change failed, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"vfiotui {__version__}")
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS, formatter_class=_formatter)
    for target in (parser, common):
        add_global(target, argparse.SUPPRESS if target is common else None)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", prog=parser.prog)
    for name, (_folder, help_text) in COMMANDS.items():
        if not every and name != command:
            continue
        sub = commands.add_parser(
            name, help=help_text, description=help_text.capitalize() + ".", parents=[common], formatter_class=_formatter
        )
        if name == command:
            module_of(name).arguments(sub)
    return parser


def add_global(parser: argparse.ArgumentParser, default: str | None) -> None:
    """The options that stand before or behind the subcommand."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--root", metavar="PATH|CAPTURE", default=default, help="look at a mounted disk, a captured tree or a capture"
    )
    flag = False if default is None else default
    where.add_argument("--demo", action="store_true", default=flag, help="show a sample machine with simulated data")
    parser.add_argument(
        "--machine",
        metavar="NAME",
        default=default,
        help="which sample machine, with --demo: tower, scale, hostile, or a symptom's name for one that has it",
    )
    parser.add_argument("--connect", metavar="URI", default=default, help="libvirt connection (default qemu:///system)")
    parser.add_argument("--json", action="store_true", default=flag, help="print JSON")
    parser.add_argument(
        "--plain", action="store_true", default=flag, help="print lines of text; never open the console"
    )


def command_of(argv: Sequence[str]) -> str:
    """The subcommand among the words, or "" where there is none."""
    skip = False
    for word in argv:
        if skip:
            skip = False
        elif len(word) > 2 and any(option.startswith(word) for option in ("--root", "--connect", "--machine")):
            skip = True
        elif not word.startswith("-"):
            return word
    return ""


def drop_output(descriptor: int) -> None:
    """Nothing that is still in the buffer may be written, and fail again, when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def open_closed() -> None:
    """Gives each standard descriptor that was closed (2>&-) to /dev/null.

    The next file that is opened would get its number, and be written to by whoever prints. Python has None there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            file = open(os.devnull, mode)  # noqa: SIM115 - as long as the process lasts
            setattr(sys, name, file)
            setattr(sys, f"__{name}__", file)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit code, whether or not somebody still hears the words."""
    open_closed()
    code = answer(argv)
    try:
        sys.stderr.flush()
    except OSError:
        # The terminal is lost. Some Pythons keep the words, try once more at the end, and make the code 120 of it.
        drop_output(sys.stderr.fileno())
    return code


def answer(argv: Sequence[str] | None) -> int:
    """Does what the words want; every fault ends in a sentence and a code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if os.geteuid() == 0:
        os.environ["PATH"] = own_path(os.environ.get("PATH", os.defpath))
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal of another alphabet gets the names written out, never an error.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        command = command_of(words)
        lists = command not in COMMANDS or any(word == "--" or word.startswith(("-h", "--h")) for word in words)
        args = build_parser(command, every=lists).parse_args(words)
        if args.command is None:
            opens = sys.stdout.isatty() and not args.json and not args.plain
            args.command = "console" if opens else "doctor"
            args = build_parser(args.command).parse_args([*words, args.command])
        if args.machine and not args.demo:
            raise CommandError(f"--machine {args.machine} names a sample machine: give --demo with it", Exit.USAGE)
        args.machine = args.machine or "tower"
        code = int(module_of(args.command).run(args))
        sys.stdout.flush()
        return code
    except CommandError as error:
        print(f"vfiotui: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (a pager was closed).
        drop_output(sys.stdout.fileno())
        return Exit.FINE
    except Exception as error:
        if isinstance(error, OSError) and error.errno in UNWRITABLE:
            print(f"vfiotui: cannot write the answer: {os.strerror(error.errno).lower()}", file=sys.stderr)
            drop_output(sys.stdout.fileno())
            return Exit.FAILS
        from vfiotui.cli.fault import kept

        print(f"vfiotui: {kept(error)}", file=sys.stderr)
        return Exit.FAILS
