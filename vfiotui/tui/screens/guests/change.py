"""What can be changed of a guest: devices, disks, settings, autostart. Each choice becomes a plan, which is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vfiotui.model.base.reading import Unread
from vfiotui.model.change.plan import Goal
from vfiotui.model.facts import Facts
from vfiotui.model.guest.domain import Domain
from vfiotui.model.pci.host_use import host_loses
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.setting_keys import SETTINGS, setting_goal
from vfiotui.tui.actions import Action
from vfiotui.tui.message_box import say
from vfiotui.tui.open_plan import open_goals
from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.base.asking import AskingScreen
from vfiotui.tui.screens.base.choice import ChoiceScreen
from vfiotui.tui.text import clean, fit, wrap

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext

CHANGE = Action("e", "change", "change", "attaches and detaches devices and disks, sets memory, vCPUs, boot and more")
CHOICES = {
    "attach": ("attach a device", "passes a PCI device to it, with all that must go together"),
    "detach": ("detach a device", "takes a PCI device from it, with what belongs to it"),
    "disk.add": ("add a disk", "a block device or an image, by its path"),
    "disk.remove": ("remove a disk", "what is on the disk stays as it is"),
    "set": ("set", "memory, vCPUs, firmware, boot order and more"),
    "autostart": ("autostart", ""),
    "screen": ("the card is the screen", "takes SPICE, tablet, balloon and the emulated card away"),
}
RUNNING = {"attach": "plug", "detach": "unplug", "disk.add": "disk.plug", "disk.remove": "disk.unplug"}
"""What a goal of the definition is called that does the same to a running guest."""
WHERE = {
    "config": ("definition", "at its next start"),
    "running": ("running guest", "until it ends"),
    "both": ("both", "now and at its next start"),
}


class AnswerScreen(AskingScreen):
    """Lines that explain, and a place to type; Esc on the empty place goes back."""

    def __init__(self, title: Row, lines: Sequence[str], question: str, then: Callable[[str], object]) -> None:
        super().__init__(
            title, lambda width: [row(part) for line in lines for part in wrap(clean(line), width) or [""]]
        )
        self._question, self._then = question, then

    def on_mount(self) -> None:
        """Asks at once."""
        super().on_mount()
        self.call_after_refresh(self._ask)

    def _ask(self) -> None:
        self.ask(row((f"{self._question} ", "accent")), self._answered)

    def _answered(self, answer: str) -> None:
        self.dismiss()
        self._then(answer)


def choice_rows(domain: Domain, width: int) -> list[Row]:
    """What can be changed, one line each."""
    autostart = "does not start together with libvirt any more" if domain.autostart else "starts together with libvirt"
    most = max(len(word) for word, _ in CHOICES.values())
    return [
        row((f" {word:{most}}", "accent"), f"  {fit(text or autostart, max(width - most - 4, 8))}", key=key)
        for key, (word, text) in CHOICES.items()
    ]


def device_rows(domain: Domain, facts: Facts | None, width: int, *, has: bool) -> list[Row]:
    """The PCI devices of the host that the guest has, or those that it could get, with what the host loses."""
    bus = Unread("the host is still being read") if facts is None else facts.pci
    given = {h.address for h in domain.pci_hostdevs}
    if isinstance(bus, Unread):
        return [row((fit(f"the PCI devices are not known: {bus}", width), "unknown"))]
    rows = []
    for bdf in sorted(given) if has else [d.bdf for d in bus.devices if not d.is_bridge and d.bdf not in given]:
        device = bus.get(bdf)
        name = "is not on this host" if device is None else clean(device.name)
        lost = () if device is None or facts is None else host_loses(device, bus, facts.usb, facts.host_use)
        tail = f"  host loses: {clean(', '.join(lost))}" if lost and not has else ""
        rows.append(row((f" {bdf}  ", "accent"), fit(f"{name}{tail}", max(width - len(bdf) - 4, 8)), key=bdf))
    return rows or [row((" no device", "dim"))]


def disk_rows(domain: Domain, width: int) -> list[Row]:
    """The disks of a guest."""
    return [
        row((f" {fit(d.target, 6)}", "accent"), fit(f" {d.bus} {d.source}", max(width - 8, 8)), key=d.target)
        for d in domain.devices.disks
    ] or [row((" no disk", "dim"))]


def open_change(console: ConsoleContext, domain: Domain, facts: Facts | None) -> None:
    """Shows what can be changed of a guest; what is chosen becomes a plan."""

    def chosen(key: str | None) -> None:
        match key:
            case "attach" | "detach":
                has = key == "detach"
                lines = lambda width: device_rows(domain, facts, width, has=has)  # noqa: E731 - one line for the screen
                _choose(console, domain, CHOICES[key][0], lines, lambda bdf: _place(console, domain, key, bdf))
            case "disk.remove":
                lines = lambda width: disk_rows(domain, width)  # noqa: E731 - one line for the screen
                _choose(console, domain, CHOICES[key][0], lines, lambda name: _place(console, domain, key, name))
            case "disk.add":
                words = (
                    "A block device by a name of /dev/disk/by-id, or an image. Words before it and a colon say more: "
                    "bus=scsi,readonly:/srv/data.img",
                )
                _type(console, domain, "add a disk", words, "path:", lambda path: _place(console, domain, key, path))
            case "set":
                keys = [f"{k}={s.value}  {s.help}" for k, s in SETTINGS.items()]
                _type(console, domain, "set", keys, "KEY=VALUE:", lambda pair: _set(console, domain, pair))
            case "autostart":
                _plan(console, ("guest.autostart", f"{domain.name}/{'off' if domain.autostart else 'on'}"))
            case "screen":
                _plan(console, ("guest.screen", f"{domain.name}/card"))

    _choose(console, domain, "change", lambda width: choice_rows(domain, width), chosen)


def _title(domain: Domain, word: str) -> Row:
    return row((f" {word} ", "reverse"), f" {clean(domain.name)}  {clean(domain.state)}")


def _choose(
    console: ConsoleContext,
    domain: Domain,
    word: str,
    lines: Callable[[int], list[Row]],
    then: Callable[[str], object],
) -> None:
    def chosen(key: str | None) -> None:
        if key:
            then(key)

    console.push_screen(ChoiceScreen(_title(domain, word), lines), chosen)


def _type(
    console: ConsoleContext,
    domain: Domain,
    word: str,
    lines: Sequence[str],
    question: str,
    then: Callable[[str], object],
) -> None:
    console.push_screen(AnswerScreen(_title(domain, word), lines, question, then))


def _place(console: ConsoleContext, domain: Domain, key: str, value: str) -> None:
    """A guest that runs is changed now, at its next start, or both."""
    argument = f"{domain.name}/{value}"

    def goals(where: str) -> None:
        now: list[Goal] = [(f"guest.{RUNNING[key]}", argument)] if where in ("running", "both") else []
        _plan(console, *now, *([(f"guest.{key}", argument)] if where in ("config", "both") else []))

    if not domain.running:
        goals("config")
        return
    rows = [row((f" {word:14}", "accent"), f" {text}", key=name) for name, (word, text) in WHERE.items()]
    _choose(console, domain, f"{CHOICES[key][0]}: where", lambda width: rows, goals)


def _set(console: ConsoleContext, domain: Domain, pair: str) -> None:
    try:
        goal = setting_goal(domain.name, pair)
    except PlanError as error:
        say(console, "no plan", f"No plan can be made: {error}.")
        return
    _plan(console, goal)


def _plan(console: ConsoleContext, *goals: Goal) -> None:
    open_goals(console, goals)
