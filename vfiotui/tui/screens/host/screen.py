"""Screen 1: what is wrong with this host, its groups, and the evidence."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from vfiotui.model.base.value import replace
from vfiotui.model.finding.finding import Finding
from vfiotui.model.finding.report import count
from vfiotui.model.finding.unknown_groups import UnknownGroup, folded
from vfiotui.state.topics import FACTS, FINDINGS, PROGRESS
from vfiotui.tui.actions import HELP, PALETTE, QUIT, Action, bindings
from vfiotui.tui.navigation import open_finding
from vfiotui.tui.open_plan import can_fix, open_fix
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.screens.base.choice import ChoiceScreen
from vfiotui.tui.screens.base.screen import NARROW, ConsoleScreen
from vfiotui.tui.screens.base.text import Lines, TextScreen
from vfiotui.tui.screens.host import actions
from vfiotui.tui.screens.host.boot_path import KEY as BOOT_KEY
from vfiotui.tui.screens.host.boot_path import boot_detail, boot_rows, boot_title, open_boot_path
from vfiotui.tui.screens.host.filter import LEVELS, HostFilter, area_rows, guest_choice_rows
from vfiotui.tui.screens.host.finding_view import finding_detail, finding_rows, fold_detail, fold_key, key_of, rule_rows
from vfiotui.tui.screens.host.forum import forum_post
from vfiotui.tui.screens.host.groups import OVERRIDE_KEY, device_detail, group_rows, groups_title, override_detail
from vfiotui.tui.screens.host.progress import first_rows, headline_rows, judging_rows, more_rows, more_words
from vfiotui.tui.screens.host.symptoms import ask
from vfiotui.tui.text import clean
from vfiotui.tui.widgets.rows import Rows

LISTS = ("findings", "groups", "boot")
"""The lists whose cursor the evidence follows."""


def list_width(rows: Rows) -> int:
    """Cells for text in a list, its scroll bar left free."""
    return (rows.size.width or 60) - 1


def _title_of(key: str) -> str:
    if key.startswith(BOOT_KEY):
        return "next boot"
    return clean(key.split(" ")[1]) if " " in key and not key.startswith("fold ") else "evidence"


class HostScreen(ConsoleScreen):
    """Findings, groups, and everything about the one under the cursor."""

    MODE = "host"
    TOPICS = (FACTS, FINDINGS, PROGRESS)
    KEYS = actions.KEYS
    PAGE = actions.HOST
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self) -> None:
        super().__init__()
        self._filter = HostFilter()
        self._opened: frozenset[str] = frozenset()

    def compose_body(self) -> ComposeResult:
        """Findings, groups and the next boot on the left, evidence on the right, the filter below."""
        with Horizontal(id="body"):
            with Vertical(id="left"):
                findings = Rows(id="findings")
                findings.add_class("pane")
                yield findings
                groups = Rows(id="groups")
                groups.add_class("pane")
                yield groups
                boot = Rows(id="boot")
                boot.add_class("pane")
                yield boot
            with Vertical(id="right"):
                detail = Rows(id="detail", cursor=False)
                detail.add_class("pane")
                yield detail
        yield Input(id="filter", placeholder="filter: any text; esc clears", compact=True)

    def on_mount(self) -> None:
        """Keys go to the findings first."""
        super().on_mount()
        self.query_one("#findings", Rows).focus()

    def shown_findings(self) -> list[Finding]:
        """The findings that the filter leaves."""
        return [] if self.facts is None else self._filter.keep(self.findings, self.facts)

    def _items(self) -> list[Finding | UnknownGroup]:
        """What the list shows: unknowns of one reason are one line, unless they were opened or a text is looked for."""
        shown = self.shown_findings()
        return list(shown) if self._filter.text else folded(shown, self._opened)

    def _fold(self, key: str) -> UnknownGroup | None:
        return next((i for i in self._items() if isinstance(i, UnknownGroup) and fold_key(i) == key), None)

    def draw(self, topic: str) -> None:
        """Both lists and the evidence."""
        facts = self.facts
        findings, groups = self.query_one("#findings", Rows), self.query_one("#groups", Rows)
        if facts is None:
            findings.show(first_rows(self.store.get(PROGRESS) or frozenset(), list_width(findings)))
            return
        if topic == PROGRESS:
            return
        if topic == FINDINGS and self.store.get(FINDINGS) is None:
            findings.show(judging_rows())
        elif topic == FINDINGS:
            findings.head(more_words(facts) + self._filter.title() + count(self.findings).sentence())
            shown = finding_rows(self._items(), self.caps.glyphs, list_width(findings))
            top = headline_rows(facts, list_width(findings))
            findings.show([*top, *(shown or [self._nothing()]), *more_rows(facts, list_width(findings))])
        if topic == FACTS:
            groups.head(groups_title(facts))
            groups.show(group_rows(facts, self.caps.glyphs, list_width(groups), self._filter.text))
            boot = self.query_one("#boot", Rows)
            boot.head(boot_title(facts))
            boot.show(boot_rows(facts, list_width(boot)))
        self._show_detail(self._current())

    def _nothing(self) -> Row:
        if self._filter.text:
            return row((f"no finding contains {clean(self._filter.text)!r}; esc clears the filter", "dim"))
        if self._filter.narrows:
            return row(("nothing is wrong there as far as it can be seen; esc shows the rest", "holds"))
        return row(("nothing is wrong as far as it can be seen; s shows all checks", "holds"))

    def _current(self) -> str:
        focused = self.focused
        if isinstance(focused, Rows) and focused.id in LISTS and focused.key:
            return focused.key
        return self.query_one("#findings", Rows).key

    def _finding(self, key: str) -> Finding | None:
        return next((f for f in self.findings if key_of(f) == key), None)

    def detail_rows(self, key: str, width: int) -> list[Row]:
        """Everything about what a key stands for."""
        facts, finding = self.facts, self._finding(key)
        if finding is not None:
            return finding_detail(finding, self.caps.glyphs, width)
        fold = self._fold(key)
        if fold is not None:
            return fold_detail(fold, width)
        if facts is not None and key.startswith(BOOT_KEY):
            return boot_detail(facts, width)
        if facts is not None and key == OVERRIDE_KEY:
            return override_detail(facts, width)
        if facts is not None and key.startswith("device "):
            return device_detail(facts, key.removeprefix("device "), width)
        return [row(("move the cursor to a finding or a device", "dim")), BLANK]

    def _show_detail(self, key: str) -> None:
        detail = self.query_one("#detail", Rows)
        detail.head(_title_of(key))
        detail.show(self.detail_rows(key, max(list_width(detail) - 1, 20)))

    @on(Rows.Moved)
    def _moved(self, event: Rows.Moved) -> None:
        if event.rows is self.focused:
            self.query_one("#detail", Rows).scroll_to(y=0, animate=False)
            self._show_detail(event.key)
            self.draw_frame()

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.open(event.key)

    def open(self, key: str) -> None:
        """Shows the finding or device with a key whole."""
        finding, facts, fold = self._finding(key), self.facts, self._fold(key)
        if fold is not None:
            self._opened |= {fold.reason}
            self.redraw()
            self.query_one("#findings", Rows).select(key_of(fold.findings[0]))
        elif finding is not None and facts is not None:
            open_finding(self.console, finding, facts)
        elif key.startswith(BOOT_KEY):
            self.action_boot()
        elif key == OVERRIDE_KEY:
            title = row((" ACS override ", "reverse"), " which groups would it change?")
            self.app.push_screen(TextScreen(title, lambda width: self.detail_rows(key, width)))
        elif key.startswith("device "):
            title = row((" device ", "reverse"), f" {clean(key.removeprefix('device '))}")
            self.app.push_screen(TextScreen(title, lambda width: self.detail_rows(key, width)))

    def on_descendant_focus(self) -> None:
        """The evidence follows the list that has the keys, and the key line says what they do."""
        if not self.is_mounted or self.facts is None:
            return
        if isinstance(self.focused, Rows) and self.focused.id != "detail":
            self._show_detail(self._current())
        self.draw_frame()

    def action_filter(self) -> None:
        """Opens the filter."""
        box = self.query_one("#filter", Input)
        box.add_class("-open")
        box.focus()

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        self._narrow(text=event.value)

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.query_one("#findings", Rows).focus()

    def _narrow(self, **changes: str) -> None:
        self._filter = replace(self._filter, **changes)
        self.redraw()

    def action_clear(self) -> None:
        """Closes the filter and wants everything again."""
        box = self.query_one("#filter", Input)
        box.value = ""
        box.remove_class("-open")
        self._opened = frozenset()
        self._narrow(text="", area="", guest="")
        self.query_one("#findings", Rows).focus()

    def action_severity(self) -> None:
        """The next level of findings."""
        self._narrow(level=LEVELS[(LEVELS.index(self._filter.level) + 1) % len(LEVELS)])

    def action_area(self) -> None:
        """Chooses one area of checks."""
        title = row((" area ", "reverse"), " which checks shall be shown?")
        self._choose(title, lambda width: area_rows(self.findings, width), f"area {self._filter.area}", "area")

    def action_guest(self) -> None:
        """Chooses one guest."""
        facts = self.facts
        if facts is not None:
            title = row((" guest ", "reverse"), " whose findings shall be shown?")
            rows = partial(guest_choice_rows, self.findings, facts)
            self._choose(title, rows, f"guest {self._filter.guest}", "guest")

    def _choose(self, title: Row, lines: Lines, current: str, what: str) -> None:
        def chosen(key: str | None) -> None:
            if key:
                self._narrow(**{what: key.partition(" ")[2]})

        self.app.push_screen(ChoiceScreen(title, lines, current), chosen)

    def action_wrong(self) -> None:
        """Asks for a symptom and shows what may cause it."""
        ask(self.console)

    def action_boot(self) -> None:
        """The whole path from the firmware to the kernel's words."""
        open_boot_path(self.console, self.facts)

    def action_fix(self) -> None:
        """Makes the plan that fixes the finding under the cursor, and shows it."""
        finding = self._finding(self._current())
        if finding is not None and can_fix(finding):
            open_fix(self.console, finding)

    def action_explain(self) -> None:
        """The document of the check under the cursor."""
        finding = self._finding(self._current())
        if finding is None:
            self.app.notify("a device has no check of its own: move to a finding", markup=False)
            return
        code = finding.code
        self.app.push_screen(
            TextScreen(row((" explain ", "reverse"), f" {code}"), lambda width: rule_rows(code, width))
        )

    def action_copy(self) -> None:
        """The finding under the cursor as Markdown, or all that are shown."""
        finding, facts = self._finding(self._current()), self.facts
        if facts is None:
            return
        self.app.copy_to_clipboard(forum_post(facts, [finding] if finding else self.shown_findings()))
        self.app.notify("copied as Markdown, if this terminal allows it", markup=False, timeout=2)

    def keys(self) -> list[Action]:
        """Panes are stepped through with tab where there is more than one."""
        more = actions.NEXT_LIST.named("pane" if self.size.width >= NARROW else "list")
        typing = isinstance(self.focused, Input)  # Until the filter is left a key is text.
        can = self.is_mounted and not typing and can_fix(self._finding(self._current()))
        fix = [actions.FIX] if can else []
        return [*fix, *self.KEYS[:3], more, HELP, QUIT, *self.KEYS[3:], PALETTE]
