"""What the commands print: run in this process over trees on the disk, so that a whole round takes a minute."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.hosts import HOSTS
from tests.tree_on_disk import write
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.demo.machine import machine, names
from vfiotui.rules import catalogue

READ_BY_ALL = (
    "doctor",
    "doctor --all",
    "groups",
    "pci",
    "topology",
    "firmware",
    "isolate",
    "verify",
    "pin show",
    "pin check",
    "memory",
    "changes",
)
"""What is asked of every machine, each as text and as JSON."""


def machines() -> dict[str, object]:
    """Every described machine by name: those of the tests, and those of the demo."""
    return {**HOSTS, **{f"demo-{name}": machine(name) for name in names() if name != "scale"}}


def printed(words: str) -> str:
    """What the command prints and how it ends; the places of this run and the time are blotted out."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code: object = main(shlex.split(words))
        except SystemExit as end:
            code = end.code
    text = f"$ vfiotui {words}\n{out.getvalue()}{err.getvalue()}exit {code}\n"
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?", "TIME", text)
    return text.replace(os.getcwd(), "HERE")


def of_machine(name: str, host: object) -> Iterator[tuple[str, str]]:
    """Each command on one machine, with what it prints; the working folder holds the machine's tree meanwhile."""
    place = Path(name)
    write(build(host), str(place))  # type: ignore[arg-type]
    for command in READ_BY_ALL:
        for form in ("", " --json"):
            words = f"--root {name} {command}{form}"
            yield words, printed(words)


def of_program() -> Iterator[tuple[str, str]]:
    """What the program says of itself: every check's explanation, every symptom, every goal.

    The helps are left out: their layout is argparse's, and each Python has its own.
    """
    asked = ["explain", "explain --json", "doctor --list-symptoms", "plan --list"]
    asked += [f"explain {rule.code}" for rule in catalogue()]
    for words in asked:
        yield words, printed(words)
