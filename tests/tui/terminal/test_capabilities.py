"""What is chosen from the terminal, and themes as data."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vfiotui.tui.row import STYLES
from vfiotui.tui.terminal.capabilities import ASCII, CONSOLE, SETS, SYSTEMS, UNICODE, find_caps
from vfiotui.tui.themes import OWN, BadTheme, load_themes, parse_theme


@pytest.mark.parametrize(
    ("env", "glyphs", "few", "dumb"),
    [
        ({"TERM": "linux", "LANG": "C.UTF-8"}, CONSOLE, True, False),
        ({"TERM": "linux"}, ASCII, True, False),
        ({"TERM": "linux-16color", "LANG": "de_DE.UTF-8"}, CONSOLE, True, False),
        ({"TERM": "xterm-256color", "LANG": "C.UTF-8"}, UNICODE, False, False),
        ({"TERM": "xterm-256color", "LANG": "C"}, ASCII, False, False),
        ({"TERM": "xterm-256color", "LC_ALL": "POSIX", "LANG": "C.UTF-8"}, ASCII, False, False),
        ({"TERM": "tmux-256color", "TMUX": "x"}, ASCII, False, False),
        ({"TERM": "tmux-256color", "TMUX": "x", "LC_CTYPE": "en_US.utf8", "LANG": "C"}, UNICODE, False, False),
        ({"LC_ALL": "C"}, ASCII, True, False),
        ({"LANG": "de_DE.UTF-8"}, UNICODE, True, False),
        ({"TERM": "vt220", "LANG": "C.UTF-8"}, ASCII, True, False),
        ({"TERM": "dumb", "LANG": "C.UTF-8"}, UNICODE, True, True),
        ({"TERM": "vt52", "LANG": "C.UTF-8"}, ASCII, True, True),
        ({"TERM": "no-such-terminal-256color", "LANG": "C.UTF-8"}, UNICODE, False, False),
        ({"TERM": "xterm-256color", "LANG": "C.UTF-8", "VFIOTUI_GLYPHS": "ascii"}, ASCII, False, False),
        ({"TERM": "linux", "LANG": "C.utf8", "VFIOTUI_GLYPHS": "nonsense"}, CONSOLE, True, False),
    ],
)
def test_glyphs_and_colours_follow_the_terminal(env: dict[str, str], glyphs: object, few: bool, dumb: bool) -> None:
    found = find_caps(env)
    assert (found.glyphs, found.few_colours, found.dumb) == (glyphs, few, dumb)


TRUE = {"COLORTERM": "truecolor"}


@pytest.mark.parametrize(
    ("term", "env", "colours"),
    [
        *((term, {}, 16) for term in ("", "xterm", "rxvt", "putty", "st", "cygwin", "sun", "screen", "tmux", "ansi")),
        *((term, {}, 16) for term in ("linux", "vt100", "vt220", "screen.linux", "fbterm")),
        *((term, {}, 256) for term in ("alacritty", "foot", "foot-extra", "ghostty", "xterm-ghostty", "xterm-kitty")),
        *((term, {}, 256) for term in ("kitty", "rxvt-unicode", "rxvt-unicode-256color", "wezterm", "XTERM-256COLOR")),
        *((term, {}, 256) for term in ("screen-256color-bce", "vte-256color", "st-256color", "putty-256color")),
        *((term, TRUE, 1 << 24) for term in ("xterm", "xterm-256color", "tmux-256color", "alacritty", "")),
        *((term, TRUE, 256) for term in ("screen", "screen-256color", "screen.xterm-256color")),
        *((term, TRUE, 16) for term in ("linux", "vt220", "ansi")),
        ("xterm", {"COLORTERM": "rxvt-xpm"}, 16),
        ("xterm-direct", {}, 1 << 24),
        ("xterm-256color", {"TEXTUAL_COLOR_SYSTEM": "standard"}, 16),
        ("xterm", {"TEXTUAL_COLOR_SYSTEM": "nonsense"}, 16),
    ],
)
def test_colours_are_those_that_arrive(term: str, env: dict[str, str], colours: int) -> None:
    found = find_caps({"TERM": term, "LANG": "C.UTF-8"} | env)
    assert found.colours == colours
    assert SYSTEMS[found.colour_system] == colours
    assert found.few_colours == (colours == 16)


@pytest.mark.parametrize("term", ["../../../etc/passwd", "x" * 5000, "a\nb", "\x1b[2J", "\udcff", "%s%n"])
def test_any_name_of_a_terminal_is_taken(term: str) -> None:
    assert find_caps({"TERM": term, "LANG": "C.UTF-8"}).colours == 16


ASKED = "from vfiotui.tui.terminal.capabilities import find_caps; print(find_caps().glyphs.name)"


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({}, "ascii"),
        ({"LANG": "C"}, "ascii"),
        ({"LANG": "POSIX", "TMUX": "/tmp/x,1,0"}, "ascii"),
        ({"LANG": "C", "LC_CTYPE": "C"}, "ascii"),
        ({"LC_ALL": "C", "LC_CTYPE": "C.UTF-8"}, "ascii"),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, "unicode"),
        ({"LANG": "C.UTF-8", "PYTHONIOENCODING": "ascii"}, "unicode"),
        ({"LANG": "C", "PYTHONUTF8": "1"}, "ascii"),
        ({"LANG": "C", "PYTHONCOERCECLOCALE": "0"}, "ascii"),
        ({"LANG": "no_SUCH.UTF-8"}, "unicode"),
    ],
)
def test_the_locale_is_the_one_that_the_process_got(env: dict[str, str], name: str) -> None:
    """Python sets LC_CTYPE for itself before any line of the program runs (PEP 538)."""
    for_child = {"PATH": os.environ["PATH"], "TERM": "xterm-256color"} | env
    asked = subprocess.run([sys.executable, "-c", ASKED], env=for_child, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == name


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
