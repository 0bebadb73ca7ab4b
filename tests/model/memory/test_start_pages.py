"""What is told of a guest's pages after its start."""

from __future__ import annotations

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import replace
from vfiotui.model.guest.domain import Domain
from vfiotui.model.memory.guest_backing import GuestBacking
from vfiotui.model.memory.start_pages import COUNTED, shortfall

NOTHING = Unread("no")
GIB8 = 8388608
OWN = 98304
"""What QEMU holds for itself here."""


def backing(resident: Reading[int], huge: Reading[int], pool: int = 0) -> GuestBacking:
    return GuestBacking("win10", 7, GIB8, resident, pool, huge)


def asking(pages: str = "") -> Domain:
    return parse(
        "<domain type='kvm'><name>win10</name><memory unit='KiB'>8388608</memory><memoryBacking>"
        f"<hugepages>{pages}</hugepages></memoryBacking></domain>",
        source="t",
    )


def test_a_guest_that_got_small_pages_is_told_with_the_numbers_of_the_memory_screen() -> None:
    guest = backing(GIB8 + OWN, GIB8 - 268288)
    word = shortfall(guest, 5.0)
    assert word is not None and (word.kind, word.at) == ("pages", 5.0)
    assert guest.small_kib == 268288 and "268,288 kB of its 8,388,608 kB in small pages" in word.text
    assert "khugepaged" in word.text


def test_small_pages_of_memory_that_is_held_stay_small() -> None:
    word = shortfall(replace(backing(GIB8 + OWN, 0), pinned_kib=GIB8), 5.0)
    assert word is not None and "only a start" in word.text and "khugepaged" not in word.text


def test_what_a_guest_has_not_touched_and_what_is_unknown_are_no_shortfall() -> None:
    assert shortfall(backing(1 << 20, (1 << 20) - OWN), 5.0) is None
    assert shortfall(backing(GIB8 + OWN, GIB8), 5.0) is None
    assert shortfall(backing(OWN, 0, pool=GIB8), 5.0) is None, "the pool has it"
    assert shortfall(backing(OWN, NOTHING, pool=GIB8), 5.0, asking()) is None
    assert shortfall(backing(NOTHING, 0), 5.0) is None
    assert shortfall(backing(GIB8 + OWN, NOTHING), 5.0) is None


def test_who_asks_for_the_pool_and_got_none_of_it_is_told_so_even_where_it_got_transparent_ones() -> None:
    for huge in (0, GIB8, NOTHING):
        word = shortfall(backing(GIB8 + OWN, huge), 5.0, asking())
        assert word is not None and "from the pool and got none" in word.text
    word = shortfall(backing(GIB8 // 2 + OWN, 0, pool=GIB8 // 2), 5.0, asking())
    assert word is not None and "got 4,194,304 kB of its 8,388,608 kB there" in word.text


def test_memory_of_the_pool_that_comes_when_it_is_touched_is_no_shortfall() -> None:
    assert shortfall(backing(OWN, 0, pool=GIB8 // 4), 5.0, asking()) is None


def test_pages_for_one_cell_only_leave_the_others_to_transparent_ones() -> None:
    domain = asking("<page size='2048' unit='KiB' nodeset='1'/>")
    assert shortfall(backing(GIB8 // 2 + OWN, GIB8 // 2, pool=GIB8 // 2), 5.0, domain) is None
    word = shortfall(backing(GIB8 // 2 + OWN, 0, pool=GIB8 // 2), 5.0, domain)
    assert word is not None and "in small pages" in word.text
    word = shortfall(backing(GIB8 + OWN, GIB8), 5.0, domain)
    assert word is not None and "got none" in word.text


def test_a_walk_is_told_with_its_cost_though_all_is_well() -> None:
    good = shortfall(replace(backing(GIB8 + OWN, GIB8), walk_ms=12.4), 5.0)
    assert good is not None and (good.kind, good.text) == (
        COUNTED,
        "win10 has its huge pages (counted once, in 12 ms)",
    )
    bad = shortfall(replace(backing(GIB8 + OWN, 0), walk_ms=12.4), 5.0)
    assert bad is not None and bad.kind == "pages" and bad.text.endswith("(counted once, in 12 ms)")
