"""Goals that share a keyboard or mouse of the host with a guest: evdev, with keys that hand them over."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal
from vfiotui.plan.guest.disks import lasting
from vfiotui.plan.guest.display import INPUTS

TOGGLES = {
    "ctrl-ctrl": "both Ctrl keys",
    "alt-alt": "both Alt keys",
    "shift-shift": "both Shift keys",
    "meta-meta": "both Super keys",
    "scrolllock": "Scroll Lock",
    "ctrl-scrolllock": "Ctrl and Scroll Lock",
}
"""What hands the devices over (libvirt formatdomain, grabToggle)."""
KEYBOARD, MOUSE = "-event-kbd", "-event-mouse"
"""Ends of the links that udev makes for a device's events (60-persistent-input.rules)."""
FIRST, FIRST_TOGGLE = (7, 4), (7, 6)
"""libvirt that knows the type, and grabToggle (libvirt formatdomain, "Input devices")."""


def _add(work: Definition, value: str) -> None:
    path, equals, toggle = value.partition("=")
    toggle = toggle if equals else "ctrl-ctrl"
    if toggle not in TOGGLES:
        raise PlanError(f"{toggle!r} hands nothing over: one of {', '.join(TOGGLES)} does")
    needed = FIRST_TOGGLE if toggle != "ctrl-ctrl" else FIRST
    if work.versions.libvirt_is(needed) is False:
        raise PlanError(f"this libvirt is older than {'.'.join(map(str, needed))}.0, the first that can do it")
    if not path.startswith("/dev/input/") or not path.isprintable() or "'" in path or '"' in path:
        raise PlanError(f"{path!r} is no device below /dev/input: 'ls {INPUTS}' shows them")
    links = work.snapshot.links.get(INPUTS, Unread("was not looked at"))
    if isinstance(links, Unread):
        raise PlanError(f"{INPUTS} cannot be read ({links.reason}): look there on the running host")
    if path.startswith(f"{INPUTS}/") and path not in links:
        known = ", ".join(sorted(p for p in links if p.endswith((KEYBOARD, MOUSE)))) or "none"
        raise PlanError(f"{path} is not there: known are {known}")
    path = lasting(work, INPUTS, path)
    keyboard = path.endswith(KEYBOARD)
    if not keyboard and not path.endswith(MOUSE):
        raise PlanError(f"{path} is neither a keyboard ({KEYBOARD}) nor a mouse ({MOUSE})")
    if path in work.domain.devices.evdev:
        return
    xml, q = work.xml, work.xml.document.quote
    words = f" grab={q}all{q}" if keyboard else ""
    words += f" grabToggle={q}{toggle}{q}" if keyboard and toggle != "ctrl-ctrl" else ""
    words += f" repeat={q}on{q}" if keyboard else ""
    escaped = path.replace("&", "&amp;").replace("<", "&lt;")
    xml.add("devices", f"<input type={q}evdev{q}>\n  <source dev={q}{escaped}{q}{words}/>\n</input>")
    if keyboard:
        work.note(f"{TOGGLES[toggle]} together hand keyboard and mouse over, and back to the host")
    elif not any(p.endswith(KEYBOARD) for p in work.domain.devices.evdev):
        work.note(
            f"a mouse alone is handed over by no key: add the keyboard (a link below {INPUTS} with {KEYBOARD}), too"
        )


def _drop(work: Definition, value: str) -> None:
    for element in work.xml.devices("input"):
        source = element.find("source")
        if element.get("type") == "evdev" and source is not None and source.get("dev") == value:
            work.xml.remove(element)
            return
    known = ", ".join(work.domain.devices.evdev) or "none"
    raise PlanError(f"{work.name} has no evdev input {value}; it has: {known}")


PLANNERS = (
    definition_goal(
        "domain.evdev.add", "PATH[=TOGGLE]", "a keyboard or mouse of the host, handed over by keys", "shares {2}", _add,
        (INPUTS,),
    ),
    definition_goal("domain.evdev.drop", "PATH", "an evdev input less", "no input {2}", _drop),
)  # fmt: skip
