"""Booted, on the disk, configured: each difference is a finding with the step that closes it."""

from __future__ import annotations

import pytest

from tests.hosts import CLEAN, HOSTS
from tests.machines import facts_of, root_of
from vfiotui.demo.description import Host
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import replace
from vfiotui.model.boot.boot import Boot, Kernel, Loader
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.pins import Pin, PinKind
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan
from vfiotui.rules import rule_of

GOAL = ("boot.menu", "refresh")
IDS = "vfio-pci.ids=10de:13c2"
PROGRAM = {"/usr/sbin/update-grub": b"#!/bin/sh\n"}


def ask(code: str, facts: Facts) -> Finding:
    rule = rule_of(code)
    assert rule is not None
    (found,) = rule.ask(facts)
    return found


def host(sources: str, menu: str, **changes: object) -> Host:
    return replace(CLEAN, default_cmdline=sources, menu_cmdline=menu, **changes)  # type: ignore[arg-type]


def with_boot(facts: Facts, **changes: object) -> Facts:
    assert isinstance(facts.boot, Boot)
    return replace(facts, boot=replace(facts.boot, **changes))  # type: ignore[arg-type]


def test_words_that_the_generator_never_saw_are_closed_by_running_it() -> None:
    facts = facts_of(host(f"quiet {IDS}", "quiet", files={**CLEAN.files, **PROGRAM}))
    found = ask("CMDLINE-NOT-IN-MENU", facts)
    assert found.verdict is Verdict.FAILED and f"lacks {IDS} of /etc/default/grub" in found.sentence
    assert found.fix is not None and found.fix.goal == (GOAL,)
    assert ask("CMDLINE-PENDING", facts).verdict is Verdict.PASSED


def test_words_in_the_menu_that_did_not_boot_yet_are_closed_by_a_reboot() -> None:
    facts = facts_of(host(f"quiet {IDS}", f"quiet {IDS}"))
    assert ask("CMDLINE-NOT-IN-MENU", facts).verdict is Verdict.PASSED
    found = ask("CMDLINE-PENDING", facts)
    assert found.verdict is Verdict.FAILED and found.sentence.startswith(
        f"In the next boot's entry but not running: {IDS}"
    )


def test_words_that_were_taken_from_the_sources_only_are_still_in_the_menu() -> None:
    found = ask("CMDLINE-NOT-IN-MENU", facts_of(host("quiet", f"quiet {IDS} splash")))
    assert f"still has {IDS}, which /etc/default/grub has no more" in found.sentence and "splash" not in found.sentence


@pytest.mark.parametrize(
    ("sources", "menu"),
    [
        ("quiet acpi_osi=Windows", "quiet acpi_osi=Windows"),
        ("quiet vfio_pci.ids=10de:13c2", f"quiet {IDS}"),
        (r"quiet memmap=12M\\\$20M", "quiet memmap=12M"),
        ("quiet -- vfio-pci.ids=1:2", "quiet"),
        ("", "root=/dev/sda1 ro rootflags=subvol=@ single"),
    ],
)
def test_what_the_kernel_takes_for_the_same_is_no_difference(sources: str, menu: str) -> None:
    assert ask("CMDLINE-NOT-IN-MENU", facts_of(host(sources, menu))).verdict is Verdict.PASSED


def test_the_kernels_own_words_are_no_left_over() -> None:
    facts = facts_of(host("quiet", "quiet iommu=pt"))
    assert isinstance(facts.boot, Boot) and isinstance(facts.boot.kernel, Kernel)
    own = replace(facts.boot.kernel, config={"CMDLINE": "iommu=pt"})
    assert ask("CMDLINE-NOT-IN-MENU", facts).verdict is Verdict.FAILED
    assert ask("CMDLINE-NOT-IN-MENU", with_boot(facts, kernel=own)).verdict is Verdict.PASSED


def test_an_entry_that_is_not_the_generators_is_named_and_no_generator_is_run() -> None:
    facts = facts_of(host(f"quiet {IDS}", "quiet"))
    assert isinstance(facts.boot, Boot)
    path = facts.boot.path
    assert not hasattr(path, "reason")
    (entry,) = path.candidates  # type: ignore[union-attr]
    by_hand = replace(entry, maker="/etc/grub.d/40_custom", name="vfio")
    found = ask("CMDLINE-NOT-IN-MENU", with_boot(facts, path=replace(path, candidates=(by_hand,))))  # type: ignore[type-var]
    assert found.fix is not None and found.fix.goal == ()
    assert found.fix.text.startswith("give the entry 'vfio' of /etc/grub.d/40_custom the words")
    limine = with_boot(facts, loader=Loader("limine", True, ()))
    found = ask("CMDLINE-NOT-IN-MENU", limine)
    assert found.fix is not None and found.fix.goal == () and "no generator of it is known" in found.fix.text


