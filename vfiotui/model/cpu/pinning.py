"""Where a guest's threads may run: what the editor edits, the proposer proposes and the XML holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.cpu.cpuset import format_list, parse_list
from vfiotui.model.cpu.guest_nodes import PinnedCell, cells_of
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
    iothread_ids: tuple[int, ...] = ()
    """Numbers of its iothreads, ascending; they need not be 1 to N (libvirt formatdomain, iothreadids)."""
    shape: Shape | None = None
    """None: the guest's XML names none."""
    nodes: CpuSet | None = None
    """NUMA nodes that its memory must come from; None: any."""
    off: CpuSet = frozenset()
    """vCPUs that are off when the guest starts: they have no thread."""
    rest: CpuSet | None = None
    """Where a thread without a pin runs (vcpu/@cpuset); None: anywhere."""
    cells: tuple[PinnedCell, ...] = ()
    """The NUMA nodes that the guest sees."""

    @property
    def iothreads(self) -> int:
        """How many iothreads it has."""
        return len(self.iothread_ids)

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
        return (*vcpus, *self.helpers)

    @property
    def helpers(self) -> tuple[str, ...]:
        """The emulator and the iothreads."""
        return (EMULATOR, *(f"io{i}" for i in self.iothread_ids))

    def where(self, thread: str) -> CpuSet | None:
        """Where a thread may run: its pin, else the CPUs of all threads without one; None: anywhere."""
        return self.by_thread.get(thread, self.rest)

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
    iothread_ids: tuple[int, ...] = (),
    shape: Shape | None = None,
    nodes: CpuSet | None = None,
) -> Pinning:
    """A pinning from its parts."""
    pins = {f"v{i}": cpus for i, cpus in sorted(vcpus.items())}
    if emulator:
        pins[EMULATOR] = emulator
    pins |= {f"io{i}": cpus for i, cpus in sorted((iothreads or {}).items())}
    total = len(vcpus) if count is None else count
    return Pinning(total, tuple((n, c) for n, c in pins.items() if c), iothread_ids, shape, nodes)


def pinning_of(domain: Domain) -> Pinning:
    """What a guest's XML says today."""
    found = pinning(
        dict(domain.vcpu_pins),
        domain.emulator_pin,
        dict(domain.iothread_pins),
        count=domain.vcpus,
        iothread_ids=domain.iothread_ids,
        shape=None if domain.topology is None else Shape(*domain.topology, domain.cpu.clusters),
    )
    off = frozenset(v for v in range(domain.vcpus) if not domain.is_on(v))
    return replace(found, off=off, rest=domain.vcpu_cpuset, cells=cells_of(domain))


def sized(ids: tuple[int, ...], count: int) -> tuple[int, ...]:
    """So many numbers of iothreads: the highest go first, and new ones are the lowest free, as libvirt counts.

    >>> sized((2, 4), 4), sized((2, 4), 1)
    ((1, 2, 3, 4), (2,))
    """
    free = (n for n in range(1, count + len(ids) + 1) if n not in ids)
    return tuple(sorted((*ids[:count], *islice(free, max(count - len(ids), 0)))))


def owners_of(domain: Domain) -> CpuSet:
    """The CPUs that a guest's vCPUs have for themselves: sets no larger than the guest are meant to be its own."""
    return frozenset(c for cpus in domain.vcpu_cpus if len(cpus) <= max(domain.vcpus, 1) for c in cpus)


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


def thread_in_pins(kind: str, number: int) -> str:
    """The name of a thread in a pinning, or "" for one that cannot be pinned by itself.

    >>> thread_in_pins("vcpu", 3), thread_in_pins("emulator", 0), thread_in_pins("other", 0)
    ('v3', 'emu', '')
    """
    return {"vcpu": f"v{number}", "iothread": f"io{number}", "emulator": EMULATOR}.get(kind, "")


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
