"""Fixes about ids of vfio-pci never take the boot display, and bring no unsafe option into force."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts import HOSTS
from tests.machines import facts_of, known_facts
from tests.rules.branch_settings import BLACK
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.rules import rule_of

SHARED, SOUND = "10de:13c2", "10de:0fbb"


def failed(code: str, host: str) -> list[Finding]:
    rule = rule_of(code)
    assert rule is not None
    return [f for f in rule.ask(known_facts(host)) if f.verdict is Verdict.FAILED]


def test_the_id_of_the_boot_display_is_bound_by_address() -> None:
    for code in ("ISO-SAME-ID", "VFIO-IDS-IGNORED"):
        (finding,) = failed(code, "same-id")
        assert finding.fix is not None
        goals = finding.fix.goal
        assert ("vfio.ids.remove", SHARED) in goals and ("isolate.override", "0000:01:00.0") in goals
        assert not any(name == "cmdline.add" and SHARED in argument for name, argument in goals)
    assert ("cmdline.add", f"vfio-pci.ids={SOUND}") in goals


def test_an_id_of_one_card_goes_to_the_command_line_of_a_built_in_vfio_pci() -> None:
    host = replace(HOSTS["clean"], builtin=("kernel/drivers/vfio/pci/vfio-pci.ko",))
    rule = rule_of("VFIO-IDS-IGNORED")
    assert rule is not None
    (finding,) = rule.ask(facts_of(host))
    assert finding.fix is not None
    assert finding.fix.goal == (("cmdline.add", f"vfio-pci.ids={SHARED},{SOUND}"),)


def test_a_boot_display_that_an_id_took_along_goes_back_to_the_host() -> None:
    rule = rule_of("PASSTHROUGH-SLOT-INCOMPLETE")
    assert rule is not None
    (finding,) = [f for f in rule.ask(facts_of(BLACK)) if f.verdict is Verdict.FAILED]
    assert finding.fix is not None and "back to the host" in finding.fix.text
    assert finding.fix.goal == (("vfio.ids.remove", SHARED), ("isolate.override", "0000:01:00.0"))


def test_an_option_that_lets_guests_inject_interrupts_is_taken_out() -> None:
    (finding,) = failed("CMDLINE-BARE-OPTION", "cmdline-bare")
    assert finding.fix is not None
    assert finding.fix.goal == (("cmdline.remove", "allow_unsafe_interrupts=1"),)
    assert "vfio_iommu_type1.allow_unsafe_interrupts=1" in finding.fix.text


def test_a_guest_whose_vcpus_do_not_fill_cores_is_told_the_next_number() -> None:
    findings = failed("PIN-SHARED-CORE", "guest-one-kind")
    fixes = [f.fix for f in findings if f.fix is not None]
    assert [(f.goal, "--vcpus 4" in f.text) for f in fixes] == [((), True)]
