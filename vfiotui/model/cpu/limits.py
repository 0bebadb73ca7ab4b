"""What holds the processors back whatever the governor says: firmware, battery, heat and power limits."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.lid import Lid


@dataclass(frozen=True, slots=True)
class PlatformProfile:
    """One choice of the firmware between quiet and fast; it caps power, fans and temperatures together."""

    path: str
    """The file that holds the choice, and takes another."""
    chosen: Reading[str]
    choices: Reading[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class PowerSupply:
    """A battery, or what feeds the machine, as power_supply of sysfs shows it."""

    folder: str
    kind: Reading[str]
    """Mains, USB, Battery, UPS, Wireless."""
    online: Reading[bool | None]
    """Whether it feeds the machine; None for a battery."""
    status: Reading[str | None]
    """Charging, Discharging, Not charging, Full, Unknown; None for what is no battery."""


@dataclass(frozen=True, slots=True)
class ThrottleCounter:
    """How often heat slowed a core or a package down since boot."""

    path: str
    count: Reading[int]


@dataclass(frozen=True, slots=True)
class CoolingDevice:
    """Something that cools by slowing processors down: idle injection, or a lower frequency."""

    folder: str
    type: Reading[str]
    state: Reading[int]
    """How much it does so now, of `top`; 0 or less is not at all."""
    top: Reading[int]


@dataclass(frozen=True, slots=True)
class PowerZone:
    """The package zone of Intel's running average power limit, and its long-term limit."""

    folder: str
    enabled: Reading[bool]
    limit_uw: Reading[int]
    """Microwatts that the package may use for long."""
    top_uw: Reading[int | None]
    """Microwatts for which it is made; None where the processor does not report them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Everything that limits the processors beside cpufreq."""

    profiles: Reading[tuple[PlatformProfile, ...]]
    supplies: Reading[tuple[PowerSupply, ...]]
    """Without those of mice and headsets."""
    throttled: Reading[tuple[ThrottleCounter, ...]]
    """Empty where the processor counts none."""
    cooling: Reading[tuple[CoolingDevice, ...]]
    """Those that slow processors down, no fans."""
    zones: Reading[tuple[PowerZone, ...]]
    lid: Reading[Lid | None] = None
    """None where the machine has no lid."""
