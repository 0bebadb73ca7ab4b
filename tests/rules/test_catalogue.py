"""Every rule: its document, a machine on which it fires, one on which it is silent, and what it says blind."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from tests.hosts import HOSTS
from tests.machines import known_facts
from vfiotui import rules
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.areas import AREAS
from vfiotui.model.finding.finding import Evidence, Severity, Verdict
from vfiotui.model.guest.domain import Domain
from vfiotui.plan.goals import PLANNERS
from vfiotui.rules import catalogue, judge, rule_of
from vfiotui.rules.engine import HEADINGS, Rule, guest_rule, guests, holds, known, rule

BEGINS = {
    "IOMMU": "IOMMU GROUP",
    "Devices": "DEVICE PASSTHROUGH ROM VFIO XORG",
    "Boot": "BOOT CMDLINE CONFIG DRACUT DRIVERCTL GRUB GUARD ISO MODPROBE MODULES VFIO",
    "CPU": "CPU KVM IRQ ISOLATION",
    "Pinning": "PIN",
    "Memory": "MEM",
    "Guest firmware": "GUEST",
    "Guest CPU": "GUEST",
    "Guest devices": "GUEST AUDIO EVDEV KVMFR LG",
    "Guest disks": "GUEST",
    "Kernel log": "LOG",
    "Security": "SECURITY SECURE-BOOT ACCESS HOOK HOST",
    "Obsolete settings": "CMDLINE GRUB GUEST HOOK KVM MEM MODPROBE MODULES QEMU-CONF SCRIPT",
}
"""Area → the topics with which codes of its checks may begin."""
BLIND = Unread("needs root", Why.FORBIDDEN, "/sys/somewhere")
PARTS = [f.name for f in fields(Facts) if f.name not in ("mode", "label", "privileged", "gaps")]


def blind(facts: Facts, *parts: str) -> Facts:
    return replace(facts, **dict.fromkeys(parts, BLIND))  # type: ignore[arg-type]


@pytest.fixture(params=catalogue(), ids=lambda r: r.code)
def one(request: pytest.FixtureRequest) -> Rule:
    return request.param  # type: ignore[no-any-return]


def test_it_fires_where_it_should(one: Rule) -> None:
    found = one.ask(known_facts(one.fires))
    assert Verdict.FAILED in {f.verdict for f in found}, found


def test_it_is_silent_where_all_is_well(one: Rule) -> None:
    found = one.ask(known_facts(one.silent))
    assert {f.verdict for f in found} <= {Verdict.PASSED, Verdict.NOT_APPLICABLE}, found


def test_a_failure_shows_what_was_read_and_where(one: Rule) -> None:
    for finding in one.ask(known_facts(one.fires)):
        if finding.verdict is Verdict.FAILED:
            assert finding.evidence and all(e.path and e.seen for e in finding.evidence)


def test_blind_it_says_unknown_and_why(one: Rule) -> None:
    assert set(one.needs) <= set(PARTS)
    for part in one.needs:
        found = one.ask(blind(known_facts(one.fires), part))
        assert Verdict.NOT_CHECKED in {f.verdict for f in found}, (part, found)
        assert any("needs root" in f.sentence for f in found)


def test_its_document_has_all_headings_with_text_below(one: Rule) -> None:
    assert all(one.section(h) for h in HEADINGS)
    places = [one.document.index(f"\n{h}\n") for h in HEADINGS]
    assert places == sorted(places)
    assert one.title and not one.title.endswith(".")


def test_its_file_bears_its_code(one: Rule) -> None:
    name = one.check.__module__.rpartition(".")[2]
    assert name == one.code.lower().replace("-", "_")
    assert one.code.startswith(tuple(f"{topic}-" for topic in BEGINS[one.area].split()))


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("mode", list(Mode))
def test_no_rule_breaks_on_any_machine_in_any_mode(host: str, mode: Mode) -> None:
    for finding in judge(replace(known_facts(host), mode=mode)):
        assert "the check itself failed" not in finding.sentence, finding


def test_no_rule_breaks_when_everything_is_unread() -> None:
    found = judge(blind(known_facts("tower"), *PARTS))
    assert {f.verdict for f in found} <= {Verdict.NOT_CHECKED, Verdict.NOT_APPLICABLE}
    assert not [f for f in found if "the check itself failed" in f.sentence]


def test_codes_are_unique_and_there_is_a_file_for_each() -> None:
    codes = [r.code for r in catalogue()]
    assert len(codes) == len(set(codes)) >= 25
    files = {p.rpartition(".")[2] for topic in rules.TOPICS for p in rules.modules(topic)}
    assert len(files) == len(codes)


def test_every_area_has_rules_and_they_come_in_its_order() -> None:
    areas = [r.area for r in catalogue()]
    assert list(dict.fromkeys(areas)) == list(AREAS.values()) == list(BEGINS)
    assert len(areas) >= 167, "a rule of the catalogue is gone"


def test_a_fix_names_goals_that_can_be_planned() -> None:
    named: set[str] = set()
    for host in HOSTS:
        facts = known_facts(host)
        for finding in judge(facts):
            if finding.fix is not None:
                named |= {name for name, _ in finding.fix.goal}
                assert not finding.about_guest or finding.subject in {d.name for d in guests(facts)}, finding
    assert len(named) > 60 and named <= PLANNERS.keys()


def test_one_guest_that_cannot_be_judged_leaves_the_others() -> None:
    @guest_rule("TEST-ONE", Severity.WARN, fires="tower", silent="clean")
    def check(facts: Facts, domain: Domain):  # type: ignore[no-untyped-def]
        if domain.name == "macos":
            known(BLIND)
        elif domain.name == "arch-test":
            raise RuntimeError("boom")
        elif domain.name == "win10":
            yield holds(domain.name, "fine", Evidence("/x", "y"))

    found = {f.subject: f for f in check.ask(known_facts("tower"))}
    verdicts = {name: f.verdict for name, f in found.items()}
    assert verdicts == {"macos": Verdict.NOT_CHECKED, "arch-test": Verdict.NOT_CHECKED, "win10": Verdict.PASSED}
    assert "needs root" in found["macos"].sentence and "boom" in found["arch-test"].sentence


def test_a_fine_guest_has_nothing_to_mend_and_nothing_unknown() -> None:
    found = [f for f in judge(known_facts("guest-fine")) if f.about_guest]
    assert {f.verdict for f in found} == {Verdict.PASSED, Verdict.NOT_APPLICABLE}, [
        f for f in found if f.verdict in (Verdict.FAILED, Verdict.NOT_CHECKED)
    ]


def test_the_worst_comes_first() -> None:
    found = judge(known_facts("tower"))
    assert found[0].verdict is Verdict.FAILED and found[0].severity is Severity.FAIL
    verdicts = [f.verdict for f in found]
    assert verdicts.index(Verdict.PASSED) > max(i for i, v in enumerate(verdicts) if v is Verdict.FAILED)


def test_a_healthy_machine_has_nothing_to_mend() -> None:
    bad = [f for f in judge(known_facts("clean")) if f.verdict is Verdict.FAILED]
    assert bad == []


def test_a_rule_that_breaks_is_unknown_not_a_traceback() -> None:
    @rule("TEST-BREAKS", Severity.FAIL, needs=(), fires="tower", silent="clean")
    def check(facts: Facts):  # type: ignore[no-untyped-def]
        yield holds("host", "so far", Evidence("/x", "y"))
        raise RuntimeError("boom")

    found = check.ask(known_facts("clean"))
    assert [f.verdict for f in found] == [Verdict.PASSED, Verdict.NOT_CHECKED]
    assert "boom" in found[1].sentence


def test_codes_are_found_in_any_case() -> None:
    assert rule_of("group-foreign") is rule_of("GROUP-FOREIGN") is not None
    assert rule_of("nonsense") is None


def test_the_bad_group_is_named_with_its_blockers() -> None:
    finding = next(f for f in judge(known_facts("tower")) if f.code == "GROUP-FOREIGN" and f.verdict is Verdict.FAILED)
    assert finding.subject == "0000:04:00.0"
    assert "0000:05:00.0" in finding.sentence and "0000:06:00.0" in finding.sentence
    assert "0000:03:01.0" not in finding.sentence, "a bridge in a group is normal"


def test_a_mounted_disk_is_judged_by_its_intent() -> None:
    facts = known_facts("iommu-off")
    disk = replace(
        blind(facts, "cpu", "pci", "iommu", "firmware", "usb", "memory", "modules", "kernel_log"), mode=Mode.ROOT
    )
    found = {(f.code, f.subject): f for f in judge(disk)}
    assert {f.verdict for (code, _), f in found.items() if code == "IOMMU-DISABLED"} == {Verdict.FAILED}
    assert found["IOMMU-OFF", "AMD"].verdict is Verdict.FAILED
