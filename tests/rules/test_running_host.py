"""Checks of a running host whose answer has more than one shade."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import CLEAN, HOSTS, INTEL
from tests.hosts.base import AUDIO, BRIDGE, IGPU, gpu
from tests.machines import facts_of, known_facts
from vfiotui.demo.description import Host
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.model.pci.iommu import Firmware
from vfiotui.rules import rule_of


def ask(code: str, host: Host | str) -> tuple[Finding, ...]:
    rule = rule_of(code)
    assert rule is not None
    return rule.ask(known_facts(host) if isinstance(host, str) else facts_of(host))


@pytest.mark.parametrize(
    ("governor", "preference", "scaling", "fails"),
    [
        ("powersave", "balance_performance", "", False),
        ("powersave", "performance", "", False),
        ("powersave", "balance_power", "", True),
        ("powersave", "128", "", False),
        ("powersave", "255", "", True),
        ("performance", "power", "", False),
        ("powersave", "", "acpi-cpufreq", True),
        ("schedutil", "", "acpi-cpufreq", False),
        ("schedutil", "", "amd-pstate", False),
    ],
)
def test_governor_and_preference(governor: str, preference: str, scaling: str, fails: bool) -> None:
    cpu = replace(CLEAN.cpu, governor=governor, preference=preference, scaling=scaling)
    verdicts = {f.verdict for f in ask("CPU-FREQ-GOVERNOR", replace(CLEAN, cpu=cpu))}
    assert (Verdict.FAILED in verdicts) is fails


def test_queues_that_only_the_kernel_moves_are_told_apart() -> None:
    found = ask("IRQ-ON-VCPU", "noisy")
    by = {f.severity: f.sentence for f in found if f.verdict is Verdict.FAILED}
    assert "igb" in by[Severity.WARN] and "nvme" not in by[Severity.WARN]
    assert "nvme0q" in by[Severity.INFO]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("hugepagesz=1G hugepages=16", False),
        ("hugepages=16 hugepagesz=1G", True),
        ("default_hugepagesz=1G hugepages=16 hugepagesz=2M hugepages=512", False),
        ("hugepages=512 default_hugepagesz=2M", False),
        ("hugepagesz=2M hugepages=512 hugepagesz=1G hugepages=4", False),
    ],
)
def test_the_order_of_huge_page_words(words: str, wrong: bool) -> None:
    host = replace(CLEAN, cmdline=f"BOOT_IMAGE=/vmlinuz {words}", default_cmdline=words)
    assert (Verdict.FAILED in {f.verdict for f in ask("MEM-CMDLINE-ORDER", host)}) is wrong


@pytest.mark.parametrize(
    ("gib", "pages", "fails"), [(4, 128, False), (4, 1800, True), (64, 8192, False), (64, 25000, True)]
)
def test_small_hosts_may_reserve_too(gib: int, pages: int, fails: bool) -> None:
    host = replace(CLEAN, memory_kib=gib << 20, huge_2m=(pages, pages))
    assert (Verdict.FAILED in {f.verdict for f in ask("MEM-RESERVE-HUGE", host)}) is fails


def test_a_framebuffer_on_a_vga_card_is_driven_out_and_on_others_not() -> None:
    (other,) = (f for f in ask("DEVICE-BAR-FRAMEBUFFER", "dark-card") if f.verdict is Verdict.FAILED)
    assert other.severity is Severity.FAIL and "does nothing here" in str(other.fix)
    host = HOSTS["dark-card"]
    vga = replace(host, pci=tuple(replace(d, class_code=0x030000) if d.class_code == 0x038000 else d for d in host.pci))
    (finding,) = (f for f in ask("DEVICE-BAR-FRAMEBUFFER", vga) if f.verdict is Verdict.FAILED)
    assert finding.severity is Severity.INFO


def test_ssh_is_a_second_way_in() -> None:
    assert {f.verdict for f in ask("PASSTHROUGH-REMOTE-ACCESS", "single-gpu")} == {Verdict.FAILED}
    open_host = replace(HOSTS["single-gpu"], enabled=("sshd",))
    assert {f.verdict for f in ask("PASSTHROUGH-REMOTE-ACCESS", open_host)} == {Verdict.PASSED}


def test_an_override_patch_that_is_not_there_is_told() -> None:
    silent = replace(HOSTS["acs-override"], log=CLEAN.log)
    assert "it is active" in ask("CMDLINE-ACS-OVERRIDE", "acs-override")[0].sentence
    assert "does not confirm" in ask("CMDLINE-ACS-OVERRIDE", silent)[0].sentence


def test_a_softdep_line_that_did_not_help_points_to_the_initramfs() -> None:
    found = {f.subject: f for f in ask("ISO-NOT-BOUND", "lost-race")}
    assert "no softdep line" in found["0000:01:00.0"].sentence
    assert "initramfs" in found["0000:01:00.1"].sentence


def test_the_sound_of_a_card_is_reset_with_its_slot() -> None:
    sound = replace(AUDIO, reset="")
    host = replace(CLEAN, pci=(BRIDGE, IGPU, gpu("0000:01:00.0", 2, driver="vfio-pci", reset="bus"), sound))
    assert {f.subject: f.verdict for f in ask("DEVICE-RESET-WEAK", host)} == {
        "0000:01:00.0": Verdict.PASSED,
        "0000:01:00.1": Verdict.PASSED,
    }
    alone = replace(CLEAN, pci=(BRIDGE, IGPU, sound))
    assert {f.verdict for f in ask("DEVICE-RESET-WEAK", alone)} == {Verdict.FAILED}


@pytest.mark.parametrize(("flags", "where"), [("fpu lm", "firmware setup"), ("fpu lm hypervisor", "nested")])
def test_a_processor_without_kvm_is_mended_where_it_was_switched_off(flags: str, where: str) -> None:
    host = replace(CLEAN, cpu=replace(CLEAN.cpu, flags=flags), kvm=False)
    (processor,) = ask("CPU-VIRT", host)
    assert processor.fix is not None and where in processor.fix.text
    (device,) = ask("KVM-DEVICE", host)
    assert device.fix is not None and "CPU-VIRT" in device.fix.text


@pytest.mark.parametrize(
    ("flags", "verdict"),
    [
        ("cpucfg lam ual fpu lsx lasx lvz", Verdict.NOT_APPLICABLE),
        ("fp asimd evtstrm aes", Verdict.NOT_APPLICABLE),
        ("rv64imafdch_zicsr", Verdict.NOT_APPLICABLE),
        ("fpu vme tsc", Verdict.FAILED),
        ("\ufffd(7 x", Verdict.NOT_CHECKED),
    ],
)
def test_only_x86_processors_need_its_flags(flags: str, verdict: Verdict) -> None:
    (found,) = ask("CPU-VIRT", replace(CLEAN, cpu=replace(CLEAN.cpu, flags=flags), kvm=False))
    assert found.verdict is verdict


def test_a_processor_with_kvm_wants_the_module() -> None:
    (device,) = ask("KVM-DEVICE", replace(CLEAN, kvm=False))
    assert device.fix is not None and "load kvm_intel" in device.fix.text


def test_a_host_without_uefi_tells_no_value_of_secure_boot() -> None:
    facts = facts_of(CLEAN)
    assert isinstance(facts.firmware, Firmware)
    rule = rule_of("SECURE-BOOT-MODULES")
    assert rule is not None
    (found,) = rule.ask(replace(facts, firmware=replace(facts.firmware, efi=False, secure_boot=False)))
    assert found.verdict is Verdict.NOT_APPLICABLE
    assert [(e.path, e.seen) for e in found.evidence] == [("/sys/firmware/efi", "is not there")]


def test_an_iommu_that_a_word_switches_off_is_sent_to_the_firmware_only_where_that_shows_none() -> None:
    off = HOSTS["iommu-off"]
    (found,) = ask("IOMMU-OFF", replace(off, tables=CLEAN.tables))
    assert found.fix is not None and "amd_iommu=off" in found.fix.text and "firmware" not in found.fix.text
    assert found.fix.goal == (("cmdline.remove", "amd_iommu=off"),)
    (both,) = ask("IOMMU-OFF", off)
    assert both.fix is not None and "amd_iommu=off" in both.fix.text and "the firmware shows none" in both.fix.text
    (word,) = ask("IOMMU-DISABLED", off)
    assert [e.path for e in word.evidence] == ["/proc/cmdline", "/boot/grub/grub.cfg:4"]
    assert word.fix is not None and word.fix.goal == (("cmdline.remove", "amd_iommu=off"),)


def test_a_word_that_is_gone_from_the_files_wants_a_boot_only() -> None:
    (word,) = ask("IOMMU-DISABLED", replace(HOSTS["iommu-off"], default_cmdline="quiet"))
    assert word.fix is not None and "boot again" in word.fix.text and not word.fix.goal


def test_firmware_that_shows_its_iommu_is_left_alone() -> None:
    (found,) = ask("IOMMU-OFF", replace(INTEL, iommu=""))
    assert found.fix is not None and found.fix.text == "boot with intel_iommu=on"
    (found,) = ask("IOMMU-OFF", replace(INTEL, iommu="", tables=()))
    assert found.fix is not None and "firmware" in found.fix.text
