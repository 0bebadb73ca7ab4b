"""Of which pages a process's memory is made: the exact count, taken page by page."""

from __future__ import annotations

from typing import NamedTuple


class PageCount(NamedTuple):
    """One process, in KiB."""

    rss: int
    """Resident, huge pages of a pool left out."""
    huge: int
    """In transparent huge pages, anonymous and shared."""
    pool: int
    """In pages of a huge page pool."""

    @property
    def coverage(self) -> float:
        """The share of the resident memory in pages that are larger than small ones.

        >>> PageCount(8388608, 8087552, 0).coverage > 0.96
        True
        """
        whole = self.rss + self.pool
        return (self.huge + self.pool) / whole if whole else 0.0

    @property
    def small(self) -> int:
        """KiB in small pages."""
        return max(self.rss - self.huge, 0)
