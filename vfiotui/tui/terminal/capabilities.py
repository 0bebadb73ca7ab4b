"""What the terminal can draw: sets of glyphs, chosen from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from vfiotui.host.root.user_file import CannotRead, read_file
from vfiotui.model.base.value import dataclass

COLUMNS, LINES = 80, 24
"""The smallest terminal that a screen fits into."""

LARGEST = 1 << 23
"""Bytes of an environment: more than a program can be started with (execve(2))."""


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


FEW, MANY, ALL = 16, 256, 1 << 24
"""Colours of a terminal: its own palette, the cube of xterm, and any."""
SYSTEMS = {"standard": FEW, "256": MANY, "truecolor": ALL}
"""Rich's names of them, which TEXTUAL_COLOR_SYSTEM takes as well."""
PLAIN = ("linux", "cons25", "vt1", "vt2", "vt3", "vt4", "vt5", "ansi")
"""How the names of consoles and of DEC's terminals begin: they have 16 colours or fewer, whatever COLORTERM says."""
DRAW_MANY = tuple("alacritty contour foot ghostty kitty rxvt-unicode urxvt wezterm xterm-ghostty xterm-kitty".split())
"""Terminals whose name does not say that they have 256 colours (terminfo(5)); ssh takes TERM along, not COLORTERM."""
DUMB = ("dumb", "unknown", "network", "dialup", "vt52")
"""Terminals that do not move their cursor by ECMA-48's sequences (terminfo(5), cup)."""
DIVIDED = "screen"
"""GNU screen hands at most 256 colours on (screen(1), "truecolor" is off), whatever it was started in."""


@dataclass(frozen=True, slots=True)
class Caps:
    """The terminal's abilities."""

    glyphs: Glyphs
    colours: int
    no_colour: bool
    dumb: bool
    """It cannot move its cursor: no console can be drawn."""

    @property
    def few_colours(self) -> bool:
        """16 colours or fewer."""
        return self.colours <= FEW

    @property
    def colour_system(self) -> str:
        """Rich's name of what the terminal shows."""
        return next(name for name, colours in SYSTEMS.items() if colours >= self.colours)


def given_environment() -> Mapping[str, str]:
    """The environment, with the locale as the process got it.

    In the locale C Python sets LC_CTYPE for itself (PEP 538), before any line of a program runs: only the kernel knows
    what stood there (proc_pid_environ(5)). Where it cannot be asked, a value that Python sets counts as Python's.
    """
    env = dict(os.environ)
    if env.get("LC_CTYPE") in ("C.UTF-8", "C.utf8", "UTF-8") and not env.get("LC_ALL"):
        try:
            words = read_file("/proc/self/environ", LARGEST).split(b"\0")
        except CannotRead:
            words = []
        begin = b"LC_CTYPE="
        env["LC_CTYPE"] = next((os.fsdecode(w[len(begin) :]) for w in words if w.startswith(begin)), "")
    return env


def speaks_utf8(env: Mapping[str, str]) -> bool:
    """Whether the locale is one of UTF-8; the first set of LC_ALL, LC_CTYPE and LANG decides (locale(7))."""
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    return "utf" in locale.lower()


def find_caps(env: Mapping[str, str] | None = None) -> Caps:
    """The abilities by TERM, the locale, NO_COLOR and the user's own word in VFIOTUI_GLYPHS."""
    given = given_environment() if env is None else env
    term = given.get("TERM", "")
    if not speaks_utf8(given) or (term.startswith(PLAIN) and not term.startswith("linux")):
        glyphs = ASCII
    elif term.startswith("linux"):
        glyphs = CONSOLE
    else:
        glyphs = BRAILLE if term.startswith(DRAW_DOTS) else UNICODE
    return Caps(
        glyphs=SETS.get(given.get("VFIOTUI_GLYPHS", ""), glyphs),
        colours=SYSTEMS.get(given.get("TEXTUAL_COLOR_SYSTEM", ""), 0) or _colours(term.lower(), given),
        no_colour=bool(given.get("NO_COLOR")),
        dumb=term in DUMB,
    )


def _colours(term: str, env: Mapping[str, str]) -> int:
    """What arrives of the colours that are sent."""
    if term.startswith(PLAIN):
        return FEW
    if env.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return MANY if term.startswith(DIVIDED) else ALL
    return MANY if "256color" in term or term.startswith(DRAW_MANY) else FEW
