"""What /proc/cpuinfo tells: names, flags, address bits, and the topology of trees without sysfs."""

from __future__ import annotations

import re

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.topology import CpuSet

PATH = "/proc/cpuinfo"
BITS = re.compile(r"(\d{1,3}) bits physical")
PACKAGE = ("physical id", "package")
CORE = ("core id", "core")
"""The keys of x86, then of LoongArch (arch/loongarch/kernel/proc.c)."""
S390 = re.compile(r"processor (\d{1,6}):")


@dataclass(frozen=True, slots=True)
class CpuInfo:
    """The processors of /proc/cpuinfo, which shows online ones only."""

    blocks: dict[int, dict[str, str]]
    vendor: Reading[str]
    model: Reading[str]
    flags: Reading[frozenset[str]]
    physical_bits: Reading[int]

    @property
    def numbers(self) -> CpuSet:
        """The CPU numbers that have a block."""
        return frozenset(self.blocks)

    def package(self, cpu: int) -> Reading[int]:
        """The "physical id" of a CPU."""
        return self._number(cpu, PACKAGE)

    def _number(self, cpu: int, keys: tuple[str, ...]) -> Reading[int]:
        block = self.blocks.get(cpu, {})
        text = next((block[key] for key in keys if key in block), "")
        if text.isascii() and text.isdigit() and len(text) < 9:
            return int(text)
        return Unread(f"shows no {keys[0]}", Why.ABSENT, PATH)

    def siblings(self, cpu: int, otherwise: Unread) -> Reading[CpuSet]:
        """CPUs with the same physical id and core id; the given reason where those are not shown."""
        package, core = self.package(cpu), self._number(cpu, CORE)
        if isinstance(package, Unread) or isinstance(core, Unread):
            return otherwise
        same = (c for c in self.blocks if self.package(c) == package and self._number(c, CORE) == core)
        return frozenset(same)

    def package_cpus(self, cpu: int, otherwise: Unread) -> Reading[CpuSet]:
        """CPUs with the same physical id; the given reason where it is not shown."""
        package = self.package(cpu)
        if isinstance(package, Unread):
            return otherwise
        return frozenset(c for c in self.blocks if self.package(c) == package)


def parse_blocks(text: str) -> tuple[dict[int, dict[str, str]], dict[str, str]]:
    """The key-value blocks by CPU number, and all keys of the file (the first value of each)."""
    blocks: dict[int, dict[str, str]] = {}
    every: dict[str, str] = {}
    block: dict[str, str] = {}
    for line in text.split("\n"):
        key, colon, value = line.partition(":")
        key, value = key.strip(), value.strip()
        if not colon:
            continue
        every.setdefault(key, value)
        s390 = S390.match(line)
        if key == "processor" and value.isascii() and value.isdigit() and len(value) < 7:
            block = blocks.setdefault(int(value), {})
        elif s390:
            blocks.setdefault(int(s390[1]), {})
        block.setdefault(key, value)
    return blocks, every


def read_cpuinfo(root: Root) -> CpuInfo:
    """The parsed file; every part says why where it is not told."""
    text = root.text(PATH, 16 << 20)
    blocks, every = parse_blocks(or_else(text, ""))

    def told(*keys: str) -> Reading[str]:
        for key in keys:
            if every.get(key):
                return every[key]
        return text if isinstance(text, Unread) else Unread(f"shows no {keys[0]}", Why.ABSENT, PATH)

    flags = told("flags", "Features", "features", "isa")
    bits = BITS.search(every.get("address sizes", every.get("Address Sizes", "")))
    return CpuInfo(
        blocks,
        told("vendor_id", "CPU implementer", "vendor", "CPU Family"),
        told("model name", "Model Name", "cpu model", "cpu", "Processor"),
        flags if isinstance(flags, Unread) else frozenset(flags.split()),
        int(bits[1])
        if bits
        else text
        if isinstance(text, Unread)
        else Unread("shows no address sizes", Why.ABSENT, PATH),
    )
