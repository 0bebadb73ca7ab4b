"""What the terminal can draw: sets of glyphs, chosen from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from vfiotui.model.base.value import dataclass

COLUMNS, LINES = 80, 24
"""The smallest terminal that a screen fits into."""


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of characters for marks, graphs and lines."""

    name: str
    fail: str
    warn: str
    unknown: str
    info: str
    holds: str
    ramp: str
    """From empty to full."""
    gap: str
    """A moment that could not be measured."""
    cursor: str
    horizontal: str
    vertical: str
    corners: str
    """Top left, top right, bottom left, bottom right."""
    border: str
    """Textual's border style."""
    dots: bool = False
    """Whether large graphs are drawn in braille: two samples in a cell, four steps in a line."""

    def mark(self, word: str) -> str:
        """The mark of a finding by its word."""
        return {
            "fail": self.fail,
            "warn": self.warn,
            "unknown": self.unknown,
            "info": self.info,
            "holds": self.holds,
        }.get(word, " ")


UNICODE = Glyphs("unicode", "✗", "!", "?", "·", "✓", " ▁▂▃▄▅▆▇█", "·", "▸", "─", "│", "┌┐└┘", "solid")
# The fonts of the Linux console have no partial blocks, no check mark and no small triangle.
CONSOLE = Glyphs("console", "x", "!", "?", ".", "+", " ·░▒█", "?", ">", "─", "│", "┌┐└┘", "solid")
ASCII = Glyphs("ascii", "x", "!", "?", ".", "+", " .:-=#", "?", ">", "-", "|", "++++", "ascii")
BRAILLE = Glyphs("braille", "✗", "!", "?", "·", "✓", " ▁▂▃▄▅▆▇█", "·", "▸", "─", "│", "┌┐└┘", "solid", dots=True)
SETS = {g.name: g for g in (UNICODE, BRAILLE, CONSOLE, ASCII)}
DRAW_DOTS = ("xterm-kitty", "foot", "wezterm", "xterm-ghostty", "contour")
"""Terminals that draw braille themselves; with any other one it depends on a font, which a program cannot find out."""


@dataclass(frozen=True, slots=True)
class Caps:
    """The terminal's abilities."""

    glyphs: Glyphs
    few_colours: bool
    """16 colours or fewer."""
    no_colour: bool
    dumb: bool
    """It cannot move its cursor: no console can be drawn."""


def speaks_utf8(env: Mapping[str, str]) -> bool:
    """Whether the locale is one of UTF-8; the first set of LC_ALL, LC_CTYPE and LANG decides (locale(7))."""
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    return "utf" in locale.lower()


def find_caps(env: Mapping[str, str] | None = None) -> Caps:
    """The abilities by TERM, the locale, NO_COLOR and the user's own word in VFIOTUI_GLYPHS."""
    given = os.environ if env is None else env
    term = given.get("TERM", "")
    console = term.startswith(("linux", "cons", "vt", "ansi"))
    if console:
        glyphs = CONSOLE if term.startswith("linux") else ASCII
    else:
        glyphs = UNICODE if speaks_utf8(given) or given.get("TMUX") or not term else ASCII
        if glyphs is UNICODE and term.startswith(DRAW_DOTS):
            glyphs = BRAILLE
    return Caps(
        glyphs=SETS.get(given.get("VFIOTUI_GLYPHS", ""), glyphs),
        few_colours=console or (term in ("screen", "tmux", "xterm") and "COLORTERM" not in given),
        no_colour=bool(given.get("NO_COLOR")),
        dumb=term in ("dumb", "unknown"),
    )
