"""What limits the frequency of CPUs: each limiter fails where it limits, and passes or does not apply elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import CLEAN, HOSTS, INTEL
from tests.machines import facts_of
from vfiotui.demo.description import Host
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.rules import rule_of

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
