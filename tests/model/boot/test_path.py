"""Three facts and their words: booted, on the disk, configured; the next boot's are those on the disk."""

from __future__ import annotations

from tests.hosts import CLEAN
from tests.machines import facts_of
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import replace
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootEntry, BootPath

SOURCES = CommandLine("quiet vfio-pci.ids=10de:1b80", "/etc/default/grub")
MENU = CommandLine("root=UUID=1 quiet", "/boot/grub/grub.cfg:12")
OTHER = CommandLine("root=UUID=1 quiet vfio-pci.ids=10de:1b80", "/boot/grub/grub.cfg:40")
CLOSED = Unread("needs root", Why.FORBIDDEN, "/boot/grub/grub.cfg")


def entry(words: Reading[CommandLine], name: str = "Debian", other: bool = False) -> BootEntry:
    return BootEntry("grub", name, "/boot/grub/grub.cfg:10", "/boot/vmlinuz-6.12.9", "6.12.9", (), words, "", "", False,
                     other)  # fmt: skip


def boot_with(path: Reading[BootPath]) -> Boot:
    boot = facts_of(CLEAN).boot
    assert isinstance(boot, Boot)
    return replace(boot, cmdline=CommandLine("quiet", "/proc/cmdline"), configured=SOURCES, path=path)


def path_of(*candidates: BootEntry, left_open: str = "") -> BootPath:
    return BootPath("grub", (), candidates, open=left_open)


def test_the_next_words_are_those_on_the_disk_whatever_the_sources_say() -> None:
    boot = boot_with(path_of(entry(MENU)))
    assert boot.on_disk == boot.next_line == MENU and boot.next_lines == (MENU,)
    assert boot.lines == (boot.cmdline, MENU)


def test_the_sources_count_where_entries_are_not_followed() -> None:
    boot = boot_with(Unread("the entries of x are not followed", Why.NOT_HERE))
    assert isinstance(boot.on_disk, Unread)
    assert boot.next_line == SOURCES and boot.next_lines == (SOURCES,)


def test_an_entry_whose_words_are_closed_is_no_reason_to_guess_from_the_sources() -> None:
    boot = boot_with(path_of(entry(CLOSED)))
    assert boot.on_disk == boot.next_line == boot.next_lines == CLOSED
    assert boot.lines == (boot.cmdline,)


def test_candidates_with_different_words_are_all_kept_and_none_is_the_next() -> None:
    boot = boot_with(path_of(entry(MENU, "a"), entry(OTHER, "b"), left_open="a person chooses"))
    assert boot.next_lines == (MENU, OTHER) and boot.lines == (boot.cmdline, MENU, OTHER)
    assert isinstance(boot.next_line, Unread) and boot.next_line.reason == "a person chooses"
    unsaid = boot_with(path_of(entry(MENU, "a"), entry(OTHER, "b"))).next_line
    assert isinstance(unsaid, Unread) and unsaid.reason == "'a' or 'b' may be started, and their words differ"


def test_candidates_with_the_same_words_leave_the_words_sure() -> None:
    boot = boot_with(path_of(entry(MENU, "a"), entry(MENU, "b"), left_open="a person chooses"))
    assert boot.next_line == MENU


def test_one_candidate_whose_words_are_closed_leaves_the_words_open() -> None:
    boot = boot_with(path_of(entry(MENU), entry(CLOSED)))
    assert boot.next_line == boot.next_lines == CLOSED


def test_the_words_of_another_system_are_not_this_ones() -> None:
    windows = entry(CommandLine("", "/boot/grub/grub.cfg:90"), "Windows", other=True)
    boot = boot_with(path_of(windows))
    assert isinstance(boot.on_disk, Unread) and boot.on_disk.reason == "the next boot starts another system: 'Windows'"
    assert boot.next_line == SOURCES
    assert boot_with(path_of(windows, entry(MENU))).next_line == MENU


def test_a_path_without_any_entry_says_so() -> None:
    boot = boot_with(path_of(left_open="the menu has no entry"))
    assert isinstance(boot.on_disk, Unread) and boot.on_disk.reason == "the menu has no entry"
    assert str(boot_with(path_of()).on_disk) == "no entry that starts is known"
