"""What is chosen from the terminal, and themes as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from vfiotui.tui.row import STYLES
from vfiotui.tui.terminal.capabilities import ASCII, CONSOLE, SETS, UNICODE, find_caps
from vfiotui.tui.themes import OWN, BadTheme, load_themes, parse_theme


@pytest.mark.parametrize(
    ("env", "glyphs", "few", "dumb"),
    [
        ({"TERM": "linux"}, CONSOLE, True, False),
        ({"TERM": "linux-16color", "LANG": "de_DE.UTF-8"}, CONSOLE, True, False),
        ({"TERM": "xterm-256color", "LANG": "C.UTF-8"}, UNICODE, False, False),
        ({"TERM": "xterm-256color", "LANG": "C"}, ASCII, False, False),
        ({"TERM": "xterm-256color", "LC_ALL": "POSIX", "LANG": "C.UTF-8"}, ASCII, False, False),
        ({"TERM": "tmux-256color", "TMUX": "x"}, UNICODE, False, False),
        ({"TERM": "vt220", "LANG": "C.UTF-8"}, ASCII, True, False),
        ({"TERM": "dumb", "LANG": "C.UTF-8"}, UNICODE, False, True),
        ({"TERM": "xterm-256color", "LANG": "C.UTF-8", "VFIOTUI_GLYPHS": "ascii"}, ASCII, False, False),
        ({"TERM": "linux", "VFIOTUI_GLYPHS": "nonsense"}, CONSOLE, True, False),
    ],
)
def test_glyphs_and_colours_follow_the_terminal(env: dict[str, str], glyphs: object, few: bool, dumb: bool) -> None:
    found = find_caps(env)
    assert (found.glyphs, found.few_colours, found.dumb) == (glyphs, few, dumb)


def test_no_color_is_obeyed() -> None:
    assert find_caps({"TERM": "xterm", "NO_COLOR": "1"}).no_colour
    assert not find_caps({"TERM": "xterm", "NO_COLOR": ""}).no_colour


def test_each_mark_differs_and_ascii_is_ascii() -> None:
    words = ("fail", "warn", "unknown", "info", "holds")
    for glyphs in SETS.values():
        assert len({glyphs.mark(w) for w in words}) == len(words)
        assert all(len(glyphs.mark(w)) == 1 for w in words)
    drawn = "".join(v for k in ASCII.__slots__ if isinstance(v := getattr(ASCII, k), str))
    assert drawn.isascii()


def test_the_four_themes_are_there_and_style_every_run() -> None:
    themes, bad = load_themes()
    assert bad == [] and {t.name for t in themes} == set(OWN)
    sheet = (Path(__file__).parents[3] / "vfiotui/tui/vfiotui.tcss").read_text()
    assert [s for s in STYLES if f"run--{s}" not in sheet] == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("name = ", "no TOML"),
        ("[colours]\nprimary = 'red'", "no name"),
        ("name = 'x'", "no primary"),
        ("name = 'x'\n[colours]\nprimary = 'not a colour'", "primary"),
        ("name = 'x'\n[colours]\nprimary = 7", "primary"),
        ("name = 'x'\ncolours = 3", "no primary"),
        ("name = '\\u001b[2J'\n[colours]\nprimary = 'red'".replace("'", '"'), "no name"),
    ],
)
def test_a_bad_theme_is_a_sentence(text: str, word: str) -> None:
    with pytest.raises(BadTheme, match=word):
        parse_theme(text, "mine.toml")


def test_a_users_theme_joins_and_a_broken_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "vfiotui/themes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text("name = 'mine'\n[colours]\nprimary = '#102030'\n")
    (folder / "bad.toml").write_bytes(b"\xff\xfe")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    themes, bad = load_themes()
    assert "mine" in {t.name for t in themes} and len(bad) == 1 and "bad.toml" in bad[0]
