"""Xorg draws on a card that stays with the host."""

from __future__ import annotations

import re

from vfiotui.formats.system.xorg_conf import busid_of, set_bus_id
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.draft import ANY_NAME, FILE_NAME, Draft, Phase, PlanError, Planner

WRITES = (r"/etc/X11/xorg\.conf", rf"/etc/X11/xorg\.conf\.d/{FILE_NAME}\.conf")
ARGUMENT = re.compile(rf"(/etc/X11/xorg\.conf(?:\.d/{ANY_NAME}\.conf)?):(\d{{1,7}})=([0-9a-f:.]+)")


def _parts(argument: str) -> tuple[str, int, str]:
    match = ARGUMENT.fullmatch(argument)
    if match is None:
        raise PlanError(f"{argument!r} is no FILE:LINE=BDF with a file of Xorg's configuration in /etc/X11")
    return match[1], int(match[2]), match[3]


def reads(argument: str) -> tuple[str, ...]:
    """The file itself."""
    return (_parts(argument)[0],)


def draw(draft: Draft, argument: str) -> None:
    """One BusID line; PlanError where the address is no display controller of this host."""
    path, line, bdf = _parts(argument)
    bus, text = draft.facts.pci, draft.text(path)
    device = None if isinstance(bus, Unread) else bus.get(bdf)
    if device is None or not device.is_display:
        raise PlanError(f"there is no display controller at {bdf}")
    if text is None:
        raise PlanError(f"{path} is not there")
    why = f"Xorg draws on {device.name}, which stays with the host"
    if draft.write(path, set_bus_id(text, line, busid_of(bdf)), why, Phase.HOST_FILE, risk=Risk.R3, effect=Effect.BOOT):
        draft.note("Xorg reads this when it starts: at the next boot, or when the display manager is started anew")
        draft.escape(f"where Xorg does not start: log in on a text console, and remove the BusID line from {path}")


PLANNERS = (
    Planner("xorg.busid", "FILE:LINE=BDF", "name the card on which Xorg draws", "Xorg's card in {}", draw, reads),
)
