"""Interrupt remapping is what the kernel does, not what the unit could do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import CLEAN, INTEL
from tests.hosts.base import WORDS
from tests.machines import facts_of
from vfiotui.demo.description import Host
from vfiotui.formats.system.iommu_regset import global_status
from vfiotui.host.capture.allow_list import rule_for
from vfiotui.host.capture.scrub import Scrubber
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


HEAD = "           CPU0       CPU1\n"
OWN = "  25:          0          0  PCI-MSI-0000:00:00.2    0-edge      AMD-Vi\n"
UNIT = "  24:          0          0  DMAR-MSI    0-edge      dmar0\n"
BEHIND_VMD = "  90:          1          1  PCI-MSIX-10000:e1:00.0    0-edge      nvme0q0\n"
LEGACY = "   0:         30          0  {}IO-APIC    2-edge      timer\n"
CARD = "  40:         12          0  {}PCI-MSIX-0000:01:00.0    0-edge      nouveau\n"
OLD = "  40:         12          0  {}PCI-MSI-edge      eth0\n"


def with_lines(host: Host, lines: str, log: str = "") -> Host:
    return replace(host, files={**host.files, "/proc/interrupts": HEAD + lines}, log=log)


@pytest.mark.parametrize("lines", [LEGACY, CARD, OLD, LEGACY + OWN, UNIT + CARD, CARD + BEHIND_VMD])
@pytest.mark.parametrize("host", [CLEAN, INTEL], ids=["amd", "intel"])
def test_the_interrupt_controllers_show_what_the_kernel_did(host: Host, lines: str) -> None:
    found = ask(with_lines(host, lines.format("IR-")))
    assert found.verdict is Verdict.PASSED and found.evidence[0].path == "/proc/interrupts"
    plain = ask(with_lines(host, lines.format("")))
    assert plain.verdict is Verdict.FAILED and "left interrupt remapping off" in plain.sentence
    assert plain.evidence[-1].path == "/proc/interrupts" and plain.fix is not None


@pytest.mark.parametrize("lines", ["", OWN, UNIT, BEHIND_VMD, "  16:  3  0  xen-pirq    -msi  eth0\n"])
def test_lines_that_never_are_remapped_tell_nothing(lines: str) -> None:
    assert ask(with_lines(INTEL, lines)).verdict is Verdict.NOT_CHECKED
    said = ask(with_lines(INTEL, lines, "[    0.1] DMAR-IR: Enabled IRQ remapping in x2apic mode\n"))
    assert said.verdict is Verdict.PASSED and said.evidence[0].path == "kernel log"


def test_a_host_of_both_kinds_is_not_judged() -> None:
    found = ask(with_lines(CLEAN, LEGACY.format("IR-") + CARD.format("")))
    assert found.verdict is Verdict.NOT_CHECKED and "those of nouveau are not" in found.sentence


@pytest.mark.parametrize(
    "line",
    [
        "DMAR-IR: Failed to enable irq remapping. You are vulnerable to irq-injection attacks.",
        "DMAR-IR: Not enabling interrupt remapping",
        "AMD-Vi: Disabling interrupt remapping",
        "Failed to enable irq remapping",
    ],
)
def test_the_kernels_own_word_counts_more_than_the_capability(line: str) -> None:
    for lines in ("", CARD.format("")):
        found = ask(with_lines(INTEL, lines, f"[    0.1] {line}\n"))
        assert found.verdict is Verdict.FAILED and found.evidence[0].path == "kernel log"


@pytest.mark.parametrize("lines", ["", "\0\xff\n", "  40: x\n", "  40:" + " 9" * 40 + "\n", "  40:\n"])
def test_a_unit_that_cannot_remap_needs_no_other_proof(lines: str) -> None:
    found = ask(with_lines(replace(INTEL, iommu_ecap=0xF050D2), lines))
    assert found.verdict is Verdict.FAILED and "cannot remap interrupts" in found.sentence
    assert found.evidence[0].path.endswith("ecap")


@pytest.mark.parametrize("lines", ["\0\xff", "  40: x\n", "  40:\n"])
def test_what_cannot_be_read_passes_nothing(lines: str) -> None:
    assert ask(with_lines(INTEL, lines)).verdict is Verdict.NOT_CHECKED


def test_without_a_command_line_the_kernel_still_shows_it() -> None:
    assert ask(replace(CLEAN, remove=("/proc/cmdline",))).verdict is Verdict.PASSED


REGISTERS = "/sys/kernel/debug/iommu/intel/iommu_regset"
ON, OFF = 0xC7000000, 0xC0000000


def regset(*gsts: int) -> str:
    """As the kernel prints it (Documentation/ABI/testing/debugfs-intel-iommu)."""
    return "\n".join(
        f"IOMMU: dmar{n} Register Base Address: fed9{n}000\n\nName                    Offset          Contents\n"
        f"VER                     0x00            0x0000000000000010\n"
        f"GSTS                    0x1c            {value:#018x}\n"
        for n, value in enumerate(gsts)
    )


def with_registers(text: str, lines: str) -> Host:
    host = with_lines(INTEL, lines)
    return replace(host, files={**host.files, REGISTERS: text})


def test_a_units_own_register_shows_what_it_does() -> None:
    """Whatever the table of interrupts says: a dead line of it may be of another controller."""
    found = ask(with_registers(regset(ON, ON), CARD.format("")))
    assert found.verdict is Verdict.PASSED and found.evidence[0].path == REGISTERS
    assert "dmar1 GSTS 0xc7000000" in found.evidence[0].seen
    off = ask(with_registers(regset(OFF, OFF), CARD.format("IR-")))
    assert off.verdict is Verdict.FAILED and off.fix is not None and off.evidence[-1].path == REGISTERS
    some = ask(with_registers(regset(ON, OFF), CARD.format("IR-")))
    assert some.verdict is Verdict.NOT_CHECKED and "dmar1" in some.sentence and "dmar0" not in some.sentence


@pytest.mark.parametrize(
    "text", ["", "\0\0\0", regset(ON)[:60], "IOMMU: dmar0\nGSTS 0x1c 0x1", "GSTS 0x1c 0xc7000000\n" * 9]
)
def test_registers_that_show_nothing_leave_it_to_the_table(text: str) -> None:
    found = ask(with_registers(text, CARD.format("IR-")))
    assert found.verdict is Verdict.PASSED and found.evidence[0].path == "/proc/interrupts"


def test_the_registers_of_another_maker_are_not_asked_for() -> None:
    host = with_lines(CLEAN, CARD.format("IR-"))
    found = ask(replace(host, files={**host.files, REGISTERS: regset(OFF)}))
    assert found.verdict is Verdict.PASSED


def test_a_capture_holds_the_status_and_no_address_of_a_table() -> None:
    rule = rule_for(REGISTERS)
    assert rule is not None
    text = regset(ON, OFF) + "RTADDR 0x20 0x0000000103028000\n"
    kept = (rule.reduce(text.encode(), Scrubber()) or b"").decode()
    assert global_status(kept) == {"dmar0": ON, "dmar1": OFF} and "103028" not in kept and "fed9" not in kept
