"""The goal that libvirt starts a guest together with itself: asked of the daemon, or by its link where none runs.

Source: libvirt's virDomainObjListLoadAllConfigs and qemuDomainSetAutostart: a link autostart/NAME.xml beside the
definitions that leads to the definition.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import Effect, set_autostart, set_link
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.guest.definition import switch


def _draw(draft: Draft, argument: str) -> None:
    name, _, word = argument.partition("/")
    on = switch(word)
    stored = draft.snapshot.guests.get(name, Unread("it was not read"))
    if isinstance(stored, Unread):
        raise PlanError(f"the autostart of {name} cannot be changed: {stored.reason}")
    if stored.definition is None:
        raise PlanError(f"there is no stored definition of a guest {name!r}: only such a guest is started by itself")
    why = f"{name} {'starts' if on else 'does not start'} together with libvirt"
    if not stored.file:
        if stored.autostart is not on:
            draft.add(set_autostart(name, on, why, where=stored.where), Phase.GUEST)
        return
    folder, _, file = stored.file.rpartition("/")
    if stored.autostart is not on:
        link = f"{folder}/autostart/{file}"
        before = None if stored.autostart_link is None else stored.autostart_link.encode("utf-8", "surrogateescape")
        draft.add(
            set_link(link, before, stored.file if on else None, why, risk=Risk.R1, effect=Effect.NOW), Phase.GUEST
        )


PLANNERS = (
    Planner(
        "guest.autostart",
        "GUEST/on|off",
        "start the guest together with libvirt, or not",
        "{1}: autostart {2}",
        _draw,
    ),
)
