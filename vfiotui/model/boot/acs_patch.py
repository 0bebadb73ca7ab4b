"""Whether a host's kernel has the patch for pcie_acs_override=, with the reason, and whether it is in use.

The kernel's message says so for the running kernel, the list of its functions for any; its name is a hint only.
"""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import Boot, Kernel, LogLine

ACTIVE = "ACS overrides enabled"
"""In the message that the patch writes at boot."""
WITH = re.compile(r"zen|lqx|liquorix|cachyos|-pve\b|truenas|unraid|xanmod", re.IGNORECASE)
"""In releases of kernels that are known to bring the patch; some versions of them came without it."""
WITHOUT = re.compile(r"-generic\b|-amd64\b|-arm64\b|\.fc\d+\.|\.el\d+|-arch\d+-|-default\b|-lts\b|-hardened\b")
"""In releases of Ubuntu, Debian, Fedora, RHEL, Arch Linux and openSUSE, which do not."""


@dataclass(frozen=True, slots=True)
class AcsPatch:
    """What is known of the patch."""

    present: bool | None
    """None where it is not known."""
    why: str
    """A sentence with what it rests on."""
    sure: bool
    """Whether it rests on the kernel itself, not on its name."""
    active: bool = False
    """Whether the running kernel said that it overrides."""


def find_patch(boot: Reading[Boot], log: Reading[tuple[LogLine, ...]]) -> AcsPatch:
    """The patch in the kernel of the next boot."""
    if isinstance(boot, Unread):
        return AcsPatch(None, f"how this host boots is not known: {boot}", False)
    lines = () if isinstance(log, Unread) else log
    active = any(ACTIVE in line.text for line in lines)
    kernel = boot.next_kernel
    if isinstance(kernel, Unread):
        return AcsPatch(None, f"the kernel of the next boot is not known: {kernel}", False, active)
    runs = not isinstance(boot.cmdline, Unread) and not isinstance(boot.kernel, Unread)
    if active and runs and boot.kernel == kernel:
        return AcsPatch(True, f"the running kernel {kernel.release} reports 'PCIe {ACTIVE}'", True, True)
    return _by_kernel(kernel, active)


def _by_kernel(kernel: Kernel, active: bool) -> AcsPatch:
    release = kernel.release
    if kernel.acs_patch is True:
        return AcsPatch(True, f"kernel {release} has the patch: it lists the function pcie_acs_overrides", True, active)
    if kernel.acs_patch is False:
        why = f"kernel {release} does not have the patch: it lists its functions, and pcie_acs_overrides is not there"
        return AcsPatch(False, why, True, active)
    if WITH.search(release):
        why = f"kernel {release} has the patch, by its name: kernels of this kind bring it"
        return AcsPatch(True, why, False, active)
    if WITHOUT.search(release):
        why = f"kernel {release} does not have the patch, by its name: it is a distribution's kernel without it"
        return AcsPatch(False, why, False, active)
    why = f"whether kernel {release} has the patch is not known: {kernel.acs_patch.reason}"
    return AcsPatch(None, why, False, active)
