"""Interrupt remapping is what the kernel does, not what the unit could do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import CLEAN, INTEL
from tests.hosts.base import WORDS
from tests.machines import facts_of
from vfiotui.demo.description import Host
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.rules import rule_of


def ask(host: Host) -> Finding:
    rule = rule_of("IOMMU-INTERRUPT-REMAP")
    assert rule is not None
    (found,) = rule.ask(facts_of(host))
    return found


@pytest.mark.parametrize("host", [CLEAN, INTEL], ids=["amd", "intel"])
@pytest.mark.parametrize(
    ("words", "off"),
    [
        ("intremap=off", "intremap=off"),
        ("intremap=nosid,off", "intremap=nosid,off"),
        ("nointremap", "nointremap"),
        ("intremap=off intremap=on", ""),
        ("intremap=no_x2apic_optout", ""),
    ],
)
def test_the_last_word_about_it_counts(host: Host, words: str, off: str) -> None:
    found = ask(replace(host, cmdline=f"{WORDS} {words}", default_cmdline=f"quiet {words}"))
    assert found.verdict is (Verdict.FAILED if off else Verdict.PASSED)
    if off:
        assert found.fix is not None and found.sentence.startswith(off)
        assert found.fix.goal == (("cmdline.remove", off),)


@pytest.mark.parametrize(
    "line",
    [
        "DMAR-IR: Failed to enable irq remapping. You are vulnerable to irq-injection attacks.",
        "DMAR-IR: not enabled",
        "Failed to enable irq remapping",
    ],
)
def test_the_kernels_own_word_counts_more_than_the_capability(line: str) -> None:
    found = ask(replace(INTEL, log=f"[    0.1] {line}\n"))
    assert found.verdict is Verdict.FAILED and found.evidence[0].path == "kernel log"
