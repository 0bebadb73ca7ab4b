"""Settings of libvirt's QEMU driver that go back to libvirt's own."""

from __future__ import annotations

import re

from vfiotui.formats.system import qemu_conf
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.model.guest.qemu_conf import PATH
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner

WRITES = (re.escape(PATH),)
RESTART = (
    "libvirt reads qemu.conf when its daemon starts: 'systemctl restart libvirtd' (virtqemud where that runs); "
    "running guests go on, and have it from their next start"
)


def unset(draft: Draft, argument: str) -> None:
    """The names are left to libvirt; PlanError where one is no name or the file is not there."""
    names = argument.split(",")
    odd = next((name for name in names if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII)), None)
    if odd is not None:
        raise PlanError(f"{odd!r} is no name of a setting of qemu.conf")
    text = draft.text(PATH)
    if text is None:
        raise PlanError(f"{PATH} is not there: libvirt uses its own settings already")
    after = text
    for name in names:
        after = qemu_conf.unset(after, name)
    why = f"leave {' and '.join(names)} to libvirt"
    if draft.write(PATH, after, why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.GUEST):
        draft.note(RESTART)


PLANNERS = (
    Planner(
        "qemu-conf.unset",
        "NAME[,NAME]",
        "remove settings from qemu.conf, so that libvirt's own apply",
        "Leave {} to libvirt",
        unset,
    ),
)
