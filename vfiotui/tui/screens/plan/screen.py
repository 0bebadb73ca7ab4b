"""A plan, read before anything happens: applied, saved as JSON, or saved as a shell script from here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import BindingType

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.programs.consent import consent_words, programs_of
from vfiotui.apply.scripts.shell_script import shell_script
from vfiotui.apply.scripts.way_back import RISKY, folder_of, page
from vfiotui.apply.target import Target
from vfiotui.apply.user_files import save_new
from vfiotui.host.root.root import Root
from vfiotui.model.change.plan import Plan, to_json
from vfiotui.model.finding.finding import Risk
from vfiotui.tui.actions import BACK, COPY, SCROLL, Action, bindings
from vfiotui.tui.message_box import say
from vfiotui.tui.messages import RunRequested
from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.base.asking import AskingScreen
from vfiotui.tui.screens.plan.view import plan_rows
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean

APPLY = Action("a", "apply", "apply", sometimes=True)
SAVE = Action("s", "save", "save as JSON", sometimes=True)
SCRIPT = Action("x", "script", "save as script", sometimes=True)
WAY_BACK = Action("w", "way_back", "take the way back", sometimes=True)
OTHER = Action("o", "other", "another way", sometimes=True)


class PlanScreen(AskingScreen):
    """Every step with its difference, what must hold, and the way back."""

    PAGE = (APPLY, SAVE, SCRIPT, WAY_BACK, OTHER, *AskingScreen.PAGE)
    BINDINGS: ClassVar[list[BindingType]] = bindings((APPLY, SAVE, SCRIPT, WAY_BACK, OTHER))

    def __init__(
        self, plan: Plan, root: Root, glyphs: Glyphs, *, ways: Sequence[tuple[str, Plan]] = (), warned: str = ""
    ) -> None:
        """`ways` are all plans for the same goal with their names, `plan` the first; `warned` stands in the title."""
        self._plan = plan
        self._ways = tuple(ways) or (("", plan),)
        self._way = 0
        self._warned = warned
        self._refused = ""
        self._site: Target | None = None
        try:
            self._site = Target(root)
        except ApplyError as error:
            self._refused = str(error)
        super().__init__(self._heading(), lambda width: plan_rows(self._plan, glyphs, width, self._runs))

    @property
    def _programs(self) -> tuple[str, ...]:
        return programs_of(self._site, self._plan) if self._site is not None else ()

    @property
    def _runs(self) -> str:
        """Whose programs the plan runs as root; empty where they are the running system's own."""
        return consent_words(self._site, self._programs) if self._site is not None and self._programs else ""

    def _heading(self) -> Row:
        name = self._ways[self._way][0]
        return row(
            (" plan ", "reverse"),
            f" {clean(self._plan.title)}",
            (f": {name}" if name else "", "accent"),
            (f"   {self._warned}" if self._warned else "", "fail"),
        )

    def own_keys(self) -> list[Action]:
        """What can be done with this plan on this machine."""
        some = bool(self._plan.steps)
        can_apply = [APPLY] if some and not self._refused else []
        can_save = [SAVE, SCRIPT] if some else []
        can_save += [WAY_BACK] if self._page else []
        another = [OTHER.named(self._ways[self._next][0])] if len(self._ways) > 1 else []
        return [*can_apply, *another, *can_save, BACK, SCROLL, COPY]

    @property
    def _page(self) -> str:
        """The way back on one page; empty for a plan without risk, or where nothing can be applied."""
        if self._site is None or self._plan.risk < RISKY or not self._plan.steps:
            return ""
        return "\n".join((*page(self._plan, folder_of(self._site, self._plan)), ""))

    def action_way_back(self) -> None:
        """Copies the way back, and asks for a file: it is to be taken off this machine before a risky change."""
        text = self._page
        if text:
            self.app.copy_to_clipboard(text)
            self.app.notify("copied, if this terminal allows it", markup=False, timeout=2)
            self.ask(row(" save the way back in the file"), self._saver(lambda: text, 0o600), given="way-back.txt")

    @property
    def _next(self) -> int:
        return (self._way + 1) % len(self._ways)

    def action_other(self) -> None:
        """Another way to the same goal."""
        self._way = self._next
        self._plan = self._ways[self._way][1]
        self._title = self._heading()
        self.lay_out()

    def action_apply(self) -> None:
        """Asks, and has the plan applied."""
        if not self._plan.steps:
            return
        if self._refused:
            say(self.console, "plan", self._refused)
            return
        count = len(self._plan.steps)
        wanted = "run" if self._programs else "apply" if self._plan.risk >= Risk.R3 else "y"
        whose = "run its programs as root and " if self._programs else ""
        steps = "this step" if count == 1 else f"these {count} steps"
        question = f" {whose}apply {steps} (risk {self._plan.risk.word})? type "
        self.ask(row((question, "warn"), (wanted, "key")), self._apply, wanted=wanted)

    def _apply(self, answer: str) -> None:
        self.app.post_message(RunRequested("apply", plan=self._plan, programs=bool(self._programs)))

    def action_save(self) -> None:
        """Asks for a name and saves the plan as JSON: 'vfiotui apply' takes it."""
        self._save("JSON", f"{self._plan.slug}.json", lambda: to_json(self._plan), 0o600)

    def action_script(self) -> None:
        """Asks for a name and saves a shell script."""
        self._save("a shell script", f"{self._plan.slug}.sh", lambda: "\n".join(shell_script(self._plan)) + "\n", 0o700)

    def _saver(self, text: Callable[[], str], mode: int) -> Callable[[str], None]:
        def save(answer: str) -> None:
            try:
                path = save_new(answer, text(), mode)
            except ApplyError as error:
                say(self.console, "save", str(error))
                return
            self.app.notify(f"saved as {clean(path)}", markup=False)

        return save

    def _save(self, what: str, name: str, text: Callable[[], str], mode: int) -> None:
        if self._plan.steps:
            self.ask(row(f" save as {what} in the file"), self._saver(text, mode), given=name)
