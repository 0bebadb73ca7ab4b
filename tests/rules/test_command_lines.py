"""The running and the next command line: a word is absent only where both were read; versions decide what is old."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import CLEAN, HOSTS
from tests.machines import facts_of
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.boot import Boot, Kernel
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.host_kind import HostKind, Kind
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.model.guest.domain import Virt
from vfiotui.model.guest.versions import Versions
from vfiotui.rules import rule_of

CLOSED = Unread("needs root", Why.FORBIDDEN, "/x")
WORDS = {
    "CMDLINE-AMD-IOMMU-ON": "amd_iommu=on",
    "CMDLINE-IOMMU-PT": "iommu=pt",
    "CMDLINE-ISOLCPUS": "isolcpus=2-3",
    "MEM-THP-NEVER": "transparent_hugepage=never",
    "KVM-NPT-OFF": "kvm_amd.npt=0",
    "CMDLINE-EFIFB-OFF": "video=efifb:off",
    "CMDLINE-ACS-OVERRIDE": "pcie_acs_override=downstream",
    "MEM-CMDLINE-ORDER": "hugepages=16 hugepagesz=1G",
    "IOMMU-DISABLED": "iommu=off",
    "KVM-AVIC-OFF": "kvm_amd.avic=0",
    "IOMMU-UNSAFE-INTERRUPTS": "vfio_iommu_type1.allow_unsafe_interrupts=1",
}


NO_PATH = Unread("is not followed", Why.NOT_HERE)


def ask(code: str, facts: Facts) -> tuple[Finding, ...]:
    rule = rule_of(code)
    assert rule is not None
    return rule.ask(facts)


def with_boot(facts: Facts, **changes: object) -> Facts:
    assert isinstance(facts.boot, Boot)
    return replace(facts, boot=replace(facts.boot, **changes))  # type: ignore[arg-type]


def with_kernel(facts: Facts, release: str) -> Facts:
    assert isinstance(facts.boot, Boot) and isinstance(facts.boot.kernel, Kernel)
    return with_boot(facts, kernel=replace(facts.boot.kernel, release=release))


def verdicts(found: tuple[Finding, ...]) -> set[Verdict]:
    return {f.verdict for f in found}


@pytest.mark.parametrize("code", WORDS)
@pytest.mark.parametrize("which", ["cmdline", "configured"])
def test_one_line_that_was_not_read_lets_nothing_pass(code: str, which: str) -> None:
    other = "configured" if which == "cmdline" else "cmdline"
    clean = CommandLine("quiet", "/l")
    # Where the boot path is not followed, the next words are the configured ones.
    facts = with_boot(facts_of(CLEAN), path=NO_PATH)
    assert verdicts(ask(code, with_boot(facts, cmdline=clean, configured=clean))) == {Verdict.PASSED}
    found = ask(code, with_boot(facts, **{which: CLOSED, other: clean}))
    assert verdicts(found) == {Verdict.NOT_CHECKED}
    assert ": not checked: /x: needs root" in found[0].sentence
    bad = with_boot(facts, **{which: CLOSED, other: CommandLine(WORDS[code], "/l")})
    assert Verdict.FAILED in verdicts(ask(code, bad))


@pytest.mark.parametrize("code", WORDS)
def test_on_a_mounted_disk_no_kernel_runs(code: str) -> None:
    facts = replace(facts_of(CLEAN), mode=Mode.ROOT, gaps={})
    facts = with_boot(facts, cmdline=CLOSED, configured=CommandLine("quiet", "/l"))
    assert verdicts(ask(code, facts)) == {Verdict.PASSED}


@pytest.mark.parametrize(
    ("code", "host", "old"),
    [
        ("CMDLINE-EFIFB-OFF", "old-advice", "5.15.0"),
        ("KVM-NPT-OFF", "old-advice", "4.9.0"),
        ("ISO-DENYLIST", "odd-ids", "5.4.0"),
        ("MODULES-VFIO-VIRQFD", "tower", "6.1.0"),
    ],
)
def test_what_newer_kernels_made_old_is_no_fault_of_an_older_one(code: str, host: str, old: str) -> None:
    facts = facts_of(HOSTS[host])
    assert Verdict.FAILED in verdicts(ask(code, facts))
    assert Verdict.FAILED not in verdicts(ask(code, with_kernel(facts, old)))
    for odd in ("", "linux", "6"):
        assert not verdicts(ask(code, with_kernel(facts, odd))) & {Verdict.FAILED, Verdict.PASSED}


def test_regions_of_kernels_that_relax_none_are_not_judged() -> None:
    facts = facts_of(HOSTS["bad-firmware"])
    assert Verdict.FAILED in verdicts(ask("IOMMU-RESERVED-DIRECT", facts))
    for release in ("4.19.0", "odd"):
        assert verdicts(ask("IOMMU-RESERVED-DIRECT", with_kernel(facts, release))) == {Verdict.NOT_CHECKED}


def test_a_framebuffer_is_driven_out_only_by_kernels_that_do() -> None:
    facts = facts_of(HOSTS["dark-card"])
    told = {}
    for release in ("6.12.9", "5.15.0", "odd"):
        (told[release],) = [
            f for f in ask("DEVICE-BAR-FRAMEBUFFER", with_kernel(facts, release)) if f.verdict is Verdict.FAILED
        ]
    vga = "drives it out when it binds, and" in told["6.12.9"].sentence
    assert told["5.15.0"].severity is Severity.FAIL and "drives it out" not in told["5.15.0"].sentence
    assert not vga or ("not checked" in told["odd"].sentence and told["odd"].severity is Severity.WARN)


@pytest.mark.parametrize(("code", "old", "new"), [("HOOK-SINGLE", "6.0.0", "6.5.0"), ("QEMU-CONF-NVRAM", "5.1", "5.2")])
def test_libvirts_version_decides_what_is_old(code: str, old: str, new: str) -> None:
    facts = facts_of(HOSTS["guest-qemu"])
    assert isinstance(facts.virt, Virt)
    told = {
        v: ask(code, replace(facts, virt=replace(facts.virt, libvirt_version=v, installed=Versions())))
        for v in (old, new, "")
    }
    assert Verdict.FAILED not in verdicts(told[old]) and Verdict.FAILED in verdicts(told[new])
    (unsure,) = (f for f in told[""] if f.verdict is Verdict.FAILED)
    assert unsure.severity is Severity.INFO and unsure.fix is not None and "libvirt before" in unsure.fix.text


def test_isolcpus_is_what_old_control_groups_leave() -> None:
    facts = facts_of(HOSTS["isolated"])
    assert Verdict.FAILED in verdicts(ask("CMDLINE-ISOLCPUS", facts))
    assert verdicts(ask("CMDLINE-ISOLCPUS", with_boot(facts, cgroup_v2=False))) == {Verdict.NOT_APPLICABLE}


@pytest.mark.parametrize(
    "code", ["GROUP-ACS", "GROUP-FOREIGN", "PASSTHROUGH-BOOT-DISPLAY", "LOG-AER", "IOMMU-RESERVED-DIRECT"]
)
def test_a_virtual_machine_is_sent_to_no_firmware_setup(code: str) -> None:
    rule = rule_of(code)
    assert rule is not None
    facts = facts_of(HOSTS[rule.fires])
    inside = replace(facts, host_kind=HostKind(Kind.VM, "a virtual machine"))
    texts = [f.fix.text for f in rule.ask(inside) if f.fix is not None]
    assert texts and not any("firmware" in t or "another slot" in t for t in texts)
