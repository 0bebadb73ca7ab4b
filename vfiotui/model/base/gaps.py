"""What could not be read while the facts were: a check that passes rests on its inputs, and one may be missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.pci.functions import BDF

Gaps = Mapping[str, tuple[Unread, ...]]
"""Part of the facts → what could not be read for it."""
RUNTIME = ("/proc/", "/sys/")
"""Where an absent file is an input that is missing; elsewhere it says that nothing is configured."""


@cache
def pattern(path: str) -> re.Pattern[str]:
    """Matches the paths that are meant and the folders above them: without the folder none of its files is known.

    `*` stands for one name or a part of it, `#` for a number.

    >>> [bool(pattern("/sys/class/net/*/operstate").fullmatch(p)) for p in ("/sys/class/net", "/sys/class/tty")]
    [True, False]
    """
    names = [re.escape(n).replace(r"\*", "[^/]*").replace(r"\#", "[0-9]+") for n in path.strip("/").split("/")]
    inner = ""
    for name in reversed(names[1:]):
        inner = f"(?:/{name}{inner})?"
    return re.compile(f"/{names[0]}{inner}")


@cache
def _one_of(reads: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What matches one of the paths; and one of those whose absence is no answer."""

    def union(paths: list[str]) -> re.Pattern[str]:
        return re.compile("|".join(pattern(p).pattern for p in paths) or r"(?!)")

    return union([r.removesuffix("?") for r in reads]), union([r for r in reads if not r.endswith("?")])


def missing(gaps: Gaps, reads: Iterable[str], runs: bool = True) -> tuple[Unread, ...]:
    """The gaps at the paths on which a pass rests, in order of their paths.

    A path that ends in "?" may be absent: that is an answer. Absent files outside /proc and /sys are none of the gaps,
    and where nothing `runs` (a mounted disk) those below them are none either.
    """
    every, without_answer = _one_of(tuple(reads))
    found: dict[str, Unread] = {}
    for part in gaps.values():
        for gap in part:
            absent = gap.why is Why.ABSENT
            if absent and not (runs and gap.path.startswith(RUNTIME)):
                continue
            if (without_answer if absent else every).fullmatch(gap.path):
                found.setdefault(gap.path, gap)
    return tuple(found[path] for path in sorted(found))


def concerning(missed: Iterable[Unread], subject: str) -> tuple[Unread, ...]:
    """Those that touch a subject: what lies below another function's address says nothing of this one."""
    if not BDF.fullmatch(subject):
        return tuple(missed)
    return tuple(m for m in missed if subject in (found := BDF.findall(m.path)) or not found)
