"""The size of a small page, by whatever shows it: it differs between kernels of one architecture.

A running kernel tells every process (getauxval(3), AT_PAGESZ). A tree or an old capture shows it by other files of the
same kernel, each of which follows from the size of a page: no size is taken because it is usual.
"""

from __future__ import annotations

import os
import re

from vfiotui.formats.system import auxv
from vfiotui.host.boot.kernel import find_config
from vfiotui.host.cpu.cpuinfo import parse_blocks
from vfiotui.host.pci.modules import kernel_release
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.memory.host_memory import BuddyZone

AUXV = "/proc/self/auxv"
PMD_SIZE = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"
PROCESSES = 32
"""So many processes of a captured tree are looked at for the size of their pages."""
KERNEL_PAGE = re.compile(r"^KernelPageSize:\s+(\d{1,9}) kB$", re.MULTILINE)
MANAGED = re.compile(r"^\s+managed\s+(\d{1,15})$", re.MULTILINE)
CONFIGURED = re.compile(r"(?:ARM64|PPC|PAGE_SIZE|ARC_PAGE_SIZE)_(\d{1,3})K(?:B|_PAGES)?")
"""CONFIG_ARM64_16K_PAGES, CONFIG_PPC_64K_PAGES, CONFIG_PAGE_SIZE_16KB (arch/Kconfig)."""
ORDERS_OF_POWER = {8: 1 << 16, 9: 1 << 16, 13: 1 << 12}
"""How many orders of blocks the allocator keeps → bytes of a page; the configuration takes no other number of them
(arch/powerpc/Kconfig, ARCH_FORCE_MAX_ORDER)."""


MACHINES = (
    (re.compile(r"x86_64|i[3-6]86"), "x86"),
    (re.compile(r"aarch64|arm"), "arm"),
    (re.compile(r"ppc"), "power"),
    (re.compile(r"riscv"), "riscv"),
    (re.compile(r"s390"), "s390"),
    (re.compile(r"loongarch"), "loongarch"),
)
"""What uname(2) calls the machine."""
HEAD = 8192
"""Bytes of /proc/cpuinfo that show the first processor, whatever flags it has."""


def architecture(root: Root) -> str:
    """x86, arm, power, riscv, s390, loongarch; empty where neither the kernel nor /proc/cpuinfo says it.

    The running kernel is asked itself: it measures each processor's frequency for every reading of that file.
    """
    if root.is_live:
        machine = os.uname().machine
        return next((kind for pattern, kind in MACHINES if pattern.match(machine)), "")
    head = root.peek("/proc/cpuinfo", HEAD)
    _, every = parse_blocks("" if isinstance(head, Unread) else head.decode("utf-8", "replace"))
    if every.get("vendor_id") == "IBM/S390":
        return "s390"
    if "CPU implementer" in every:
        return "arm"
    if {"isa", "hart"} <= every.keys():
        return "riscv"
    if "flags" in every:
        return "x86"
    if "Loongson" in every.get("CPU Family", ""):
        return "loongarch"
    return "power" if every.get("cpu", "").startswith("POWER") else ""


FIXED = {"x86": 1 << 12, "riscv": 1 << 12, "s390": 1 << 12}
"""Architectures whose processors have small pages of one size only."""


def read_page_size(
    root: Root,
    kind: str,
    meminfo: Reading[dict[str, int]],
    buddy: Reading[tuple[BuddyZone, ...]],
) -> Reading[int]:
    """Bytes of a small page of the kernel of this root; `kind` is its architecture."""
    vector = root.bytes(AUXV, 1 << 16)
    found = None if isinstance(vector, Unread) else auxv.page_size(vector)
    if found is None and root.is_live:
        found = os.sysconf("SC_PAGE_SIZE")
    found = found or FIXED.get(kind) or _by_processes(root) or _by_configuration(root)
    found = found or _by_zones(root, or_else(meminfo, {})) or _by_tables(root, kind, or_else(meminfo, {}))
    if kind == "power":
        found = found or ORDERS_OF_POWER.get(max((len(z.free) for z in or_else(buddy, ())), default=0))
    if found:
        return found
    return Unread("no file here shows the page size of this kernel", Why.NOT_HERE)


def _by_processes(root: Root) -> int | None:
    """The smallest page of any process: areas of hugetlbfs have larger ones (proc_pid_smaps(5))."""
    numbers = sorted((n for n in or_else(root.names("/proc"), ()) if n.isascii() and n.isdigit()), key=int)
    for process in ("self", *numbers[:PROCESSES]):
        sizes = [int(size) << 10 for size in KERNEL_PAGE.findall(or_else(root.text(f"/proc/{process}/smaps"), ""))]
        if sizes and auxv.is_page_size(min(sizes)):
            return min(sizes)
    return None


def _by_configuration(root: Root) -> int | None:
    release = kernel_release(root)
    if isinstance(release, Unread):
        return None
    options = or_else(find_config(root, release)[0], {})
    shift = options.get("PAGE_SHIFT", options.get("ARM64_PAGE_SHIFT", options.get("PPC_PAGE_SHIFT", "")))
    if shift.isascii() and shift.isdigit() and len(shift) < 3 and auxv.is_page_size(1 << int(shift)):
        return 1 << int(shift)
    chosen = {int(m[1]) << 10 for name, on in options.items() if on == "y" and (m := CONFIGURED.fullmatch(name))}
    return chosen.pop() if len(chosen) == 1 and all(map(auxv.is_page_size, chosen)) else None


def _by_zones(root: Root, meminfo: dict[str, int]) -> int | None:
    """The pages that the zones manage are MemTotal (mm/show_mem.c, si_meminfo): a ratio of powers of two tells."""
    pages = sum(map(int, MANAGED.findall(or_else(root.text("/proc/zoneinfo"), ""))))
    total = meminfo.get("MemTotal", 0) << 10
    sizes = (1 << shift for shift in range(12, 21))
    return next((size for size in sizes if pages and abs(pages * size - total) < total / 16), None)


def _by_tables(root: Root, kind: str, meminfo: dict[str, int]) -> int | None:
    """An entry of a page table has 8 bytes, so that a whole table maps page * page / 8: 2, 32 or 512 MiB.

    So it is on ARM and LoongArch. The default size of huge pages is the same where the command line sets no other.
    """
    if kind not in ("arm", "loongarch"):
        return None
    maps = root.integer(PMD_SIZE)
    if isinstance(maps, Unread):
        line = root.text("/proc/cmdline")
        if isinstance(line, Unread) or "default_hugepagesz" in line:
            return None
        maps = meminfo.get("Hugepagesize", 0) << 10
    return next((1 << shift for shift in range(12, 18) if 1 << (2 * shift - 3) == maps), None)
