"""Transparent huge pages: which sizes a guest may get, of its own memory and of shared memory.

Each size has its own word since Linux 6.8 (hugepages-*kB/enabled); "inherit" follows the word for all. One size fills
a whole page table and is the largest; khugepaged makes pages of that size only (admin-guide/mm/transhuge.rst).
"""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass
from vfiotui.model.memory.page_words import page_words

NOT_READ = Unread("not read", Why.NOT_HERE)


@dataclass(frozen=True, slots=True)
class ThpSize:
    """The words of one size."""

    size_kib: int
    enabled: Reading[str]
    shmem_enabled: Reading[str]
    """Since Linux 6.11; absent before."""


@dataclass(frozen=True, slots=True)
class Thp:
    """Settings of transparent huge pages; the chosen word of each file."""

    enabled: Reading[str]
    defrag: Reading[str]
    shmem_enabled: Reading[str]
    khugepaged_defrag: Reading[str]
    sizes: Reading[tuple[ThpSize, ...]] = ()
    """Those with words of their own, by size; none before Linux 6.8."""
    table_kib: Reading[int] = NOT_READ
    """The size that fills a page table: 2 MiB with small pages of 4 KiB on most processors."""

    def word(self, size_kib: int) -> Reading[str]:
        """What is in force for a size of a program's own memory: its own word, or the one for all."""
        return self._word(size_kib, shared=False)

    def shared_word(self, size_kib: int) -> Reading[str]:
        """The same of shared memory; deny and force for all overrule each size."""
        if isinstance(self.shmem_enabled, Unread) or self.shmem_enabled in ("deny", "force"):
            return self.shmem_enabled
        return self._word(size_kib, shared=True)

    def _word(self, size_kib: int, shared: bool) -> Reading[str]:
        if isinstance(self.sizes, Unread):
            return self.sizes
        own = next((s for s in self.sizes if s.size_kib == size_kib), None)
        word = None if own is None else own.shmem_enabled if shared else own.enabled
        if isinstance(word, Unread) and word.why is not Why.ABSENT:
            return word
        if isinstance(word, str) and word != "inherit":
            return word
        # A kernel without words of this size has them for the largest only.
        if word == "inherit" or size_kib == self.table_kib or (not self.sizes and isinstance(self.table_kib, Unread)):
            return self.shmem_enabled if shared else self.enabled
        return "never"

    def all_sizes(self) -> tuple[int, ...]:
        """KiB of every size that the kernel shows, the largest last."""
        listed = () if isinstance(self.sizes, Unread) else tuple(s.size_kib for s in self.sizes)
        table = (self.table_kib,) if isinstance(self.table_kib, int) else ()
        return tuple(sorted({*listed, *table}))

    def allowed(self, shared: bool = False) -> Reading[dict[int, str]]:
        """Size in KiB → the word in force, of the sizes that are not off; Unread where one of them is not known."""
        if isinstance(self.sizes, Unread):
            return self.sizes
        found = {}
        for size in self.all_sizes() or (0,):
            word = self.shared_word(size) if shared else self.word(size)
            if isinstance(word, Unread):
                return word
            if word not in ("never", "deny"):
                found[size] = word
        return found

    def by_size(self) -> str:
        """Every size with the word in force, where one word does not say it: "64 KiB always, 2 MiB never"; else ""."""
        sizes = self.all_sizes()
        words = {size: self.word(size) for size in sizes}
        alone = not any(word != "never" for size, word in words.items() if size != self.table_kib)
        if isinstance(self.sizes, Unread) or (alone and words.get(sizes[-1] if sizes else 0) in (None, self.enabled)):
            return ""
        return ", ".join(f"{page_words(s)} {'unknown' if isinstance(w, Unread) else w}" for s, w in words.items())
