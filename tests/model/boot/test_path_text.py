"""The boot path in words: each step with its source, every candidate, and the three command lines."""

from __future__ import annotations

import json

from tests.model.boot.test_path import CLOSED, MENU, OTHER, boot_with, entry, path_of
from vfiotui.cli.boot.isolate import path_text
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.base.value import replace
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import PathStep
from vfiotui.model.boot.path_text import PathLine, path_json, path_lines, path_summary, words_against_now


def test_one_entry_is_shown_from_the_loader_to_its_words() -> None:
    one = replace(entry(MENU), initrds=("/boot/initrd.img",), maker="/etc/grub.d/10_linux", why="default is 0.")
    steps = (PathStep("GRUB reads /boot/grub/grub.cfg", "/boot/grub/grub.cfg"),)
    found = path_lines(boot_with(replace(path_of(one), steps=steps)))
    assert found == (
        PathLine("step", "GRUB reads /boot/grub/grub.cfg", "/boot/grub/grub.cfg"),
        PathLine("entry", "'Debian' (default is 0, made by /etc/grub.d/10_linux)", "/boot/grub/grub.cfg:10"),
        PathLine("kernel", "/boot/vmlinuz-6.12.9 (6.12.9)"),
        PathLine("initrd", "/boot/initrd.img"),
        PathLine("on disk", MENU.text, MENU.source),
        PathLine("configured", "quiet vfio-pci.ids=10de:1b80", "/etc/default/grub"),
        PathLine("booted", "quiet", "/proc/cmdline"),
    )


def test_every_candidate_is_shown_with_what_leaves_it_open() -> None:
    gone = replace(entry(OTHER, "b"), kernel=CLOSED, release=CLOSED, unified=True)
    windows = entry(CLOSED, "Windows", other=True)
    path = replace(path_of(entry(MENU, "a"), gone, windows, left_open="a person chooses"), missing=(CLOSED,))
    text = "\n".join(path_text(boot_with(path)))
    for words in ("open        a person chooses", "'a'", "'b'", "'Windows': another system", "(release not known)",
                  "part of the unified image", "initrd      none", "not read    /boot/grub/grub.cfg: needs root",
                  "on disk     not known: "):  # fmt: skip
        assert words in text


def test_a_path_that_is_not_followed_says_why() -> None:
    boot = boot_with(Unread("the entries of x are not followed", Why.NOT_HERE))
    assert path_lines(boot)[0] == PathLine("not read", "the entries of x are not followed")
    told = path_json(boot)
    assert told["not_read"] == "the entries of x are not followed" and told["on_disk"] is None
    assert told["candidates"] == [] and told["configured"]["source"] == "/etc/default/grub"


def test_hostile_names_reach_no_terminal() -> None:
    text = "\n".join(path_text(boot_with(path_of(entry(MENU, "\x1b[2J\u202eevil\n x")))))
    assert "\x1b" not in text and "\u202e" not in text


def test_programs_get_the_same() -> None:
    told = json.loads(json.dumps(path_json(boot_with(path_of(entry(MENU))))))
    assert told["loader"] and told["candidates"][0]["cmdline"] == {"text": MENU.text, "source": MENU.source}
    assert told["on_disk"]["text"] == MENU.text and told["not_read"] is None


def test_a_reason_that_a_step_gives_is_not_repeated() -> None:
    one = replace(entry(MENU), maker="/etc/grub.d/10_linux", why="default is '0'")
    steps = (PathStep("default is '0'", "/boot/grub/grub.cfg:1"),)
    (shown,) = (line for line in path_lines(boot_with(replace(path_of(one), steps=steps))) if line.what == "entry")
    assert shown.text == "'Debian' (made by /etc/grub.d/10_linux)"


def test_the_next_boot_in_one_sentence() -> None:
    a, b, c, d, e = (entry(MENU, name) for name in "abcde")
    gone = replace(a, kernel=Unread("is not there", Why.NOT_HERE, "/boot/vmlinuz"))
    firmware = replace(path_of(a), loader="uki")
    for path, sentence in (
        (path_of(a), "GRUB starts 'a', kernel 6.12.9"),
        (firmware, "the firmware starts 'a', kernel 6.12.9"),
        (path_of(replace(a, release=CLOSED)), "GRUB starts 'a', a kernel whose release is not known"),
        (path_of(gone), "GRUB starts 'a', kernel /boot/vmlinuz: is not there"),
        (path_of(entry(CLOSED, "Windows", other=True)), "GRUB starts 'Windows': another system"),
        (path_of(a, b, left_open="a person chooses"), "GRUB starts 'a' or 'b': a person chooses"),
        (path_of(a, b, c, d), "GRUB starts 'a' or 'b' or 'c' or one more"),
        (path_of(a, b, c, d, e), "GRUB starts 'a' or 'b' or 'c' or one of 2 more"),
        (path_of(), "not known: no entry that starts was found"),
        (replace(path_of(), missing=(CLOSED,)), f"not known: {CLOSED}"),
        (CLOSED, f"not known: {CLOSED}"),
    ):
        assert path_summary(boot_with(path)) == sentence


def test_words_are_compared_with_those_of_this_boot() -> None:
    def against(coming: str) -> str:
        return words_against_now(boot_with(path_of(entry(CommandLine(coming, "/boot/grub/grub.cfg:3")))))

    assert against("BOOT_IMAGE=/other initrd=/x quiet") == "the same words as this boot"
    assert against("quiet intel_iommu=on a=1 a=1") == "the next boot adds intel_iommu=on a=1"
    assert against("a=1") == "the next boot adds a=1, and drops quiet"
    assert against("") == "the next boot drops quiet"
    assert words_against_now(boot_with(CLOSED)) == ""
