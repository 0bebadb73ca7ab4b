"""Codes that were in use before still find their check, wherever a code is taken."""

from __future__ import annotations

import json

import pytest

from tests.machines import known_facts
from vfiotui.apply.reports import parse_report
from vfiotui.cli.main import main
from vfiotui.model.finding.comparison import compare
from vfiotui.model.finding.finding import Verdict
from vfiotui.rules import catalogue, judge, rule_of
from vfiotui.rules.aliases import ALIASES, current

FIRST = """
    ADDRESS-WIDTH AUDIO-SOCKET AVIC-OFF BAR-FRAMEBUFFER BOOT-DISPLAY-GIVEN BRIDGE-IDS BUSID-XORG CMDLINE-PENDING
    CONSOLE-BOUND CPU-VIRT CPUSET-LEGACY CSTATE-DEEP D3-STUCK DEVICE-DEAD DEVICE-HELD EMULATOR-FLOATS EVDEV-NAME
    FIRMWARE-IOMMU FREQ-BOOST FREQ-DAEMONS FREQ-GOVERNOR FREQ-LIMIT GIVEN-BLUETOOTH GIVEN-DISK GIVEN-KEYBOARD
    GIVEN-NETWORK GROUP-ACS GROUP-COMPANIONS GROUP-DOMAIN GROUP-FOREIGN GROUP-NOT-VIABLE HALT-POLL HOOK-CALLS-VIRSH
    HOOK-NOT-RUN INTERRUPT-REMAP INTX-IN-USE IOMMU-DISABLED IOMMU-INTEL-DEFAULT IOMMU-OFF IRQ-ON-VCPU
    IRQBALANCE-FREE ISO-BLACKLIST ISO-BOOSTER ISO-DENYLIST ISO-MOVED ISO-NOT-BOUND ISO-SAME-ID ISO-SOFTDEP-BUILTIN
    ISO-STALE-IMAGE ISOLATED-UNUSED ISOLATION-STARVES-HOST KVM-DEVICE KVMFR-FILE KVMFR-SIZE LARGE-BAR LAST-BOOT
    LG-FILE LG-SIZE LINK-WIDTH LOCKDOWN LOG-AER LOG-AMD-VI LOG-BAR LOG-DENIED LOG-DMAR LOG-GPU-LOST LOG-REFUSED
    LOG-RESET MEM-CMDLINE-ORDER MEM-DEFRAG MEM-HUGETLBFS MEM-KSM MEM-LOCKED MEM-PAGE-MULTIPLE MEM-PAGE-SIZE
    MEM-POOL-SHORT MEM-RESERVE-HUGE MEM-SHORT MEM-THP-OFF MEM-THP-SHARED PATH-BLOCKED PIN-CLASH PIN-HELPERS-ISOLATED
    PIN-HOST-CORE PIN-HYBRID PIN-IOTHREADS PIN-L3-SPREAD PIN-NODE PIN-OFFLINE PIN-PARTIAL PIN-REALTIME
    PIN-SHARED-CORE PIN-SIBLINGS PIN-SLICE PIN-UNPINNED-ISOLATED PIN-UNUSED QEMU-USER RCU-NOCBS-REDUNDANT
    RESERVED-DIRECT RESET-WEAK ROM-BROKEN ROM-COPY ROM-NONE SCHED-CORE SECOND-WAY-IN SECURE-BOOT-MODULES
    SECURITY-OFF SLEEP-GUARD SLOT-INCOMPLETE SPLIT-LOCK UNSAFE-INTERRUPTS USER-GROUPS VFIO-IDS-IGNORED
    VFIO-NODE-HELD W1-AMD-IOMMU-ON W11-THP-NEVER W13-NPT-OFF W14-VENDOR-ID W15-EFIFB-OFF W17-QEMU-AUDIO W18-READONLY
    W2-INTEL-IOMMU-ON W20-INSTALL-LINE W21-PASSWORD-SSH W22-DISK-NAME W22-GUEST-ADDRESS W26-IGFX-OFF
    W27-ACS-OVERRIDE W28-SINGLE-HOOK W3-IOMMU-PT W4-VFIO-VIRQFD W5-NVRAM-CONF W6-GRUB-PATH W7-CHRT-QEMU W8-ISOLCPUS
    W9-VIRTIO-ON-HOST X1-SEABIOS-GPU X10-EVMCS X10-HYPERV-NEEDS X10-HYPERV-SET X11-HPET X11-HYPERVCLOCK X12-HIDING
    X13-BALLOON X14-BRIDGE X14-DEVICE-ABSENT X14-FUNCTION-MISSING X14-GUEST-SLOT X14-MANAGED X15-ROM-BAR
    X15-ROM-MISSING X15-ROM-UNFIT X16-VIRTUAL-VIDEO X17-IOTHREAD-ID X17-IOTHREAD-UNUSED X18-BLOCK-DRIVER
    X18-BLOCK-IN-USE X18-DISK-BUS X18-DISK-MISSING X18-NATIVE-CACHE X19-IOMMUFD X2-LOADER-MISSING X2-NVRAM-SIZE
    X20-COMMANDLINE X20-CPU-TWICE X20-IVSHMEM X22-USB-ABSENT X22-USB-NUMBER X22-USB-TWINS X23-WINDOWS-11 X24-ACS
    X3-NO-DESCRIPTOR X4-I440FX X5-ADDRESS-LIMIT X5-CPU-MODE X6-SOCKETS X6-TOPOLOGY-PRODUCT X7-CLUSTERS X8-TOPOEXT
    X9-CACHE
""".split()
"""Every code of the first catalogue."""


@pytest.mark.parametrize("code", FIRST)
def test_explain_takes_an_earlier_code(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    rule = rule_of(code)
    assert rule is not None and rule is rule_of(code.lower())
    assert main(["explain", code]) == 0
    assert capsys.readouterr().out.startswith(f"{rule.code} (")


def test_each_alias_is_an_earlier_code_and_leads_to_a_code_of_today() -> None:
    codes = {r.code for r in catalogue()}
    assert set(ALIASES.values()) <= codes, "an alias of an alias, or of a check that is gone"
    assert not ALIASES.keys() & codes, "a code of today would not be found"
    assert set(FIRST) - codes == ALIASES.keys()
    assert [current(c) for c in ("no-such", "", "x9-cache\n")] == ["NO-SUCH", "", "X9-CACHE\n"]


@pytest.mark.parametrize("host", ["tower", "guest-2018", "old-guide", "guest-devices"])
def test_a_report_with_earlier_codes_is_compared_as_if_it_had_those_of_today(host: str) -> None:
    earlier = {new: old for old, new in ALIASES.items()}
    findings = judge(known_facts(host))
    kept = [
        {"code": earlier.get(f.code, f.code), "subject": f.subject, "word": str(f.severity), "sentence": f.sentence}
        for f in findings
        if f.verdict is Verdict.FAILED
    ]
    assert any(f["code"] in ALIASES for f in kept)
    past = parse_report(json.dumps({"taken": "2026-01-02T03:04:05Z", "findings": kept}).encode())
    found = compare(past, findings)
    assert (found.new, found.fixed, found.hidden) == ((), (), ()) and found.unchanged > 0
