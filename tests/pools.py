"""The running kernel's pool of huge pages of 2 MiB: one test at a time, put back as it was found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.locks import PAGES, alone_with

POOL = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"


def held() -> int:
    """How many pages the pool holds."""
    return int(Path(POOL).read_text())


def fill(pages: int) -> None:
    """The pool holds so many pages; the test is left out where the kernel has too few."""
    Path(POOL).write_text(str(pages))
    if held() != pages:
        pytest.skip(f"this kernel has no {pages} huge pages to give")


@contextmanager
def own_pool() -> Iterator[int]:
    """The number of pages before; the test is left out where it may not be changed."""
    with alone_with(PAGES):
        try:
            before = held()
            Path(POOL).write_text(str(before))
        except OSError as error:
            pytest.skip(f"the kernel's pool of huge pages cannot be written: {error.strerror}")
        try:
            yield before
        finally:
            Path(POOL).write_text(str(before))
