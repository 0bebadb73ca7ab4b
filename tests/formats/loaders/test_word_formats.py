"""Every file that holds kernel words: one interface, and an edit that touches only what it names."""

from __future__ import annotations

import re
import subprocess
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.requirements import need
from vfiotui.formats.loaders import (
    grub_default,
    kernel_cmdline,
    kernelstub,
    limine_conf,
    limine_default,
    loader_entry,
    refind_linux,
    sdboot_manage,
)
from vfiotui.formats.loaders.kernel_words import OptionEdit, WordEdit
from vfiotui.formats.refused import EditRefused

ADD = WordEdit(add=("iommu=pt",))
REMOVE = WordEdit(remove=("iommu=pt",))


def stub(words: str) -> str:
    """A kernelstub configuration as Pop!_OS lays it out."""
    head, foot = (
        '{\n  "default": {"kernel_options": ["no"]},\n  "user": {\n    "kernel_options": ',
        ',\n    "x": 1\n  }\n}\n',
    )
    return head + words + foot


CASES = [
    (grub_default, 'GRUB_CMDLINE_LINUX_DEFAULT="quiet« iommu=pt»"\n'),
    (grub_default, "GRUB_CMDLINE_LINUX_DEFAULT='quiet« iommu=pt»'"),
    (grub_default, 'GRUB_CMDLINE_LINUX="«iommu=pt»"\r\n'),
    (grub_default, "GRUB_CMDLINE_LINUX=«iommu=pt»\n"),
    (grub_default, 'GRUB_CMDLINE_LINUX_DEFAULT="«iommu=pt»"\nGRUB_CMDLINE_LINUX="net.ifnames=0"\n'),
    (grub_default, '\texport GRUB_CMDLINE_LINUX_DEFAULT="a \\\n  b« iommu=pt» " # x\nGRUB_TIMEOUT=5'),
    (
        grub_default,
        'GRUB_CMDLINE_LINUX="old"\n'
        '#GRUB_CMDLINE_LINUX="no"\n'
        'GRUB_CMDLINE_LINUX="new"\n'
        'GRUB_CMDLINE_LINUX+=" more« iommu=pt»"\n',
    ),
    (grub_default, 'GRUB_CMDLINE_LINUX="a"\nGRUB_CMDLINE_LINUX+="« iommu=pt»"\n'),
    (grub_default, "_X='splash quiet'\nGRUB_CMDLINE_LINUX_DEFAULT=\"${_X}« iommu=pt»\"\n"),
    (grub_default, 'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT crashkernel=1G« iommu=pt»"\n'),
    (grub_default, 'GRUB_CMDLINE_LINUX="$(probe)"\nGRUB_CMDLINE_LINUX_DEFAULT="quiet« iommu=pt»"\n'),
    (grub_default, 'GRUB_CMDLINE_LINUX_DEFAULT="dyndbg=\\"file x +p\\"« iommu=pt» -- s"\n'),
    (grub_default, "GRUB_CMDLINE_LINUX='a'\" b« iommu=pt»\"\n"),
    (grub_default, "GRUB_CMDLINE_LINUX='a\udcffb« iommu=pt»'\n"),
    (sdboot_manage, "LINUX_OPTIONS='«iommu=pt»'\n"),
    (limine_default, 'ESP_PATH="/boot"\nKERNEL_CMDLINE[default]+="quiet rw« iommu=pt»"\n'),
    (loader_entry, "title\tx\r\nlinux\t/v\r\noptions\troot=UUID=1 rw« iommu=pt»  \r\n"),
    (loader_entry, "linux /v\noptions a\n#options b\noptions c« iommu=pt»"),
    (loader_entry, "linux /v\n«options iommu=pt\n»"),
    (loader_entry, "linux /v\noptions $tuned_params ro« iommu=pt»\n"),
    (kernel_cmdline, "root=UUID=1 rw« iommu=pt»\n"),
    (kernel_cmdline, "root=UUID=1 rw« iommu=pt»"),
    (kernel_cmdline, "# x\r\nrw« iommu=pt»\r\n\r\n# y\r\n"),
    (
        limine_conf,
        "timeout: 3\n"
        "/+Arch\n"
        "//linux\n"
        "\tprotocol: linux\n"
        "\tkernel_path: boot():/v\n"
        "\tcmdline: rw quiet« iommu=pt»\n"
        "/Windows\n"
        "    protocol: efi\n",
    ),
    (limine_conf, "TIMEOUT=3\r\n:Arch\r\nPROTOCOL=linux\r\nKERNEL_CMDLINE=rw quiet« iommu=pt»\r\n"),
    (
        limine_conf,
        "${ROOT}=root=UUID=1 rw\n"
        "/A\n"
        " protocol: linux\n"
        " cmdline: ${ROOT}« iommu=pt»\n"
        "/B\n"
        " Protocol: Linux\n"
        " CMDLINE: x« iommu=pt»",
    ),
    (refind_linux, '# mine\n"Standard ""x"""  "ro a=""b c""« iommu=pt»"\n"Minimal" "ro"\n'),
    (
        kernelstub,
        "{\n"
        '  "default": {"kernel_options": ["no"]},\n'
        '  "user": {\n'
        '    "kernel_options": [\n'
        '      "quiet",\n'
        '      "splash"«,\n'
        '      "iommu=pt"»\n'
        "    ],\n"
        '    "x": 1\n'
        "  }\n"
        "}\n",
    ),
    (
        kernelstub,
        "{\n"
        '  "default": {"kernel_options": ["no"]},\n'
        '  "user": {\n'
        '    "kernel_options": [\n'
        '      "quiet"«,\n'
        '      "iommu=pt"»\n'
        "    ],\n"
        '    "x": 1\n'
        "  }\n"
        "}\n",
    ),
    (
        kernelstub,
        "{\n"
        '  "default": {"kernel_options": ["no"]},\n'
        '  "user": {\n'
        '    "kernel_options": [«"iommu=pt"»],\n'
        '    "x": 1\n'
        "  }\n"
        "}",
    ),
    (
        kernelstub,
        "{\n"
        '  "default": {"kernel_options": ["no"]},\n'
        '  "user": {\n'
        '    "kernel_options": ["quiet", "", "a b"«, "iommu=pt"»],\n'
        '    "x": 1\n'
        "  }\n"
        "}\n",
    ),
    (
        kernelstub,
        "{\n"
        '  "default": {"kernel_options": ["no"]},\n'
        '  "user": {\n'
        '    "kernel_options": "quiet a=\\"b c\\"« iommu=pt»",\n'
        '    "x": 1\n'
        "  }\n"
        "}\n",
    ),
]
"""Files with what a new word changes between « and »."""


