"""What limits the frequency of CPUs: each limiter fails where it limits, and passes or does not apply elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import CLEAN, HOSTS, INTEL
from tests.machines import facts_of
from vfiotui.demo.description import Host
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.rules import judge, rule_of
from vfiotui.rules.symptoms import symptom_of
from vfiotui.rules.symptoms.answer import answer

FAILS, HOLDS, UNKNOWN, NOT_APPLICABLE = Verdict.FAILED, Verdict.PASSED, Verdict.NOT_CHECKED, Verdict.NOT_APPLICABLE
CPUS = "/sys/devices/system/cpu"
PINNED_INTEL = replace(INTEL, guests=CLEAN.guests)


def ask(code: str, host: Host) -> Finding:
    rule = rule_of(code)
    assert rule is not None
    (found,) = rule.ask(facts_of(host))
    return found


def with_files(host: Host, files: dict[str, str], *remove: str) -> Host:
    return replace(host, files={**host.files, **files}, remove=(*host.remove, *remove))


def test_a_share_of_intels_top_is_a_limit_that_no_policy_shows() -> None:
    found = ask("CPU-FREQ-LIMIT", replace(PINNED_INTEL, cpu=replace(INTEL.cpu, max_percent=30)))
    assert found.verdict is FAILS and "30 %" in found.sentence
    assert [(e.path, e.seen) for e in found.evidence] == [(f"{CPUS}/intel_pstate/max_perf_pct", "30")]


@pytest.mark.parametrize("text", ["0\n", "101\n", "banana\n", "", f"{'9' * 30}\n", "-5\n"])
def test_an_absurd_share_is_not_judged(text: str) -> None:
    host = with_files(PINNED_INTEL, {f"{CPUS}/intel_pstate/max_perf_pct": text})
    assert ask("CPU-FREQ-LIMIT", host).verdict is UNKNOWN


def test_limits_of_each_cpu_hide_the_share() -> None:
    """intel_pstate=per_cpu_perf_limits."""
    host = with_files(PINNED_INTEL, {}, f"{CPUS}/intel_pstate/max_perf_pct")
    assert ask("CPU-FREQ-LIMIT", host).verdict is HOLDS


def test_boost_is_judged_by_each_policy_where_no_switch_serves_all() -> None:
    files = {f"{CPUS}/cpufreq/policy{c}/boost": f"{int(c > 1)}\n" for c in range(8)}
    found = ask("CPU-FREQ-BOOST", with_files(CLEAN, files, f"{CPUS}/cpufreq/boost"))
    assert found.verdict is FAILS and "CPUs 0-1" in found.sentence
    assert found.evidence[0].path == f"{CPUS}/cpufreq/policy0/boost"


@pytest.mark.parametrize(
    ("text", "verdict"), [("1\n", HOLDS), ("0\n", FAILS), ("2\n", UNKNOWN), ("\0\xff", UNKNOWN), ("", UNKNOWN)]
)
@pytest.mark.parametrize("for_all", [True, False])
def test_the_switch_of_one_policy_counts_beside_one_for_all(text: str, verdict: Verdict, for_all: bool) -> None:
    files = {f"{CPUS}/cpufreq/policy{c}/boost": "1\n" for c in range(8)}
    files[f"{CPUS}/cpufreq/policy5/boost"] = text
    host = with_files(CLEAN, files, *(() if for_all else (f"{CPUS}/cpufreq/boost",)))
    assert ask("CPU-FREQ-BOOST", host).verdict is verdict


def test_a_driver_with_switches_in_some_policies_only_is_not_judged() -> None:
    host = with_files(CLEAN, {f"{CPUS}/cpufreq/policy0/boost": "1\n"}, f"{CPUS}/cpufreq/boost")
    assert ask("CPU-FREQ-BOOST", host).verdict is UNKNOWN


@pytest.mark.parametrize(
    ("scaling", "choices", "verdict"),
    [
        ("intel_pstate", False, HOLDS),
        ("intel_pstate", True, UNKNOWN),
        ("amd-pstate-epp", False, UNKNOWN),
        ("intel_cpufreq", False, FAILS),
    ],
)
def test_a_driver_without_preferences_is_judged_without(scaling: str, choices: bool, verdict: Verdict) -> None:
    host = replace(PINNED_INTEL, cpu=replace(INTEL.cpu, scaling=scaling, preference=""))
    files = {f"{CPUS}/cpufreq/policy{c}/energy_performance_available_preferences": "power\n" for c in range(8)}
    assert ask("CPU-FREQ-GOVERNOR", with_files(host, files if choices else {})).verdict is verdict


@pytest.mark.parametrize(
    ("enabled", "masked", "verdict", "words"),
    [
        ("tlp power-profiles-daemon", "power-profiles-daemon", HOLDS, "tlp decides alone"),
        ("tlp power-profiles-daemon", "thermald", FAILS, "power-profiles-daemon and tlp"),
        ("tuned tuned-ppd", "", HOLDS, "tuned decides alone"),
        ("tlp tlp-pd", "", HOLDS, "tlp decides alone"),
        ("power-profiles-daemon snap.auto-cpufreq.service", "", FAILS, "auto-cpufreq"),
        ("power-profiles-daemon com.system76.PowerDaemon", "", FAILS, "system76-power"),
        ("asusd tuned", "", FAILS, "tuned and asusd"),
        ("tccd", "", HOLDS, "tccd decides alone"),
        ("", "", HOLDS, "no program decides"),
    ],
)
def test_power_daemons_count_as_they_run(enabled: str, masked: str, verdict: Verdict, words: str) -> None:
    found = ask("CPU-FREQ-DAEMONS", replace(CLEAN, enabled=tuple(enabled.split()), masked=tuple(masked.split())))
    assert found.verdict is verdict and words in found.sentence


def test_gamemode_of_every_user_is_one_that_decides() -> None:
    gamemode = {"/etc/systemd/user/default.target.wants/gamemoded.service": "[Service]\n"}
    found = ask("CPU-FREQ-DAEMONS", with_files(replace(CLEAN, enabled=("tlp",)), gamemode))
    assert found.verdict is FAILS and found.fix is not None and "disable --global gamemoded" in found.fix.text


@pytest.mark.parametrize("folder", ["/etc/systemd/system", "/run/systemd/system"])
def test_an_empty_unit_file_masks_and_a_whole_one_does_not(folder: str) -> None:
    two = replace(CLEAN, enabled=("tlp", "tuned"))
    assert ask("CPU-FREQ-DAEMONS", with_files(two, {f"{folder}/tuned.service": ""})).verdict is HOLDS
    assert ask("CPU-FREQ-DAEMONS", with_files(two, {f"{folder}/tuned.service": "[Unit]\n"})).verdict is FAILS


def test_a_masked_ssh_is_no_way_in() -> None:
    ssh = replace(HOSTS["single-gpu"], enabled=("sshd",))
    assert ask("PASSTHROUGH-REMOTE-ACCESS", ssh).verdict is HOLDS
    assert ask("PASSTHROUGH-REMOTE-ACCESS", replace(ssh, masked=("sshd",))).verdict is FAILS


HOT, COOL = HOSTS["hot-laptop"], HOSTS["cool-laptop"]
SUPPLY, COOLING, POWERCAP = "/sys/class/power_supply", "/sys/class/thermal", "/sys/class/powercap"
PROFILE, CLASS = "/sys/firmware/acpi/platform_profile", "/sys/class/platform-profile"
LIMITERS = ("CPU-PLATFORM-PROFILE", "CPU-BATTERY", "CPU-THROTTLED", "CPU-COOLING", "CPU-POWER-LIMIT")


@pytest.mark.parametrize("code", LIMITERS)
def test_a_limiter_fails_passes_and_does_not_apply(code: str) -> None:
    assert [ask(code, host).verdict for host in (HOT, COOL, CLEAN)] == [FAILS, HOLDS, NOT_APPLICABLE]


@pytest.mark.parametrize("code", LIMITERS)
def test_every_limiter_is_a_cause_of_stutter_and_of_a_slow_guest(code: str) -> None:
    for name in ("stutter", "slow-guest"):
        symptom = symptom_of(name)
        assert symptom is not None
        assert code in {s.cause.code for s in answer(symptom, judge(facts_of(HOT))).suspects}


@pytest.mark.parametrize(
    ("word", "verdict"),
    [
        *((word, FAILS) for word in ("low-power", "cool", "quiet")),
        *((word, HOLDS) for word in ("balanced", "balanced-performance", "performance", "max-power", "custom")),
        *((word, UNKNOWN) for word in ("", "[/b]\x1b[2J", "quiet balanced", "a" * 5000)),
    ],
)
@pytest.mark.parametrize("path", [PROFILE, f"{CLASS}/platform-profile-0/profile"])
def test_platform_profiles(path: str, word: str, verdict: Verdict) -> None:
    found = ask("CPU-PLATFORM-PROFILE", with_files(COOL, {path: f"{word}\n"}))
    assert found.verdict is verdict and "\x1b" not in found.sentence
    assert verdict is UNKNOWN or found.evidence[0].path == path


def test_the_slow_one_of_two_drivers_is_named_with_a_choice_that_it_has() -> None:
    files = {f"{CLASS}/platform-profile-{n}/choices": "quiet balanced\n" for n in (0, 1)}
    files |= {f"{CLASS}/platform-profile-{n}/profile": f"{w}\n" for n, w in ((0, "balanced"), (1, "quiet"))}
    found = ask("CPU-PLATFORM-PROFILE", with_files(CLEAN, files))
    assert found.evidence[0].path == f"{CLASS}/platform-profile-1/profile"
    assert found.fix is not None and found.fix.goal == (("power.profile", "balanced"),)


@pytest.mark.parametrize(
    ("supplies", "verdict"),
    [
        ("BAT0 Battery Discharging|AC Mains 0", FAILS),
        ("BAT0 Battery Discharging", FAILS),
        ("BAT0 Battery Charging|AC Mains 1", HOLDS),
        ("BAT0 Battery Not charging|AC Mains 1", HOLDS),
        ("BAT0 Battery Discharging|ucsi USB 1", HOLDS),
        ("BAT0 Battery Full|BAT1 Battery Discharging|AC Mains 0", FAILS),
        ("BAT0 Battery Unknown|AC Mains 0", HOLDS),
        ("AC Mains 1", NOT_APPLICABLE),
        ("ups UPS 1", NOT_APPLICABLE),
        ("BAT0 Battery Melting|AC Mains 0", UNKNOWN),
        ("BAT0 Battery Discharging|AC Mains banana", UNKNOWN),
        ("BAT0 Accumulator Full", UNKNOWN),
    ],
)
def test_batteries_and_what_feeds_them(supplies: str, verdict: Verdict) -> None:
    files = {}
    for supply in supplies.split("|"):
        name, kind, state = supply.split(" ", 2)
        files[f"{SUPPLY}/{name}/type"] = f"{kind}\n"
        files[f"{SUPPLY}/{name}/{'status' if kind == 'Battery' else 'online'}"] = f"{state}\n"
    assert ask("CPU-BATTERY", with_files(CLEAN, files)).verdict is verdict


def test_the_battery_of_a_mouse_is_none_of_the_host() -> None:
    mouse = {"type": "Battery\n", "scope": "Device\n", "status": "Discharging\n"}
    host = with_files(CLEAN, {f"{SUPPLY}/hidpp_battery_0/{name}": text for name, text in mouse.items()})
    assert ask("CPU-BATTERY", host).verdict is NOT_APPLICABLE


@pytest.mark.parametrize(
    ("text", "verdict", "severity"),
    [
        ("48211\n", FAILS, Severity.WARN),
        ("3\n", FAILS, Severity.INFO),
        ("0\n", HOLDS, Severity.WARN),
        ("-1\n", UNKNOWN, Severity.WARN),
        ("many\n", UNKNOWN, Severity.WARN),
        (f"{'9' * 40}\n", UNKNOWN, Severity.WARN),
    ],
)
def test_throttling_is_counted_by_the_worst_counter(text: str, verdict: Verdict, severity: Severity) -> None:
    path = f"{CPUS}/cpu5/thermal_throttle/package_throttle_count"
    found = ask("CPU-THROTTLED", with_files(COOL, {path: text}))
    assert (found.verdict, found.severity) == (verdict, severity)
    assert verdict is not FAILS or [(e.path, e.seen) for e in found.evidence] == [(path, text.strip())]


@pytest.mark.parametrize(
    ("kind", "state", "verdict"),
    [
        ("Processor", "3", FAILS),
        ("Processor", "0", HOLDS),
        ("intel_powerclamp", "-1", HOLDS),
        ("thermal-cpufreq-0", "2", FAILS),
        ("Fan", "9", NOT_APPLICABLE),
        ("TCC Offset", "5", NOT_APPLICABLE),
        ("Processor", "banana", UNKNOWN),
        ("Processor", "-7", UNKNOWN),
    ],
)
def test_only_cooling_that_slows_processors_counts(kind: str, state: str, verdict: Verdict) -> None:
    device = f"{COOLING}/cooling_device0"
    files = {f"{device}/type": f"{kind}\n", f"{device}/cur_state": f"{state}\n", f"{device}/max_state": "10\n"}
    assert ask("CPU-COOLING", with_files(CLEAN, files)).verdict is verdict


@pytest.mark.parametrize(
    ("zone", "changes", "verdict"),
    [
        ("intel-rapl:0", {}, FAILS),
        ("intel-rapl-mmio:0", {}, FAILS),
        ("intel-rapl:0", {"enabled": "0"}, NOT_APPLICABLE),
        ("intel-rapl:0", {"constraint_0_max_power_uw": "0"}, NOT_APPLICABLE),
        ("intel-rapl:0", {"constraint_0_power_limit_uw": "28000000"}, HOLDS),
        ("intel-rapl:0", {"constraint_0_power_limit_uw": "200000000"}, HOLDS),
        ("intel-rapl:0", {"constraint_0_power_limit_uw": "-1"}, UNKNOWN),
        ("intel-rapl:0", {"constraint_0_max_power_uw": "28 W"}, UNKNOWN),
        ("intel-rapl:0", {"name": "psys"}, NOT_APPLICABLE),
        ("intel-rapl:0", {"constraint_0_name": "short_term"}, NOT_APPLICABLE),
        ("intel-rapl:0:0", {}, NOT_APPLICABLE),
        ("dtpm", {}, NOT_APPLICABLE),
    ],
)
def test_the_long_term_limit_of_a_package_is_held_against_its_maximum(
    zone: str, changes: dict[str, str], verdict: Verdict
) -> None:
    zone_files = {
        "name": "package-0",
        "constraint_0_power_limit_uw": "6000000",
        "constraint_0_max_power_uw": "28000000",
    }
    files = {f"{POWERCAP}/{zone}/{name}": f"{text}\n" for name, text in {**zone_files, **changes}.items()}
    found = ask("CPU-POWER-LIMIT", with_files(CLEAN, files))
    assert found.verdict is verdict and (verdict is not FAILS or "6 W of 28 W" in found.sentence)


@pytest.mark.parametrize("code", LIMITERS)
def test_a_disk_on_which_nothing_runs_is_not_judged(code: str) -> None:
    assert ask(code, with_files(COOL, {}, "/sys/devices/system/cpu")).verdict is UNKNOWN
