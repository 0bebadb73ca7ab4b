"""What identifies the owner leaves a capture; what tells how the host works stays."""

from __future__ import annotations

import pytest

from vfiotui.host.scrub import Scrubber

DOMAIN = """<domain type='kvm'>
  <name>win10</name>
  <uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid>
  <sysinfo type='smbios'><system><entry name='serial'>PF0ABCDE</entry></system></sysinfo>
  <devices>
    <disk><source file='/home/ada/vm.qcow2'/><serial>S4X9NF0M</serial></disk>
    <disk><source dev='/dev/disk/by-id/nvme-Samsung_SSD_S4EWNX0M'/></disk>
    <interface><mac address='52:54:00:12:34:56'/></interface>
    <graphics type='vnc' passwd='hunter2' listen='192.168.1.7'/>
    <hostdev><source><address domain='0x0000' bus='0x06' slot='0x00' function='0x0'/></source></hostdev>
  </devices>
</domain>"""


@pytest.mark.parametrize(
    "secret",
    ["4dea22b3", "PF0ABCDE", "ada", "S4X9NF0M", "S4EWNX0M", "52:54:00:12:34:56", "hunter2", "192.168.1.7"],
)
def test_secrets_of_a_guest_are_gone(secret: str) -> None:
    assert secret not in Scrubber(("tower",)).text(DOMAIN)


@pytest.mark.parametrize("fact", ["win10", "bus='0x06'", "type='vnc'", "type='kvm'", ".qcow2"])
def test_facts_of_a_guest_stay(fact: str) -> None:
    assert fact in Scrubber(("tower",)).text(DOMAIN)


def test_a_secret_has_one_pseudonym() -> None:
    scrub = Scrubber(())
    first = scrub.text("uuid 4dea22b3-1d52-d8f3-2516-782e98ab3fa0")
    assert scrub.text("uuid 4DEA22B3-1D52-D8F3-2516-782E98AB3FA0") == first
    assert scrub.text("uuid 11111111-1d52-d8f3-2516-782e98ab3fa0") != first


@pytest.mark.parametrize(
    "line",
    [
        "0000:01:00.0 10de:13c2 [1458:3669] fee00000-feefffff msi",
        "BOOT_IMAGE=/vmlinuz-6.12.9 quiet intel_iommu=on iommu=pt vfio-pci.ids=10de:13c2,10de:0fbb isolcpus=4-7",
        "Node 0, zone   Normal   4877   7034   4793",
        "pci:v000010DEd000013C2sv00001458sd00003669bc03sc00i00",
        "console=ttyS0,115200n8 console=tty0",
        "00:05.0 53:00.1 aa:bb",
    ],
)
def test_hardware_text_stays_as_it_is(line: str) -> None:
    assert Scrubber(("tower",)).text(line) == line


def test_the_host_name_is_gone_as_a_word_only() -> None:
    assert Scrubber(("tower",)).text("tower kernel: watchtower tower.lan") == "host kernel: watchtower host.lan"


def test_tables_and_registers_are_kept() -> None:
    table = b"DMAR\x00\x01tower\xff"
    assert Scrubber(("tower",)).data(table) == table


def test_command_line_secrets() -> None:
    text = Scrubber(()).text(
        "root=PARTUUID=1234abcd-02 ip=10.1.2.3::10.1.2.1 rd.password=abc -cpu host osk=ourhardwork"
    )
    for secret in ("1234abcd", "10.1.2.3", "abc ", "ourhardwork"):
        assert secret not in text


def test_addresses_of_routes_and_serials_of_keyboards_are_gone_and_the_default_route_stays() -> None:
    table = "Iface\tDestination\tGateway\tFlags\neth0\t00000000\tFE01A8C0\t0003\t0\neth0\t0001A8C0\t00000000\t0001\t0\n"
    text = Scrubber(()).text(table + "U: Uniq=SN12345\n")
    assert "A8C0" not in text and "SN12345" not in text
    assert "eth0\t00000000\t00000000\t0003" in text
