"""A -cpu of qemu:commandline takes the place of <cpu>, <hyperv>, <kvm> and the hypervclock."""

from __future__ import annotations

import pytest

from tests.hosts.guest_texts import FINE
from vfiotui.formats.domain_xml.cpu_argument import properties
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.model.guest.domain import Domain


def guest(*arguments: str) -> Domain:
    said = "".join(f"<qemu:arg value='{a}'/>" for a in arguments)
    return parse(FINE.replace("</domain>", f"<qemu:commandline>{said}</qemu:commandline></domain>"), source="x")


def test_what_qemu_gets_is_the_last_argument() -> None:
    found = guest("-cpu", "qemu64", "-nodefaults", "--cpu", "host,kvm=off,hv_vendor_id=null,-hypervisor")
    assert found.cpu_mode == "host-passthrough" and found.kvm_hidden
    assert found.hyperv.on == {"vendor_id"} and found.hyperv.vendor_id == "null"
    assert found.cpu.lacks("hypervisor") and not found.cpu.has("topoext") and found.cpu.cache_mode == ""
    assert found.clock.present("hypervclock") is False and found.clock.present("hpet") is False
    assert found.topology == (1, 1, 2, 2), "libvirt says the topology elsewhere"
    assert found.is_windows


def test_everything_can_be_said_there() -> None:
    words = "host,topoext=on,host-cache-info=on,hv_relaxed,hv-vapic=on,hv_spinlocks=0x1fff,hv_time,hv_tlbflush=off"
    found = guest("-cpu", words)
    assert found.hyperv.on == {"relaxed", "vapic", "spinlocks"} and found.hyperv.mode == "custom"
    assert found.cpu.has("topoext") and found.cpu.cache_mode == "passthrough" and found.clock.present("hypervclock")
    assert not found.kvm_hidden and found.hyperv.vendor_id is None
    assert guest("-cpu", "max,hv_passthrough").hyperv.chosen_by_libvirt
    assert guest("-cpu", "host,phys-bits=39").cpu.address_bits == 39
    assert guest("-cpu", "host,host-phys-bits=on,host-phys-bits-limit=39").cpu.address_limit == 39


@pytest.mark.parametrize(
    ("value", "model", "said"),
    [
        ("", "", {}),
        ("host", "host", {}),
        ("Penryn,vendor=GenuineIntel,+aes,check", "Penryn", {"vendor": "GenuineIntel", "aes": "on", "check": "on"}),
        ("host,-vmx,vmx=on", "host", {"vmx": "off"}),
        ("host,,hv_spinlocks=", "host", {"hv-spinlocks": ""}),
        ("host,=,+", "host", {"": "on"}),
    ],
)
def test_the_words_are_those_of_qemu(value: str, model: str, said: dict[str, str]) -> None:
    assert properties(value) == (model, said)


@pytest.mark.parametrize("value", ["host,hv_spinlocks=zz,phys-bits=²", "host,phys-bits=" + "9" * 5000, "," * 5000])
def test_nonsense_is_no_traceback(value: str) -> None:
    assert guest("-cpu", value).hyperv.on == frozenset()


def test_other_guests_are_as_their_elements_say() -> None:
    plain = parse(FINE, source="x")
    for found in (guest("-nodefaults"), guest("-cpu"), guest("-machine", "-cpu")):
        assert (found.cpu, found.hyperv, found.clock) == (plain.cpu, plain.hyperv, plain.clock)


def test_macos_is_known_by_its_chip_or_its_name() -> None:
    chip = guest("-device", "isa-applesmc,osk=x", "-cpu", "Penryn,vendor=GenuineIntel")
    named = parse(FINE.replace("http://microsoft.com/win/11", "http://apple.com/macosx/10.15"), source="x")
    assert chip.is_macos and named.is_macos and not named.is_windows
    anonymous = parse(chip.xml.replace("http://microsoft.com/win/11", ""), source="x")
    assert anonymous.is_macos and not anonymous.is_windows
