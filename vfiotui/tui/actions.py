"""What a person can do in the console, each declared once: bindings, key line, help and palette are made of it.

A screen has one page of help: prose, and its actions in the order in which the help shows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.screen import Screen

SIGNS = {
    "colon": ":",
    "escape": "esc",
    "equals_sign": "=",
    "full_stop": ".",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "less_than_sign": "<",
    "minus": "-",
    "plus": "+",
    "question_mark": "?",
    "right_square_bracket": "]",
    "slash": "/",
}
"""Textual's names of keys that a person knows otherwise."""


class Action(NamedTuple):
    """Something that can be done by a key."""

    keys: str
    """Textual's names of its keys, "," between them; "" where the list or the question in front has the key."""
    does: str
    """What Textual calls: the name of an `action_` method with its arguments; "" where `keys` is."""
    word: str = ""
    """What the key line and the palette call it."""
    help: str = ""
    """What the help says of it; "" where the line of another action, that shows the keys of both, does."""
    shown: str = ""
    """The keys as the help shows them, where that is not the first of `keys`."""
    bar: str = ""
    """The key as the key line shows it, where that is not as the help shows it."""
    priority: bool = False
    """Whether it comes before what the list in front does with the key."""
    sometimes: bool = False
    """Whether it can be done only while the key line shows it."""
    moves: bool = False
    """Whether it only moves among what is there, or leaves it: the palette does not list it."""

    @property
    def help_key(self) -> str:
        """The keys as the help shows them."""
        first = self.keys.partition(",")[0]
        return self.shown or SIGNS.get(first, first)

    @property
    def bar_key(self) -> str:
        """The key as the key line shows it."""
        return self.bar or self.help_key

    def named(self, word: str) -> Action:
        """The same, under another word for a moment."""
        return self._replace(word=word)


Page: TypeAlias = tuple["str | Action", ...]
"""Paragraphs of prose, "" for an empty line, and the actions of a screen."""


@runtime_checkable
class HasActions(Protocol):
    """A screen whose actions are declared."""

    PAGE: Page

    def keys(self) -> Sequence[Action]:
        """Those that the key line shows now, the most useful first."""


def actions_of(page: Page) -> list[Action]:
    """The actions of a page."""
    return [part for part in page if isinstance(part, Action)]


def named_actions(page: Page) -> list[Action]:
    """Those of a page that can be asked for by name: they change or open something."""
    return [a for a in actions_of(page) if a.keys and a.word and not a.moves]


def bindings(actions: Iterable[str | Action]) -> list[BindingType]:
    """What Textual binds for actions; prose between them is left out."""
    from textual.binding import Binding

    own = [a for a in actions if isinstance(a, Action) and a.keys]
    return [Binding(a.keys, a.does, a.word, show=False, priority=a.priority) for a in own]


def help_text(page: Page) -> str:
    """A page as the help shows it: each action is a line, its keys and two blanks before the words."""
    lines = (part if isinstance(part, str) else f"{part.help_key}  {part.help}" for part in page)
    return "\n".join(line for part, line in zip(page, lines, strict=True) if isinstance(part, str) or part.help)


OPEN = Action("", "", "open", shown="enter")
MOVE = Action("", "", "move", shown="↑↓")
SCROLL = MOVE.named("scroll")
ANSWER = Action("", "", "answer", shown="enter")
NO = Action("", "", "no", shown="esc")
"""What lists, and the place for an answer, do by themselves."""

NEXT_PANE = Action("tab", "app.focus_next", "next pane", "the next pane", moves=True)
READ_AGAIN = Action("r", "read_again", "refresh", "refresh")
PALETTE = Action("colon,ctrl+p", "command_palette", "palette", "palette: everything by name, themes, glyphs")
HELP = Action("question_mark", "help", "help", "this help")
QUIT = Action("q,ctrl+q", "quit", "quit", "quit")
REDRAW = Action("ctrl+l", "redraw", "redraw", "redraw the screen", priority=True)
SUSPEND = Action("ctrl+z", "suspend_process", "suspend", "suspend; the shell's fg returns", priority=True)
TABS = (
    ("1", "host", "Host"),
    ("2", "isolate", "Isolate"),
    ("3", "pin", "Pin"),
    ("4", "memory", "Memory"),
    ("5", "live", "Live"),
    ("6", "guests", "Guests"),
    ("7", "changes", "Changes"),
)
"""Key, mode and word of every screen."""
GO = tuple(Action(key, f"go('{mode}')", word) for key, mode, word in TABS)

EVERYWHERE: Page = (
    *GO,
    Action("", "", help="the screens; a click on a tab opens one too", shown="1 to 7"),
    MOVE._replace(help="move; page up and down, home and end jump", shown="arrows, hjkl"),
    OPEN._replace(help="open, back", shown="enter, esc"),
    NEXT_PANE,
    READ_AGAIN,
    PALETTE,
    HELP,
    REDRAW,
    SUSPEND,
    QUIT,
)
"""What works on every screen."""
APP = (*GO, HELP, READ_AGAIN, REDRAW, SUSPEND, QUIT, PALETTE)
"""What the app binds itself."""

BACK = Action("escape,q,backspace", "leave", "back", "back", moves=True)
COPY = Action("y", "copy", "copy")
BOOT = Action("b", "boot", "next boot", "the next boot, from the firmware to the words that the kernel gets")


def offers(screen: Screen[Any]) -> list[Action]:
    """What the palette offers of a screen: what changes or opens something, but for what cannot be done now."""
    if not isinstance(screen, HasActions):
        return []
    shown = screen.keys()
    now = {action.keys for action in shown}
    return [a for a in named_actions(screen.PAGE) if not a.sometimes or a.keys in now]
