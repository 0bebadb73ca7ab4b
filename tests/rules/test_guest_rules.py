"""What the rules of guests say of single words of the XML, on one four-core AMD host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts.base import CLEAN
from tests.hosts.guest_texts import cells_xml, changed
from tests.hosts.guests import FINE_HOST, TWO_NODES
from tests.machines import facts_of, known_facts
from vfiotui.demo.description import GuestDesc
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.libvirt_hooks import pages_hook
from vfiotui.model.base.reading import Unread
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.model.finding.report import level
from vfiotui.model.guest.domain import Domain, Virt
from vfiotui.rules import judge, rule_of


def said(code: str, *pairs: tuple[str, str]) -> list[Finding]:
    """What one rule says of the fine guest after some words of it were replaced."""
    rule = rule_of(code)
    assert rule is not None
    return list(rule.ask(facts_of(replace(FINE_HOST, guests=(changed(*pairs),)))))


def domain(*pairs: tuple[str, str]) -> Domain:
    return parse(changed(*pairs).xml, source="test")


def arguments(*words: str) -> str:
    """Arguments of QEMU, and the end of the guest."""
    return "<qemu:commandline>" + "".join(f"<qemu:arg value='{w}'/>" for w in words) + "</qemu:commandline></domain>"


TOPOLOGY = "sockets='1' dies='1' cores='2' threads='2'"
CARD = "bus='0x01' slot='0x00' function='0x0'/></source>"


@pytest.mark.parametrize(
    ("code", "old", "new", "verdict"),
    [
        ("GUEST-BIOS-GPU", "<os firmware='efi'>", "<os firmware='bios'>", "fail"),
        ("GUEST-I440FX", "pc-q35-9.2", "pc-i440fx-9.2", "warn"),
        ("GUEST-I440FX", "pc-q35-9.2", "pc", "warn"),
        ("GUEST-I440FX", "pc-q35-9.2", "q35", "holds"),
        ("GUEST-CPU-MODE", "mode='host-passthrough'", "mode='maximum'", "holds"),
        ("GUEST-CPU-MODE", "mode='host-passthrough'", "mode='host-model'", "warn"),
        ("GUEST-CPU-TOPOLOGY", TOPOLOGY, "sockets='1' cores='3' threads='1'", "fail"),
        ("GUEST-CPU-TOPOLOGY", TOPOLOGY, "sockets='1' clusters='2' cores='1' threads='2'", "holds"),
        ("GUEST-CPU-SOCKETS", TOPOLOGY, "sockets='2' cores='1' threads='2'", "info"),
        ("GUEST-CPU-SOCKETS", TOPOLOGY, "sockets='4' cores='1' threads='1'", "warn"),
        ("GUEST-CPU-SOCKETS", f"<topology {TOPOLOGY}/>", "", "warn"),
        ("GUEST-CPU-TOPOEXT", "policy='require' name='topoext'", "policy='disable' name='topoext'", "warn"),
        ("GUEST-HYPERV-SET", "<ipi state='on'/>", "", "info"),
        ("GUEST-HYPERV-SET", "<synic state='on'/>", "", "warn"),
        ("GUEST-HYPERV-SET", "mode='custom'", "mode='passthrough'", "holds"),
        ("GUEST-HYPERVCLOCK", "name='hypervclock' present='yes'", "name='hypervclock' present='no'", "warn"),
        ("GUEST-HYPERV-SET", "policy='require' name='topoext'", "policy='disable' name='hypervisor'", "warn"),
        ("GUEST-HYPERV-SET", "</domain>", arguments("-cpu", "host"), "warn"),
        ("GUEST-HYPERVCLOCK", "</domain>", arguments("-cpu", "host,hv_time"), "holds"),
        ("GUEST-CPU-TOPOEXT", "</domain>", arguments("-cpu", "host"), "warn"),
        ("GUEST-CPU-TOPOEXT", "</domain>", arguments("-cpu", "host,+topoext"), "holds"),
        ("GUEST-CPU-MODE", "</domain>", arguments("-cpu", "qemu64"), "warn"),
        ("GUEST-CPU-MODE", "</domain>", arguments("-cpu", "Penryn", "-device", "isa-applesmc,osk=x"), "n/a"),
        ("GUEST-CPU-TWICE", "</domain>", arguments("-cpu", "Penryn", "-device", "isa-applesmc,osk=x"), "holds"),
        ("GUEST-CPU-TWICE", "</domain>", arguments("-cpu", "Penryn"), "info"),
        ("GUEST-KVM-HIDDEN", "</domain>", arguments("-cpu", "host,-hypervisor"), "warn"),
        ("GUEST-KVM-HIDDEN", "</domain>", arguments("-cpu", "host"), "holds"),
        ("PIN-EMULATOR", "<emulatorpin cpuset='0,4'/>", "", "warn"),
        ("PIN-EMULATOR", "<vcpu placement='static'>4</vcpu>", "<vcpu cpuset='2'>4</vcpu>", "holds"),
        ("PIN-OFFLINE", "<vcpu placement='static'>4</vcpu>", "<vcpu cpuset='99'>4</vcpu>", "fail"),
        ("GUEST-KVM-HIDDEN", "<acpi/>", "<acpi/><kvm><hidden state='on'/></kvm>", "info"),
        ("GUEST-VENDOR-ID", "<ipi state='on'/>", "<vendor_id state='on' value='0123456789ab'/>", "holds"),
        ("GUEST-VENDOR-ID", "<ipi state='on'/>", "<vendor_id state='on' value='0123456789abc'/>", "fail"),
        ("GUEST-DEVICE-ABSENT", CARD, CARD.replace("0x01", "010"), "fail"),
        ("GUEST-DEVICE-ABSENT", CARD, CARD.replace("0x01", "01"), "holds"),
        ("GUEST-SLOT", " multifunction='on'", "", "info"),
        ("GUEST-VIRTUAL-VIDEO", "<model type='none'/>", "<model type='virtio'/>", "info"),
        ("GUEST-IOTHREAD-ID", "<iothreads>1</iothreads>", "", "fail"),
        ("GUEST-NATIVE-CACHE", "cache='none' io='native' iothread", "cache='directsync' io='native' iothread", "holds"),
        ("GUEST-DISK-BUS", "dev='vda' bus='virtio'", "dev='vda' bus='ide'", "info"),
        ("GUEST-USB-ABSENT", "id='0x1532'", "id='0x1533'", "warn"),
        ("GUEST-USB-ABSENT", "<source><vendor id='0x1532'/>", "<source><address bus='1' port='4'/>", "holds"),
        ("GUEST-USB-NUMBER", "<source><vendor id='0x1532'/>", "<source><address bus='1' device='2'/>", "warn"),
        ("GUEST-WINDOWS-11", "version='2.0'", "version='1.2'", "info"),
        ("GUEST-DISK-NAME", "/dev/disk/by-id/ata-games", "/dev/nvme0n1p3", "warn"),
        ("GUEST-DISK-NAME", "/dev/disk/by-id/ata-games", "/dev/vg0/games", "holds"),
        ("PIN-SIBLINGS", "vcpu='1' cpuset='5'", "vcpu='1' cpuset='7'", "warn"),
        ("PIN-SIBLINGS", "cores='2' threads='2'", "cores='4' threads='1'", "warn"),
        ("PIN-PARTIAL", "<vcpupin vcpu='1' cpuset='5'/>", "", "warn"),
        ("PIN-PARTIAL", "cpuset='5'", "cpuset='5,7'", "warn"),
        ("PIN-PARTIAL", ">4</vcpu>", ">9999</vcpu>", "warn"),
        ("PIN-SHARED-CORE", "vcpu='1' cpuset='5'", "vcpu='1' cpuset='7'", "warn"),
        ("PIN-HOST-CORE", "vcpu='0' cpuset='1'", "vcpu='0' cpuset='0'", "warn"),
        ("PIN-UNUSED", "placement='static'>", "placement='static' current='3'>", "info"),
        ("PIN-EMULATOR", "<emulatorpin cpuset='0,4'/>", "<emulatorpin cpuset='0-1'/>", "warn"),
        ("MEM-PAGE-MULTIPLE", "unit='GiB'>4<", "unit='KiB'>4194304<", "holds"),
        ("MEM-POOL-SHORT", "unit='GiB'>4<", "unit='GiB'>9<", "fail"),
    ],
)
def test_one_word_makes_the_difference(code: str, old: str, new: str, verdict: str) -> None:
    found = [level(f) for f in said(code, (old, new))]
    assert verdict in found and (verdict != "holds" or set(found) == {"holds"}), found


@pytest.mark.parametrize(
    ("path", "text", "softer"),
    [
        ("/etc/libvirt/hooks/qemu.d/pages", "echo 4096 > /sys/kernel/mm/hugepages/…\n", True),
        (pages_hook.PATH, pages_hook.pages_hook([FINE_HOST.guests[0].name]), True),
        (pages_hook.PATH, pages_hook.pages_hook(["another"]), False),
    ],
)
def test_a_hook_that_allocates_pages_softens_the_finding(path: str, text: str, softer: bool) -> None:
    files = {**FINE_HOST.files, path: text}
    host = replace(FINE_HOST, guests=(changed(("unit='GiB'>4<", "unit='GiB'>9<")),), files=files)
    rule = rule_of("MEM-POOL-SHORT")
    assert rule is not None
    (found,) = rule.ask(facts_of(host))
    assert found.verdict is Verdict.FAILED and (found.severity is Severity.INFO) is softer
    assert (path in found.sentence) is softer


def test_topology_of_a_fix_fits_the_vcpus() -> None:
    (found,) = said("GUEST-CPU-TOPOLOGY", (TOPOLOGY, "sockets='1' cores='3' threads='2'"))
    assert found.fix is not None and found.fix.goal == (("domain.cpu.topology", "win/1,1,2,2"),)


def test_the_address_width_is_judged_by_the_limit() -> None:
    rule = rule_of("GUEST-ADDRESS-LIMIT")
    assert rule is not None
    facts = known_facts("guest-narrow")
    assert isinstance(facts.virt, Virt)
    for limit, verdict in ((39, Verdict.PASSED), (38, Verdict.PASSED), (46, Verdict.FAILED)):
        element = f"<cache mode='passthrough'/><maxphysaddr mode='passthrough' limit='{limit}'/>"
        guest = domain(("<cache mode='passthrough'/>", element))
        (found,) = rule.ask(replace(facts, virt=replace(facts.virt, domains=(guest,))))
        assert found.verdict is verdict, limit


def test_a_guest_called_host_is_no_host() -> None:
    from vfiotui.model.finding.report import of_guest

    facts = facts_of(replace(FINE_HOST, guests=(changed(name="host"),)))
    found = of_guest(judge(facts), "host")
    assert found and all(f.about_guest for f in found)
    assert {f.verdict for f in found} <= {Verdict.PASSED, Verdict.NOT_APPLICABLE}


HOSTILE = "x [/dev/vfio/1] [AMD] \u202e; rm -rf $(x)`"


def test_hostile_words_are_told_and_break_nothing() -> None:
    xml = changed().xml
    for old in ("win", "ata-games", "card.rom", "OVMF_CODE_4M.fd", "pc-q35-9.2", "host-passthrough", "usb-Logitech"):
        xml = xml.replace(old, HOSTILE)
    facts = facts_of(replace(FINE_HOST, guests=(GuestDesc("x", xml),)))
    assert not isinstance(facts.virt, Unread)
    found = [f for f in judge(facts) if f.about_guest]
    assert any(f.subject == HOSTILE for f in found)
    assert not [f for f in found if "the check itself failed" in f.sentence]


def test_pages_of_the_ordinary_size_are_no_huge_pages() -> None:
    (found,) = said("MEM-PAGE-SIZE", ("<hugepages/>", "<hugepages><page size='4' unit='KiB'/></hugepages>"))
    assert found.verdict is Verdict.NOT_APPLICABLE


def test_memory_modules_need_no_whole_pages() -> None:
    (found,) = said(
        "MEM-PAGE-MULTIPLE", ("unit='GiB'>4<", "unit='KiB'>4194305<"), ("<tpm", "<memory model='dimm'/><tpm")
    )
    assert found.verdict is Verdict.NOT_APPLICABLE


def test_enlightenments_are_asked_of_kvm_only() -> None:
    for code in ("GUEST-HYPERV-SET", "GUEST-HYPERVCLOCK", "GUEST-CPU-SOCKETS", "GUEST-CPU-MODE"):
        (found,) = said(code, ("type='kvm' xmlns", "type='bhyve' xmlns"))
        assert found.verdict is Verdict.NOT_APPLICABLE, code


def test_clashes_are_told_once_for_each_guest() -> None:
    rule = rule_of("PIN-OVERLAP")
    assert rule is not None
    twice = changed(("vcpu='1' cpuset='5'", "vcpu='1' cpuset='1'"), name="twice")
    guests = tuple(replace(g, autostart=True) for g in (changed(), twice))
    told = {(f.subject, f.sentence) for f in rule.ask(facts_of(replace(FINE_HOST, guests=guests)))}
    assert told == {
        ("win", "CPU 1-2,6 also carries vCPUs of twice."),
        ("twice", "CPU 1-2,6 also carries vCPUs of win."),
        ("twice", "Several of its vCPUs are pinned to CPU 1."),
    }


PASSED = "<source><address type='pci' domain='0' bus='0x06' slot='0x12' function='0x1'/></source>"


NVME = PASSED.replace("<source>", "<source type='pci'>")


@pytest.mark.parametrize(
    ("xml", "machine"),
    [
        (f"<interface type='hostdev' managed='yes'>{PASSED}</interface>", "warn"),
        (f"<hostdev type='pci'>{PASSED}</hostdev>", "warn"),
        (f"<disk type='nvme'>{NVME}</disk>", "n/a"),
    ],
    ids=["interface", "hostdev", "nvme"],
)
def test_a_passed_device_counts_by_whichever_element(xml: str, machine: str) -> None:
    text = (
        "<domain type='kvm'><name>g</name><memory>1048576</memory><os><type arch='x86_64' machine='pc'>hvm</type></os>"
        f"<devices>{xml}</devices></domain>"
    )
    facts = facts_of(replace(FINE_HOST, guests=(GuestDesc(name="g", xml=text),)))
    wanted = {"GUEST-BALLOON": "warn", "GUEST-DEVICE-ABSENT": "fail", "HOST-SLEEP": "info", "GUEST-I440FX": machine}
    rules = [rule for code in wanted if (rule := rule_of(code)) is not None]
    assert {r.code: level(r.ask(facts)[0]) for r in rules} == wanted


def memory_guest(numa: str, pages: str) -> GuestDesc:
    xml = (
        "<domain type='kvm'><name>g</name><memory unit='KiB'>1572863</memory>"
        f"<memoryBacking><hugepages>{pages}</hugepages></memoryBacking><vcpu>2</vcpu><cpu>{numa}</cpu></domain>"
    )
    return GuestDesc(name="g", xml=xml)


@pytest.mark.parametrize(
    ("numa", "pages", "kib", "verdict"),
    [
        ("<numa><cell id='0' cpus='0-1' memory='1048576' unit='KiB'/></numa>", "", 1048576, "holds"),
        (
            "<numa><cell cpus='0' memory='1' unit='GiB'/><cell cpus='1' memory='512' unit='MiB'/></numa>",
            "",
            1572864,
            "holds",
        ),
        ("<numa><cell cpus='0' memory='3' unit='MiB'/><cell cpus='1' memory='1' unit='MiB'/></numa>", "", 4096, "fail"),
        ("<numa><cell cpus='0' memory='2' unit='parsecs'/></numa>", "", 0, "unknown"),
        ("", "", 1572863, "fail"),
        ("", "<page size='4'/>", 1572863, "n/a"),
        ("", "<page size='4' unit='KiB'/>", 1572863, "n/a"),
        ("", "<page size='4' unit='MiB'/>", 1572863, "fail"),
        (
            "<numa><cell id='0' cpus='0' memory='3' unit='MiB'/><cell id='1' cpus='1' memory='2' unit='MiB'/></numa>",
            "<page size='4' nodeset='0'/><page size='2048' nodeset='1'/>",
            5120,
            "holds",
        ),
    ],
)
def test_the_memory_of_a_guest_with_cells_is_their_sum(numa: str, pages: str, kib: int, verdict: str) -> None:
    desc = memory_guest(numa, pages)
    assert parse(desc.xml, source="x").memory_kib == kib
    rule = rule_of("MEM-PAGE-MULTIPLE")
    assert rule is not None
    (found,) = rule.ask(facts_of(replace(FINE_HOST, guests=(desc,))))
    assert level(found) == verdict, found


def test_pages_of_the_smallest_size_are_no_huge_pages() -> None:
    assert parse(memory_guest("", "<page size='4'/>").xml, source="x").huge_pages == ()
    assert [p.size_kib for p in parse(memory_guest("", "").xml, source="x").huge_pages] == [0]


LOOSE = "<emulatorpin cpuset='0,4'/><iothreadpin iothread='1' cpuset='0,4'/>"


@pytest.mark.parametrize(("cpuset", "verdict"), [("0,4", "holds"), ("0-2", "warn"), ("", "warn")])
def test_threads_without_a_pin_are_where_the_vcpu_element_says(cpuset: str, verdict: str) -> None:
    vcpu = f"<vcpu cpuset='{cpuset}'>" if cpuset else "<vcpu>"
    for code in ("PIN-EMULATOR", "PIN-IOTHREADS"):
        (found,) = said(code, (LOOSE, ""), ("<vcpu placement='static'>", vcpu))
        assert level(found) == verdict, found


def test_a_guest_with_a_set_of_its_size_has_its_cpus() -> None:
    other = GuestDesc("other", "<domain><name>other</name><vcpu cpuset='2,6'>2</vcpu></domain>", autostart=True)
    rule = rule_of("PIN-OVERLAP")
    assert rule is not None
    mine = replace(changed(), autostart=True)
    found = [f for f in rule.ask(facts_of(replace(FINE_HOST, guests=(mine, other)))) if f.subject == "win"]
    assert [level(f) for f in found] == ["fail"] and "CPU 2,6 also carries vCPUs of other" in found[0].sentence


OWN_NODES = "<memnode cellid='0' mode='strict' nodeset='0'/><memnode cellid='1' mode='strict' nodeset='1'/>"


@pytest.mark.parametrize(
    ("pins", "memory", "verdict"),
    [((1, 5), OWN_NODES, "holds"), ((5, 1), OWN_NODES, "warn"), ((1, 5), "", "warn"), ((1, 2), OWN_NODES, "warn")],
)
def test_a_guest_that_sees_nodes_has_each_with_its_memory(pins: tuple[int, int], memory: str, verdict: str) -> None:
    desc = GuestDesc("cells", cells_xml("cells", pins, f"<numatune>{memory}</numatune>"))
    rule = rule_of("PIN-NODE")
    assert rule is not None
    (found,) = rule.ask(facts_of(replace(CLEAN, nodes=2, cpu=TWO_NODES, guests=(desc,))))
    assert level(found) == verdict, found
