"""Goldens by hand: `write FOLDER` for two rounds that `diff -r` compares, `update` to keep what is printed now."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.goldens.kept import KEPT, digests, every_output, screens_folder, shown_screens


def write(target: str) -> None:
    """Writes every output and every screen into a file of its own."""
    top = Path(target).resolve()
    for name, words, text in every_output():
        place = top / name / (re.sub(r"[^A-Za-z0-9=-]+", "_", words) + ".txt")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", errors="backslashreplace")


def update() -> None:
    """What is printed and shown now is what the tests expect from now on: look at `git diff` before committing."""
    lines = (f"{digest} {name} {words}\n" for name, words, digest in digests(every_output()))
    KEPT.write_text("".join(sorted(lines, key=lambda line: line.split(" ", 1)[1])), encoding="utf-8")
    for name, text in shown_screens():
        (screens_folder() / f"{name}.txt").write_text(text, encoding="utf-8")


if sys.argv[1:2] == ["write"]:
    write(sys.argv[2])
elif sys.argv[1:] == ["update"]:
    update()
else:
    sys.exit(__doc__)
