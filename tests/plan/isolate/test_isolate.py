"""Which devices go together, how they are bound, what is refused, and whether a moved card is noticed."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hosts import HOSTS
from tests.machines import facts_of, known_facts, root_of
from vfiotui.demo.description import Host
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.next_boot import NextBoot
from vfiotui.model.change.plan import Plan
from vfiotui.model.change.plan import from_json as from_document
from vfiotui.model.change.plan import to_json as to_document
from vfiotui.model.pci.functions import PciBus
from vfiotui.model.pci.selection import FILE, Chosen, chosen, from_json, moved, to_json
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan
from vfiotui.plan.isolate.early_script import SCRIPT
from vfiotui.plan.isolate.isolate import addresses
from vfiotui.plan.isolate.method import Method, verdicts
from vfiotui.plan.isolate.override_rule import RULE
from vfiotui.plan.isolate.predicted import predicted
from vfiotui.plan.isolate.select import choose

CARD, SOUND = "0000:01:00.0", "0000:01:00.1"


def plan_of(host: Host, goal: str, argument: str, *programs: str) -> Plan:
    snapshot = read_config_snapshot(root_of(host))
    snapshot = replace(
        snapshot, programs={p: f"/usr/sbin/{p}" for p in programs or ("update-initramfs", "update-grub")}
    )
    return make_plan(facts_of(host), snapshot, [(goal, argument)])


def files(plan: Plan) -> dict[str, str]:
    return {s.subject: (s.after or b"").decode() for s in plan.steps if s.kind == "file"}


def commands(plan: Plan) -> list[str]:
    return [" ".join(s.argv) for s in plan.steps if s.kind == "command"]


HOST_CARD = replace(
    HOSTS["clean"],
    files={},
    pci=tuple(
        replace(d, driver={CARD: "nouveau", SOUND: "snd_hda_intel"}.get(d.bdf, d.driver)) for d in HOSTS["clean"].pci
    ),
)
"""Everything in order, and nothing given away yet."""


def test_all_functions_of_a_slot_go_along() -> None:
    choice = choose(facts_of(HOST_CARD), (CARD,))
    assert [d.bdf for d in choice.devices] == [CARD, SOUND]
    assert choice.added == (SOUND,) and choice.refusals == ()


def test_members_of_a_group_go_along_and_bridges_never() -> None:
    choice = choose(known_facts("tower"), ("0000:04:00.0",))
    assert {"0000:04:00.0", "0000:04:00.1", "0000:05:00.0"} <= {d.bdf for d in choice.devices}
    assert not any(d.is_bridge for d in choice.devices)
    assert any("your own connection" in r for r in choice.refusals)
    assert any("last keyboard" in r for r in choice.refusals)


@pytest.mark.parametrize(
    ("host", "wanted", "words"),
    [
        ("clean", "0000:00:01.0", "is a bridge"),
        ("clean", "0000:09:00.0", "no device at"),
        ("tower", "0000:00:00.2", "is the IOMMU itself"),
        ("tower", "0000:01:00.0", "holds / (nvme0n1p2)"),
        ("single-gpu", "", "no display would be left"),
        ("iommu-off", CARD, "no IOMMU groups"),
    ],
)
def test_what_the_host_cannot_do_without_is_refused(host: str, wanted: str, words: str) -> None:
    facts = known_facts(host)
    assert isinstance(facts.pci, PciBus)
    bdf = wanted or next(d.bdf for d in facts.pci.devices if d.is_display)
    assert any(words in r for r in choose(facts, (bdf,)).refusals), choose(facts, (bdf,)).refusals


def test_ids_are_taken_where_no_other_device_has_them() -> None:
    plan = plan_of(HOST_CARD, "isolate.auto", CARD)
    found = files(plan)
    assert found["/etc/modprobe.d/vfiotui.conf"].splitlines() == [
        "options vfio-pci ids=10de:13c2,10de:0fbb",
        "softdep nouveau pre: vfio-pci",
        "softdep snd_hda_intel pre: vfio-pci",
    ]
    assert "vfio_pci" in found["/etc/initramfs-tools/modules"].split()
    assert commands(plan) == ["update-initramfs -u -k all", "update-grub"]
    assert plan.risk == "R3" and any("without passthrough" in e for e in plan.escape)


def test_the_order_is_that_of_the_boot_chain() -> None:
    subjects = [s.subject for s in plan_of(HOST_CARD, "isolate.auto", CARD).steps]
    order = [
        "/etc/modprobe.d/vfiotui.conf",
        "/etc/initramfs-tools/modules",
        "update-initramfs",
        "/etc/grub.d/42_vfiotui",
    ]
    places = [subjects.index(s) for s in (*order, "update-grub", "/boot/grub/grub.cfg")]
    assert places == sorted(places)


def test_other_ids_stay_in_the_line_that_gives_them() -> None:
    path = "/etc/modprobe.d/mine.conf"
    host = replace(HOST_CARD, files={path: "options vfio-pci ids=1234:5678 disable_vga=1 # mine\n"})
    found = files(plan_of(host, "isolate.ids", CARD))
    assert found[path].startswith("options vfio-pci ids=1234:5678,10de:13c2,10de:0fbb disable_vga=1")


def test_a_built_in_vfio_pci_is_told_on_the_command_line() -> None:
    host = replace(HOST_CARD, builtin=("kernel/drivers/vfio/pci/vfio-pci.ko",))
    found = files(plan_of(host, "isolate.ids", CARD))
    assert "vfio-pci.ids=10de:13c2,10de:0fbb" in found["/etc/default/grub"]
    assert not any(path.startswith("/etc/modprobe.d") for path in found)


BUILT_IN = replace(HOST_CARD, builtin=("kernel/drivers/vfio/pci/vfio-pci.ko",))


def next_boot(host: Host, plan: Plan) -> dict[str, tuple[str, ...]]:
    boots = (NextBoot(None, Unread("was not read")),)
    return dict(predicted(plan, facts_of(host), read_config_snapshot(root_of(host)), boots).forecast)


def test_the_forecast_sees_the_words_that_the_plan_gives_to_a_built_in_vfio_pci() -> None:
    plan = plan_of(BUILT_IN, "isolate.ids", CARD)
    assert "vfio-pci.ids=10de:13c2,10de:0fbb" in plan.cmdline.split()
    assert next_boot(BUILT_IN, plan)[CARD] == next_boot(BUILT_IN, plan)[SOUND] == ("vfio-pci",)
    with pytest.raises(PlanError, match=r"would not work.*0000:01:00.0 would be bound to nouveau: nouveau is loaded"):
        next_boot(BUILT_IN, replace(plan, cmdline=""))
    assert from_document(to_document(plan)) == plan


def test_a_second_choice_adds_its_ids_for_a_built_in_vfio_pci_and_another_method_takes_them_out() -> None:
    other = "0000:09:00.0"
    lone = replace(next(d for d in HOST_CARD.pci if d.bdf == SOUND), bdf=other, group=9, device=0x0FBC)
    host = replace(BUILT_IN, pci=(*HOST_CARD.pci, lone))
    snapshot = replace(read_config_snapshot(root_of(host)), programs={"update-grub": "/usr/sbin/update-grub"})
    both = make_plan(facts_of(host), snapshot, [("isolate.ids", CARD), ("isolate.ids", other)])
    assert "vfio-pci.ids=10de:13c2,10de:0fbb,10de:0fbc" in both.cmdline.split()
    word = "vfio-pci.ids=10de:13c2,10de:0fbb,10de:0fbc"
    after = replace(host, default_cmdline=f"quiet {word}", files={**host.files, FILE: files(both)[FILE]})
    plan = plan_of(after, "isolate.override", CARD)
    assert "vfio-pci.ids=10de:0fbc" in plan.cmdline.split()
    last = plan_of(replace(after, files={**after.files, **files(plan)}), "isolate.dynamic", other)
    assert "vfio-pci.ids" not in last.cmdline and "vfio-pci.ids" not in files(last)["/etc/default/grub"]


def test_two_cards_of_one_make_are_told_apart_by_address() -> None:
    host = replace(HOSTS["same-id"], builtin=(), files={})
    facts = facts_of(host)
    assert isinstance(facts.pci, PciBus)
    judged = {v.method: v for v in verdicts(choose(facts, (CARD,)).devices, facts.pci, "initramfs-tools")}
    assert not judged[Method.IDS].works and "0000:02:00.0" in judged[Method.IDS].why
    assert judged[Method.OVERRIDE].works
    plan = plan_of(host, "isolate.auto", CARD)
    rule = files(plan)[RULE]
    assert f'KERNEL=="{CARD}"' in rule and '"0000:02:00.0"' not in rule
    assert 'ATTR{driver_override}="vfio-pci"' in rule and 'ENV{module_blacklist}=="*vfio_pci*"' in rule
    assert next(s for s in plan.steps if s.subject == SCRIPT).mode == 0o755
    with pytest.raises(PlanError, match=r"ids does not do here: .*0000:02:00\.0"):
        plan_of(host, "isolate.ids", CARD)


def test_subsystem_ids_tell_makers_apart() -> None:
    host = replace(HOSTS["same-id"], builtin=(), files={})
    pci = tuple(replace(d, subsystem=(0x1043, 1)) if d.bdf == "0000:02:00.0" else d for d in host.pci)
    plan = plan_of(replace(host, pci=pci), "isolate.auto", CARD)
    assert any("method subsystem" in n for n in plan.notes)
    assert "ids=10de:13c2:" in files(plan)["/etc/modprobe.d/vfiotui.conf"]


def test_a_second_time_nothing_is_left_to_do() -> None:
    first = plan_of(HOST_CARD, "isolate.auto", CARD)
    menu = {"/boot/grub/grub.cfg": "menuentry 'Debian (without passthrough)' {\n}\n"}
    host = replace(HOST_CARD, files={**HOST_CARD.files, **menu, **files(first)})
    assert plan_of(host, "isolate.auto", CARD).steps == ()


def test_a_second_choice_keeps_the_first() -> None:
    first = plan_of(HOST_CARD, "isolate.override", CARD)
    other = "0000:09:00.0"
    twin = replace(next(d for d in HOST_CARD.pci if d.bdf == SOUND), bdf=other, group=9)
    host = replace(HOST_CARD, files={**HOST_CARD.files, **files(first)}, pci=(*HOST_CARD.pci, twin))
    plan = plan_of(host, "isolate.override", other)
    for text in (files(plan)[RULE], files(plan)[SCRIPT]):
        assert all(bdf in text for bdf in (CARD, SOUND, other))
    assert [d.bdf for d in from_json(files(plan)[FILE])] == sorted((CARD, SOUND, other))


def test_a_card_that_moved_is_forgotten_where_it_was() -> None:
    plan = plan_of(HOSTS["moved-card"], "isolate.override", CARD)
    assert [c.bdf for c in from_json(files(plan)[FILE])] == [CARD, SOUND]
    assert "0000:04:00.0" not in files(plan)[RULE]
    assert any(n.startswith("forgotten: 0000:04:00.0") and f"moved to {CARD}" in n for n in plan.notes)


def test_another_method_takes_the_place_of_the_old_one() -> None:
    host = replace(HOST_CARD, files={**HOST_CARD.files, **files(plan_of(HOST_CARD, "isolate.ids", CARD))})
    found = files(plan_of(host, "isolate.override", CARD))
    assert "ids=" not in found["/etc/modprobe.d/vfiotui.conf"] and CARD in found[RULE]
    host = replace(host, files={**host.files, **found})
    plan = plan_of(host, "isolate.dynamic", CARD)
    gone = {s.subject for s in plan.steps if s.kind == "file" and s.after is None}
    assert gone == {RULE, SCRIPT} and "update-initramfs -u -k all" in commands(plan)


def test_the_script_is_shell_and_names_every_function() -> None:
    text = files(plan_of(HOST_CARD, "isolate.override", CARD))[SCRIPT]
    done = subprocess.run(["/bin/sh", "-n"], input=text, text=True, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert f"take {CARD} vendor=10de device=13c2" in text
    asked = subprocess.run(["/bin/sh", "-s", "prereqs"], input=text, text=True, capture_output=True, timeout=30)
    assert asked.stdout == "\n"


@pytest.mark.parametrize("word", ["", "06:00", "zz:00.0", "0000:06:00.8", "0000:06:00.0; reboot", "[bold]"])
def test_what_is_no_address_is_refused(word: str) -> None:
    with pytest.raises(PlanError, match="no PCI address"):
        addresses(word)


def test_a_moved_card_is_found_again() -> None:
    bus = known_facts("clean").pci
    assert isinstance(bus, PciBus)
    stored = tuple(chosen(d, bus) for d in bus.devices if d.bdf in (CARD, SOUND))
    assert moved(stored, bus) == ()
    shifted = tuple(replace(d, bdf=d.bdf.replace(":01:", ":05:")) for d in bus.devices)
    found = moved(stored, PciBus(shifted))
    assert [m.now for m in found] == [("0000:05:00.0",), ("0000:05:00.1",)]
    assert "has moved to 0000:05:00.0" in found[0].sentence
    gone = moved(stored, PciBus(tuple(d for d in bus.devices if d.bdf != CARD)))
    assert "is not in this host any more" in gone[0].sentence
    twins = PciBus((*shifted, *(replace(d, bdf=d.bdf.replace(":01:", ":07:")) for d in bus.devices)))
    assert "choose again" in moved(stored, twins)[0].sentence


def test_the_selection_is_stored_and_read_back() -> None:
    text = files(plan_of(HOST_CARD, "isolate.auto", CARD))[FILE]
    devices = from_json(text)
    assert [(d.bdf, d.method) for d in devices] == [(CARD, "ids"), (SOUND, "ids")]
    assert to_json(devices) == text


@given(st.text())
def test_a_damaged_selection_is_an_error_with_words(text: str) -> None:
    with pytest.raises(ValueError):
        from_json(text)


@given(st.lists(st.builds(Chosen, *(st.text() for _ in range(7)))))
def test_any_selection_survives_its_file(devices: list[Chosen]) -> None:
    assert from_json(to_json(tuple(devices))) == tuple(devices)
