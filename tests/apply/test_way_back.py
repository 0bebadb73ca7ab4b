"""The way back on one page: what a person needs who sees nothing on the host's screen."""

from __future__ import annotations

from pathlib import Path

from tests.apply.systems import FILES, plan, system
from vfiotui.apply.run import apply
from vfiotui.apply.scripts.way_back import folder_of, page
from vfiotui.model.base.value import replace

WORDS = "at GRUB's boot menu press e"


def test_it_names_the_folder_that_the_change_gets(tmp_path: Path) -> None:
    target, risky = system(tmp_path), replace(plan(*FILES), escape=(WORDS,))
    folder = folder_of(target, risky)
    text = page(risky, folder)
    assert len(text) <= 10 and WORDS in text
    assert f"without this program: sh {folder}/undo.sh" in text
    outcome = apply(target, risky, lambda sentence: None)
    assert folder == f"/var/lib/vfiotui/changes/{outcome.name}"
    assert (tmp_path / f"{folder.lstrip('/')}/escape.txt").read_text() == "\n".join((*text, ""))
