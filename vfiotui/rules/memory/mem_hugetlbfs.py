"""There is a hugetlbfs for the huge pages of the guests.

Expected
    A hugetlbfs is mounted for every page size that a guest asks for.
Why
    libvirt backs guests with files there; without a mount of the size the guest's start ends with an error.
How it is read
    /proc/mounts, and memoryBacking of every guest.
Fix
    mount -t hugetlbfs -o pagesize=1G none /dev/hugepages1G, made lasting by fstab or a mount unit; then restart
    the daemon.
Valid for
    libvirt finds mounts when it starts; guests with memfd need none.
Sources
    libvirt's qemu.conf, hugetlbfs_mount; Documentation/admin-guide/mm/hugetlbpage.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, not_applicable, rule, seen

NO_DEFAULT = Unread("shows no Hugepagesize", Why.DAMAGED, "/proc/meminfo")


@rule("MEM-HUGETLBFS", Severity.WARN, needs=("memory", "virt"), fires="no-hugetlbfs", silent="tower")
def check(facts: Facts) -> Answers:
    memory = known(facts.memory)
    domains = [d for d in known(known(facts.virt).domains) if d.huge_pages]
    if not domains:
        yield not_applicable("host", "no guest asks for huge pages")
        return
    mounted = known(memory.mounted_kib)
    default = known(memory.meminfo).get("Hugepagesize")
    seen_mounts = seen("/proc/mounts", f"hugetlbfs of {', '.join(map(str, mounted)) or 'no'} KiB")
    for domain in domains:
        wanted = {page.size_kib or known(default or NO_DEFAULT) for page in domain.huge_pages}
        missing = sorted(wanted - set(mounted))
        if missing and not domain.shared_memory:
            yield fails(
                domain.name,
                f"This guest asks for pages of {missing[0]} KiB, and no hugetlbfs of that size is mounted.",
                seen_mounts,
                seen(domain.source, f"hugepages of {', '.join(map(str, sorted(wanted)))} KiB"),
                fix=fix(
                    f"mount a hugetlbfs with pagesize={missing[0]}K, now and at every boot",
                    Risk.R2,
                    *(("memory.mount", str(kib)) for kib in missing),
                ),
            )
        else:
            yield holds(domain.name, "a hugetlbfs of its page size is mounted", seen_mounts)
