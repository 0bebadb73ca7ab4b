"""No command prints, and no screen shows, anything else than what was looked at and kept.

A change that is meant: `python -m tests.goldens update`, and look at the difference of `python -m tests.goldens write`
before and after.
"""

from __future__ import annotations

import pytest

from tests.goldens.kept import SCREENED, digests, kept_digests, outputs_of, screens_folder, screens_of
from tests.goldens.outputs import machines
from tests.tui.consoles import SIZES


@pytest.mark.parametrize("name", ["program", *machines()])
def test_every_command_prints_what_is_kept(name: str) -> None:
    kept = kept_digests()[name]
    now = {words: digest for _, words, digest in digests(outputs_of((name,)))}
    assert sorted(now) == sorted(kept)
    assert [words for words in now if now[words] != kept[words]] == []


def test_no_machine_is_kept_that_is_gone() -> None:
    assert set(kept_digests()) == {"program", *machines()}


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("name", SCREENED)
async def test_every_screen_shows_what_is_kept(name: str, size: tuple[int, int]) -> None:
    for screen, text in (await screens_of(name, size)).items():
        assert text == (screens_folder() / f"{screen}.txt").read_text(encoding="utf-8"), screen
