"""One moment of the running host; rates are per second since the previous moment."""

from __future__ import annotations

from dataclasses import dataclass

from vfiotui.model.reading import Reading


@dataclass(frozen=True, slots=True)
class CpuMoment:
    """One host CPU."""

    cpu: int
    mhz: Reading[float]
    busy: Reading[float]
    """0 … 1."""


@dataclass(frozen=True, slots=True)
class ThreadMoment:
    """One thread of a guest: vCPU, emulator, iothread."""

    kind: str
    """vcpu, emulator, iothread, other."""
    index: int
    """vCPU or iothread number; 0 for the emulator."""
    tid: int
    pinned: Reading[frozenset[int]]
    """CPUs it may run on (Cpus_allowed_list)."""
    ran_on: Reading[int]
    """CPU it last ran on."""
    busy: Reading[float]
    """0 … 1: time on a CPU."""
    delay_ms: Reading[float]
    """Milliseconds of each second spent runnable and waiting (schedstat run_delay)."""
    slices: Reading[float]
    """Time slices per second."""
    forced: Reading[float]
    """Involuntary switches per second."""


@dataclass(frozen=True, slots=True)
class GuestMoment:
    """One running guest."""

    name: str
    pid: int
    threads: Reading[tuple[ThreadMoment, ...]]


@dataclass(frozen=True, slots=True)
class LiveMoment:
    """Everything that the Live screen shows of one moment."""

    at: float
    """Seconds of CLOCK_MONOTONIC."""
    cpus: Reading[tuple[CpuMoment, ...]]
    guests: Reading[tuple[GuestMoment, ...]]


@dataclass(frozen=True, slots=True)
class OwnCost:
    """What this program itself costs."""

    cpu_ms: Reading[float]
    """Milliseconds of CPU per second."""
    rss_kib: Reading[int]
