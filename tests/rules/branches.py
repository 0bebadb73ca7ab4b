"""Which ways out of each `if`, `while`, `for` and `case` of the rules were taken, by the lines that ran.

A condition inside of one line (`a if b else c`, `and`, `or`, the filter of a comprehension) is no branch here, as it is
none for coverage.py.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import vfiotui

TOP = Path(vfiotui.__file__).parent


class Way(NamedTuple):
    """One way out of a branch."""

    file: str
    """Below the top."""
    line: int
    condition: str
    """Its source."""
    taken: bool
    """Into the body, or past it."""

    @property
    def name(self) -> str:
        """The same after lines have moved: file, condition and way."""
        return f"{self.file}: {self.condition}: {'taken' if self.taken else 'not taken'}"


class Branch(NamedTuple):
    """A place where the code goes one way or another."""

    head: range
    """The lines of its condition."""
    body: range
    ways: tuple[Way, ...]


def branches(file: Path, top: Path = TOP) -> Iterator[Branch]:
    """The branches of a module below `top`; those that go one way only, as `while True`, are none."""
    name = str(file.relative_to(top))
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.If | ast.While):
            if isinstance(node.test, ast.Constant) or ast.unparse(node.test) == "TYPE_CHECKING":
                continue
            first, last, said = node.lineno, node.test.end_lineno, ast.unparse(node.test)
        elif isinstance(node, ast.For):
            first, last = node.lineno, node.iter.end_lineno
            said = f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}"
        elif isinstance(node, ast.match_case):
            if isinstance(node.pattern, ast.MatchAs) and node.pattern.pattern is None and node.guard is None:
                continue
            first, last = node.pattern.lineno, (node.guard or node.pattern).end_lineno
            said = f"case {ast.unparse(node.pattern)}{f' if {ast.unparse(node.guard)}' if node.guard else ''}"
        else:
            continue
        assert last is not None
        end = node.body[-1].end_lineno or last
        ways = (Way(name, first, said, True), Way(name, first, said, False))
        yield Branch(range(first, last + 1), range(node.body[0].lineno, end + 1), ways)


class Watch:
    """Follows the lines of some modules, until each of their ways was taken."""

    def __init__(self, files: Iterable[Path], top: Path = TOP) -> None:
        self.heads: dict[str, dict[int, list[Branch]]] = {}
        self.open: dict[str, set[Way]] = {}
        """File → ways that were not taken yet."""
        for file in files:
            lines = self.heads.setdefault(str(file), {})
            for branch in branches(file, top):
                self.open.setdefault(str(file), set()).update(branch.ways)
                for line in branch.head:
                    lines.setdefault(line, []).append(branch)
        self.count = sum(len(ways) for ways in self.open.values())

    @contextmanager
    def watching(self) -> Iterator[None]:
        """What runs inside is followed."""
        before = sys.gettrace()
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(before)

    def left(self) -> list[Way]:
        """The ways that nothing took, in order."""
        return sorted(way for ways in self.open.values() for way in ways)

    def _called(self, frame: FrameType, event: str, _: Any) -> Any:
        # A comprehension is a frame of its own until Python 3.12: its end is no way out of the condition that it is in.
        code = frame.f_code
        return Follow(self, code).step if self.open.get(code.co_filename) and code.co_name[0] != "<" else None


class Follow:
    """The lines of one frame."""

    def __init__(self, watch: Watch, code: CodeType) -> None:
        self.heads = watch.heads[code.co_filename]
        self.open = watch.open[code.co_filename]
        self.before = 0

    def step(self, frame: FrameType, event: str, argument: Any) -> Any:
        """A line begins, or the frame ends; what an exception leaves goes no way, but one that ends a loop does."""
        if event == "exception":
            if argument[0] is not StopIteration:
                self.before = 0
        elif event in ("line", "return"):
            line = frame.f_lineno if event == "line" else 0
            for branch in self.heads.get(self.before, ()):
                if line not in branch.head or line in branch.body:
                    self.open.discard(branch.ways[0 if line in branch.body else 1])
            self.before = line
        return self.step
