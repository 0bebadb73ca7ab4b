"""The kernel has iommufd where a guest asks for it.

Expected
    A hostdev with <driver iommufd='yes'/>, or any of a guest with <iommufd enabled='yes'/>, runs on a kernel with
    IOMMUFD and VFIO_DEVICE_CDEV.
Why
    Debian's kernels have it switched off: the guest does not start.
How it is read
    The kernel's configuration; /dev/iommu.
Fix
    Take iommufd away: the classic group interface does the same.
Valid for
    libvirt 12.1 and later; 12.2 for the whole guest.
Sources
    libvirt formatdomain, hostdev driver; Documentation/driver-api/vfio.rst.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-IOMMUFD", Severity.FAIL, needs=("boot",), fires="guest-devices", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    asked = [h for h in domain.pci_hostdevs if h.iommufd]
    if not asked:
        return
    since = (12, 2) if domain.iommufd else (12, 1)
    if not known(known(facts.virt).versions.libvirt_is(since)):
        yield holds(
            domain.name,
            f"libvirt before {since[0]}.{since[1]} passes iommufd over and uses VFIO groups",
            *(seen(domain.source, f"hostdev {h.address} iommufd yes") for h in asked),
        )
        return
    kernel = known(known(facts.boot).kernel)
    config = known(kernel.config)
    lacking = [f"CONFIG_{name}" for name in ("IOMMUFD", "VFIO_DEVICE_CDEV") if config.get(name, "n") == "n"]
    if lacking:
        yield fails(
            domain.name,
            f"It asks for iommufd, and this kernel has no {' and no '.join(lacking)}: it does not start.",
            *(seen(domain.source, f"hostdev {h.address} iommufd yes") for h in asked),
            seen(kernel.config_path, f"{' '.join(lacking)} not set"),
            fix=fix("use VFIO groups", Risk.R2, *(("domain.hostdev.iommufd", f"{h.address}=no") for h in asked)),
        )
    else:
        evidence = seen(kernel.config_path, "CONFIG_IOMMUFD, VFIO_DEVICE_CDEV")
        yield holds(domain.name, "the kernel has iommufd", evidence)
