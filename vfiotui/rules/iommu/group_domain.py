"""Which kind of DMA mapping the host's own devices use.

Expected
    Nothing must hold: DMA and DMA-FQ translate, identity does not.
Why
    With identity (iommu=pt) the host's devices can reach all memory. A group that vfio owns is always
    translated.
How it is read
    /sys/kernel/iommu_groups/N/type.
Fix
    Nothing to fix; iommu.passthrough=0 gives the translation back.
Valid for
    Kernel 5.11 and later.
Sources
    ABI/testing/sysfs-kernel-iommu_groups.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import Answers, Missing, fails, holds, known, not_applicable, rule, seen, unknown

KINDS = ("DMA", "DMA-FQ", "identity", "blocked", "unmanaged", "platform", "auto", "unknown")
"""Words of /sys/kernel/iommu_groups/N/type (drivers/iommu/iommu.c iommu_group_show_type)."""


@rule(
    "GROUP-DOMAIN",
    Severity.INFO,
    needs=("iommu",),
    fires="old-advice",
    silent="clean",
    reads=("/sys/kernel/iommu_groups/*/type",),
)
def check(facts: Facts) -> Answers:
    groups = known(known(facts.iommu).groups)
    if not groups:
        yield not_applicable("host", "there is no IOMMU group")
        return
    kinds = [g.domain_type for g in groups if isinstance(g.domain_type, str)]
    if not kinds:
        unread = groups[0].domain_type
        assert isinstance(unread, Unread)
        raise Missing(unread)
    strange = [k for k in kinds if k not in KINDS]
    if strange:
        yield unknown("host", f"a group is of a kind that is not known here: {strange[0][:40]!r}")
        return
    tally = ", ".join(f"{kinds.count(k)} {k}" for k in sorted(set(kinds)))
    evidence = seen("/sys/kernel/iommu_groups/*/type", tally)
    if "identity" in kinds:
        yield fails(
            "host",
            f"The host's own devices are not translated ({tally}): faster, and without DMA protection.",
            evidence,
        )
    else:
        yield holds("host", f"the host's own devices are translated ({tally})", evidence)
