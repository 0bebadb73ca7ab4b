"""Domain XML: every part that the console speaks of, and every way to be damaged."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfiotui.demo.guest_xml import guest_xml
from vfiotui.formats.domain_xml.domain_xml import parse, parse_status
from vfiotui.formats.domain_xml.elements.memory import Memory
from vfiotui.formats.domain_xml.words import kib
from vfiotui.formats.domain_xml.xml_text import XmlText
from vfiotui.model.guest.domain import Hostdev, HugePages

FULL = """<domain type='kvm' id='7'>
  <name>win &lt;10&gt;</name><uuid> 3b2d6f0e-4c5a-4a7e-9d2b-0f1e2d3c4b5a </uuid>
  <memory unit='GiB'>16</memory><vcpu placement='static' current='4'>8</vcpu><iothreads>2</iothreads>
  <cputune>
    <vcpupin vcpu='1' cpuset='7'/><vcpupin vcpu='0' cpuset='6,18'/><vcpupin vcpu='2' cpuset='oops'/>
    <emulatorpin cpuset='0-2,^1'/><iothreadpin iothread='1' cpuset='0'/>
  </cputune>
  <memoryBacking><hugepages><page size='1' unit='G' nodeset='0'/></hugepages><access mode='shared'/></memoryBacking>
  <os firmware='efi'><type machine='pc-q35-9.0'>hvm</type></os>
  <cpu mode='host-passthrough'><topology sockets='1' cores='4' threads='2'/></cpu>
  <devices>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0000' bus='0x0a' slot='0x00' function='0x1'/></source>
      <rom bar='off' file='/x.rom'/><address type='pci' domain='0' bus='5' slot='0' function='0'/>
    </hostdev>
    <hostdev mode='subsystem' type='usb'><source><vendor id='0x046d'/><product id='0xc31c'/></source></hostdev>
    <hostdev mode='subsystem' type='usb'><source><address bus='3' device='4'/></source></hostdev>
    <hostdev mode='subsystem' type='pci'><source><address bus='0xfff' slot='0' function='0'/></source></hostdev>
    <hostdev mode='subsystem' type='mdev'/>
    <memballoon model='none'/>
  </devices>
  <qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
    <qemu:arg value='-cpu'/><qemu:env name='A' value='b'/>
  </qemu:commandline>
</domain>"""


def test_everything_that_is_spoken_of() -> None:
    guest = parse(FULL, source="test", state="running", pid=9)
    assert guest.name == "win <10>"
    assert guest.uuid == "3b2d6f0e-4c5a-4a7e-9d2b-0f1e2d3c4b5a"
    assert guest.memory_kib == 16 << 20
    assert (guest.vcpus, guest.current_vcpus, guest.iothreads) == (8, 4, 2)
    assert guest.vcpu_pins == ((0, frozenset({6, 18})), (1, frozenset({7})))
    assert guest.emulator_pin == {0, 2}
    assert guest.iothread_pins == ((1, frozenset({0})),)
    assert guest.pinned_cpus == {6, 7, 18}
    assert guest.huge_pages == (HugePages(1 << 20, "0"),)
    assert guest.shared_memory
    assert guest.topology == (1, 1, 4, 2)
    assert (guest.firmware, guest.machine, guest.cpu_mode, guest.balloon) == (
        "efi",
        "pc-q35-9.0",
        "host-passthrough",
        "none",
    )
    assert guest.hostdevs == (
        Hostdev("pci", "0000:0a:00.1", True, "0000:05:00.0", "/x.rom", False),
        Hostdev("usb", "046d:c31c", False),
        Hostdev("usb", "3:4", False),
    )
    assert guest.qemu_arguments == ("-cpu", "A=b")
    assert guest.running and guest.pid == 9


def test_a_status_file_tells_state_and_process() -> None:
    guest = parse_status(f"<domstatus state='paused' pid='77'>{FULL}</domstatus>", source="/run/x.xml")
    assert (guest.state, guest.pid, guest.name) == ("paused", 77, "win <10>")


def test_a_status_file_keeps_the_text_of_the_guest() -> None:
    around = "<domstatus state='running' pid='7' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n  "
    inner = "<domain type='kvm'>\n    <name>a</name><!-- mine -->\n    <qemu:commandline/>\n  </domain>"
    guest = parse_status(f"{around}{inner}\n</domstatus>", source="/run/a.xml")
    declared = " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"
    assert guest.xml == inner.replace("<domain", f"<domain{declared}")
    assert replace(parse(guest.xml, source="/run/a.xml"), state="running", pid=7) == guest


def test_a_comment_may_speak_of_document_types() -> None:
    assert parse("<domain><!-- <!DOCTYPE a> --><name>a</name></domain>", source="test").name == "a"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("<m unit='MiB'>512</m>", 512 << 10),
        ("<m unit='bytes'>1048576</m>", 1024),
        ("<m unit='MB'>1</m>", 976),
        ("<m>4</m>", 4),
        ("<m unit='parsec'>4</m>", 0),
        ("<m>-4</m>", 0),
        ("<m>much</m>", 0),
    ],
)
def test_amounts_in_their_units(text: str, amount: int) -> None:
    assert kib(Memory(XmlText(text).root).size) == amount


@pytest.mark.parametrize(
    ("xml", "word"),
    [
        ("", "damaged"),
        ("<domain>", "damaged"),
        ("<network/>", "no domain"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><domain/>", "document type"),
        ("<domain>" + "<a>" * 100_000, "damaged"),
        (" " * (5 << 20), "longer"),
        ("<domain><name>\0</name></domain>", "damaged"),
    ],
)
def test_what_is_no_domain_is_refused_in_a_sentence(xml: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        parse(xml, source="test")


def test_an_empty_domain_is_still_a_guest() -> None:
    guest = parse("<domain/>", source="test")
    assert (guest.name, guest.vcpus, guest.memory_kib, guest.hostdevs) == ("", 1, 0, ())


def test_sets_of_cpus_that_no_memory_holds_are_refused() -> None:
    def guest(pins: int, cpus: int) -> str:
        tune = "".join(f"<vcpupin vcpu='{v}' cpuset='0-{cpus - 1}'/>" for v in range(pins))
        return f"<domain><cputune>{tune}</cputune></domain>"

    with pytest.raises(ValueError, match="sets of CPUs in <vcpupin> are too many"):
        parse(guest(2000, 16384), source="test")
    with pytest.raises(ValueError, match="sets of CPUs in <vcpupin> are too many"):
        parse(guest(90_000, 65536), source="test")
    again = parse(f"<domain><vcpu cpuset='{'0-16383,' * 200_000}1'/></domain>", source="test")
    assert any("cpuset of <vcpu> makes no sense" in word for word in again.damage)
    assert len(parse(guest(1024, 1024), source="test").vcpu_pins) == 1024
    assert parse(guest(1, 16385), source="test").damage == ("cpuset of <vcpupin> makes no sense: '0-16384'",)


PIECES = re.findall(r"<[^>]*>|[^<]+", guest_xml("g", "u", memory_gib=1, pins=(1, 2), hostdevs=("0000:01:00.0",)))


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=60))
def test_no_shuffled_xml_breaks_it(pieces: list[str]) -> None:
    try:
        parse("<domain>" + "".join(pieces) + "</domain>", source="test")
    except ValueError as error:
        assert str(error).startswith("the XML")
