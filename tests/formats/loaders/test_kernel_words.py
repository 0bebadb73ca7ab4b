"""The command line editor: what it changes, what it leaves, what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfiotui.formats.loaders import grub_default
from vfiotui.formats.loaders.kernel_words import COMMAND_LINE_SIZE, OptionEdit, Word, WordEdit, is_protected, rewrite
from vfiotui.formats.refused import EditRefused
from vfiotui.model.boot.cmdline import split

WORDS = st.sampled_from(
    ["quiet", "iommu=pt", "hugepages=4", "hugepagesz=1G", "root=UUID=1", 'a="b c"', "--", "x", "vfio-pci.ids=1:2,3:4"]
)
GOALS = st.sampled_from(["quiet", "iommu=pt", "hugepagesz=1G hugepages=4", "vfio-pci.ids=1:2", "isolcpus=1-3"])


def after(line: str, edit: WordEdit) -> str:
    """The line that the edit leaves."""
    return " ".join(k.text for k in rewrite([Word(w) for w in split(line)], edit))


@pytest.mark.parametrize(
    ("line", "edit", "result"),
    [
        ("quiet", WordEdit(add=("iommu=pt",)), "quiet iommu=pt"),
        ("iommu=pt quiet", WordEdit(add=("iommu=pt",)), "iommu=pt quiet"),
        ("quiet -- single", WordEdit(add=("iommu=pt",)), "quiet iommu=pt -- single"),
        ("-- iommu=pt", WordEdit(add=("iommu=pt",)), "iommu=pt -- iommu=pt"),
        ("a iommu=pt b iommu=pt", WordEdit(remove=("iommu=pt",)), "a b"),
        ("iommu=pt2", WordEdit(remove=("iommu=pt",)), "iommu=pt2"),
        ("a -- iommu=pt", WordEdit(remove=("iommu=pt",)), "a -- iommu=pt"),
        ("isolcpus=1 quiet", WordEdit(replace=("isolcpus=2-3",)), "isolcpus=2-3 quiet"),
        ("isolcpus=1 quiet isolcpus=9", WordEdit(replace=("isolcpus=2",)), "quiet isolcpus=2"),
        ("vfio_pci.ids=1:2", WordEdit(replace=("vfio-pci.ids=3:4",)), "vfio-pci.ids=3:4"),
        ("quiet", WordEdit(replace=("isolcpus=2",)), "quiet isolcpus=2"),
        ("hugepagesz=2M hugepages=4", WordEdit(add=("hugepagesz=1G hugepages=4",)),
         "hugepagesz=2M hugepages=4 hugepagesz=1G hugepages=4"),
        ("hugepagesz=2M hugepages=4 hugepagesz=1G hugepages=4", WordEdit(remove=("hugepagesz=1G hugepages=4",)),
         "hugepagesz=2M hugepages=4"),
        ("intel_iommu=on", WordEdit(options=(OptionEdit("intel_iommu", add=("igfx_off",)),)),
         "intel_iommu=on,igfx_off"),
        ("quiet", WordEdit(options=(OptionEdit("intel_iommu", add=("on", "sm_on")),)), "quiet intel_iommu=on,sm_on"),
        ("intel_iommu=on,igfx_off x", WordEdit(options=(OptionEdit("intel_iommu", remove=("igfx_off", "on")),)), "x"),
        ("a=1 a=2", WordEdit(options=(OptionEdit("a", add=("1", "3")),)), "a=1 a=2,3"),
        ('dyndbg="file x +p" y', WordEdit(add=("z",)), 'dyndbg="file x +p" y z'),
    ],
)  # fmt: skip
def test_an_edit_does_what_it_says(line: str, edit: WordEdit, result: str) -> None:
    assert after(line, edit) == result


@pytest.mark.parametrize(
    ("line", "edit", "says"),
    [
        ("", WordEdit(add=("root=/dev/sda1",)), "root decides"),
        ("rd.luks.uuid=1", WordEdit(remove=("rd.luks.uuid=1",)), "rd.luks.uuid decides"),
        ("", WordEdit(replace=("init=/bin/sh",)), "init decides"),
        ("", WordEdit(options=(OptionEdit("cryptdevice", add=("x",)),)), "cryptdevice decides"),
        ("", WordEdit(add=("--",)), "parts the kernel's words"),
        ("", WordEdit(add=(" ",)), "empty word"),
        ("", WordEdit(add=("a=\x1b[2J",)), "plain printable"),
        ("", WordEdit(add=("a=$(reboot)",)), "plain printable"),
        ("", WordEdit(add=("a\nb",)), "plain printable"),
        ("", WordEdit(add=('a="b',)), "never closed"),
        ('a="b', WordEdit(add=("c",)), "never closed"),
        ("hugepages=1 hugepages=2", WordEdit(replace=("hugepages=3",)), "each counts"),
        ("x" * 2040, WordEdit(add=("iommu=pt",)), "2049 bytes"),
        ("ÿ" * 1020, WordEdit(add=("iommu=pt",)), "2049 bytes"),
    ],
)
def test_what_must_not_be_done_is_refused_in_a_sentence(line: str, edit: WordEdit, says: str) -> None:
    with pytest.raises(EditRefused, match=says):
        after(line, edit)


def test_the_length_limit_counts_the_closing_nul_and_never_hinders_shortening() -> None:
    assert len(after("x" * 2038, WordEdit(add=("iommu=pt",)))) == COMMAND_LINE_SIZE - 1
    assert len(after("y " + "x" * 3000, WordEdit(remove=("y",)))) == 3000


def test_a_word_from_elsewhere_is_shown_with_its_line() -> None:
    with pytest.raises(EditRefused) as refusal:
        rewrite([Word("iommu=off", True, 7, 'A="$B"')], WordEdit(remove=("iommu=off",)))
    assert (refusal.value.line_number, refusal.value.line_text) == (7, 'A="$B"')


@pytest.mark.parametrize("word", ["root=/", "rd.break", "resume=x", "initrd=/x", "ro", "luks.uuid=1", "nfsroot=", "rd"])
def test_what_boots_the_system_is_protected(word: str) -> None:
    assert is_protected(word)


@pytest.mark.parametrize("word", ["rdmsr=1", "iommu=pt", "video=efifb:off", "initcall_blacklist=sysfb_init", "rootx"])
def test_other_words_are_not(word: str) -> None:
    assert not is_protected(word)


@given(st.lists(WORDS, max_size=8), st.lists(GOALS, max_size=3), st.lists(GOALS, max_size=3))
def test_an_edit_holds_afterwards_and_touches_nothing_else(line: list[str], add: list[str], remove: list[str]) -> None:
    edit = WordEdit(add=tuple(add), remove=tuple(remove))
    first = after(" ".join(line), edit)
    own = split(first)[: split(first).index("--")] if "--" in split(first) else split(first)
    for goal in add:
        assert f" {goal} " in f" {' '.join(own)} "
    if not set(" ".join(add).split()) & set(" ".join(remove).split()):
        assert after(first, edit) == first
    wanted_words = set(" ".join(add + remove).split())
    assert [w for w in split(first) if w not in wanted_words] == [w for w in line_words(line) if w not in wanted_words]


def line_words(line: list[str]) -> tuple[str, ...]:
    """The words of a list that was joined."""
    return split(" ".join(line))


@pytest.mark.parametrize(
    "text", ['GRUB_CMDLINE_LINUX="a"\rX=1\r', 'GRUB_CMDLINE_LINUX="a\rb"\n', "GRUB_CMDLINE_LINUX=a\rX=1\n"]
)
def test_a_value_that_a_cr_joins_with_the_next_line_is_left_alone(text: str) -> None:
    with pytest.raises(EditRefused, match="A CR without a line feed"):
        grub_default.edit_words(text, WordEdit(add=("iommu=pt",)))
    whole = 'GRUB_CMDLINE_LINUX="a"\r\nX=1\r\n'
    assert grub_default.edit_words(whole, WordEdit(add=("b",))) == whole.replace('"a"', '"a b"')