@pytest.mark.parametrize(("format", "marked"), CASES)
def test_a_word_joins_and_leaves_again_without_a_trace(format: ModuleType, marked: str) -> None:
    before, after = re.sub("«[^»]*»", "", marked), re.sub("[«»]", "", marked)
    assert format.edit_words(before, ADD) == after
    assert format.edit_words(after, ADD) == after
    assert format.edit_words(after, REMOVE) == before
    assert format.edit_words(before, WordEdit()) == before
    assert "iommu=pt" in format.words(after)


@pytest.mark.parametrize(
    ("format", "before", "edit", "after"),
    [
        (grub_default, "GRUB_CMDLINE_LINUX=quiet # x\n", ADD, 'GRUB_CMDLINE_LINUX="quiet iommu=pt" # x\n'),
        (grub_default, "GRUB_TIMEOUT=5", ADD, 'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="iommu=pt"'),
        (grub_default, "", ADD, 'GRUB_CMDLINE_LINUX="iommu=pt"\n'),
        (
            grub_default,
            'GRUB_CMDLINE_LINUX="iommu=pt a"\nGRUB_CMDLINE_LINUX_DEFAULT="quiet iommu=pt"\n',
            REMOVE,
            'GRUB_CMDLINE_LINUX="a"\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n',
        ),
        (
            grub_default,
            "GRUB_CMDLINE_LINUX='intel_iommu=on x'\n",
            WordEdit(options=(OptionEdit("intel_iommu", ("igfx_off",)),), add=("y",)),
            "GRUB_CMDLINE_LINUX='intel_iommu=on,igfx_off x y'\n",
        ),
        (
            grub_default,
            'GRUB_CMDLINE_LINUX="hugepages=8 x"\n',
            WordEdit(replace=("hugepages=16",)),
            'GRUB_CMDLINE_LINUX="hugepages=16 x"\n',
        ),
        (kernel_cmdline, "", ADD, "iommu=pt\n"),
        (kernel_cmdline, "a b c\n", WordEdit(remove=("a", "b")), "c\n"),
        (kernel_cmdline, "a b c\n", WordEdit(remove=("a", "b", "c"), add=("d",)), "d\n"),
        (
            loader_entry,
            "linux /v\noptions a\noptions iommu=pt\noptions b\n",
            REMOVE,
            "linux /v\noptions a\noptions b\n",
        ),
        (limine_conf, "/A\n\tprotocol: linux\n", ADD, "/A\n\tprotocol: linux\n\tcmdline: iommu=pt\n"),
        (kernelstub, stub('["iommu=pt", "a", "iommu=pt"]'), REMOVE, stub('["a"]')),
        (kernelstub, stub('["a=1"]'), WordEdit(replace=("a=2",)), stub('["a=2"]')),
        (kernelstub, stub('["a"]'), WordEdit(remove=("a",), add=("b",)), stub('["b"]')),
        (sdboot_manage, "#LINUX_OPTIONS=''\n", ADD, "#LINUX_OPTIONS=''\nLINUX_OPTIONS=\"iommu=pt\"\n"),
    ],
)
def test_other_edits(format: ModuleType, before: str, edit: WordEdit, after: str) -> None:
    assert format.edit_words(before, edit) == after
    assert format.edit_words(after, edit) == after


