"""The word in force for each size of transparent huge pages, by its own file and those for all."""

from __future__ import annotations

import pytest

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.memory.thp import Thp, ThpSize

ABSENT = Unread("has no such file", Why.ABSENT)
BROKEN = Unread("marks no choice", Why.DAMAGED)


def thp(enabled: str, shared: str, *sizes: ThpSize, table: Reading[int] = 2048) -> Thp:
    return Thp(enabled, "madvise", shared, "1", sizes, table)


@pytest.mark.parametrize(
    ("given", "allowed", "by_size"),
    [
        (thp("madvise", "never"), {2048: "madvise"}, ""),
        (thp("never", "never"), {}, ""),
        (thp("never", "never", table=ABSENT), {}, ""),
        (thp("always", "never", table=ABSENT), {0: "always"}, ""),
        (thp("never", "never", ThpSize(2048, "inherit", ABSENT)), {}, ""),
        (thp("never", "never", ThpSize(2048, "always", ABSENT)), {2048: "always"}, "2 MiB always"),
        (thp("always", "never", ThpSize(2048, "never", ABSENT)), {}, "2 MiB never"),
        (
            thp("never", "never", ThpSize(64, "always", ABSENT), ThpSize(2048, "inherit", ABSENT)),
            {64: "always"},
            "64 KiB always, 2 MiB never",
        ),
        (
            thp("madvise", "never", ThpSize(64, "inherit", ABSENT), ThpSize(2048, "never", ABSENT)),
            {64: "madvise"},
            "64 KiB madvise, 2 MiB never",
        ),
        (
            thp("madvise", "never", ThpSize(32768, "inherit", ABSENT), table=32768),
            {32768: "madvise"},
            "",
        ),
        (thp("madvise", "never", ThpSize(2048, BROKEN, ABSENT)), BROKEN, "2 MiB unknown"),
    ],
)  # fmt: skip
def test_what_a_programs_own_memory_may_get(given: Thp, allowed: Reading[dict[int, str]], by_size: str) -> None:
    assert (given.allowed(), given.by_size()) == (allowed, by_size)


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        (thp("always", "never"), {}),
        (thp("never", "advise"), {2048: "advise"}),
        (thp("never", "never", ThpSize(2048, "inherit", "always")), {2048: "always"}),
        (thp("never", "advise", ThpSize(2048, "inherit", "inherit")), {2048: "advise"}),
        (thp("never", "advise", ThpSize(2048, "inherit", "never")), {}),
        (thp("never", "deny", ThpSize(2048, "inherit", "always")), {}),
        (thp("never", "force", ThpSize(64, "never", "never")), {64: "force", 2048: "force"}),
        (thp("never", "never", ThpSize(64, "never", "always"), ThpSize(2048, "inherit", "inherit")), {64: "always"}),
        (thp("never", "never", ThpSize(2048, "inherit", BROKEN)), BROKEN),
    ],
)
def test_what_shared_memory_may_get(given: Thp, allowed: Reading[dict[int, str]]) -> None:
    assert given.allowed(shared=True) == allowed
