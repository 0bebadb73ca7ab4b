"""A pinning under a person's hands: place, swap, clear, extend, whole cores, with undo and redo."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.base.value import replace
from vfiotui.model.cpu.pinning import Pinning, Shape, sized
from vfiotui.model.cpu.topology import CpuSet

NONE: CpuSet = frozenset()
MOST = 4096
"""More vCPUs than any hypervisor gives."""


class Editor:
    """One guest's pinning, its past and its future, and the thread that is placed next."""

    def __init__(self, start: Pinning) -> None:
        self.start = start
        self._past: list[tuple[Pinning, str]] = []
        self._future: list[tuple[Pinning, str]] = []
        self.present = start
        self.thread = start.threads[0]
        self.tuned = False
        """Whether the pinning is a proposal, for which the guest's processor is tuned too."""

    @property
    def changed(self) -> bool:
        """Whether it differs from what the guest has."""
        return self.present != self.start

    def _become(self, wanted: Pinning) -> None:
        if wanted != self.present:
            self._past.append((self.present, self.thread))
            self._future.clear()
            self.present = wanted
            if self.thread not in wanted.threads:
                self.thread = wanted.threads[0]

    def undo(self) -> bool:
        """One step back; false at the beginning."""
        return self._step(self._past, self._future)

    def redo(self) -> bool:
        """One step forward again; false at the end."""
        return self._step(self._future, self._past)

    def _step(self, source: list[tuple[Pinning, str]], target: list[tuple[Pinning, str]]) -> bool:
        if not source:
            return False
        target.append((self.present, self.thread))
        self.present, self.thread = source.pop()
        return True

    def choose(self, step: int) -> None:
        """Another thread."""
        threads = self.present.threads
        self.thread = threads[(threads.index(self.thread) + step) % len(threads)]

    def pick(self, thread: str) -> None:
        """A thread by name; one that the guest lacks is not chosen."""
        if thread in self.present.threads:
            self.thread = thread

    def place(self, cpus: Sequence[int]) -> None:
        """The thread onto CPUs: a vCPU and those after it onto one each, emulator and iothreads onto all of them."""
        if not cpus:
            return
        if not self.thread.startswith("v"):
            self._become(self.present.placed(self.thread, frozenset(cpus)))
            return
        first, wanted = int(self.thread[1:]), self.present
        last = min(first + len(cpus), wanted.count)
        for vcpu, cpu in zip(range(first, last), cpus, strict=False):
            wanted = wanted.placed(f"v{vcpu}", frozenset({cpu}))
        self._become(wanted)
        self.pick(f"v{last}" if last < wanted.count else wanted.threads[wanted.count])

    def extend(self, cpu: int) -> None:
        """One CPU more for the thread, or one less where it has it."""
        self._become(self.present.placed(self.thread, self.present.by_thread.get(self.thread, NONE) ^ {cpu}))

    def swap(self, cpu: int) -> None:
        """The thread onto a CPU; whoever of this guest has it goes where the thread was."""
        mine = self.present.by_thread.get(self.thread, NONE)
        wanted = self.present
        for name in self.on(cpu):
            wanted = wanted.placed(name, mine)
        self._become(wanted.placed(self.thread, frozenset({cpu})))

    def clear(self) -> None:
        """No pin for the thread."""
        self._become(self.present.placed(self.thread, NONE))

    def clear_cpus(self, cpus: Sequence[int]) -> None:
        """Nobody of this guest on these CPUs."""
        wanted = self.present
        for name, has in self.present.pins:
            wanted = wanted.placed(name, has.difference(cpus))
        self._become(wanted)

    def on(self, cpu: int) -> list[str]:
        """The threads of this guest that may run on a CPU."""
        return [name for name, cpus in self.present.pins if cpu in cpus]

    def take(self, wanted: Pinning) -> None:
        """A whole pinning, such as a proposal."""
        self.tuned = True
        self._become(wanted)

    def resize(self, count: int) -> None:
        """Another number of vCPUs; the shape follows."""
        count = min(max(count, 1), MOST)
        shape = self.present.shape
        if shape is not None:
            threads = shape.threads if count % shape.threads == 0 else 1
            shape = Shape(1, 1, count // threads, threads)
        kept = tuple(p for p in self.present.pins if not p[0].startswith("v") or int(p[0][1:]) < count)
        off = self.start.off if count == self.start.count else NONE
        self._become(replace(self.present, count=count, pins=kept, shape=shape, off=off))

    def resize_iothreads(self, count: int) -> None:
        """Another number of iothreads."""
        ids = sized(self.present.iothread_ids, min(max(count, 0), MOST))
        kept = tuple(p for p in self.present.pins if not p[0].startswith("io") or int(p[0][2:]) in ids)
        self._become(replace(self.present, iothread_ids=ids, pins=kept))
