"""Odd hosts say what they are, and nothing fails on them that cannot be fixed on or for such a host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import CLEAN, HOSTS, odd, pages
from tests.machines import facts_of, known_facts
from vfiotui.cli.finding.doctor import as_json, as_markdown, as_text
from vfiotui.demo.description import Host
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.headline import headline
from vfiotui.model.boot.host_kind import HostKind, Kind, Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.rules import catalogue, judge

CONTAINER = "no PCI passthrough here: its kernel and devices are set up on the host that runs it"
NO_VIOMMU = "no PCI passthrough until the host that runs it gives it an IOMMU"
NO_NESTED = "no KVM until the host that runs it switches on nested virtualisation"
KVM, NO_KVM = "KVM can be used", "no KVM: /dev/kvm is not there"
POSSIBLE = f"PCI passthrough is possible; {KVM}"
HEADLINES = {
    "wsl2": f"WSL2: no PCI passthrough here: Windows hands no PCI device and no IOMMU to it; {KVM}",
    "wsl1": "WSL1: no PCI passthrough here: Windows answers in place of a Linux kernel;"
    " no KVM: Windows answers in place of a Linux kernel",
    "container-lxc": f"Container (LXC): {CONTAINER}; {NO_KVM}",
    "container-nspawn": f"Container (systemd-nspawn): {CONTAINER}; {KVM}",
    "container-docker": f"Container (Docker): {CONTAINER}; {NO_KVM}",
    "container-podman": f"Container (Podman): {CONTAINER}; {KVM}",
    "container-on-wsl": f"Container (Docker on WSL2): {CONTAINER}; {NO_KVM}",
    "vm-no-iommu": f"Virtual machine (QEMU): {NO_VIOMMU}; {KVM}",
    "vm-no-nested": f"Virtual machine (QEMU): {NO_VIOMMU}; {NO_NESTED}",
    "vm-viommu": f"Virtual machine (QEMU): {POSSIBLE}",
    "vm-cloud": f"Virtual machine (Amazon EC2): {NO_VIOMMU}; {NO_NESTED}",
    "vm-arm": f"Virtual machine (KVM): {NO_VIOMMU}; {NO_NESTED}",
    "xen-dom0": "Xen dom0: no PCI passthrough here: Xen owns the IOMMU: devices are assigned with"
    " xl pci-assignable-add, not with vfio; no KVM: Xen is the hypervisor here",
    "xen-domu": "Virtual machine (Xen): no PCI passthrough here: Xen gives its guests no IOMMU;"
    " no KVM: Xen gives its guests no hardware virtualisation; no DMI table names this machine",
    "raspberry-pi": "Raspberry Pi 5 Model B Rev 1.0: no PCI passthrough here: no IOMMU stands between its PCI bus and"
    f" its memory; {KVM}",
    "asahi": f"Apple Silicon Mac (Apple MacBook Air (M1, 2020)): {POSSIBLE}",
    "riscv": "RISC-V machine (SiFive HiFive Premier P550): no PCI passthrough here: its device tree describes no"
    f" IOMMU; {KVM}",
    "power9": f"POWER machine (C1P9S01 REV 1.01): {POSSIBLE}",
    "power-lpar": f"Virtual machine (PowerVM): {NO_VIOMMU}; {NO_NESTED}",
    "z-lpar": f"IBM Z machine: {POSSIBLE}",
    "kernel-4-19": f"Physical machine: {POSSIBLE}; kernel 4.19.0-27-amd64 does not show reset methods (5.15 does)",
    "no-dmi": f"Physical machine: {POSSIBLE}; no DMI table names this machine",
    "no-kernel-config": f"Physical machine: {POSSIBLE}; the kernel's configuration cannot be read",
}
FAILS = {
    "vm-no-iommu": {"IOMMU-FIRMWARE", "IOMMU-OFF"},
    "vm-no-nested": {"IOMMU-FIRMWARE", "IOMMU-OFF", "CPU-VIRT", "KVM-DEVICE"},
    "vm-cloud": {"IOMMU-FIRMWARE", "IOMMU-OFF", "CPU-VIRT", "KVM-DEVICE"},
    "vm-arm": {"IOMMU-OFF", "KVM-DEVICE"},
    "power-lpar": {"IOMMU-OFF", "KVM-DEVICE"},
}
"""What fails on a virtual machine, and is fixed on the host that runs it; on all other hosts here nothing fails."""


def failed(facts: Facts) -> list[Finding]:
    return [f for f in judge(facts) if f.verdict is Verdict.FAILED]


def test_each_odd_host_has_its_words() -> None:
    assert HEADLINES.keys() == odd.HOSTS.keys()


@pytest.mark.parametrize("name", HEADLINES)
def test_the_first_line_says_what_the_host_is_and_what_is_possible(name: str) -> None:
    facts = known_facts(name)
    assert headline(facts) == HEADLINES[name]
    assert as_text(facts, (), False, False)[0] == HEADLINES[name]
    assert as_markdown(facts, ())[0].replace("\\", "") == f"**{HEADLINES[name]}**"
    machine = as_json(facts, ())["machine"]
    assert HEADLINES[name] == f"{machine['name']}: {'; '.join([*machine['possible'], *machine['limits']])}"


@pytest.mark.parametrize("name", HEADLINES)
def test_nothing_fails_that_cannot_be_fixed(name: str) -> None:
    found = failed(known_facts(name))
    assert {f.code for f in found} == FAILS.get(name, set())
    for finding in found:
        assert finding.fix is not None
        assert "host that runs" in finding.fix.text or "CPU-VIRT" in finding.fix.text, finding
        assert "firmware setup" not in finding.fix.text


@pytest.mark.parametrize("name", [n for n in HEADLINES if n.startswith(("container", "wsl"))])
def test_what_belongs_to_the_host_outside_is_not_applicable_and_says_why(name: str) -> None:
    kind = known_facts(name).host_kind
    assert isinstance(kind, HostKind)
    findings = judge(known_facts(name))
    mine = [f for f in findings if f.sentence.startswith(f"this is {kind.name}: ")]
    assert {f.verdict for f in mine} == {Verdict.NOT_APPLICABLE} and all(f.evidence for f in mine)
    assert "IOMMU-FIRMWARE" in {f.code for f in mine} or name == "container-podman", "its /sys is the host's"
    about = {r.code: r.changes for r in catalogue()}
    open_ones = {f.code for f in findings if f.verdict is Verdict.NOT_CHECKED and kind.lack(about[f.code])}
    assert open_ones == set()


@pytest.mark.parametrize("name", sorted(set(HOSTS) - set(odd.HOSTS) - set(pages.HOSTS)))
def test_an_ordinary_host_has_no_such_line(name: str) -> None:
    kind = known_facts(name).host_kind
    assert isinstance(kind, HostKind) and kind.kind is Kind.PHYSICAL and kind.ordinary and not kind.lacks
    assert not [f for f in judge(known_facts(name)) if f.sentence.startswith("this is ")]


def test_where_the_kind_is_not_known_nothing_is_left_out() -> None:
    facts = known_facts("container-docker")
    blind = replace(facts, host_kind=Unread("needs root", Why.FORBIDDEN, "/proc/cpuinfo"))
    assert headline(blind) == "" and as_json(blind, ())["machine"]["kind"] == "not known"
    assert "KVM-DEVICE" in {f.code for f in failed(blind)}
    assert "KVM-DEVICE" not in {f.code for f in failed(facts)}


def test_what_passed_stays_on_a_host_that_lacks_the_part() -> None:
    facts = known_facts("clean")
    everything = replace(facts, host_kind=HostKind(Kind.VM, "a box", lacks=dict.fromkeys(Part, "it has none")))
    passed, still = ({f.code for f in judge(one) if f.verdict is Verdict.PASSED} for one in (facts, everything))
    assert passed - still == {"MODULES-VIRTIO-ON-HOST"}, "which is about no virtual machine"


MARKS: dict[str, dict[str, str | bytes]] = {
    "an image that was made of a Docker image": {"/.dockerenv": ""},
    "a kernel with a name of WSL": {"/proc/sys/kernel/osrelease": "6.6.36.3-microsoft-standard-WSL2\n"},
    "a kernel line of WSL": {"/proc/cmdline": "WSL_ROOT_INIT=1\n"},
    "an empty file of a manager": {"/run/systemd/container": "", "/run/host/container-manager": ""},
    "an environment without the word": {"/proc/1/environ": b"mycontainer=lxc\0TERM=linux\0"},
    "lxcfs on a host that runs containers": {"/proc/mounts": "lxcfs /var/lib/lxcfs fuse.lxcfs rw 0 0\n"},
    "a service of systemd that is called docker": {"/proc/1/cgroup": "0::/system.slice/docker.service\n"},
    "a board of a cloud that rents real machines": {"/sys/class/dmi/id/sys_vendor": "Amazon EC2\n"},
    "features of Xen without Xen": {"/sys/hypervisor/properties/features": "ffffffff\n"},
    "a Surface": {"/sys/class/dmi/id/sys_vendor": "Microsoft Corporation\n"},
    "a device tree on x86": {"/proc/device-tree/model": "Raspberryish\0"},
    "noise": {"/proc/1/environ": b"container=\xff\xfe", "/run/systemd/container": b"\0\0\0", "/proc/sysinfo": b"\xff"},
}


@pytest.mark.parametrize("marks", MARKS.values(), ids=MARKS)
def test_half_of_the_marks_hide_no_failure(marks: dict[str, str | bytes]) -> None:
    wrong = HOSTS["iommu-off"]
    before = {f.code for f in failed(facts_of(wrong))}
    facts = facts_of(replace(wrong, files={**wrong.files, **marks}))
    kind = facts.host_kind
    assert isinstance(kind, HostKind)
    assert kind.kind is Kind.PHYSICAL or not kind.lacks, kind
    assert before - {"CMDLINE-AMD-IOMMU-ON", "IOMMU-DISABLED"} <= {f.code for f in failed(facts)}


def test_signs_that_are_not_believed_are_told() -> None:
    line = headline(facts_of(replace(CLEAN, files={**CLEAN.files, "/.dockerenv": ""})))
    assert line.startswith("Physical machine: ")
    assert line.endswith("/.dockerenv is there, and nothing else speaks of a container")


def test_hostile_names_stay_in_one_line() -> None:
    model = "Raspberry Pi\n\x1b[31mroot\x1b[0m " + "x" * 500 + "\0"
    host: Host = HOSTS["raspberry-pi"]
    line = as_text(facts_of(replace(host, files={**host.files, "/proc/device-tree/model": model})), (), False, False)[0]
    assert "\n" not in line and "\x1b" not in line and len(line) < 250
    named = facts_of(replace(CLEAN, files={"/run/systemd/container": "lxc); rm -rf /\n"})).host_kind
    assert isinstance(named, HostKind) and named.ordinary, "no manager has such a name"
