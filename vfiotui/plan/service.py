"""From goals to a plan, for the console and the command line alike.

The order is the same for both: facts, configuration files, stored guests, plan, prediction of the next boot. What is
read comes from `PlanInputs`: this layer reads nothing itself. Each function loads the planners that it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import replace
from vfiotui.model.boot.next_boot import NextBoot
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.change.plan import Goal, Plan
from vfiotui.model.cpu.pinning import Pinning
from vfiotui.model.cpu.topology import Topology
from vfiotui.model.facts import Facts
from vfiotui.model.guest.disk_source import DiskSource
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.named_place import NamedPlace
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.plan.draft import PlanError

if TYPE_CHECKING:
    from vfiotui.plan.guest.clone import Disks
    from vfiotui.plan.isolate.isolation_view import IsolationView

Way = tuple[str, Plan]
"""A plan with the name of its scope, as in `pin_plan.SCOPES`."""


class NoSystem(PlanError):
    """There is no system in the root that could be changed."""


class PlanInputs(Protocol):
    """What a plan is made from: one machine at one moment. Every method may block, and reads when it is called."""

    def why_no_system(self) -> str | None:
        """Why the root holds no system, as a sentence; None where it holds one."""

    def facts(self) -> Facts:
        """The facts, with the guests."""

    def machine(self) -> str:
        """The machine's fingerprint, which a plan bears; empty where there is none."""

    def config(self, more: Iterable[str]) -> ConfigSnapshot:
        """The configuration files and programs, and the files of the paths `more`."""

    def guest(self, name: str) -> Reading[StoredGuest]:
        """A guest's stored definition and the pins of its running threads."""

    def disk(self, path: str) -> Reading[DiskSource]:
        """What a path holds as a guest's disk, and what uses it."""

    def place(self, path: str) -> NamedPlace:
        """What is at a path that a goal names for a guest."""

    def boots(self, facts: Facts) -> tuple[NextBoot, ...]:
        """Every boot that may come next, with its initramfs; at least one."""


def plan_goals(inputs: PlanInputs, goals: Iterable[Goal]) -> Plan:
    """One plan for all goals, with the prediction of the next boot where it waits for one; blocks.

    Raises PlanError with the reason for which there is no plan; NoSystem where the root holds nothing to change.
    """
    from vfiotui.plan.goals import disks, guests, make_plan, places, reads
    from vfiotui.plan.isolate.predicted import predicted

    wanted = tuple(goals)
    files, names, paths, named = reads(wanted), guests(wanted), disks(wanted), places(wanted)
    why = inputs.why_no_system()
    if why:
        raise NoSystem(why)
    facts = inputs.facts()
    snapshot = replace(
        inputs.config(files),
        guests={name: inputs.guest(name) for name in names},
        disks={path: inputs.disk(path) for path in paths},
        places={path: inputs.place(path) for path in named},
    )
    plan = make_plan(facts, snapshot, wanted)
    asks = plan.waits_for_boot or plan.released
    return predicted(plan, facts, snapshot, inputs.boots(facts)) if asks else plan


def look_at_isolation(inputs: PlanInputs, facts: Facts, *, choices: bool = False) -> Reading[IsolationView]:
    """Every device as it is configured, built into the boot and bound, and as the next boot leaves it; blocks.

    `facts` are those of the same machine. `choices`: also what each device would bring along, which costs as much
    again where there are thousands. Unread where the bus or the boot chain is.
    """
    from vfiotui.plan.isolate.isolation_view import isolation_view

    return isolation_view(facts, inputs.config(()), inputs.boots(facts), choices=choices)


def plan_pinning(
    inputs: PlanInputs,
    name: str,
    wanted: Pinning,
    topology: Topology | None = None,
    failures: Sequence[str] = (),
    *,
    scope: str = "",
) -> Plan:
    """The plan that pins the threads of a guest as `wanted`; blocks, and PlanError says why there is none.

    `scope` is one of `pin_plan.SCOPES`, without one the widest that the guest allows. With a `topology` the guest's
    processor is tuned to the pinning. `failures` are half sentences: what is wrong with the pinning all the same.
    """
    from vfiotui.plan.pin.pin_plan import plan_pins, widest

    guest = _guest(inputs, name)
    plan = plan_pins(guest, wanted, topology, scope or widest(guest), failures)
    return replace(plan, machine=inputs.machine())


def pinning_ways(
    inputs: PlanInputs, name: str, wanted: Pinning, topology: Topology | None = None, failures: Sequence[str] = ()
) -> tuple[Way, ...]:
    """Every plan for a pinning that the guest allows, the widest first; else like `plan_pinning`."""
    from vfiotui.plan.pin.pin_plan import BOTH, SCOPES, widest

    guest = _guest(inputs, name)
    first = widest(guest)
    ways: list[Way] = []
    refused: list[PlanError] = []
    for scope in SCOPES if first == BOTH else (first,):
        try:
            ways.append((scope, plan_pinning(inputs, name, wanted, topology, failures, scope=scope)))
        except PlanError as error:
            refused.append(error)
    if not ways:
        raise refused[0]
    return tuple(ways)


def plan_clone(inputs: PlanInputs, name: str, new: str, disks: Disks, others: Iterable[Domain]) -> Plan:
    """The plan that defines a guest `new` as a clone of a guest, beside all `others` that there are; blocks.

    PlanError says why there is none.
    """
    from vfiotui.plan.guest import clone

    first, second = _guest(inputs, name), _guest(inputs, new)
    return replace(clone.plan_clone(first, second, disks, others), machine=inputs.machine())


def _guest(inputs: PlanInputs, name: str) -> StoredGuest:
    guest = inputs.guest(name)
    if isinstance(guest, Unread):
        raise PlanError(guest.reason)
    return guest
