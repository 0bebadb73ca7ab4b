"""What keeps a guest from starting, or harms the host when it does: findings of the checks, before the start."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.facts import Facts
from vfiotui.model.finding.concern import concerns, domains_of, subjects_of
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.model.guest.domain import Domain
from vfiotui.rules import catalogue, rank
from vfiotui.rules.iommu.group_not_viable import may_stay

OF_GUEST = frozenset(
    (
        *("GUEST-BRIDGE", "GUEST-CPU-CLUSTERS", "GUEST-CPU-TOPOLOGY", "GUEST-DEVICE-ABSENT", "GUEST-DISK-IN-USE"),
        *("GUEST-DISK-MISSING", "GUEST-IOMMUFD", "GUEST-IOTHREAD-ID", "GUEST-LOADER-MISSING", "GUEST-MANAGED"),
        *("GUEST-NATIVE-CACHE", "GUEST-NVRAM-SIZE", "GUEST-ROM-MISSING", "GUEST-USB-ABSENT", "GUEST-USB-TWINS"),
        *("KVMFR-FILE", "LG-FILE", "MEM-HUGETLBFS", "MEM-PAGE-MULTIPLE", "MEM-PAGE-SIZE", "MEM-POOL-SHORT"),
        *("MEM-SHORT", "DEVICE-DEAD", "DEVICE-IN-USE", "IOMMU-RESERVED-DIRECT"),
    )
)
"""Checks about the guest, its devices and their groups."""
OF_PASSTHROUGH = frozenset({"IOMMU-OFF"})
"""Checks about the host that matter to guests with PCI devices."""
OF_KVM = frozenset({"KVM-DEVICE"})
"""Checks about the host that matter to guests of KVM."""
OF_ALL = frozenset({"HOOK-CALLS-VIRSH"})
"""Checks about the host that matter to every guest."""
CODES = OF_GUEST | OF_PASSTHROUGH | OF_KVM | OF_ALL


@dataclass(frozen=True, slots=True)
class StartProblem:
    """One reason."""

    code: str
    """Of the check; empty where no check says it."""
    severity: Severity
    """fail: it does not start, or must not; warn: it may not start, or not as wanted."""
    sentence: str
    fix: str = ""
    """What to do, without a full stop; empty where nothing is known."""


def findings_for(facts: Facts) -> tuple[Finding, ...]:
    """What these checks, and no others, say of a host."""
    said = (f for rule in catalogue() if rule.code in CODES for f in rule.ask(facts))
    return tuple(sorted(said, key=rank))


def start_problems(domain: Domain, facts: Facts, findings: Iterable[Finding]) -> tuple[StartProblem, ...]:
    """The reasons against a start now, the worst first; none for a guest that runs.

    `findings` may be those of all checks. What was not checked is no reason.
    """
    if domain.running:
        return ()
    subjects = subjects_of(domain, facts)
    mine = (
        f
        for f in findings
        if f.verdict is Verdict.FAILED and f.severity is not Severity.INFO and _matters(f, domain, subjects)
    )
    found = [StartProblem(f.code, f.severity, f.sentence, "" if f.fix is None else f.fix.text) for f in mine]
    found += _taken(domain, facts) + _not_viable(domain, facts)
    return tuple(sorted(found, key=lambda p: p.severity is not Severity.FAIL))


def _matters(finding: Finding, domain: Domain, subjects: frozenset[str]) -> bool:
    if finding.code in OF_GUEST:
        return concerns(finding, subjects, domain.name)
    if finding.code in OF_PASSTHROUGH:
        return bool(domain.pci_hostdevs) and "next boot" not in finding.sentence
    return finding.code in OF_ALL or (finding.code in OF_KVM and domain.domain_type == "kvm")


def _taken(domain: Domain, facts: Facts) -> list[StartProblem]:
    """Devices that a running guest has: libvirt gives a device to one guest at a time."""
    wanted = {(h.kind, h.address) for h in domain.hostdevs if h.kind in ("pci", "mdev")}
    return [
        StartProblem(
            "",
            Severity.FAIL,
            f"{', '.join(a for _, a in held)} {'is' if len(held) == 1 else 'are'} in use by the running guest "
            f"{other.name}.",
            f"shut {other.name} down first",
        )
        for other in domains_of(facts)
        if other.running and other.name != domain.name
        if (held := sorted(wanted & {(h.kind, h.address) for h in other.hostdevs}))
    ]


def _not_viable(domain: Domain, facts: Facts) -> list[StartProblem]:
    """Groups of its devices in which a host driver keeps a member that the guest is not given.

    GROUP-NOT-VIABLE judges groups of which a member is bound to vfio-pci already; a managed device is bound at the
    start.
    """
    bus = facts.pci
    if isinstance(bus, Unread):
        return []
    given = {h.address for h in domain.pci_hostdevs}
    groups = {d.group for d in bus.devices if d.bdf in given and isinstance(d.group, int)}
    found = []
    for group in sorted(groups):
        wrong = [
            d
            for d in bus.devices
            if d.group == group and d.bdf not in given and not d.is_bridge
            and isinstance(d.driver, str) and not may_stay(d.driver)
        ]  # fmt: skip
        if wrong:
            named = ", ".join(f"{d.name} ({d.bdf}, driver {d.driver})" for d in wrong)
            words = f"Group {group} holds {named} too: the kernel does not pass the group through."
            todo = "pass the whole group through, or take these devices' drivers away"
            found.append(StartProblem("GROUP-NOT-VIABLE", Severity.FAIL, words, todo))
    return found
