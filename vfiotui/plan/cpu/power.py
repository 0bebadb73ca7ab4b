"""Frequency and power now: governor or preference, boost, limits, the firmware's profile, the package's power."""

from __future__ import annotations

from typing import TypeVar

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.change.change import set_value
from vfiotui.model.cpu.cpuset import parse_list
from vfiotui.model.cpu.limits import Limits
from vfiotui.model.cpu.power import FrequencyPolicy, Power
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner

T = TypeVar("T")

CPUS = "/sys/devices/system/cpu"
POLICIES = f"{CPUS}/cpufreq"
FAST = "performance"


def _read(what: str, reading: Reading[T]) -> T:
    if isinstance(reading, Unread):
        raise PlanError(f"{what} cannot be read: {reading}")
    return reading


def _power(draft: Draft) -> Power:
    return _read("the settings of frequencies", draft.facts.power)


def _limits(draft: Draft) -> Limits:
    return _read("the limits of power and heat", draft.facts.limits)


def _set(draft: Draft, path: str, before: str | int, after: str | int, why: str) -> None:
    """The attribute holds another value until the next boot; nothing where it holds that already."""
    if str(before) == str(after):
        return
    draft.add(set_value(path, str(before).encode(), str(after).encode(), f"{why}, now", risk=Risk.R1), Phase.RUNTIME)
    draft.note("this lasts until the next boot; a power daemon (TLP, tuned, power-profiles-daemon) may set it before")


def _policies(draft: Draft, argument: str) -> tuple[FrequencyPolicy, ...]:
    cpus = _read("the CPUs", parse_list(argument))
    if not cpus:
        raise PlanError(f"{argument!r} names no CPU: a list such as 2-3,6-7 does")
    found = _read("the frequency policies", _power(draft).policies_of(cpus))
    if not found:
        raise PlanError("no CPU of this host shows a frequency policy: its firmware or hypervisor decides")
    return found


def _choices(argument: str) -> tuple[str, ...]:
    """What each policy of some CPUs takes."""
    cpus = parse_list(argument)
    names = ("scaling_available_governors", "energy_performance_available_preferences")
    found = () if isinstance(cpus, Unread) else sorted(cpus)
    return tuple(f"{CPUS}/cpu{cpu}/cpufreq/{name}" for cpu in found for name in names)


def _takes(draft: Draft, policy: FrequencyPolicy, name: str) -> None:
    """PlanError where a policy's driver offers no such word."""
    for cpu in _read("the CPUs of a policy", policy.cpus):
        path = f"{CPUS}/cpu{cpu}/cpufreq/{name}"
        content = draft.snapshot.content(path)
        if not isinstance(content, Unread) and FAST not in content.decode("utf-8", "replace").split():
            raise PlanError(f"{path} does not offer {FAST!r}: load that governor, or use another driver")


def _performance(draft: Draft, argument: str) -> None:
    """The preference where one decides, because a governor of these drivers would overwrite it; else the governor."""
    for policy in _policies(draft, argument):
        folder = f"{POLICIES}/policy{policy.number}"
        governor = _read("the governor", policy.governor)
        preference = _read("the preference", policy.preference)
        if governor == FAST:
            continue
        if policy.by_preference and preference is not None:
            _takes(draft, policy, "energy_performance_available_preferences")
            _set(draft, f"{folder}/energy_performance_preference", preference, FAST, "prefer performance to power")
        else:
            _takes(draft, policy, "scaling_available_governors")
            _set(draft, f"{folder}/scaling_governor", governor, FAST, "use the governor performance")


def _full(draft: Draft, argument: str) -> None:
    for policy in _policies(draft, argument):
        limit, top = _read("the limit", policy.limit_khz), _read("the top frequency", policy.top_khz)
        if limit < top:
            path = f"{POLICIES}/policy{policy.number}/scaling_max_freq"
            _set(draft, path, limit, top, f"allow {top // 1000} MHz")
    percent = _read("the share of the top frequency", _power(draft).max_percent)
    if percent is not None:
        _set(draft, f"{CPUS}/intel_pstate/max_perf_pct", percent, 100, "allow all CPUs their top frequency")


def _boost(draft: Draft, argument: str) -> None:
    if argument != "on":
        raise PlanError(f"{argument!r} is no setting of boost: only 'on' is planned")
    power = _power(draft)
    boost = _read("the switch of boost", power.boost)
    if boost is False:
        inverted = power.boost_path.endswith("no_turbo")
        _set(draft, power.boost_path, int(inverted), int(not inverted), "let the processor boost")
    switches = [(p, _read("a policy's boost", p.boost)) for p in _read("the frequency policies", power.policies)]
    for policy, on in switches:
        if on is False:
            _set(draft, f"{POLICIES}/policy{policy.number}/boost", 0, 1, "let the processor boost")
    if boost is None and all(on is None for _, on in switches):
        raise PlanError("this host shows no switch for boost: look into the firmware setup")


def _profile(draft: Draft, argument: str) -> None:
    profiles = _read("the platform profile", _limits(draft).profiles)
    if not profiles:
        raise PlanError("this firmware has no platform profile that the kernel knows")
    for profile in profiles:
        choices = _read("the platform profiles", profile.choices)
        if argument not in choices:
            raise PlanError(f"{argument!r} is no choice of {profile.path}: it takes {', '.join(choices)}")
        chosen = _read("the platform profile", profile.chosen)
        _set(draft, profile.path, chosen, argument, f"choose the firmware's profile {argument}")


def _package(draft: Draft, argument: str) -> None:
    if argument != "full":
        raise PlanError(f"{argument!r} is no power limit: only 'full' is planned")
    zones = _read("the power limits", _limits(draft).zones)
    if not zones:
        raise PlanError("this host shows no power limits of packages (RAPL)")
    for zone in zones:
        top, limit = _read("the package's maximum", zone.top_uw), _read("the package's limit", zone.limit_uw)
        if top is not None and limit < top:
            path = f"{zone.folder}/constraint_0_power_limit_uw"
            _set(draft, path, limit, top, f"allow the package {top / 1e6:g} W")


PLANNERS = (
    Planner("power.performance", "CPUS", "set CPUs to the performance governor or preference until the next boot",
            "Performance on CPUs {}", _performance, _choices),
    Planner("power.full-frequency", "CPUS", "remove limits below the top frequency until the next boot",
            "Full frequency on CPUs {}", _full),
    Planner("power.boost", "on", "switch boost on until the next boot", "Boost {}", _boost),
    Planner("power.profile", "WORD", "set the firmware's platform profile until the next boot",
            "Platform profile {}", _profile),
    Planner("power.package-limit", "full", "set the package power limit to its maximum until the next boot",
            "Package power {}", _package),
)  # fmt: skip