@pytest.mark.parametrize(
    ("format", "text", "says", "line"),
    [
        (grub_default, 'X=1\nGRUB_CMDLINE_LINUX="a $(id)"\n', "shell code computes", 2),
        (grub_default, 'GRUB_CMDLINE_LINUX="a $OTHER"\n', "shell code computes", 1),
        (grub_default, 'GRUB_CMDLINE_LINUX="${GRUB_CMDLINE_LINUX/quiet/}"\n', "shell code computes", 1),
        (grub_default, "GRUB_CMDLINE_LINUX=a\nif x; then\n  GRUB_CMDLINE_LINUX=b\nfi\n", "under a condition", 3),
        (grub_default, 'GRUB_CMDLINE_LINUX="a\n', "never closed", 1),
        (grub_default, "GRUB_CMDLINE_LINUX=(a b)\n", "is an array", 1),
        (grub_default, "cat <<E\n", "would not be read", 0),
        (grub_default, 'GRUB_CMDLINE_LINUX_DEFAULT=""\nunset GRUB_CMDLINE_LINUX_DEFAULT\n', "'unset' may change", 2),
        (grub_default, "# begins anew\nunset GRUB_CMDLINE_LINUX_DEFAULT", "'unset' may change", 2),
        (grub_default, "GRUB_CMDLINE_LINUX=a\ncommand unset -v X GRUB_CMDLINE_LINUX\n", "'unset' may change", 2),
        (grub_default, "GRUB_CMDLINE_LINUX=a\n[ -e /x ] && . /x\n", "'.' may change", 2),
        (grub_default, "GRUB_CMDLINE_LINUX=a\nread -r GRUB_CMDLINE_LINUX < /x\n", "'read' may change", 2),
        (grub_default, "[ -e /x ] || return 0\nGRUB_CMDLINE_LINUX=a\n", "below 'return' may not", 1),
        (grub_default, "GRUB_CMDLINE_LINUX=a\nfor GRUB_CMDLINE_LINUX in x; do :; done\n", "'for' may change", 2),
        (grub_default, "GRUB_CMDLINE_LINUX=a\nf() {\n  unset GRUB_CMDLINE_LINUX\n}\nf\n", "'unset' may change", 3),
        (grub_default, "GRUB_CMDLINE_LINUX=a\n\\unset GRUB_CMDLINE_LINUX\n", "'unset' may change", 2),
        (sdboot_manage, "LINUX_OPTIONS=a\nunset LINUX_OPTIONS\n", "'unset' may change", 2),
        (limine_default, "KERNEL_CMDLINE=a\nunset KERNEL_CMDLINE\n", "'unset' may change", 2),
        (loader_entry, "title W\nefi /x.efi\noptions x\n", "EFI program", 0),
        (loader_entry, "default arch.conf\n", "names no kernel", 0),
        (loader_entry, "linux /v\noptions $kernelopts\n", "environment block", 2),
        (kernel_cmdline, "rw # mine\n", "stands behind words", 1),
        (limine_conf, "timeout: 3\n/W\n protocol: efi\n", "no such entry", 0),
        (limine_conf, "/A\nprotocol: linux\ncmdline: a\nkernel_cmdline: b\n", "twice", 4),
        (limine_default, "ESP_PATH=/boot\n", "sets no", 0),
        (refind_linux, "# nothing\n", "no such entry", 0),
        (refind_linux, '"A" ro\n', "double quotes", 1),
        (kernelstub, "{", "no JSON", 0),
        (kernelstub, '{"user": {}}', "no user.kernel_options", 0),
        (kernelstub, '{"user": {"kernel_options": [1]}}', "no list of texts", 1),
        (kernelstub, stub('["a", "--", "b"]'), "“--”", 0),
    ],
)  # fmt: skip
def test_what_cannot_be_edited_safely_is_refused_with_its_line(
    format: ModuleType, text: str, says: str, line: int
) -> None:
    with pytest.raises(EditRefused, match=says) as refusal:
        format.edit_words(text, ADD)
    assert refusal.value.line_number == line
    if line:
        assert refusal.value.line_text == text.split("\n")[line - 1]


