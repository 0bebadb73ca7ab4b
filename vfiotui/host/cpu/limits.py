"""What holds processors back beside cpufreq: platform profile, power supply, heat, power limits.

Sources: ABI/testing/sysfs-platform_profile, sysfs-class-platform-profile and sysfs-class-power;
admin-guide/thermal/intel_thermal_throttle.rst and intel_powerclamp.rst; driver-api/thermal/sysfs-api.rst;
power/powercap/powercap.rst.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from vfiotui.host.cpu import lid
from vfiotui.host.root.root import Root
from vfiotui.host.root.sysfs_index import CPUS, numbered
from vfiotui.model.base.reading import Reading, Unread, Why, if_absent, then
from vfiotui.model.cpu.limits import CoolingDevice, Limits, PlatformProfile, PowerSupply, PowerZone, ThrottleCounter

T = TypeVar("T")

CLASSES = "/sys/class"
PROFILES = "/sys/class/platform-profile"
OLD_PROFILE = "/sys/firmware/acpi/platform_profile"
"""The one of all drivers together; kernels before 6.14 have no other."""
SUPPLIES = "/sys/class/power_supply"
COOLING = "/sys/class/thermal"
ZONES = "/sys/class/powercap"
ZONE = re.compile(r"intel-rapl(-\w+)?:\d{1,4}$")
"""Zones of packages: those of cores and memory have one number more."""
SLOWS = re.compile(r"intel_powerclamp|Processor|(thermal-)?(cpufreq|idle|cpuidle)-.*")
"""Types of cooling devices that slow processors down: Intel's idle injection, ACPI, cpufreq and cpuidle."""
CHOICES = frozenset(
    ("low-power", "cool", "quiet", "balanced", "balanced-performance", "performance", "max-power", "custom")
)
KINDS = frozenset(
    "Unknown Battery UPS Mains USB USB_DCP USB_CDP USB_ACA USB_C USB_PD USB_PD_DRP BrickID Wireless".split()
)
STATES = frozenset(("Unknown", "Charging", "Discharging", "Not charging", "Full"))
COUNTERS = ("core_throttle_count", "package_throttle_count")
TERMS = frozenset(("long_term", "short_term", "peak_power"))
MOST = 1 << 63


def each(root: Root, folder: str, use: Callable[[str], T | Unread | None]) -> Reading[tuple[T, ...]]:
    """What `use` makes of each path in a folder of /sys/class, without None; empty where there is no such class."""
    names = root.names(folder)
    if isinstance(names, Unread):
        return then(root.names(CLASSES), lambda _: ()) if names.why is Why.ABSENT else names
    found = []
    for name in names:
        one = use(f"{folder}/{name}")
        if isinstance(one, Unread):
            return one
        if one is not None:
            found.append(one)
    return tuple(found)


def one_of(root: Root, path: str, known: frozenset[str]) -> Reading[str]:
    """A file that holds one of the words that the kernel documents."""
    text = root.text(path, 4096)
    if isinstance(text, str) and text not in known:
        return Unread(f"holds {text[:40]!r}, which is none of {', '.join(sorted(known))}", Why.DAMAGED, path)
    return text


def number(root: Root, path: str, least: int = 0) -> Reading[int]:
    """A file that holds a number of the kernel's."""
    found = root.integer(path)
    if isinstance(found, int) and not least <= found < MOST:
        return Unread(f"holds no sensible number: {found}", Why.DAMAGED, path)
    return found


def read_profiles(root: Root) -> Reading[tuple[PlatformProfile, ...]]:
    """The profile of each driver; on older kernels the one of all."""

    def one(folder: str) -> PlatformProfile:
        return profile(root, f"{folder}/profile", f"{folder}/choices")

    found = each(root, PROFILES, one)
    if found != ():
        return found
    choices = f"{OLD_PROFILE}_choices"
    there = (root.exists(OLD_PROFILE), root.exists(choices))
    unseen = next((seen for seen in there if isinstance(seen, Unread)), None)
    return unseen or ((profile(root, OLD_PROFILE, choices),) if any(there) else ())


def profile(root: Root, path: str, choices: str) -> PlatformProfile:
    """A profile and what it may be."""
    return PlatformProfile(
        path, one_of(root, path, CHOICES), then(root.text(choices, 4096), lambda text: tuple(text.split()))
    )


def read_supplies(root: Root) -> Reading[tuple[PowerSupply, ...]]:
    """Batteries and feeds of the machine itself."""

    def one(folder: str) -> PowerSupply | Unread | None:
        scope = if_absent(one_of(root, f"{folder}/scope", frozenset(("Unknown", "System", "Device"))), "System")
        if isinstance(scope, Unread):
            return scope
        if scope == "Device":
            return None
        kind = one_of(root, f"{folder}/type", KINDS)
        if kind == "Battery":
            return PowerSupply(folder, kind, None, one_of(root, f"{folder}/status", STATES))
        online = then(number(root, f"{folder}/online"), bool)
        return PowerSupply(folder, kind, online, None)

    return each(root, SUPPLIES, one)


def read_throttled(root: Root) -> Reading[tuple[ThrottleCounter, ...]]:
    """The counters of every CPU that has them."""
    found = []
    for cpu in numbered(root.names(CPUS), "cpu"):
        folder = f"{CPUS}/cpu{cpu}/thermal_throttle"
        names = root.names(folder)
        if isinstance(names, Unread):
            if names.why is Why.ABSENT:
                continue
            return names
        found += [ThrottleCounter(f"{folder}/{n}", number(root, f"{folder}/{n}")) for n in COUNTERS if n in names]
    return tuple(found)


def read_cooling(root: Root) -> Reading[tuple[CoolingDevice, ...]]:
    """Cooling devices that slow processors down."""

    def one(folder: str) -> CoolingDevice | None:
        if not folder.rpartition("/")[2].startswith("cooling_device"):
            return None
        kind = root.text(f"{folder}/type", 4096)
        if isinstance(kind, str) and not SLOWS.fullmatch(kind):
            return None
        # Intel's powerclamp says -1 where it injects nothing.
        state = number(root, f"{folder}/cur_state", least=-1)
        return CoolingDevice(folder, kind, state, number(root, f"{folder}/max_state"))

    return each(root, COOLING, one)


def read_zones(root: Root) -> Reading[tuple[PowerZone, ...]]:
    """Package zones of RAPL, by registers, by memory-mapped registers, and by TPMI."""

    def one(folder: str) -> PowerZone | Unread | None:
        if not ZONE.match(folder.rpartition("/")[2]):
            return None
        name = root.text(f"{folder}/name", 4096)
        term = if_absent(one_of(root, f"{folder}/constraint_0_name", TERMS), "long_term")
        if isinstance(name, Unread) or isinstance(term, Unread):
            return name if isinstance(name, Unread) else term  # type: ignore[return-value]
        if not name.startswith("package") or term != "long_term":
            return None
        enabled = then(if_absent(number(root, f"{folder}/enabled"), 1), bool)
        top = number(root, f"{folder}/constraint_0_max_power_uw")
        return PowerZone(
            folder, enabled, number(root, f"{folder}/constraint_0_power_limit_uw"), then(top, lambda uw: uw or None)
        )

    return each(root, ZONES, one)


def read(root: Root) -> Reading[Limits]:
    """All limits; Unread only where the machine does not run."""
    if isinstance(root.names(CPUS), Unread):
        return Unread("limits of power and heat are those of a running system", Why.NOT_HERE, CPUS)
    return Limits(
        read_profiles(root),
        read_supplies(root),
        read_throttled(root),
        read_cooling(root),
        read_zones(root),
        lid.read(root),
    )
