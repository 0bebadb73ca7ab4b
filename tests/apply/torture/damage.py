"""Every file that an undo needs, damaged at each class of its bytes: undone byte for byte, or refused and untouched.

`python -m tests.apply.torture.damage` tries all; undo and undo.sh are asked each, and must not disagree on what both
read.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.apply.systems import COMMAND, FILES, disk, plan, quiet, system, with_busybox
from tests.requirements import need
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.host.root.root import Root

Edit = Callable[[bytes], bytes | None]
BYTES = (0x00, 0x09, 0x0A, 0x0D, 0x20, 0x22, 0x30, 0x7D, 0x7F, 0x80, 0xFF)
"""One of each class: NUL, tab, line end, CR, blank, quote, digit, brace, DEL, and bytes that are no UTF-8."""
OWN = ("plan.json", "kept.json")
"""What undo.sh does not read: it holds all that it needs."""


def _set(place: int, byte: int) -> Edit:
    return lambda data: data[:place] + bytes((byte,)) + data[place + 1 :]


def _insert(place: int, byte: int) -> Edit:
    return lambda data: data[:place] + bytes((byte,)) + data[place:]


def damages(data: bytes) -> Iterator[tuple[str, Edit]]:
    """What can befall a file: its name and how."""
    yield "removed", lambda data: None
    yield "emptied", lambda data: b""
    yield "zeros", lambda data: bytes(len(data))
    yield "doubled", lambda data: data + data
    size = len(data)
    for share in range(1, 16):
        yield f"cut at {size * share // 16}", lambda data, end=size * share // 16: data[:end]  # type: ignore[misc]
    for place in sorted({0, 1, size // 3, size // 2, 2 * size // 3, size - 2, size - 1} & set(range(size))):
        for byte in BYTES:
            yield f"byte {place} is {byte:#04x}", _set(place, byte)
            yield f"byte {byte:#04x} before {place}", _insert(place, byte)


def needed(change: Path) -> list[Path]:
    """The files of a change that one of the two ways back reads."""
    return sorted(p for p in (change / "before", change) for p in p.iterdir() if p.is_file() and not p.is_symlink())


def by_python(folder: Path) -> bool:
    """Whether the undo says that it undid."""
    try:
        undo(Target(Root.mounted(str(folder))), "1", quiet)
    except ApplyError:
        return False
    return True


def by_script(folder: Path) -> bool:
    """The same of undo.sh."""
    (script,) = folder.glob("var/lib/vfiotui/changes/0001-*/undo.sh")
    done = subprocess.run([need("dash", "dash"), str(script)], capture_output=True, timeout=60)
    return done.returncode == 0


class Damages:
    """Copies of one changed system."""

    def __init__(self) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="vft-"))
        self.model = self.top / "model"
        self.model.mkdir()
        target = system(self.model)
        with_busybox(self.model, need("busybox", "busybox-static"))
        self.before = disk(self.model)
        apply(target, plan(*FILES, *COMMAND), quiet)
        self.after = disk(self.model)
        (self.change,) = self.model.glob("var/lib/vfiotui/changes/0001-*")
        # Whoever applied it is gone.
        journal = self.change / "journal"
        journal.write_text(journal.read_text().replace('"start": ', '"start": 9'))

    def close(self) -> None:
        shutil.rmtree(self.top)

    def cases(self) -> Iterator[tuple[Path, str, Edit]]:
        for place in needed(self.change):
            if place.name not in ("undo.sh", "log", "escape.txt", "started", "ended"):
                for name, edit in damages(place.read_bytes()):
                    yield place.relative_to(self.model), name, edit

    def trial(self, where: Path, edit: Edit) -> str:
        """What is wrong afterwards, "" for nothing."""
        answers, wrong = [], []
        for way in (by_python, by_script):
            folder = Path(tempfile.mkdtemp(dir=self.top))
            subprocess.run(["cp", "-a", f"{self.model}/.", str(folder)], check=True)
            data = edit((folder / where).read_bytes())
            if data is None:
                (folder / where).unlink()
            else:
                (folder / where).write_bytes(data)
            try:
                answers.append(way(folder))
            except Exception as error:
                return f"{way.__name__} broke: {error!r}"
            if disk(folder) != (self.before if answers[-1] else self.after):
                wrong.append(
                    f"{way.__name__} says {'undone' if answers[-1] else 'refused'}, and the disk says otherwise"
                )
            shutil.rmtree(folder)
        if where.name not in OWN and answers[0] != answers[1]:
            wrong.append(f"undo says {answers[0]}, undo.sh {answers[1]}")
        return "; ".join(wrong)


def main() -> int:
    """Prints a tally and what went wrong."""
    parser = argparse.ArgumentParser(prog="damage", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try every Nth only")
    every = parser.parse_args().every
    tried: Counter[str] = Counter()
    failed = 0
    made = Damages()
    try:
        for where, name, edit in list(made.cases())[::every]:
            tried[where.name] += 1
            wrong = made.trial(where, edit)
            if wrong:
                failed += 1
                print(f"damage: {where.name} {name}: {wrong}", flush=True)
    finally:
        made.close()
    print(f"damage: {sum(tried.values())} trials {dict(tried)}, {failed} ended in a third state")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
