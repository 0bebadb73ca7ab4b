"""A command of this program in a process of its own: neither a lost terminal nor the end of the console ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import vfiotui
from vfiotui.apply.target import Target
from vfiotui.host.root.root import Root
from vfiotui.model.change.plan import Plan, to_json

HOME = str(Path(vfiotui.__file__).resolve().parents[1])
"""The folder from which a process loads this very package, and nothing that lies where the console was started."""
LAST = 4096
"""Characters of its words that are repeated."""


def command(root: Root, *words: str) -> list[str]:
    """The words that run a subcommand on the same root."""
    where = [] if root.is_live else ["--root", os.path.realpath(root.label)]
    return [sys.executable, "-m", "vfiotui", *where, *words]


def may_write(target: Target) -> bool:
    """Whether this process may change the machine: as root, or as the owner of a system that lies in a folder."""
    return os.geteuid() == 0 or (not target.is_live and os.access(target.folder, os.W_OK))


@dataclass(frozen=True)
class DetachedRun:
    """A process at work; it reads the plan from, and writes its words into, files without a name."""

    process: subprocess.Popen[bytes]
    words: IO[bytes]

    def last_word(self) -> str:
        """What it said last, without the program's name."""
        self.words.seek(0)
        said = self.words.read().decode("utf-8", "replace")[-LAST:].strip()
        return said.rpartition("\n")[2].removeprefix("vfiotui: ")


@dataclass(frozen=True, slots=True)
class End:
    """How an apply or an undo came out, by its own word."""

    change: str
    """The folder in the journal; empty where nothing was begun."""
    state: str
    why: str


def end_of(said: str) -> End | None:
    """What a subcommand with --json printed in the end; None where it did not come so far.

    >>> end_of('{"change": "0001-x", "state": "done", "why": ""}')
    End(change='0001-x', state='done', why='')
    >>> end_of("") is None
    True
    """
    try:
        told = json.loads(said)
        return End(str(told["change"]), str(told["state"]), str(told["why"]))
    except (ValueError, TypeError, KeyError):
        return None


def start(root: Root, *words: str, plan: Plan | None = None) -> DetachedRun:
    """Starts a subcommand; a plan is handed over on its standard input ("-" names it).

    A pipe would break when the console ends, and stop the change with it: files do not.
    """
    said = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
    with tempfile.TemporaryFile() as given:
        given.write(b"" if plan is None else to_json(plan).encode("ascii"))
        given.seek(0)
        process = subprocess.Popen(
            command(root, *words), stdin=given, stdout=said, stderr=said, cwd=HOME, start_new_session=True
        )
    return DetachedRun(process, said)


def save_private(plan: Plan) -> str:
    """A file that only its owner can read, with the plan in it; the caller removes it."""
    fd, path = tempfile.mkstemp(prefix="vfiotui-plan-", suffix=".json")
    with open(fd, "w", encoding="ascii") as file:
        file.write(to_json(plan))
    return path
