"""The host keeps off a guest's CPUs while it runs, by a hook of libvirt's."""

from __future__ import annotations

from vfiotui.formats.libvirt_hooks import cores_hook
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import release_hook
from vfiotui.model.guest.domain import Domain
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.guest.guest_hook import GuestHook, guest_named, leave, serve

CORES = GuestHook(cores_hook.PATH, cores_hook.cores_hook, cores_hook.guests_of)


def keep(draft: Draft, guest: str) -> None:
    """The hook serves the guest from its next start on."""
    keep_for(draft, guest_named(draft, guest))


def keep_for(draft: Draft, domain: Domain) -> None:
    """The same for a guest that may be new; PlanError where it is not pinned."""
    guest = domain.name
    if not domain.vcpu_pins:
        raise PlanError(f"{guest} is not pinned: the host cannot keep off CPUs that it may have all; pin it first")
    serve(draft, CORES, guest, f"keep the host off the CPUs of {guest} while it runs")
    if draft.changes(CORES.path):
        why = f"the CPUs of {guest} go back to the host before the hook does"
        draft.add(release_hook(CORES.path, guest, why, serves=True), Phase.HOST_FILE)
    boot = draft.facts.boot
    if not isinstance(boot, Unread) and boot.cgroup_v2 is False:
        draft.note("this host has no unified cgroup v2: only interrupts move away, the host's tasks stay")
    draft.note("irqbalance undoes what the hook does to interrupts: forbid it the guest's CPUs, or stop it")


def free(draft: Draft, guest: str) -> None:
    """The hook serves the guest no more."""
    why = f"give the host the CPUs back that are kept free for {guest} while it runs"
    draft.add(release_hook(CORES.path, guest, why, serves=False), Phase.RUNTIME)
    leave(draft, CORES, guest, f"let the host use the CPUs of {guest} again")


PLANNERS = (
    Planner("cores.keep", "GUEST", "keep the host's work off a pinned guest's CPUs while it runs", "Keep off {}", keep),
    Planner("cores.free", "GUEST", "let the host use a guest's CPUs again", "Free the CPUs of {}", free),
)
