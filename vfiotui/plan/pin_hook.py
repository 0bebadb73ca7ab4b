"""The host keeps off a guest's CPUs while it runs, by a hook of libvirt's."""

from __future__ import annotations

from vfiotui.formats import cores_hook, libvirt_hook
from vfiotui.formats.refused import Refused
from vfiotui.model.change import Effect
from vfiotui.model.finding import Risk
from vfiotui.model.reading import Unread
from vfiotui.plan.draft import CannotPlan, Draft, Phase, Planner

RUNNER = "/etc/libvirt/hooks/qemu"
FOLLOWS_FOLDER = (6, 5)
"""libvirt runs what lies in qemu.d itself since this version (libvirt.org/hooks.html)."""


def _version(draft: Draft) -> tuple[int, ...] | None:
    """libvirt's version, where it was asked."""
    virt = draft.facts.virt
    words = "" if isinstance(virt, Unread) else virt.libvirt_version
    return tuple(int(w) for w in words.split(".") if w.isdigit()) or None


def _guests(draft: Draft) -> tuple[str, ...]:
    text = draft.text(cores_hook.PATH)
    if text is None:
        return ()
    try:
        libvirt_hook.may_change(text)
    except Refused as error:
        raise CannotPlan(f"{cores_hook.PATH}: {error}") from error
    return cores_hook.guests_of(text)


def keep(draft: Draft, guest: str) -> None:
    """The hook serves the guest from its next start on."""
    virt = draft.facts.virt
    domains = () if isinstance(virt, Unread) or isinstance(virt.domains, Unread) else virt.domains
    domain = next((d for d in domains if d.name == guest), None)
    if domain is None:
        raise CannotPlan(f"there is no guest {guest!r}")
    if not domain.vcpu_pins:
        raise CannotPlan(f"{guest} is not pinned: the host cannot keep off CPUs that it may have all; pin it first")
    served = _guests(draft)
    _write(draft, {*served, guest}, f"keep the host off the CPUs of {guest} while it runs")
    version = _version(draft)
    if version is not None and version < FOLLOWS_FOLDER and draft.text(RUNNER) is None:
        why = "this libvirt does not look into qemu.d itself"
        draft.write(RUNNER, libvirt_hook.runner(), why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.GUEST, mode=0o755)
    if not served:
        draft.note("libvirt looks for hooks when its daemon starts: restart it once, guests run on meanwhile")
    boot = draft.facts.boot
    if not isinstance(boot, Unread) and boot.cgroup_v2 is False:
        draft.note("this host has no unified cgroup v2: only interrupts move away, the host's tasks stay")
    draft.note("irqbalance undoes what the hook does to interrupts: forbid it the guest's CPUs, or stop it")


def free(draft: Draft, guest: str) -> None:
    """The hook serves the guest no more."""
    served = _guests(draft)
    if guest not in served:
        raise CannotPlan(f"the hook does not serve {guest}")
    _write(draft, set(served) - {guest}, f"let the host use the CPUs of {guest} again")


def _write(draft: Draft, guests: set[str], why: str) -> None:
    text = cores_hook.cores_hook(guests) if guests else None
    draft.write(
        cores_hook.PATH, text, why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.GUEST, mode=0o755 if text else None
    )


PLANNERS = (
    Planner("cores.keep", "GUEST", "the host's work off a pinned guest's CPUs while it runs", "Keep off {}", keep),
    Planner("cores.free", "GUEST", "the host may use a guest's CPUs again", "Free the CPUs of {}", free),
)
