"""The running host: what one sample counted, and what two samples say of the time between them.

A sample holds raw counters; a moment holds rates, per second since the sample before (see `model.rates`).
What is made hundreds of times at every sample is a named tuple: it is made in a fraction of the time of a class.
"""

from __future__ import annotations

from typing import NamedTuple

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass


class CpuCount(NamedTuple):
    """One host CPU, counted."""

    cpu: int
    mhz: Reading[float]
    busy: Reading[int]
    """Ticks of 10 ms that were neither idle nor stolen, since boot."""
    steal: Reading[int] = 0
    """Ticks of 10 ms in which the hypervisor below this host ran something else, since boot."""


class ThreadCount(NamedTuple):
    """One thread of a guest, counted since it began."""

    kind: str
    """vcpu, emulator, iothread."""
    number: int
    """vCPU or iothread number; 0 for the emulator."""
    tid: int
    pinned: Reading[frozenset[int]]
    """CPUs it may run on (Cpus_allowed_list)."""
    ran_on: Reading[int]
    """CPU it last ran on."""
    run: Reading[int]
    """Nanoseconds on a CPU (schedstat)."""
    wait: Reading[int]
    """Nanoseconds runnable and waiting for a CPU (schedstat run_delay)."""
    slices: Reading[int]
    """Time slices (schedstat)."""
    forced: Reading[int]
    """Involuntary switches (status), as of `status_at`."""
    status_at: float
    """Seconds of CLOCK_MONOTONIC at which the pin and the switches were read: they are read less often."""


class GuestCount(NamedTuple):
    """One running guest, counted."""

    name: str
    pid: int
    threads: tuple[ThreadCount, ...]
    missing: Unread | None = None
    """Why vCPUs of it are not among its threads."""


class Sample(NamedTuple):
    """Everything that was counted at one time."""

    at: float
    """Seconds of CLOCK_MONOTONIC."""
    wall: float
    """Seconds since the epoch, for people."""
    cpus: Reading[tuple[CpuCount, ...]]
    guests: Reading[tuple[GuestCount, ...]]
    unseen: Unread | None = None
    """Why more guests may run than are counted."""


class CpuMoment(NamedTuple):
    """One host CPU."""

    cpu: int
    mhz: Reading[float]
    busy: Reading[float]
    """0 … 1."""
    steal: Reading[float] = 0.0
    """0 … 1: the part of the time that the hypervisor below this host took."""


class ThreadMoment(NamedTuple):
    """One thread of a guest: vCPU, emulator, iothread."""

    kind: str
    number: int
    tid: int
    pinned: Reading[frozenset[int]]
    ran_on: Reading[int]
    busy: Reading[float]
    """0 … 1: time on a CPU."""
    delay_ms: Reading[float]
    """Milliseconds of each second spent runnable and waiting."""
    slices: Reading[float]
    """Time slices per second."""
    forced: Reading[float]
    """Involuntary switches per second."""


class GuestMoment(NamedTuple):
    """One running guest."""

    name: str
    pid: int
    threads: tuple[ThreadMoment, ...]
    missing: Unread | None = None
    """Why vCPUs of it are not among its threads."""


class LiveMoment(NamedTuple):
    """Everything that the Live screen shows of one moment."""

    at: float
    """Seconds of CLOCK_MONOTONIC."""
    cpus: Reading[tuple[CpuMoment, ...]]
    guests: Reading[tuple[GuestMoment, ...]]
    sample: Sample
    """What was counted at the end of the moment."""


@dataclass(frozen=True, slots=True)
class OwnCost:
    """What this program itself costs."""

    cpu_ms: Reading[float]
    """Milliseconds of CPU per second."""
    rss_kib: Reading[int]
    bytes_per_s: Reading[float]
    """Bytes per second to the terminal."""
