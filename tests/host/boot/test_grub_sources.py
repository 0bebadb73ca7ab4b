"""What grub-mkconfig makes of its settings, compared with sh itself."""

# ruff: noqa: E501
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.requirements import need
from tests.trees import Link, folder_root
from vfiotui.formats.loaders.grub_line import as_kernel_gets
from vfiotui.host.boot.boot import read
from vfiotui.host.boot.grub_sources import DROP_INS, EVERY, GRUB, NORMAL, Settings, grub_files, of_grub, reads_drop_ins
from vfiotui.host.root import config_files
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine

DEBIAN = ". /etc/default/grub\nfor x in /etc/default/grub.d/*.cfg; do . $x; done\n"
ARCH = "if test -f ${sysconfdir}/default/grub ; then\n  . ${sysconfdir}/default/grub\nfi\n"
Tree = dict[str, str | bytes]


def _settings(folder: Path, files: Tree) -> Settings:
    root = folder_root(folder, files)
    return Settings(root, (*config_files.one(root, GRUB), *config_files.folder(root, DROP_INS, ".cfg")))


def _line(folder: Path, files: Tree) -> Reading[CommandLine]:
    root = folder_root(folder, files)
    return of_grub(root, (*config_files.one(root, GRUB), *config_files.folder(root, DROP_INS, ".cfg")))


