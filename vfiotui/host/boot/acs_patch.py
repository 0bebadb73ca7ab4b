"""Whether a kernel has the patch for pcie_acs_override=, by the names of its functions.

The patch is out of tree and has no configuration option; the function pcie_acs_overrides is a part of every version of
it. The running kernel lists its functions in /proc/kallsyms, an installed one in System.map; Debian's System.map is a
stub that lists none.
"""

from __future__ import annotations

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.pci.functions import BDF, slot_of

KALLSYMS = "/proc/kallsyms"
LIMIT = 64 << 20
"""Bytes; the list of a distribution's kernel has 5 to 15 million."""
PATCH, KNOWN = b" pcie_acs_overrides", b" pci_acs_enabled"
"""A function of the patch, and one of every kernel with PCI."""
GROUPS = "/sys/kernel/iommu_groups"
NOT_ASKED = Unread("no group holds several slots: the kernel's functions were not looked at", Why.NOT_HERE)


def in_symbols(data: bytes, path: str) -> Reading[bool]:
    """Whether a list of a kernel's functions names one of the patch; Unread where it is no whole list."""
    if PATCH in data:
        return True
    return False if KNOWN in data else Unread("does not list the kernel's functions", Why.DAMAGED, path)


def groups_span(root: Root) -> bool:
    """Whether a group holds functions of several slots, or the command line has the word: only then it matters."""
    if "pcie_acs_override" in or_else(root.text("/proc/cmdline", 1 << 16), ""):
        return True
    for number in or_else(root.names(GROUPS), ()):
        names = or_else(root.names(f"{GROUPS}/{number}/devices"), ())
        if len({slot_of(n) for n in names if BDF.fullmatch(n)}) > 1:
            return True
    return False


def read_patch(root: Root, release: str, *, runs: bool) -> Reading[bool]:
    """Whether a kernel has the patch; for the running one it is looked up only where a group holds several slots."""
    found: Reading[bool] = Unread("neither its System.map nor its functions can be read", Why.NOT_HERE)
    if runs and root.has("proc"):
        if not groups_span(root):
            return NOT_ASKED
        data = root.bytes(KALLSYMS, LIMIT)
        found = data if isinstance(data, Unread) else in_symbols(bytes(data), KALLSYMS)
        if not isinstance(found, Unread):
            return found
    for path in (f"/boot/System.map-{release}", f"/lib/modules/{release}/System.map"):
        data = root.bytes(path, LIMIT)
        told = data if isinstance(data, Unread) else in_symbols(bytes(data), path)
        if not isinstance(told, Unread):
            return told
        if told.why is not Why.ABSENT:
            found = told
    return found
