"""What could not be read while the facts were: a check that passes rests on its inputs, and one may be missing."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.pci.functions import BDF

Gaps = Mapping[str, tuple[Unread, ...]]
"""Part of the facts → what could not be read for it."""
RUNTIME = ("/proc/", "/sys/")
"""Where an absent file is an input that is missing; elsewhere it says that nothing is configured."""
WILD = re.compile(r"[*#]")


@cache
def _name(wanted: str) -> re.Pattern[str]:
    return re.compile(re.escape(wanted).replace(r"\*", ".*").replace(r"\#", "[0-9]+"), re.DOTALL)


def covers(wanted: str, path: str) -> bool:
    """Whether a path is meant, or is a folder above what is meant: without the folder none of its files is known.

    `*` stands for one name or a part of it, `#` for a number.

    >>> [covers("/sys/class/net/*/operstate", p) for p in ("/sys/class/net", "/sys/class/tty", "/sys/class/net/a/b")]
    [True, False, False]
    """
    names, there = wanted.split("/"), path.split("/")
    return len(there) <= len(names) and all(
        n == t or n == "*" or (WILD.search(n) is not None and _name(n).fullmatch(t) is not None)
        for n, t in zip(names, there, strict=False)
    )


class _Index:
    """The gaps by their paths, in order: a check asks for a few of some hundred."""

    __slots__ = ("_asked", "_gaps", "_paths", "of")

    def __init__(self, gaps: Gaps) -> None:
        self.of = gaps
        self._asked: dict[str, tuple[Unread, ...]] = {}
        self._gaps: dict[str, list[Unread]] = {}
        for part in gaps.values():
            for gap in part:
                if gap.why is not Why.ABSENT or gap.path.startswith(RUNTIME):
                    self._gaps.setdefault(gap.path, []).append(gap)
        self._paths = sorted(self._gaps)

    def at(self, wanted: str) -> tuple[Unread, ...]:
        """The gaps at the paths meant, and at the folders above them."""
        if wanted not in self._asked:
            self._asked[wanted] = tuple(self._find(wanted))
        return self._asked[wanted]

    def _find(self, wanted: str) -> Iterator[Unread]:
        wild = WILD.search(wanted)
        sure = wanted if wild is None else wanted[: wild.start()]
        above = sure.find("/", 1)
        while above > 0:
            yield from self._gaps.get(wanted[:above], ())
            above = sure.find("/", above + 1)
        if wild is None:
            yield from self._gaps.get(wanted, ())
            return
        for path in self._paths[bisect_left(self._paths, sure) :]:
            if not path.startswith(sure):
                return
            if covers(wanted, path):
                yield from self._gaps[path]


_last = _Index({})


def missing(gaps: Gaps, reads: Iterable[str], runs: bool = True) -> tuple[Unread, ...]:
    """The gaps at the paths on which a pass rests, in order of their paths.

    A path that ends in "?" may be absent: that is an answer. Absent files outside /proc and /sys are none of the gaps,
    and where nothing `runs` (a mounted disk) those below them are none either.
    """
    global _last
    # All checks ask about the same facts, one after the other.
    index = _last if _last.of is gaps else _Index(gaps)
    _last = index
    found: dict[str, Unread] = {}
    for wanted in reads:
        answers = wanted.endswith("?")
        for gap in index.at(wanted.removesuffix("?")):
            if gap.why is not Why.ABSENT or (runs and not answers):
                found.setdefault(gap.path, gap)
    return tuple(found[path] for path in sorted(found))


def concerning(missed: Iterable[Unread], subject: str) -> tuple[Unread, ...]:
    """Those that touch a subject: what lies below another function's address says nothing of this one."""
    if not BDF.fullmatch(subject):
        return tuple(missed)
    return tuple(m for m in missed if subject in (found := BDF.findall(m.path)) or not found)