def test_a_word_from_a_variable_cannot_be_taken_away() -> None:
    with pytest.raises(EditRefused, match="put together from elsewhere"):
        grub_default.edit_words('X="iommu=pt"\nGRUB_CMDLINE_LINUX="$X"\n', REMOVE)


def test_one_entry_of_a_menu_can_be_named() -> None:
    menu = "/A\n protocol: linux\n cmdline: x\n//B\n protocol: linux\n cmdline: y\n"
    assert limine_conf.edit_words(menu, ADD, "A/B") == menu.replace("y\n", "y iommu=pt\n")
    assert limine_conf.words(menu, "A/B") == ("y",)
    pairs = '"A" "x"\n"B" "y"\n'
    assert refind_linux.edit_words(pairs, ADD, "B") == '"A" "x"\n"B" "y iommu=pt"\n'


def test_a_drop_in_adds_to_what_was_set_before() -> None:
    text = grub_default.drop_in(("iommu=pt", "vfio-pci.ids=10de:2206"))
    name = "GRUB_CMDLINE_LINUX_DEFAULT"
    assert text == f'{name}="${name} iommu=pt vfio-pci.ids=10de:2206"\n'
    assert grub_default.words(text) == ("iommu=pt", "vfio-pci.ids=10de:2206")


BITS = [
    "GRUB_CMDLINE_LINUX_DEFAULT=", "GRUB_CMDLINE_LINUX+=", "LINUX_OPTIONS=", "KERNEL_CMDLINE[default]+=", "options ",
    "linux /v", "/A", ":A", "protocol: linux", "PROTOCOL=linux", "cmdline: ", "CMDLINE=", "${M}", "${M}=", '"user":',
    "[", "]", "}", '"', "'", '""', ",", "\\", "\\\n", "\n", "\r\n", "\t", " ", "#", "--", "$X", "X=", "$(", ")",
    "quiet", "iommu=pt", "a=b", "é", "\udcff", "\x1b", "\0", "<<E", "if ", "fi", ";", "export ", "&&",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(BITS) | st.text(max_size=3), max_size=8).map("".join)
SKELETONS = [
    (grub_default, 'GRUB_CMDLINE_LINUX_DEFAULT="', '"\n'),
    (grub_default, "GRUB_CMDLINE_LINUX=", "\n"),
    (kernel_cmdline, "rw ", "\n"),
    (kernelstub, '{"user": {"kernel_options": ["', '"]}}'),
    (kernelstub, '{"user": {"kernel_options": "', '"}}'),
    (limine_conf, "/A\nprotocol: linux\ncmdline: ", "\n"),
    (limine_conf, ":A\nPROTOCOL=linux\nCMDLINE=", "\n"),
    (limine_default, "KERNEL_CMDLINE[default]+='", "'\n"),
    (loader_entry, "linux /v\noptions ", "\n"),
    (refind_linux, '"A" "', '"\n'),
    (sdboot_manage, 'LINUX_OPTIONS="', '"\n'),
]


