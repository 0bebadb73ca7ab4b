"""The host stays awake while a guest has its devices, by a hook of libvirt's."""

from __future__ import annotations

from vfiotui.formats.libvirt_hooks import sleep_hook
from vfiotui.plan.draft import Draft, PlanError, Planner
from vfiotui.plan.guest.guest_hook import GuestHook, guest_named, leave, serve

NOSLEEP = GuestHook(sleep_hook.PATH, sleep_hook.sleep_hook, sleep_hook.guests_of)


def inhibit(draft: Draft, guest: str) -> None:
    """The hook serves the guest from its next start on."""
    guest_named(draft, guest)
    if not draft.snapshot.systemd:
        raise PlanError("this host has no systemd: keep it from sleeping by the settings of what puts it to sleep")
    serve(draft, NOSLEEP, guest, f"keep the host awake while {guest} runs, also when the lid closes")
    draft.note("a desktop that handles the lid itself does not ask systemd: look at its power settings too")


def allow(draft: Draft, guest: str) -> None:
    """The hook serves the guest no more."""
    leave(draft, NOSLEEP, guest, f"let the host sleep while {guest} runs")


PLANNERS = (
    Planner("sleep.inhibit", "GUEST", "keep the host awake while a guest runs", "Stay awake for {}", inhibit),
    Planner("sleep.allow", "GUEST", "let the host sleep while a guest runs", "Sleep under {}", allow),
)
