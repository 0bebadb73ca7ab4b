"""What systemd's boot programs read in files: patterns, versions, keys and values, loader.conf, entries, sections."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unified_images import ARCH, image, pe
from vfiotui.formats.loaders import loader_conf, loader_entry
from vfiotui.formats.loaders.boot_version import compare
from vfiotui.formats.loaders.efi_pattern import matches
from vfiotui.formats.loaders.key_values import key_values
from vfiotui.formats.loaders.pe_image import profile_sections, profiles, sections, text_of, words

OLD_TO_NEW = (
    "122.1", "123~rc1-1", "123", "123-a", "123-a.1", "123-1", "123-1.1", "123^post1", "123.a-1", "123.1-1", "123a-1",
    "124-1",
)  # fmt: skip
"""The order that systemd documents for its comparison of versions (string-util.c)."""


def test_versions_stand_in_the_documented_order() -> None:
    for i, older in enumerate(OLD_TO_NEW):
        for newer in OLD_TO_NEW[i + 1 :]:
            assert (compare(older, newer), compare(newer, older)) == (-1, 1), (older, newer)
        assert compare(older, older) == 0


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("arch-linux-fallback.efi", "arch-linux.efi"),
        ("arch.conf", "zz-vfio.conf"),
        ("6.9.12", "6.12.1"),
        ("6.12.0-rc4", "6.12.1"),
        ("", "1"),
        ("007", "8"),
    ],
)
def test_names_of_entries_are_compared_as_versions(older: str, newer: str) -> None:
    assert (compare(older, newer), compare(newer, older)) == (-1, 1)


def test_zeros_in_front_and_marks_that_no_version_has_do_not_count() -> None:
    assert compare("6.007", "6.7") == 0 and compare("a_b", "a+b") == 0


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_any_text_has_its_place(a: str, b: str, c: str) -> None:
    assert compare(a, b) == -compare(b, a)
    if compare(a, b) <= 0 and compare(b, c) <= 0:
        assert compare(a, c) <= 0


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("arch.conf", "ARCH.conf", True),
        ("Arch-*", "arch-6.12.9.conf", True),
        ("arch", "arch.conf", False),
        ("*.efi", "arch-linux.efi", True),
        ("a*b*c", "aXbXXbc", True),
        ("a*b*c", "acb", False),
        ("arch-[56].*", "arch-6.1.conf", True),
        ("[a-c]x", "bx", True),
        ("[a-c-f]x", "dx", False),
        ("[]x]y", "]y", True),
        ("[!a]", "!", True),
        ("[!a]", "b", False),
        ("[ab", "a", False),
        ("a\\*", "a*", True),
        ("a\\*", "ab", False),
        ("a\\", "a", False),
        ("??", "ab", True),
        ("**", "", True),
        ("", "x", False),
    ],
)
def test_a_pattern_picks_entries(pattern: str, name: str, fits: bool) -> None:
    assert matches(pattern, name) is fits


@given(st.text("ab.-*?", max_size=10), st.text("ab.-", max_size=12))
def test_stars_and_question_marks_are_those_of_fnmatch(pattern: str, name: str) -> None:
    assert matches(pattern, name) is fnmatch.fnmatchcase(name, pattern)


@given(st.text("a[]-\\!*?", max_size=14), st.text(max_size=12))
def test_odd_patterns_have_an_answer(pattern: str, name: str) -> None:
    assert matches(pattern, name) in (True, False)


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    assert not matches("a*" * 2000 + "b", "a" * 4000)


def test_lines_are_read_as_the_loader_reads_them() -> None:
    text = (
        "\ufeffdefault bom.conf\r\n\tdefault \t'arch*.conf' \r# default x\rtimeout\n"
        'editor "no" \ntitle "a" b\0default y\n'
    )
    assert [(k.key, k.value) for k in key_values(text)] == [
        ("\ufeffdefault", "bom.conf"), ("default", "arch*.conf"), ("editor", "no"), ("title", '"a" b'),
    ]  # fmt: skip


def test_the_last_default_counts_and_nonsense_does_not() -> None:
    conf = loader_conf.parse("default a.conf\ndefault @nonsense\nauto-entries maybe\nauto-firmware off\ndefault b*\n")
    assert (conf.default, conf.default_line, conf.auto_entries, conf.auto_firmware) == ("b*", 5, True, False)
    assert loader_conf.parse("default @SAVED\npreferred good-*\n").preferred == "good-*"


def test_an_entry_adds_initrds_and_options_up() -> None:
    entry = loader_entry.read(
        "# Boot Loader Specification type#1 entry\n# File created by /usr/lib/kernel/install.d/90-loaderentry.install\n"
        "title Debian\nlinux /a/linux\nlinux /b/linux\ninitrd /u.img\ninitrd /i.img\noptions 'root=UUID=1 ro'\n"
        "options quiet\nversion 6.12\nsort-key debian\n"
    )
    assert (entry.kind, entry.program, entry.initrds) == ("linux", "/b/linux", ("/u.img", "/i.img"))
    assert (entry.options, entry.options_line) == ("root=UUID=1 ro quiet", 8)
    assert entry.maker == "/usr/lib/kernel/install.d/90-loaderentry.install"


@pytest.mark.parametrize("text", ["", "title x\n", "linux /a\nefi /b\n", "linux\n", "\0linux /a\n"])
def test_an_entry_without_one_kind_of_program_is_none(text: str) -> None:
    assert not loader_entry.read(text).program or not loader_entry.read(text).kind


def test_profiles_overrule_the_base_and_leave_the_rest() -> None:
    data = pe(
        [
            (".osrel", ARCH), (".cmdline", "base"), (".linux", "k"),
            (".profile", "ID=main\n"),
            (".profile", "ID=debug\nTITLE=Debug\n"), (".cmdline", "debug"), (".cmdline", "second"),
        ]
    )  # fmt: skip
    found = sections(data)
    assert profiles(found) == 2
    lines = [text_of(data, (profile_sections(found, n) or {}).get(".cmdline")) for n in (0, 1)]
    assert lines == ["base", "debug"] and profile_sections(found, 2) is None
    assert words(data) == "base" and words(image(None)) is None


def test_an_image_without_profiles_has_one() -> None:
    found = sections(image("quiet"))
    assert profiles(found) == 1 and set(profile_sections(found, 0) or {}) >= {".cmdline", ".linux"}
