"""The questions for a new guest, as one form; the plan comes from the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.events import DescendantFocus, Resize
from textual.screen import Screen
from textual.suggester import SuggestFromList
from textual.widgets import Input

from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts
from vfiotui.model.guest.new_guest import DISPLAYS, ISOLATION, NETWORKS, PAGES, SYSTEMS, to_goal
from vfiotui.model.pci.functions import short
from vfiotui.tui.actions import BACK, Action, Page, bindings
from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.base.follows_size import FollowsSize
from vfiotui.tui.status import key_row
from vfiotui.tui.text import clean, fit, wrap
from vfiotui.tui.widgets.line import Line
from vfiotui.tui.widgets.paint import CLASSES

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext

NEW = Action("n", "new_guest", "new guest", "asks for the answers that a new guest needs, and shows the plan for it")
NEXT = Action("down", "app.focus_next", "next", "goes to the next question, as enter does", "enter/down", moves=True)
BEFORE = Action("up", "app.focus_previous", "before", "goes to the question before", moves=True)
PLAN = Action("ctrl+s", "plan", "show the plan", "makes the plan of the answers", priority=True)
HINT = 3
"""Lines below the questions: what may be answered, or what is wrong with the answers."""
SHOWN = 4
"""Devices that the hint names."""


class Question(NamedTuple):
    """One line of the form."""

    name: str
    """As in `model/guest/new_guest.py`."""
    default: str
    """What an empty answer means."""
    hint: str
    choices: tuple[str, ...] = ()


QUESTIONS = (
    Question("name", "", "the guest's name"),
    Question("system", "linux", ", ".join(f"{k}: {v}" for k, v in SYSTEMS.items()), tuple(SYSTEMS)),
    Question("vcpus", "sensible", "a number, or sensible: as many as one level 3 cache has to give"),
    Question("memory", "half of the host's, at most 16G", "such as 16G or 8192M"),
    Question(
        "disk",
        "/var/lib/libvirt/images/NAME.qcow2",
        "an image that is made, a block device below /dev/disk/by-id, a volume, or none",
        ("none", "/dev/disk/by-id/", "/var/lib/libvirt/images/"),
    ),
    Question("disk-size", "by the system", "of an image, such as 80G"),
    Question("iso", "none", "the path of the installation medium"),
    Question("virtio-iso", "none", "the path of the medium of virtio drivers, for Windows"),
    Question("devices", "none", "PCI addresses with blanks between"),
    Question("display", "monitor of a passed card, else window", "monitor, looking-glass, or window (VNC)", DISPLAYS),
    Question("resolution", "1920x1080", "of Looking Glass, such as 2560x1440"),
    Question("network", "nat", NETWORKS, ("nat", "user", "none", "bridge:", "network:")),
    Question("evdev", "none", "keyboard and mouse of the host below /dev/input/by-id, shared by both ctrl keys"),
    Question("pages", "auto", "huge pages: free ones (auto), none, or set aside by a hook at its start (hook)", PAGES),
    Question("isolation", "boot", "vfio-pci binds the devices at boot, or libvirt at the guest's start", ISOLATION),
)


class NewGuestScreen(FollowsSize, Screen[dict[str, str]]):
    """Ends with the answers that are not empty, which are sound; with none where it was left."""

    COMPONENT_CLASSES = CLASSES
    DEFAULT_CSS = """
    NewGuestScreen { background: $background; }
    NewGuestScreen #questions { height: 1fr; }
    NewGuestScreen .question { height: 1; }
    NewGuestScreen .question Line { width: 13; }
    NewGuestScreen .question Input { width: 1fr; height: 1; border: none; padding: 0; background: $background; }
    NewGuestScreen .question Input:focus { background: $panel; }
    """
    PAGE: ClassVar[Page] = (PLAN, NEXT, BEFORE, BACK)
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self, given: Mapping[str, str], facts: Facts | None) -> None:
        """`given` are answers of before."""
        super().__init__()
        self._given = given
        self._facts = facts
        self._wrong = ""

    def compose(self) -> ComposeResult:
        """Title, questions, hint, keys."""
        yield Line(id="status")
        with VerticalScroll(id="questions", can_focus=False):
            for question in QUESTIONS:
                with Horizontal(classes="question"):
                    yield Line(id=f"word-{question.name}")
                    yield Input(
                        self._given.get(question.name, ""),
                        placeholder=question.default,
                        id=question.name,
                        suggester=SuggestFromList(question.choices) if question.choices else None,
                        compact=True,
                    )
        for number in range(HINT):
            yield Line(id=f"hint-{number}")
        yield Line(id="keys")

    def on_mount(self) -> None:
        """The first question has the keys."""
        cast("ConsoleContext", self.app).fit_glyphs(self)
        self.query_one("#name", Input).focus()

    def on_resize(self, _: Resize) -> None:
        """Draws all words anew."""
        self.query_one("#status", Line).show(row((" new guest ", "reverse"), " an empty answer means what it shows"))
        for question in QUESTIONS:
            self.query_one(f"#word-{question.name}", Line).show(row((f" {question.name}", "key")))
        self.query_one("#keys", Line).show(key_row(self.keys(), self.size.width))
        self._hint()

    def keys(self) -> list[Action]:
        """The keys that work here."""
        return [NEXT, PLAN, BACK]

    def on_descendant_focus(self, _: DescendantFocus) -> None:
        """The hint follows the question."""
        self._hint()

    def _hint(self) -> None:
        width = max(self.size.width - 2, 20)
        lines = [row((f" {line}", "fail")) for line in wrap(self._wrong, width)] if self._wrong else self._words(width)
        for number in range(HINT):
            self.query_one(f"#hint-{number}", Line).show(lines[number] if number < len(lines) else row(""))

    def _words(self, width: int) -> list[Row]:
        question = next((q for q in QUESTIONS if self.focused is not None and q.name == self.focused.id), QUESTIONS[0])
        more = self._candidates() if question.name == "devices" else ""
        return [row((f" {line}", "dim")) for line in wrap(f"{question.hint}{more}", width)]

    def _candidates(self) -> str:
        """Graphics cards and USB controllers of the host, those that no driver of the host's has first."""
        bus = None if self._facts is None else self._facts.pci
        if bus is None or isinstance(bus, Unread):
            return ""
        found = [d for d in bus.devices if d.is_display or d.class16 == 0x0C03]
        found.sort(key=lambda d: (d.driver != "vfio-pci", not d.is_display, d.bdf))
        names = (f"{short(d.bdf)} {fit(clean(d.name), 24).strip()}" for d in found[:SHOWN])
        return f": {', '.join(names)}" if found else ""

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._wrong:
            self._wrong = ""
            self._hint()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input.id == QUESTIONS[-1].name:
            self.action_plan()
        else:
            self.focus_next()

    @property
    def answers(self) -> dict[str, str]:
        """What was answered."""
        found = {q.name: self.query_one(f"#{q.name}", Input).value.strip() for q in QUESTIONS}
        return {name: value for name, value in found.items() if value}

    def action_plan(self) -> None:
        """Ends with the answers, or says what is wrong with them."""
        answers = self.answers
        try:
            to_goal(answers)
        except ValueError as error:
            self._wrong = clean(str(error))
            self._hint()
            return
        self.dismiss(answers)

    def action_leave(self) -> None:
        """Ends without answers."""
        self.dismiss({})
