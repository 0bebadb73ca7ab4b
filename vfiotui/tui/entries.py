"""What the palette offers: what each screen does, devices, guests, findings, changes, symptoms and settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from textual.screen import Screen

from vfiotui.model.base.reading import Unread
from vfiotui.model.finding.finding import Verdict
from vfiotui.rules import catalogue
from vfiotui.rules.symptoms import symptoms
from vfiotui.state.topics import CHANGES, FACTS, FINDINGS, VIRT
from vfiotui.tui.actions import GO, HELP, QUIT, READ_AGAIN, TABS, Action, Page, named_actions, offers
from vfiotui.tui.navigation import go, open_finding
from vfiotui.tui.row import row
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.screens.changes.change import ChangeScreen
from vfiotui.tui.screens.guests.guest import GuestScreen
from vfiotui.tui.screens.host.finding_view import rule_rows
from vfiotui.tui.screens.host.places import Place
from vfiotui.tui.screens.host.symptoms import show_answer
from vfiotui.tui.terminal.capabilities import SETS

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext
    from vfiotui.tui.screens.pin.screen import PinScreen

SCREEN_WORDS = {
    "host": "diagnose doctor checks findings problems iommu groups boot",
    "isolate": "passthrough pass through vfio vfio-pci bind unbind gpu graphics card ids",
    "pin": "cpu pinning vcpu vcpus cores topology affinity cache numa",
    "memory": "hugepages huge pages thp transparent pool 1g 2m",
    "live": "latency frequency delay jitter stutter graph monitor mhz",
    "guests": "vm vms virtual machines domains libvirt qemu",
    "changes": "undo rollback roll back revert journal history log",
}
"""Mode → other words that people type for a screen."""


class Entry(NamedTuple):
    """One line of the palette; its texts may come from hardware, guests and files."""

    name: str
    help: str
    run: Callable[[], object]
    words: str = ""
    """What else it is found by."""
    at_once: bool = True
    """Whether it is offered before anything is typed."""
    last: bool = False
    """Whether it comes after the others that are found as well."""


def entries(console: ConsoleContext, screen: Screen[Any]) -> Iterator[Entry]:
    """Everything, what concerns the present screen first."""
    app = screen.app
    for action in offers(screen):
        yield Entry(action.word, _key(action), partial(app.run_action, action.does, screen), action.help)
    for action, (_, mode, _) in zip(GO, TABS, strict=True):
        run = partial(app.run_action, action.does, app)
        yield Entry(f"go to {action.word}", f"key {action.bar_key}", run, SCREEN_WORDS[mode])
    for action in (READ_AGAIN, HELP):
        yield Entry(action.word, _key(action), partial(app.run_action, action.does, app))
    for name in console.theme_names:
        yield Entry(f"theme {name}", "colours", partial(setattr, app, "theme", name))
    for name in SETS:
        yield Entry(f"glyphs {name}", "marks and graphs", partial(console.use_glyphs, name))
    yield Entry(QUIT.word, _key(QUIT), partial(app.run_action, QUIT.does, app))
    yield from _others(console, getattr(screen, "MODE", ""))
    yield from _of_this_host(console)
    for symptom in symptoms():
        answer = partial(show_answer, console, symptom.name)
        yield Entry(f"symptom: {symptom.name}", symptom.title, answer, " ".join(symptom.words), at_once=False)
    for rule in catalogue():
        yield Entry(f"explain {rule.code}", rule.title, partial(_explain, console, rule.code), at_once=False, last=True)


def _key(action: Action) -> str:
    """What an action does, and its key: the key is learned on the way."""
    return f"{action.help}, key {action.bar_key}" if action.help else f"key {action.bar_key}"


def _others(console: ConsoleContext, present: str) -> Iterator[Entry]:
    """What the other screens do; the screen is opened first."""
    for _, mode, word in TABS:
        if mode == present:
            continue
        kind = getattr(import_module(f"vfiotui.tui.screens.{mode}.screen"), f"{mode.capitalize()}Screen")
        for action in named_actions(cast("Page", kind.PAGE)):
            if not action.sometimes:
                run = partial(_there, console, mode, action)
                yield Entry(f"{word}: {action.word}", _key(action), run, SCREEN_WORDS[mode], at_once=False)


def _there(console: ConsoleContext, mode: str, action: Action) -> None:
    console.action_go(mode)

    def act() -> None:
        screen = console.screen
        screen.run_worker(screen.app.run_action(action.does, screen))

    console.call_after_refresh(act)


def _of_this_host(console: ConsoleContext) -> Iterator[Entry]:
    """Guests, devices, findings and changes, as far as they were read."""
    store, glyphs = console.store, console.caps.glyphs
    virt, facts, journal = store.get(VIRT), store.get(FACTS), store.get(CHANGES)
    domains = () if virt is None or isinstance(virt.domains, Unread) else virt.domains
    for domain in domains:
        run = partial(_over, console, "guests", partial(GuestScreen, domain.name))
        yield Entry(f"guest {domain.name}", domain.state, run, "vm domain", at_once=False)
        run = partial(_pin, console, domain.name)
        yield Entry(f"pin {domain.name}", "its threads on the map of CPUs", run, SCREEN_WORDS["pin"], at_once=False)
    if facts is not None and not isinstance(facts.pci, Unread):
        for device in facts.pci.devices:
            if not device.is_bridge:
                run = partial(go, console, Place("device", device.bdf))
                driver = "" if isinstance(device.driver, Unread) else device.driver
                yield Entry(f"device {device.bdf} {device.name}", driver or "no driver", run, at_once=False)
    if facts is not None:
        for finding in store.get(FINDINGS) or ():
            if finding.verdict is Verdict.FAILED:
                run = partial(open_finding, console, finding, facts)
                yield Entry(f"{finding.severity.word} {finding.code}", finding.sentence, run, at_once=False)
    for record in () if journal is None or isinstance(journal, Unread) else journal:
        run = partial(_over, console, "changes", partial(ChangeScreen, glyphs, name=record.name))
        words = "undo rollback revert"
        yield Entry(f"change {record.number}: {record.title}", str(record.state), run, words, at_once=False)


def _over(console: ConsoleContext, mode: str, make: Callable[[], Screen[Any]]) -> None:
    """Opens a page over the screen that it belongs to."""
    console.action_go(mode)
    console.call_after_refresh(lambda: console.push_screen(make()))


def _pin(console: ConsoleContext, guest: str) -> None:
    console.action_go("pin")

    def choose() -> None:
        screen = cast("PinScreen", console.screen)
        screen.desk.choose(guest)
        screen.redraw()

    console.call_after_refresh(choose)


def _explain(console: ConsoleContext, code: str) -> None:
    console.push_screen(TextScreen(row((" explain ", "reverse"), f" {code}"), lambda width: rule_rows(code, width)))
