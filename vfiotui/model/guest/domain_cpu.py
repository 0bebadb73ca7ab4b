"""The processor that a guest sees: model, features, enlightenments, clocks, scheduling classes."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass

SWITCHING_MODES = ("passthrough", "host-model")
"""Modes of <hyperv> in which libvirt switches on what the host offers."""

ENLIGHTENMENT_NEEDS = {
    "stimer": ("synic", "vpindex", "hypervclock"),
    "synic": ("vpindex",),
    "tlbflush": ("vpindex",),
    "ipi": ("vpindex",),
}
"""Enlightenment → those without which it has no effect; hypervclock is a timer (QEMU docs, system/i386/hyperv)."""


@dataclass(frozen=True, slots=True)
class GuestCpu:
    """The <cpu> element, but for mode and topology, which Domain has."""

    model: str = ""
    features: tuple[tuple[str, str], ...] = ()
    """Name and policy: force, require, optional, disable, forbid."""
    cache_mode: str = ""
    """passthrough, emulate, disable; empty where there is no <cache>."""
    clusters: int = 1
    address_mode: str = ""
    """passthrough or emulate of <maxphysaddr>; empty where there is none."""
    address_bits: int | None = None
    address_limit: int | None = None

    def has(self, feature: str) -> bool:
        """Whether a feature is asked for by name."""
        return dict(self.features).get(feature) in ("require", "force")

    def lacks(self, feature: str) -> bool:
        """Whether a feature is taken away by name."""
        return dict(self.features).get(feature) in ("disable", "forbid")


@dataclass(frozen=True, slots=True)
class Hyperv:
    """The <hyperv> element: what a Windows guest is told of its hypervisor."""

    mode: str = ""
    """custom, passthrough, host-model; empty where there is no element."""
    on: frozenset[str] = frozenset()
    """Names whose state is on."""
    vendor_id: str | None = None
    """The value of vendor_id where it is on."""

    @property
    def chosen_by_libvirt(self) -> bool:
        """Whether the set follows the host instead of a list."""
        return self.mode in SWITCHING_MODES


@dataclass(frozen=True, slots=True)
class Timer:
    """One <timer> of the clock."""

    name: str
    present: bool | None
    """None where it is not said."""
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """The <clock> element."""

    offset: str = ""
    timers: tuple[Timer, ...] = ()

    def present(self, name: str) -> bool | None:
        """Whether a timer is asked for; None where nothing is said."""
        return next((t.present for t in self.timers if t.name == name), None)


@dataclass(frozen=True, slots=True)
class Scheduling:
    """One vcpusched, iothreadsched or emulatorsched."""

    who: str
    """vcpu, iothread or emulator."""
    which: frozenset[int]
    """Their numbers; empty for the emulator."""
    policy: str
    """batch, idle, fifo or rr."""
    priority: int | None = None

    @property
    def realtime(self) -> bool:
        """Whether it is a class before which everything else waits."""
        return self.policy in ("fifo", "rr")
