"""What KVM counts of each vCPU: exits and halt polling, as rates."""

from __future__ import annotations

from typing import NamedTuple

from vfiotui.model.base.reading import Reading


class VcpuExits(NamedTuple):
    """One vCPU; rates are per second."""

    vcpu: int
    exits: Reading[float]
    io: Reading[float]
    """Port I/O."""
    mmio: Reading[float]
    """Memory-mapped I/O."""
    halts: Reading[float]
    emulated: Reading[float]
    """Instructions that KVM emulated."""
    poll_won_ms: Reading[float]
    """Milliseconds of each second polled before a wake-up came."""
    poll_lost_ms: Reading[float]
    """Milliseconds of each second polled in vain."""


class GuestExits(NamedTuple):
    """One look at one guest."""

    guest: str
    at: float
    """Seconds of CLOCK_MONOTONIC."""
    seconds: float
    """The time that the rates are of."""
    vcpus: Reading[tuple[VcpuExits, ...]]
    cost_ms: float
    """Milliseconds from the question to libvirt's answer: QEMU's main thread works in them."""

    def of(self, vcpu: int) -> VcpuExits | None:
        """One vCPU, where it is known."""
        vcpus = self.vcpus if isinstance(self.vcpus, tuple) else ()
        return next((v for v in vcpus if v.vcpu == vcpu), None)
