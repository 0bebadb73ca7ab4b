"""The runner of `make boot-cases`: it prints our answers beside what is right, from a folder or an archive."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.boot_cases import answer, changed, main, right_of
from tests.boot_cases_right import CARD, CHANGED, RIGHT
from tests.hosts import HOSTS
from tests.tree_on_disk import write
from vfiotui.demo.builder import build


def laid_out(folder: Path, name: str, host: str, right: str = "") -> Path:
    case = folder / name
    write(build(HOSTS[host]), str(case / "tree"))
    if right:
        (case / "expected.md").write_text(f"# {name}\n\nRight: {right}\n\nProduct before: no\n")
    return case


def test_a_case_is_answered_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                        monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    laid_out(tmp_path, "stale-one", "stale-menu", "run\nupdate-grub")
    laid_out(tmp_path, "grub-stale", "clean")
    monkeypatch.setenv("BOOT_CASES", str(tmp_path))
    assert main([]) == 1
    told = capsys.readouterr().out
    assert "right       run update-grub" in told and "CMDLINE-NOT-IN-MENU" in told and "Debian GNU/Linux" in told
    assert "  1 wrong: grub-stale" in told and "  1 for a person: stale-one" in told and "  0 right" in told
    assert main(["stale-one"]) == 0


def test_an_archive_is_as_good_as_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                           monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    laid_out(tmp_path / "in", "a", "clean")
    with tarfile.open(tmp_path / "cases.tar", "w") as archive:
        archive.add(tmp_path / "in", arcname=".")
    monkeypatch.setenv("BOOT_CASES", str(tmp_path / "cases.tar"))
    assert main([]) == 0 and "1 for a person: a" in capsys.readouterr().out
    monkeypatch.setenv("BOOT_CASES", str(tmp_path / "none.tar"))
    assert main([]) == 2


def test_the_answers_are_those_of_the_next_boot(tmp_path: Path) -> None:
    case = laid_out(tmp_path, "a", "clean")
    found = answer(case / "tree")
    assert found.loader == "grub" and found.entry == "Debian GNU/Linux" and found.kernel == "6.12.9-amd64"
    assert found.next(CARD) == "nouveau" and found.image == "/boot/initrd.img-6.12.9-amd64"
    assert right_of(case) == "(not written)" and found.next("0000:ff:00.0") == ""


def test_every_predicate_has_a_kind_of_answer_that_it_denies(tmp_path: Path) -> None:
    found = answer(laid_out(tmp_path, "a", "clean") / "tree")
    held = {name for name, holds in RIGHT.items() if holds(found)}
    assert len(held) < len(RIGHT) / 2


def menu_tree(place: Path, script: str) -> Path:
    """A system whose update-grub is this script, with a shell of its own."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("no busybox")
    tree = place / "case/tree"
    for name, text in {
        "etc/os-release": "ID=debian\n",
        "etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=""\n',
        "boot/grub/grub.cfg": "",
        "boot/vmlinuz-6.12.9-amd64": "",
        "usr/sbin/update-grub": f"#!/bin/sh\nset -e\n. /etc/default/grub\n{script}\n",
        "lib/modules/6.12.9-amd64/modules.builtin": "",
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    (tree / "usr/sbin/update-grub").chmod(0o755)
    (tree / "bin").mkdir()
    shutil.copy(busybox, tree / "bin/busybox")
    (tree / "bin/sh").symlink_to("busybox")
    return tree


WRITES = 'echo "linux /vmlinuz-6.12.9-amd64 root=/dev/sda2 ro $GRUB_CMDLINE_LINUX_DEFAULT" >/boot/grub/grub.cfg'


@pytest.mark.skipif(os.geteuid() != 0, reason="a system is entered as root only")
def test_a_change_is_judged_by_its_effect_and_undone(tmp_path: Path) -> None:
    found = changed(menu_tree(tmp_path, WRITES), "cmdline.add=iommu=pt", tmp_path)
    assert found.done and found.undone and "iommu=pt" in found.words.split()
    assert found.files == {"/etc/default/grub", "/boot/grub/grub.cfg"}
    assert sum(right(found) for _, right in CHANGED.values()) < len(CHANGED) / 2


@pytest.mark.skipif(os.geteuid() != 0, reason="a system is entered as root only")
def test_a_change_that_fails_leaves_nothing(tmp_path: Path) -> None:
    found = changed(menu_tree(tmp_path, WRITES.replace("$GRUB_CMDLINE_LINUX_DEFAULT", "x")), "cmdline.add=iommu=pt",
                    tmp_path)  # fmt: skip
    assert not found.done and found.undone and not found.files and "rolled back" in found.said
