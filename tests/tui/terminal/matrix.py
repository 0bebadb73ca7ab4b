"""All screens in terminals of every name, locale and size, which answer what nobody asked.

`python -m tests.tui.terminal.matrix [PART OF PARTS]` runs every combination; `test_matrix` runs each value once.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.tui.terminal.pty_console import PtyConsole
from vfiotui.tui.actions import TABS
from vfiotui.tui.terminal.capabilities import COLUMNS, LINES, SETS, find_caps

CONSOLE = (sys.executable, "-m", "vfiotui", "--demo")
TERMS = (
    *("linux", "xterm", "xterm-256color", "xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "kitty"),
    *("rxvt", "rxvt-unicode", "screen", "screen-256color", "tmux", "tmux-256color", "st", "st-256color", "putty"),
    *("cygwin", "sun", "vt100", "vt220", "ansi", "", "no-such-terminal"),
)
LOCALES: tuple[dict[str, str], ...] = (
    {"LANG": "C.UTF-8"},
    {"LANG": "C"},
    {"LANG": "de_DE.utf8", "COLORTERM": "truecolor"},
    {},
    {"LANG": "en_US.UTF-8", "PYTHONIOENCODING": "latin-1"},
    {"LANG": "C.UTF-8", "LC_ALL": "POSIX", "TMUX": "/tmp/tmux-0/default,1,0"},
    {"LANG": "C.UTF-8", "NO_COLOR": "1"},
)
SIZES = ((80, 24), (81, 25), (120, 40), (200, 60), (79, 24), (80, 60))
SIGNS = {
    "host": "Group 14 of this card",
    "isolate": "ids",
    "pin": "win10",
    "memory": "2 MiB",
    "live": "emu  2-3",
    "guests": "shut off",
    "changes": "no change",
}
"""What stands on each screen of the sample machine."""
SPOILT = re.compile(r"\x1b|\\x1b|\\u[0-9a-f]{4}|\[\?\d|\d+;\d+[A-Za-z$]|rgb:|\$y|200~|\[<\d|\ufffd")
"""Sequences, or parts of them, that stand on the screen as text."""
WORDS = "…–→←↑↓·•µ×“”"
"""What else than ASCII the program's own words are made of."""


@dataclass(frozen=True)
class Kind:
    """One terminal."""

    term: str
    env: tuple[tuple[str, str], ...]
    size: tuple[int, int]

    @property
    def environment(self) -> dict[str, str]:
        """What the console is started with."""
        return dict(self.env) | ({"TERM": self.term} if self.term else {})


def drawable(name: str) -> set[str]:
    """The characters that may stand on a screen with a set of glyphs."""
    ascii_ = set(map(chr, range(32, 127)))
    if name == "ascii":
        return ascii_
    if name == "console":
        return ascii_ | set("─│┌┐└┘├┤·░▒█←↑→↓µ×")
    glyphs = {c for k in SETS[name].__slots__ if isinstance(v := getattr(SETS[name], k), str) for c in v}
    braille = set(map(chr, range(0x2800, 0x2900))) if name == "braille" else set()
    return ascii_ | glyphs | braille | set(WORDS) | set("├┤┬┴┼▁▂▃▄▅▆▇█▔▊▎▕▏━╸╺")


def answers() -> Callable[[bytes], bytes]:
    """Answers as they come: modes that are not known, that are known by halves, and what others had asked for."""
    late = itertools.cycle(REPLIES)

    def reply(data: bytes) -> bytes:
        asked = [m for m in (b"2026", b"2048") if b"\x1b[?" + m + b"$p" in data]
        return b"".join(b"\x1b[?%b;0$y" % m for m in asked) + (next(late) if asked else b"")

    return reply


REPLIES = (
    b"\x1b[M \xc8\xc8",  # X10's mouse beyond column 95
    b"\xff\xfe\xe4\x80",  # no UTF-8
    b"\x1b[<35;1;1M",
    b"\x1b[I\x1b[O",  # focus
    b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",  # the colour of the background
    b"\x1b]52;c;Zw==\x07",  # the clipboard
    b"\x1b[?62;4;22c\x1b[>41;390;0c",  # which terminal it is
    b"\x1bP>|XTerm(390)\x1b\\",  # XTVERSION
    b"\x1b]ltitle\x1b\\",
    b"\x1b_Gi=31;OK\x1b\\",  # kitty's graphics
    b"\x1b[?0u",  # kitty's keyboard
)
"""What a terminal may send though nobody pressed a key."""


def problems(kind: Kind, program: tuple[str, ...] = CONSOLE) -> list[str]:
    """Opens the console in such a terminal, goes through its screens, and leaves it; sentences on what was wrong."""
    found: list[str] = []
    try:
        with PtyConsole(program=program, size=kind.size, env=kind.environment, answer=answers()) as terminal:
            found += _small(terminal) if kind.size[0] < COLUMNS or kind.size[1] < LINES else _screens(terminal, kind)
            terminal.send(b"q")
            code = terminal.ends()
            if code:
                found.append(f"ended with {code}")
            terminal.is_itself_again()
            found += [f"no sequence: {u!r}" for u in terminal.unknown]
            if terminal.screen.overruns:
                found.append(f"lines wider than the screen: {terminal.screen.overruns}")
    except (AssertionError, OSError) as error:
        found.append(f"{type(error).__name__} {error}")
    return found


def _small(terminal: PtyConsole) -> list[str]:
    terminal.shows(f"vfiotui needs {COLUMNS}x{LINES}")
    return [f"on the screen: {m[0]!r}" for m in SPOILT.finditer(terminal.settled(0.1))]


def _screens(terminal: PtyConsole, kind: Kind) -> Iterator[str]:
    allowed = drawable(find_caps(kind.environment).glyphs.name)
    terminal.shows("DEMO", SIGNS["host"])
    for key, mode, word in TABS:
        terminal.send(key.encode())
        terminal.shows(SIGNS[mode], "q quit")
        terminal.send(b"".join(REPLIES))
        text = terminal.settled(0.1)
        lines = terminal.lines
        if SIGNS[mode] not in text:
            yield f"{word}: left by an answer"
        if "DEMO" not in lines[0] or not lines[1].startswith(" 1 Host ") or "q quit" not in lines[-1]:
            yield f"{word}: a line is not at its place\n{text}"
        if strange := {c for line in lines for c in line} - allowed:
            yield f"{word}: drawn {sorted(strange)}"
        yield from (f"{word}: on the screen {m[0]!r}" for m in SPOILT.finditer(text))


def every() -> Iterator[Kind]:
    """All combinations."""
    for size, env, term in itertools.product(SIZES, LOCALES, TERMS):
        yield Kind(term, tuple(env.items()), size)


def each() -> Iterator[Kind]:
    """Each name once, each locale and size several times: the counts have no common divisor."""
    for number, term in enumerate(TERMS):
        yield Kind(term, tuple(LOCALES[number % len(LOCALES)].items()), SIZES[number % len(SIZES)])


def main() -> int:
    """Runs all of them, or of so many parts one; prints what is wrong with each, and the counts."""
    part, parts = (int(w) for w in (sys.argv[1:3] or ("0", "1")))
    kinds = list(itertools.islice(every(), part, None, parts))
    wrong = 0
    for kind in kinds:
        if found := problems(kind):
            wrong += 1
            print(kind, *found, sep="\n  ", flush=True)
    print(f"terminals {len(kinds)}, wrong {wrong}")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
