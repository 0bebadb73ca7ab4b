"""Ids that come into force with a plan: the host's drivers of their devices wait for vfio-pci."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.plan.boot.initramfs import add_early, rebuild, resolve_obstacles
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.isolate.bound_by import BoundBy
from vfiotui.plan.isolate.isolate import EARLY, is_builtin, rivals
from vfiotui.plan.isolate.modprobe import hold_back
from vfiotui.plan.isolate.module_loading import takes

VFIO = "vfio_pci"


def _first(draft: Draft, argument: str) -> None:
    """A softdep line for each module that could claim a device of the ids, as the plan leaves them, and vfio-pci early.

    Nothing where vfio-pci is built in, which is there before all modules.
    """
    if argument != "ids":
        raise PlanError(f"{argument!r} is not known: vfio.first=ids is for the ids that vfio-pci has")
    bus, boot = draft.facts.pci, draft.facts.boot
    if isinstance(bus, Unread) or isinstance(boot, Unread):
        draft.note(f"not checked which drivers have to wait for vfio-pci: {bus if isinstance(bus, Unread) else boot}")
        return
    if is_builtin(boot, VFIO):
        return
    lists = BoundBy(draft).id_lists(VFIO)
    devices = tuple(d for d in bus.devices if any(takes(i, d) for i in (lists[0].ids if lists else ())))
    if not devices:
        return
    modules, builtin = rivals(boot, devices)
    for module in modules:
        hold_back(draft, module)
    for module in builtin:
        draft.note(f"{module} is built into the kernel and may hold its device first: see the prediction")
    for module in EARLY:
        add_early(draft, module)
    resolve_obstacles(draft)
    if draft.touches(Phase.MODPROBE, Phase.INITRAMFS_CONFIG):
        rebuild(draft)


PLANNERS = (
    Planner("vfio.first", "ids", "load vfio-pci before the host's drivers of the devices whose ids it has",
            "Load vfio-pci first", _first),
)  # fmt: skip
