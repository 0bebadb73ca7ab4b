"""The first line of a report on a host that is no ordinary one: what it is, and what is possible there."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.host_kind import HostKind, Kind, Part
from vfiotui.model.boot.machine import kernel_since
from vfiotui.model.facts import Facts

RESETS_SINCE = (5, 15)
"""The first kernel that shows reset methods (ABI/testing/sysfs-bus-pci, reset_method)."""


def title(kind: HostKind) -> str:
    """The name of a kind of host at the beginning of a line.

    >>> title(HostKind(Kind.CONTAINER, "a container (LXC)"))
    'Container (LXC)'
    """
    name = kind.name.removeprefix("a ").removeprefix("an ")
    return name[:1].upper() + name[1:]


def possible(facts: Facts, kind: HostKind) -> tuple[str, ...]:
    """What a host of this kind can do, as clauses: PCI passthrough first, then KVM."""
    return (_passthrough(facts, kind), _kvm(facts, kind))


def _passthrough(facts: Facts, kind: HostKind) -> str:
    if why := kind.lack((Part.IOMMU,)):
        return f"no PCI passthrough here: {why}"
    groups = facts.iommu if isinstance(facts.iommu, Unread) else facts.iommu.groups
    if isinstance(groups, Unread) and groups.why is not Why.ABSENT:
        return f"whether PCI passthrough is possible is not known: {groups}"
    if not isinstance(groups, Unread) and any(g.members for g in groups) and not _no_unit(facts):
        return "PCI passthrough is possible"
    if kind.kind is Kind.VM:
        return "no PCI passthrough until the host that runs it gives it an IOMMU"
    return "no PCI passthrough while the kernel shows no IOMMU groups"


def _no_unit(facts: Facts) -> bool:
    """Whether neither the kernel nor the firmware shows an IOMMU: vfio makes groups without one too (noiommu)."""
    if isinstance(facts.iommu, Unread) or isinstance(facts.firmware, Unread):
        return False
    units, firmware = facts.iommu.units, facts.firmware
    shown = units.why is not Why.ABSENT if isinstance(units, Unread) else bool(units)
    return not shown and firmware.dmar is None and firmware.ivrs is None and firmware.others == ()


def _kvm(facts: Facts, kind: HostKind) -> str:
    if facts.kvm_device is True:
        return "KVM can be used"
    if isinstance(facts.kvm_device, Unread):
        return f"whether KVM can be used is not known: {facts.kvm_device}"
    if kind.kind is Kind.VM and not kind.lack((Part.KVM,)):
        return "no KVM until the host that runs it switches on nested virtualisation"
    why = kind.lack((Part.KVM,))
    return f"no KVM: {why}" if why and kind.kind is not Kind.CONTAINER else "no KVM: /dev/kvm is not there"


def limits(facts: Facts, kind: HostKind) -> tuple[str, ...]:
    """What this host does not show, as clauses, where its kind usually does; and signs that were not believed."""
    found = list(kind.doubts)
    found += [f"{u.path} cannot be read ({u.reason})" if u.path == "/boot" else str(u.reason) for u in kind.unseen]
    boot = facts.boot
    if kind.kind not in (Kind.CONTAINER, Kind.WSL) and not isinstance(boot, Unread):
        if not isinstance(boot.kernel, Unread) and isinstance(boot.kernel.config, Unread):
            found.append("the kernel's configuration cannot be read")
        if kernel_since(facts, RESETS_SINCE) is False and not isinstance(boot.kernel, Unread):
            found.append(f"kernel {boot.kernel.release} does not show reset methods (5.15 does)")
    return tuple(found)


def headline(facts: Facts) -> str:
    """One line about the host; empty for an ordinary one that shows all, and where its kind is not known."""
    kind = facts.host_kind
    if isinstance(kind, Unread):
        return ""
    lacking = limits(facts, kind)
    if kind.ordinary and not lacking:
        return ""
    return f"{title(kind)}: {'; '.join((*possible(facts, kind), *lacking))}"


def machine_json(facts: Facts) -> dict[str, object]:
    """The host's kind for JSON documents: {"kind", "name", "possible", "limits", "evidence": [{"path", "seen"}]}.

    The kind is "not known" where it could not be read, and the name says why.
    """
    kind = facts.host_kind
    if isinstance(kind, Unread):
        return {"kind": "not known", "name": str(kind), "possible": [], "limits": [], "evidence": []}
    return {
        "kind": str(kind.kind),
        "name": title(kind),
        "possible": list(possible(facts, kind)),
        "limits": list(limits(facts, kind)),
        "evidence": [{"path": e.path, "seen": e.seen} for e in kind.evidence],
    }
