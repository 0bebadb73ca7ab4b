"""The runner of `make boot-cases`: it prints our answers beside what is right, from a folder or an archive."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.boot_cases import answer, main, right_of
from tests.boot_cases_right import CARD, RIGHT
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