def test_a_backslash_at_the_end_of_the_file_is_left_alone() -> None:
    text = "GRUB_CMDLINE_LINUX_DEFAULT=\\"
    with pytest.raises(EditRefused, match="backslash"):
        grub_default.edit_words(text, ADD)


@pytest.mark.parametrize(("format", "head", "foot"), SKELETONS)
@given(above=st.just("") | TEXTS, inside=TEXTS, below=st.just("") | TEXTS)
def test_whatever_the_text_an_edit_is_whole_local_and_final(
    format: ModuleType, head: str, foot: str, above: str, inside: str, below: str
) -> None:
    text = f"{above}{head}{inside}{foot}{below}"
    try:
        after = format.edit_words(text, ADD)
    except EditRefused as refusal:
        assert str(refusal)
        return
    assert format.edit_words(text, WordEdit()) == text
    assert format.edit_words(after, ADD) == after
    assert "iommu=pt" in format.words(after)
    following = iter(after)
    assert all(char in following for char in text)


def bash_words(text: str) -> list[str] | None:
    """The words of both variables as bash holds them; None where it finds an error in the syntax."""
    program = f'{text}\nprintf \'\\0%s %s\' "$GRUB_CMDLINE_LINUX" "$GRUB_CMDLINE_LINUX_DEFAULT"\n'
    done = subprocess.run(
        [need("bash", "bash"), "--norc", "--noprofile", "-r", "-s"],
        input=program.encode("utf-8", "surrogateescape"), capture_output=True, env={"PATH": "/nonexistent"}, timeout=20,
    )  # fmt: skip
    told = done.stdout.decode("utf-8", "surrogateescape").rpartition("\0")
    return told[2].split() if told[1] and b"syntax error" not in done.stderr else None


SHELL = st.lists(
    st.sampled_from([b for b in BITS if "\r" not in b and b not in ("\0", "é", "\x1b")]), max_size=8
).map("".join)  # fmt: skip


CHANGERS = st.sampled_from(
    [
        "",
        "unset GRUB_CMDLINE_LINUX_DEFAULT",
        "false && unset GRUB_CMDLINE_LINUX_DEFAULT",
        "unset -f GRUB_CMDLINE_LINUX_DEFAULT",
        "unset OTHER",
        "eval 'GRUB_CMDLINE_LINUX_DEFAULT=b'",
        "printf -v GRUB_CMDLINE_LINUX_DEFAULT b",
        "read GRUB_CMDLINE_LINUX_DEFAULT <<< b",
        "GRUB_CMDLINE_LINUX_DEFAULT=b true",
        "unset GRUB_CMDLINE_LINUX_DEFAULT; GRUB_CMDLINE_LINUX_DEFAULT=b",
        "GRUB_CMDLINE_LINUX=c",
    ]
)


@settings(deadline=None, max_examples=60)
@given(changers=st.lists(CHANGERS, max_size=3), more=st.lists(CHANGERS, max_size=2))
def test_a_word_reaches_bash_past_commands_that_change_variables(changers: list[str], more: list[str]) -> None:
    text = "\n".join([*more, "GRUB_CMDLINE_LINUX_DEFAULT=a", *changers, ""])
    try:
        after = grub_default.edit_words(text, ADD)
    except EditRefused:
        return
    assert "iommu=pt" in (bash_words(after) or ())


@settings(deadline=None, max_examples=60)
@given(above=SHELL, inside=SHELL, below=SHELL, quote=st.sampled_from(["'", '"', ""]))
def test_bash_reads_one_word_more_and_nothing_else(above: str, inside: str, below: str, quote: str) -> None:
    text = f"{above}\nGRUB_CMDLINE_LINUX_DEFAULT={quote}{inside}{quote}\n{below}\n"
    before = bash_words(text)
    try:
        after = grub_default.edit_words(text, ADD)
    except EditRefused:
        return
    if before is None or after == text:
        return
    told = bash_words(after)
    assert told is not None and "iommu=pt" in told
    told.remove("iommu=pt")
    assert told == before