def test_words_of_the_loader_are_not_pending() -> None:
    facts = facts_of(HOSTS["clean"])
    line = CommandLine("BOOT_IMAGE=/other initrd=\\x.img quiet", "/boot/grub/grub.cfg:1")
    assert isinstance(facts.boot, Boot)
    path = facts.boot.path
    entry = replace(path.candidates[0], words=line)  # type: ignore[union-attr]
    found = ask("CMDLINE-PENDING", with_boot(facts, path=replace(path, candidates=(entry,))))  # type: ignore[type-var]
    assert found.verdict is Verdict.PASSED


def test_the_plan_runs_the_generator_and_looks_for_the_words() -> None:
    machine = host(f"quiet {IDS}", "quiet", files={**CLEAN.files, **PROGRAM})
    plan = make_plan(facts_of(machine), read_config_snapshot(root_of(machine)), [GOAL])
    steps = [(s.kind, s.argv or s.subject) for s in plan.steps]
    assert ("command", ("update-grub",)) in steps and ("look", "/boot/grub/grub.cfg") in steps
    assert plan.cmdline == f"quiet {IDS}" and not any(s.kind == "file" for s in plan.steps)


@pytest.mark.parametrize(("goal", "reason"), [(GOAL, "no such program was found here"), (("boot.menu", "x"), "'x' is")])
def test_without_a_generator_or_a_known_word_there_is_no_plan(goal: tuple[str, str], reason: str) -> None:
    machine = host(f"quiet {IDS}", "quiet")
    with pytest.raises(PlanError, match=reason):
        make_plan(facts_of(machine), read_config_snapshot(root_of(machine)), [goal])


MKCONFIG = {"/usr/sbin/grub-mkconfig": b"#!/bin/sh\n"}
OTHER_MENU = {"/usr/sbin/grub2-mkconfig": b"#!/bin/sh\n"}


@pytest.mark.parametrize(
    ("files", "planned"),
    [
        (PROGRAM, True),
        (MKCONFIG, True),
        (OTHER_MENU, False),
        ({}, False),
        ({"/usr/sbin/update-initramfs": b"x"}, False),
        (PROGRAM | {"/etc/steamos-atomupd/client.conf": b"x", "/etc/os-release": b"ID=steamos\n"}, False),
    ],
)
def test_the_goal_is_offered_where_it_can_be_planned(files: dict[str, bytes], planned: bool) -> None:
    """Of machines whose menu lacks words of its sources."""
    machine = host(f"quiet {IDS}", "quiet", files={**CLEAN.files, **files})
    facts = facts_of(machine)
    found = ask("CMDLINE-NOT-IN-MENU", facts)
    assert found.verdict is Verdict.FAILED and found.fix is not None and found.fix.text
    assert (found.fix.goal == (GOAL,)) is planned, found.fix
    try:
        make_plan(facts, read_config_snapshot(root_of(machine)), [GOAL])
    except PlanError:
        assert not planned
    else:
        assert planned


@pytest.mark.parametrize("name", HOSTS)
def test_what_makes_the_menu_is_known_to_the_facts_as_to_the_plan(name: str) -> None:
    facts = facts_of(HOSTS[name])
    assert isinstance(facts.boot, Boot)
    try:
        plan = make_plan(facts, read_config_snapshot(root_of(HOSTS[name])), [GOAL])
    except PlanError:
        assert isinstance(facts.boot.makers.menu, Unread) or facts.boot.managed.name
    else:
        assert facts.boot.makers.menu in [step.argv for step in plan.steps] or facts.boot.loader.name == "limine"


@pytest.mark.parametrize(
    ("pin", "said"),
    [
        (Pin(PinKind.GRUB_SIGNATURE, "/boot/grub/grub.cfg", "/boot/grub/grub.cfg:1"), "gpg --detach-sign"),
        (Pin(PinKind.SIGNED_IMAGE, "/efi/EFI/Linux/a.efi", "x"), "and sign /efi/EFI/Linux/a.efi"),
        (
            Pin(PinKind.TPM, "/dev/sda2", "/etc/crypttab:1", pcrs=frozenset({4, 7}), others=0),
            "--recovery-key /dev/sda2",
        ),
        (Pin(PinKind.TPM, "/dev/sda2", "/etc/crypttab:1", pcrs=frozenset({7}), others=0), ""),
        (Pin(PinKind.SIGNED_IMAGE, "/efi/EFI/Linux/a.efi", "x", renewed_by="sbctl"), ""),
    ],
)
def test_what_is_pinned_is_left_to_a_person(pin: Pin, said: str) -> None:
    facts = facts_of(host(f"quiet {IDS}", "quiet", files={**CLEAN.files, **PROGRAM}))
    found = ask("CMDLINE-NOT-IN-MENU", with_boot(facts, pins=(pin,)))
    assert found.fix is not None and said in found.fix.text
    assert found.fix.goal == (() if said else (GOAL,))
