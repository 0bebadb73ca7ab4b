"""Where a guest's threads may run: what the editor edits, the proposer proposes and the XML holds."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.cpu.cpuset import format_list, parse_list
from vfiotui.model.cpu.topology import CpuSet
from vfiotui.model.guest.domain import Domain

EMULATOR = "emu"
ANY = "any"
THREAD = re.compile(r"v(0|[1-9]\d{0,4})|io[1-9]\d{0,4}|emu")


@dataclass(frozen=True, slots=True)
class Shape:
    """The processor that the guest sees."""

    sockets: int
    dies: int
    cores: int
    """In each cluster."""
    threads: int
    clusters: int = 1
    """In each die; PCs have none, that is one."""

    @property
    def words(self) -> str:
        """ "1 sockets × 2 dies × 4 cores × 2 threads"; clusters where there are several."""
        parts = [(self.sockets, "sockets"), (self.dies, "dies"), (self.cores, "cores"), (self.threads, "threads")]
        if self.clusters != 1:
            parts.insert(2, (self.clusters, "clusters"))
        return " × ".join(f"{number} {what}" for number, what in parts)

    @property
    def product(self) -> int:
        """The vCPUs that it makes."""
        return self.sockets * self.dies * self.clusters * self.cores * self.threads


@dataclass(frozen=True, slots=True)
class Pinning:
    """One guest's threads and their CPUs; a thread is named "v0", "io1" or "emu"."""

    count: int
    """vCPUs at most."""
    pins: tuple[tuple[str, CpuSet], ...]
    """Threads that are pinned, in order; none of the sets is empty."""
    iothreads: int = 0
    shape: Shape | None = None
    """None: the guest's XML names none."""
    nodes: CpuSet | None = None
    """NUMA nodes that its memory must come from; None: any."""

    @property
    def by_thread(self) -> dict[str, CpuSet]:
        """The pins by thread."""
        return dict(self.pins)

    @property
    def vcpus(self) -> dict[int, CpuSet]:
        """The pins of vCPUs by number."""
        return {int(name[1:]): cpus for name, cpus in self.pins if name.startswith("v")}

    @property
    def emulator(self) -> CpuSet | None:
        """QEMU's own threads."""
        return self.by_thread.get(EMULATOR)

    @property
    def iothread_pins(self) -> dict[int, CpuSet]:
        """The pins of iothreads by number."""
        return {int(name[2:]): cpus for name, cpus in self.pins if name.startswith("io")}

    @property
    def guest_cpus(self) -> CpuSet:
        """All CPUs that some vCPU may run on."""
        return frozenset(c for cpus in self.vcpus.values() for c in cpus)

    @property
    def threads(self) -> tuple[str, ...]:
        """Every thread that can be pinned: the vCPUs, the emulator, the iothreads."""
        vcpus = tuple(f"v{i}" for i in range(self.count))
        return (*vcpus, EMULATOR, *(f"io{i}" for i in range(1, self.iothreads + 1)))

    def placed(self, thread: str, cpus: CpuSet) -> Pinning:
        """The pinning with a thread on other CPUs; an empty set frees it."""
        pins = {**self.by_thread, thread: cpus}
        order = {name: i for i, name in enumerate(self.threads)}
        kept = sorted((p for p in pins.items() if p[1]), key=lambda p: (order.get(p[0], len(order)), p[0]))
        return replace(self, pins=tuple(kept))


def pinning(
    vcpus: Mapping[int, CpuSet],
    emulator: CpuSet | None = None,
    iothreads: Mapping[int, CpuSet] | None = None,
    *,
    count: int | None = None,
    iothread_count: int = 0,
    shape: Shape | None = None,
    nodes: CpuSet | None = None,
) -> Pinning:
    """A pinning from its parts."""
    pins = {f"v{i}": cpus for i, cpus in sorted(vcpus.items())}
    if emulator:
        pins[EMULATOR] = emulator
    pins |= {f"io{i}": cpus for i, cpus in sorted((iothreads or {}).items())}
    total = len(vcpus) if count is None else count
    return Pinning(total, tuple((n, c) for n, c in pins.items() if c), iothread_count, shape, nodes)


def pinning_of(domain: Domain) -> Pinning:
    """What a guest's XML says today."""
    return pinning(
        dict(domain.vcpu_pins),
        domain.emulator_pin,
        dict(domain.iothread_pins),
        count=domain.vcpus,
        iothread_count=domain.iothreads,
        shape=None if domain.topology is None else Shape(*domain.topology, domain.cpu.clusters),
    )


def owners_of(domain: Domain) -> CpuSet:
    """The CPUs that a guest's vCPUs have for themselves: sets no larger than the guest are meant to be its own."""
    return frozenset(c for _, cpus in domain.vcpu_pins if len(cpus) <= max(domain.vcpus, 1) for c in cpus)


def pins_text(pins: Mapping[str, CpuSet]) -> str:
    """Pins as lines that a person can read and edit: "v0 4", "emu 0-1"; "any" is a thread without a pin.

    >>> pins_text({"v0": frozenset({4}), "emu": frozenset()})
    'v0 4\\nemu any\\n'
    """
    return "".join(f"{name} {format_list(cpus) if cpus else ANY}\n" for name, cpus in pins.items())


def parse_pins(text: str) -> dict[str, CpuSet]:
    """The pins of `pins_text`; raises ValueError with a sentence."""
    found: dict[str, CpuSet] = {}
    for line in text.splitlines():
        name, _, words = line.strip().partition(" ")
        if name:
            found[thread_name(name)] = parse_cpus(words)
    return found


def thread_name(word: str) -> str:
    """A thread's name: v0, emu, io1; raises ValueError with a sentence."""
    if not THREAD.fullmatch(word):
        raise ValueError(f"{word[:20]!r} names no thread: v0, v1, … are vCPUs, io1, … iothreads, emu is the emulator")
    return word


def parse_cpus(words: str) -> CpuSet:
    """A list of CPUs, or "any" for none in particular; raises ValueError with a sentence."""
    if words.strip() in (ANY, ""):
        return frozenset()
    cpus = parse_list(words)
    if isinstance(cpus, Unread):
        raise ValueError(f"{cpus.reason}: write it as 4, 0-1 or 2,8")
    return cpus
