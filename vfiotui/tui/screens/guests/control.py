"""What can be done with a guest now: start it, shut it down, force it off, pause it, resume it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.guest_state import control, elsewhere, why_not
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding
from vfiotui.model.guest.domain import Domain, Virt
from vfiotui.rules.start import StartProblem, start_problems
from vfiotui.tui.actions import Action
from vfiotui.tui.message_box import say
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.screens.base.choice import ChoiceScreen
from vfiotui.tui.text import clean, fit, wrap
from vfiotui.virt.connect import NoConnection
from vfiotui.virt.control import DOING, ControlRefused, NoGuest

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext

T = TypeVar("T")
CONTROL = Action("g", "control", "start/stop", "starts, shuts down, forces off, pauses or resumes the guest")
WORDS = {
    "start": ("start", "starts it"),
    "shutdown": ("shut down", "asks it to shut down, as its power button does"),
    "force-off": ("force off", "ends it at once, as pulling the plug does: what it has not written is lost"),
    "pause": ("pause", "stops its vCPUs; its memory and devices stay"),
    "resume": ("resume", "lets its vCPUs run again"),
}
POSSIBLE = {
    "running": ("shutdown", "pause", "force-off"),
    "paused": ("resume", "force-off"),
    "pm suspended": ("resume", "force-off"),
    "shutting down": ("force-off",),
    "shut off": ("start",),
    "crashed": ("start",),
}
"""State → what can be done, the gentlest first; of any other state everything is offered, and libvirt says what not."""
YES, NO = "yes", "no"
PATIENCE = 10.0
"""Seconds after which a call that goes on is said to do so."""


def verbs_for(state: str) -> tuple[str, ...]:
    """What can be done with a guest in a state."""
    return POSSIBLE.get(state, tuple(WORDS))


def control_rows(domain: Domain, problems: tuple[StartProblem, ...], unsure: str, width: int) -> list[Row]:
    """What will fail at a start, and the verbs to choose from."""
    rows: list[Row] = []
    for problem in problems:
        word, style = ("its start fails: ", "fail") if problem.severity == "fail" else ("its start may fail: ", "warn")
        todo = f" To do: {problem.fix}." if problem.fix else ""
        rows += [row((line, style)) for line in wrap(f"{word}{problem.sentence}{todo}", width)]
    if unsure:
        rows += [row((line, "dim")) for line in wrap(unsure, width)]
    rows += [BLANK] if rows else []
    most = max(len(word) for word, _ in WORDS.values())
    for verb in verbs_for(domain.state):
        word, help_text = WORDS[verb]
        rows.append(row((f" {word:{most}}", "accent"), f"  {fit(help_text, max(width - most - 4, 8))}", key=verb))
    return rows


def _sure_rows(name: str, width: int) -> list[Row]:
    question = f"{name} ends at once; what it has not written is lost."
    return [
        *(row((line, "warn")) for line in wrap(question, width)),
        BLANK,
        row(" no, leave it as it is", key=NO),
        row((" yes, force it off", "fail"), key=YES),
    ]


def open_control(
    console: ConsoleContext, domain: Domain, virt: Virt | None, facts: Facts | None, findings: tuple[Finding, ...]
) -> None:
    """Shows what can be done with the guest; what is chosen is done beside the screens.

    Facts and findings, as far as they are read, tell what will fail at a start.
    """
    if why := why_not(console.root_, virt.uri if virt is not None and console.follows_libvirt else ""):
        say(console, "start/stop", f"{why[:1].upper()}{why[1:]}.")
        return
    if virt is None or not virt.connected:
        say(console, "start/stop", "libvirt is not reached, and only libvirt starts and stops guests.")
        return
    problems: tuple[StartProblem, ...] = ()
    unsure = ""
    if "start" in verbs_for(domain.state):
        if elsewhere(virt.uri):
            unsure = "Not checked before its start: it runs on another host."
        elif facts is None or not findings:
            unsure = "Not checked before its start: the host is still being read."
        else:
            problems = start_problems(domain, facts, findings)

    def chosen(verb: str | None) -> None:
        if verb == "force-off":
            sure = row((" force off ", "reverse"), f" {clean(domain.name)}")
            screen = ChoiceScreen(sure, lambda width: _sure_rows(clean(domain.name), width), NO)
            console.push_screen(screen, lambda answer: _begin(console, virt.uri, domain.name, verb, answer == YES))
        else:
            _begin(console, virt.uri, domain.name, verb or "", bool(verb))

    title = row((" start/stop ", "reverse"), f" {clean(domain.name)}  {clean(domain.state)}")
    first = next(iter(verbs_for(domain.state)))
    rows = lambda width: control_rows(domain, problems, unsure, width)  # noqa: E731 - one line for the screen
    console.push_screen(ChoiceScreen(title, rows, first, "do it"), chosen)


def _begin(console: ConsoleContext, uri: str, name: str, verb: str, agreed: bool) -> None:
    if agreed:
        console.run_worker(_do(console, uri, name, verb), group=f"control {name}")


async def _do(console: ConsoleContext, uri: str, name: str, verb: str) -> None:
    """Does it, and says how it came out; libvirt's events show the new state."""
    root, named = console.root_, console.follows_libvirt
    ended = in_thread(lambda: control(root, uri, name, verb, named=named))
    try:
        done, _ = await asyncio.wait((ended,), timeout=PATIENCE)
        if not done:
            words = f"{clean(name)}: libvirt still works on it; hooks and huge pages take their time"
            console.notify(words, title="guests", markup=False)
        outcome = await ended
    except (ApplyError, NoConnection, NoGuest, ControlRefused) as error:
        say(console, f"{clean(name)} was not {DOING[verb]}", str(error))
        return
    console.notify(clean(outcome.sentence), title="guests", markup=False)


def in_thread(use: Callable[[], T]) -> asyncio.Future[T]:
    """What `use` returns or raises, from a thread of its own, which a console that is left does not wait for."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def work() -> None:
        try:
            answer = use()
        except Exception as error:
            _hand_over(loop, future, lambda caught=error: future.set_exception(caught))  # type: ignore[misc]
        else:
            _hand_over(loop, future, lambda: future.set_result(answer))

    threading.Thread(target=work, daemon=True, name="libvirt control").start()
    return future


def _hand_over(loop: asyncio.AbstractEventLoop, future: asyncio.Future[T], give: Callable[[], None]) -> None:
    """On the loop; nothing where the console is gone or waits no more."""
    try:
        loop.call_soon_threadsafe(lambda: None if future.done() else give())
    except RuntimeError:
        return
