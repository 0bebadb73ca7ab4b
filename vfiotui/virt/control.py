"""Starts, stops and pauses guests through libvirt; every call here blocks.

The state of a guest is no configuration: nothing of it is kept for an undo.
"""

from __future__ import annotations

import time
from typing import Any

from vfiotui.model.base.value import dataclass
from vfiotui.virt.connect import DEFAULT_URI, NoConnection
from vfiotui.virt.define import writable
from vfiotui.virt.read_connection import STATES
from vfiotui.virt.refusals import sentence

VERBS = ("start", "shutdown", "force-off", "pause", "resume")
DOING = {
    "start": "started",
    "shutdown": "asked to shut down",
    "force-off": "forced off",
    "pause": "paused",
    "resume": "resumed",
}
OFF = {"shut off": "is off already", "crashed": "is off already"}
ALREADY = {
    "start": {"running": "runs already"},
    "shutdown": {
        "shut off": "is off already",
        "crashed": "is off already",
        "shutting down": "is shutting down already",
    },
    "force-off": {"shut off": "is off already", "crashed": "is off already"},
    "pause": {"paused": "is paused already"},
    "resume": {"running": "runs already"},
}
"""States in which there is nothing to do."""
NOT_NOW = {
    ("start", "paused"): "is paused: resume it",
    ("start", "pm suspended"): "sleeps: resume it",
    ("shutdown", "paused"): "is paused and cannot shut itself down: resume it first, or force it off",
    ("shutdown", "pm suspended"): "sleeps and cannot shut itself down: resume it first, or force it off",
    ("pause", "shut off"): "does not run: there is nothing to pause",
    ("pause", "crashed"): "has crashed: there is nothing to pause",
    ("pause", "pm suspended"): "sleeps already",
    ("resume", "shut off"): "does not run: start it",
    ("resume", "crashed"): "has crashed: start it",
}
"""States in which a verb cannot be done, with what can."""
LOOK_SECONDS = 0.5
"""How often the daemon is asked whether a guest has ended, while a command waits for it."""


class NoGuest(Exception):
    """A sentence: there is no guest of this name, and which there are."""


class ControlRefused(Exception):
    """A sentence: why it cannot be done and what to do next."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it came out."""

    done: bool
    """Whether something was done; False where the guest was so already."""
    state: str
    """Of the guest, now: one of STATES."""
    sentence: str
    """For a person."""


def control(uri: str, name: str, verb: str) -> Outcome:
    """Does one of VERBS with a guest.

    Raises NoConnection, NoGuest and ControlRefused. A start returns once QEMU runs, which the guest's hooks and its
    huge pages may delay by minutes; a shutdown returns once the guest was asked.
    """
    import libvirt

    where = uri or DEFAULT_URI
    with writable(where) as connection:
        try:
            return _act(connection, where, name, verb)
        except libvirt.libvirtError as error:
            raise _refused(libvirt, error, name, verb) from error


def _refused(libvirt: Any, error: Any, name: str, verb: str) -> Exception:
    """The error for what libvirt says."""
    words = {"start": "started", "shutdown": "shut down", "force-off": "forced off"}.get(verb, DOING[verb])
    what = f"{name} cannot be {words}"
    denied = (libvirt.VIR_ERR_OPERATION_DENIED, libvirt.VIR_ERR_ACCESS_DENIED)
    if error.get_error_code() in (*denied, libvirt.VIR_ERR_AUTH_FAILED, libvirt.VIR_ERR_AUTH_UNAVAILABLE):
        return NoConnection(f"{what}: {' '.join(str(error).split())}; join the group libvirt, or run as root")
    return ControlRefused(sentence(what, str(error), name))


def _lookup(connection: Any, where: str, name: str) -> Any:
    """The guest; raises NoGuest with the names of the others."""
    import libvirt

    try:
        return connection.lookupByName(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
            raise
    known = ", ".join(sorted(domain.name() for domain in connection.listAllDomains(0))) or "none"
    raise NoGuest(f"{where} has no guest {name!r}; known are: {known}")


def _act(connection: Any, where: str, name: str, verb: str) -> Outcome:
    guest = _lookup(connection, where, name)
    state = STATES.get(guest.state()[0], "unknown")
    if already := ALREADY[verb].get(state):
        return Outcome(False, state, f"{name} {already}")
    if not_now := NOT_NOW.get((verb, state)):
        raise ControlRefused(f"{name} {not_now}")
    kept = bool(guest.isPersistent())
    more = ""
    if verb == "start":
        more = " from its saved state" if guest.hasManagedSaveImage(0) else ""
        guest.createWithFlags(0)
    elif verb == "shutdown":
        guest.shutdownFlags(0)
        if (state := _state(guest)) in ("shut off", "crashed"):
            return Outcome(True, state, f"{name} is off")
        more = "; one that does not answer ACPI stays on: force it off then"
    elif verb == "force-off":
        guest.destroyFlags(0)
        more = "" if kept else "; it had no stored definition, and is gone"
    elif verb == "pause":
        guest.suspend()
    elif state == "pm suspended":
        guest.pMWakeup(0)
    else:
        guest.resume()
    return Outcome(True, _state(guest), f"{name} was {DOING[verb]}{more}")


def _state(guest: Any) -> str:
    """The guest's state; a transient one that has ended is off."""
    import libvirt

    try:
        return STATES.get(guest.state()[0], "unknown")
    except libvirt.libvirtError:
        return "shut off"


def wait_until_off(uri: str, name: str, seconds: float) -> bool:
    """Waits for the end of a guest that was asked to shut down; whether it came. Raises NoConnection."""
    import libvirt

    end = time.monotonic() + seconds
    with writable(uri or DEFAULT_URI) as connection:
        while True:
            try:
                if not connection.lookupByName(name).isActive():
                    return True
            except libvirt.libvirtError as error:
                if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                    return True
                raise NoConnection(f"the end of {name} cannot be seen: {' '.join(str(error).split())}") from error
            if time.monotonic() >= end:
                return False
            time.sleep(min(LOOK_SECONDS, max(end - time.monotonic(), 0.01)))
