"""Dead words: a fix's plan silences its finding, and what is fine is left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import HOSTS
from tests.machines import facts_of, known_facts, root_of
from vfiotui.demo.description import Host
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.change.change import Change
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.plan.goals import can_plan, make_plan, reads
from vfiotui.rules import rule_of

CODES = (
    "CMDLINE-BARE-OPTION CMDLINE-LIST CMDLINE-MISSPELT CMDLINE-SECOND-LINE CMDLINE-VIDEO-JOINED CMDLINE-WRONG-FILE"
    " CONFIG-FILE-NAME DRACUT-BLANKS DRIVERCTL-GONE GRUB-QUOTES GRUB-VARIABLE MODPROBE-OPTIONS MODPROBE-SOFTDEP"
    " MODPROBE-VERB MODULES-LINE MODULES-UNKNOWN VFIO-IDS-TWICE CMDLINE-ACS-OVERRIDE"
).split()


def ask(code: str, facts: Facts) -> tuple[Finding, ...]:
    rule = rule_of(code)
    assert rule is not None
    return tuple(f for f in rule.ask(facts) if f.verdict is Verdict.FAILED)


def applied(host: Host, steps: tuple[Change, ...]) -> Host:
    """The host with the plan's files, booted again with the words that they give."""
    files, gone = dict(host.files), list(host.remove)
    for step in steps:
        if step.kind != "file":
            continue
        if step.after is None:
            files.pop(step.subject, None)
            gone.append(step.subject)
        else:
            files[step.subject] = step.after
            gone = [path for path in gone if not step.subject.startswith(path)]
    return replace(host, files=files, remove=tuple(gone))


def fixed(name: str, finding: Finding) -> Host:
    """The host after the plan of the finding's fix, with the command line that it leads to."""
    assert finding.fix is not None
    host = HOSTS[name]
    root = root_of(host)
    plan = make_plan(known_facts(name), read_config_snapshot(root, reads(finding.fix.goal)), finding.fix.goal)
    assert plan.steps, "a fix whose plan does nothing"
    after = applied(host, plan.steps)
    if not plan.cmdline:
        return after
    return replace(after, cmdline=f"BOOT_IMAGE=/vmlinuz {plan.cmdline}", menu_cmdline=plan.cmdline)


@pytest.mark.parametrize("code", CODES)
def test_the_plan_of_every_fix_silences_its_finding_wherever_it_fires(code: str) -> None:
    tried = 0
    for name in HOSTS:
        for finding in ask(code, known_facts(name)):
            assert finding.fix is not None
            if not can_plan(finding.fix.goal):
                assert not finding.fix.goal
                continue
            after = {(f.subject, f.sentence) for f in ask(code, facts_of(fixed(name, finding)))}
            assert (finding.subject, finding.sentence) not in after, (name, finding)
            tried += 1
    assert tried


def test_a_word_that_the_next_boot_lacks_is_fixed_by_the_boot() -> None:
    host = HOSTS["acs-override"]
    menu = "linux /vmlinuz-6.12.9-amd64 root=/dev/nvme0n1p2 ro quiet\n"
    gone = replace(host, default_cmdline="quiet", files={**host.files, "/boot/grub/grub.cfg": menu})
    (finding,) = ask("CMDLINE-ACS-OVERRIDE", facts_of(gone))
    assert finding.fix is not None and finding.fix.goal == () and finding.fix.text.startswith("boot again")


def test_a_word_of_an_entry_that_was_written_by_hand_is_taken_out_by_hand() -> None:
    host = HOSTS["acs-override"]
    menu = f"menuentry 'mine' {{\n  linux /vmlinuz-6.12.9-amd64 {host.default_cmdline}\n}}\n"
    by_hand = replace(host, default_cmdline="quiet", files={**host.files, "/boot/grub/grub.cfg": menu})
    (finding,) = ask("CMDLINE-ACS-OVERRIDE", facts_of(by_hand))
    assert finding.fix is not None and finding.fix.goal == ()
    assert finding.fix.text.endswith("written by hand: edit /boot/grub/grub.cfg:2")
