"""What a pin plan would do, and the key that does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from vfiotui.apply.kinds import kind_of
from vfiotui.model.plan import Plan
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.status import key_row
from vfiotui.tui.text import clean, wrap
from vfiotui.tui.widgets.line import Line
from vfiotui.tui.widgets.paint import CLASSES
from vfiotui.tui.widgets.rows import Rows

SCOPES = ("running guest and definition", "definition only", "running guest only")
MakePlan = Callable[[str], Plan | str]
"""The plan for a scope, or why there is none."""


def plan_rows(plan: Plan, width: int) -> list[Row]:
    """Every step with its difference."""
    rows = [row(line) for note in plan.notes for line in wrap(note, width)]
    for number, step in enumerate(plan.steps, 1):
        rows += [BLANK, *(row((line, "head")) for line in wrap(f"{number}. {step.why}", width))]
        rows.append(row((f"   risk {step.risk}, felt {step.effect}", "dim")))
        for line in kind_of(step.kind).preview(step):
            style = {"+": "holds", "-": "fail", "@": "accent"}.get(line[:1], "")
            rows.append(row(("   " + clean(line), style)))
    return rows if plan.steps else [*rows, row(("everything is as it is wanted already", "holds"))]


class PinApply(Screen[Plan | None]):
    """A plan to read; it ends with the plan when it shall be applied, else with None."""

    COMPONENT_CLASSES = CLASSES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace,n", "leave", "back"),
        Binding("y,enter", "apply", "apply"),
        Binding("s", "scope", "scope"),
    ]

    def __init__(self, name: str, make: MakePlan, problems: int) -> None:
        """`problems` is how many failures the pinning has: it is told, and not forbidden."""
        super().__init__()
        self._guest = name
        self._make = make
        self._problems = problems
        self._scopes = [s for s in SCOPES if isinstance(make(s), Plan)] or [SCOPES[1]]
        self._scope = 0

    def compose(self) -> ComposeResult:
        """Title, plan, keys."""
        yield Line(id="status")
        yield Rows(id="text", cursor=False)
        yield Line(id="keys")

    def on_mount(self) -> None:
        """Keys go to the plan."""
        self.app.fit_glyphs(self)  # type: ignore[attr-defined]
        self.query_one(Rows).focus()

    def on_resize(self) -> None:
        """Draws everything."""
        width = self.size.width
        scope = self._scopes[self._scope]
        plan = self._make(scope)
        warned = f"   {self._problems} failures remain" if self._problems else ""
        title = row((" apply ", "reverse"), f" pins of {clean(self._guest)}: ", (scope, "accent"), (warned, "fail"))
        self.query_one("#status", Line).show(title)
        rows = [row((line, "fail")) for line in wrap(plan, width - 2)] if isinstance(plan, str) else None
        self.query_one(Rows).show(rows or plan_rows(plan, max(width - 3, 20)))  # type: ignore[arg-type]
        keys = [("y", "apply"), ("s", "scope"), ("↑↓", "scroll"), ("esc", "back")]
        self.query_one("#keys", Line).show(key_row(keys, width))

    def action_scope(self) -> None:
        """The running guest, its definition, or both."""
        self._scope = (self._scope + 1) % len(self._scopes)
        self.on_resize()

    def action_apply(self) -> None:
        """Ends with the plan."""
        plan = self._make(self._scopes[self._scope])
        if isinstance(plan, Plan) and plan.steps:
            self.dismiss(plan)

    def action_leave(self) -> None:
        """Ends without."""
        self.dismiss(None)
