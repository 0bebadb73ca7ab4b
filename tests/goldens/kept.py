"""The kept goldens: a digest for each command's output, and the text of each screen."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.goldens.outputs import machines, of_machine, of_program
from tests.machines import root_of
from tests.tui.consoles import LINUX, SIZES, console
from vfiotui.demo.machine import machine
from vfiotui.model.base.mode import Mode
from vfiotui.state.topics import LIVE, MEMORY
from vfiotui.tui.actions import TABS

KEPT = Path(__file__).parent / "outputs.sha256"
SCREENED = ("tower", "hostile", "stutter")
"""Demo machines whose screens are kept."""
TREND = re.compile(r"(?<=-2 min).*?(?=now)")
"""A graph of what was measured since the console began: it has a column more on a slow machine."""
COST = re.compile(r" +vfiotui [\d.]+ % CPU.*")
"""What the console itself costs, which a slow machine shows earlier."""


def screens_folder() -> Path:
    """Where the screens' texts lie."""
    return Path(__file__).parent / "screens"


def digest(text: str) -> str:
    """A short name for a text."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def outputs_of(names: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Machine, command and output of some machines; "program" is the program itself."""
    here = os.getcwd()
    described = machines()
    with tempfile.TemporaryDirectory(prefix="goldens-") as folder:
        os.chdir(folder)
        try:
            for name in names:
                told = of_program() if name == "program" else of_machine(name, described[name])
                for words, text in told:
                    yield name, words.removeprefix(f"--root {name} "), text
        finally:
            os.chdir(here)


def every_output() -> Iterator[tuple[str, str, str]]:
    """Machine, command and output of everything."""
    return outputs_of(("program", *machines()))


def digests(outputs: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """Machine, command and digest of the output."""
    for name, words, text in outputs:
        yield name, words, digest(text)


def kept_digests() -> dict[str, dict[str, str]]:
    """What is kept, by machine and command."""
    found: dict[str, dict[str, str]] = {}
    for line in KEPT.read_text(encoding="utf-8").splitlines():
        kept, name, words = line.split(" ", 2)
        found.setdefault(name, {})[words] = kept
    return found


async def screens_of(name: str, size: tuple[int, int]) -> dict[str, str]:
    """The text of each screen of a demo machine as a capture: nothing on it moves."""
    found = {}
    async with console(root_of(machine(name), Mode.CAPTURE), size, ability=LINUX if size[0] == 80 else None) as shown:
        for key, mode, _ in TABS:
            await shown.press(key)
            await shown.until(
                lambda mode=mode: (
                    shown.app.current_mode == mode
                    and "reading the devices" not in shown.text
                    and (mode != "guests" or all(shown.app.store.get(t) is not None for t in (LIVE, MEMORY)))
                )
            )
            await shown.pilot.pause()
            lines = (TREND.sub(lambda m: " " * len(m[0]), COST.sub("", line)).rstrip() for line in shown.lines)
            found[f"{name}-{mode}-{size[0]}x{size[1]}"] = "\n".join(lines) + "\n"
    return found


def shown_screens() -> Iterator[tuple[str, str]]:
    """Every screen that is kept, with its text."""
    screens_folder().mkdir(exist_ok=True)
    for name in SCREENED:
        for size in SIZES:
            yield from asyncio.run(screens_of(name, size)).items()