SETTINGS: dict[str, Tree] = {
    "both": {GRUB: 'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash"\nGRUB_CMDLINE_LINUX="iommu=pt"\n'},
    "it names itself": {
        GRUB: 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n',
        f"{DROP_INS}/a.cfg": 'GRUB_CMDLINE_LINUX_DEFAULT="${GRUB_CMDLINE_LINUX_DEFAULT} a"\n',
        f"{DROP_INS}/b.cfg": 'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT b"\n',
    },
    "a later one begins anew": {GRUB: 'GRUB_CMDLINE_LINUX_DEFAULT="a"\n', f"{DROP_INS}/x.cfg": "GRUB_CMDLINE_LINUX_DEFAULT=b\n"},
    "another name is no drop-in": {GRUB: "GRUB_CMDLINE_LINUX=a\n", f"{DROP_INS}/x.conf": "GRUB_CMDLINE_LINUX=b\n"},
    "sourced": {GRUB: 'GRUB_CMDLINE_LINUX=a\n. /etc/default/grub-local\n', "/etc/default/grub-local": "GRUB_CMDLINE_LINUX=b\n"},
    "sourced where it is": {
        GRUB: "GRUB_CMDLINE_LINUX=a\n[ -e /etc/default/grub.l ] && . /etc/default/grub.l\nif [ -f /etc/default/grub.m ]; then\n"
        "  . /etc/default/grub.m\nfi\n[ -e /etc/default/grub.none ] && . /etc/default/grub.none\n:\n",
        "/etc/default/grub.l": 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX b"\n',
        "/etc/default/grub.m": 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX c"\n',
    },
    "single quotes": {GRUB: "GRUB_CMDLINE_LINUX='a=\"b c\" $d'\n"},
    "escaped quotes": {GRUB: 'GRUB_CMDLINE_LINUX="a=\\"b c\\" \\$d"\n'},
    "a line break": {GRUB: 'GRUB_CMDLINE_LINUX="a\nb"\n'},
    "a continued line": {GRUB: 'GRUB_CMDLINE_LINUX="a \\\nb"\n'},
    "a second word": {GRUB: "GRUB_CMDLINE_LINUX=a iommu=pt\n"},
    "another variable": {GRUB: 'MINE="a b"\nGRUB_CMDLINE_LINUX="$MINE ${MINE}c $nothing"\n'},
    "exported": {GRUB: 'export GRUB_CMDLINE_LINUX="a"\n'},
    "unset": {GRUB: "GRUB_CMDLINE_LINUX=a\nunset GRUB_CMDLINE_LINUX\n"},
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_as_the_shell_reads_them(name: str, tmp_path: Path) -> None:
    settings = _settings(tmp_path, {**SETTINGS[name], "/usr/sbin/grub-mkconfig": DEBIAN})
    script = f'. {tmp_path}{GRUB}\nfor x in {tmp_path}{DROP_INS}/*.cfg; do [ -e "$x" ] && . "$x"; done\n'
    script += f'printf "%s\\001%s" "${EVERY}" "${NORMAL}"'
    for path in tmp_path.rglob("grub*"):
        if path.is_file() and "default" in str(path):
            path.write_text(path.read_text().replace("/etc/default/", f"{tmp_path}/etc/default/"))
    said = subprocess.run([need("dash", "dash"), "-c", script], capture_output=True, text=True, env={"PATH": "/bin"})
    assert [settings.values.get(EVERY, ""), settings.values.get(NORMAL, "")] == said.stdout.split("\1")


@pytest.mark.parametrize(
    ("script", "release", "reads"),
    [
        (DEBIAN, "ID=arch\n", True),
        (ARCH, "ID=debian\n", False),
        ("#!/bin/sh\nexit 0\n", "ID=debian\n", True),
        ("#!/bin/sh\nexit 0\n", "ID=manjaro\nID_LIKE=arch\n", False),
        ("\0\0ELF", "ID=fedora\n", False),
    ],
)
def test_whether_drop_ins_are_read_is_told_by_the_script(
    script: str, release: str, reads: bool, tmp_path: Path
) -> None:
    files: Tree = {"/usr/bin/grub-mkconfig": script, "/etc/os-release": release}
    assert reads_drop_ins(folder_root(tmp_path, files)) is reads


@pytest.mark.parametrize(
    ("files", "text", "source"),
    [
        ({GRUB: 'GRUB_CMDLINE_LINUX_DEFAULT="a"\n', f"{DROP_INS}/x.cfg": 'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT b"\n'}, "a b", f"{DROP_INS}/x.cfg"),
        ({GRUB: 'GRUB_CMDLINE_LINUX_DEFAULT="quiet splash\niommu=pt"\n'}, "quiet splash", GRUB),
        ({GRUB: "GRUB_CMDLINE_LINUX_DEFAULT='acpi_osi=! acpi_osi=\"Windows 2015\"'\n"}, 'acpi_osi=! "acpi_osi=Windows 2015"', GRUB),
        ({GRUB: '. /etc/default/grub.l\nGRUB_CMDLINE_LINUX="a"\n', "/etc/default/grub.l": "GRUB_CMDLINE_LINUX=b\n"}, "a", GRUB),
        ({GRUB: 'GRUB_CMDLINE_LINUX="a"\n. /etc/default/grub.l\n', "/etc/default/grub.l": "GRUB_CMDLINE_LINUX=b\n"}, "b", "/etc/default/grub.l"),
        ({GRUB: 'GRUB_CMDLINE_LINUX_DEFAULT="quiet memmap=12M\\\\\\$20M"\n'}, "quiet memmap=12M$20M", GRUB),
    ],
)  # fmt: skip
def test_the_words_as_the_kernel_gets_them_and_the_file_that_counts(
    files: Tree, text: str, source: str, tmp_path: Path
) -> None:
    assert _line(tmp_path, {"/usr/sbin/grub-mkconfig": DEBIAN, **files}) == CommandLine(text, source)


@pytest.mark.parametrize(
    "text",
    [
        "GRUB_CMDLINE_LINUX=$(cat /proc/cmdline)\n",
        "if x; then GRUB_CMDLINE_LINUX=a; fi\n",
        "GRUB_CMDLINE_LINUX=a\n. /etc/secret\n",
        "GRUB_CMDLINE_LINUX=a\n. $MINE\n",
        ". /etc/default/grub\n",
        'GRUB_CMDLINE_LINUX="a \'b"\n',
        'GRUB_CMDLINE_LINUX="a $ b"\n',
        "GRUB_CMDLINE_LINUX=x\n" + 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX$GRUB_CMDLINE_LINUX"\n' * 60,
    ],
)
def test_what_only_a_shell_can_know_is_not_known(text: str, tmp_path: Path) -> None:
    assert isinstance(_line(tmp_path, {GRUB: text, "/etc/secret": "GRUB_CMDLINE_LINUX=b\n"}), Unread)


def test_files_elsewhere_and_links_out_of_the_root_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("GRUB_CMDLINE_LINUX=b\n")
    files: Tree = {GRUB: "GRUB_CMDLINE_LINUX=a\n. /etc/default/grub-x\n", "/etc/default/grub-x": Link("../../../out")}
    found = _line(tmp_path / "root", files)
    assert isinstance(found, Unread) or found.text == "a"
    assert grub_files(folder_root(tmp_path / "two", {GRUB: ". /etc/passwd\n", "/etc/passwd": ""}))[0] == ()


def test_the_words_of_a_hand_written_default_are_those_of_its_script(tmp_path: Path) -> None:
    menu = "set default=v\n### BEGIN /etc/grub.d/40_custom ###\nmenuentry V --id v {\n linux /k old\n}\n### END /etc/grub.d/40_custom ###\n"
    script = "#!/bin/sh\nexec tail -n +3 $0\nmenuentry V --id v {\n linux /k new\n}\n"
    files: Tree = {"/boot/grub/grub.cfg": menu, "/etc/grub.d/40_custom": script, GRUB: "GRUB_CMDLINE_LINUX=generated\n"}
    boot = read(folder_root(tmp_path, files))
    assert isinstance(boot, Boot)
    assert boot.configured == CommandLine("new", "/etc/grub.d/40_custom")
    assert isinstance(boot.on_disk, CommandLine) and boot.on_disk.text.endswith("old")


@pytest.mark.parametrize("text", ["'a", '"a', "a$", "a $ b", '"$"'])
def test_lines_that_grub_cannot_read(text: str) -> None:
    assert as_kernel_gets(text) is None
