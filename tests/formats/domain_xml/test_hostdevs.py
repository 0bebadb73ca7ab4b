"""Every way in which a guest gets a device of the host, and the networks that decide it at its start."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trees import Link, folder_root
from vfiotui.formats.domain_xml.domain_xml import parse, parse_status
from vfiotui.formats.domain_xml.network_xml import parse_network
from vfiotui.host.guest import domains
from vfiotui.model.base.reading import Unread
from vfiotui.model.guest.domain import Domain

PLACE = "<address type='pci' domain='0' bus='0x06' slot='0x12' function='0x1'/>"
QEMU = "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"


def guest(devices: str, outside: str = "") -> Domain:
    xml = f"<domain type='kvm' {QEMU}><name>g</name><devices>{devices}</devices>{outside}</domain>"
    return parse(xml, source="x")


@pytest.mark.parametrize(
    ("devices", "by", "managed"),
    [
        (f"<hostdev mode='subsystem' type='pci' managed='yes'><source>{PLACE}</source></hostdev>", "hostdev", True),
        (f"<interface type='hostdev' managed='yes'><source>{PLACE}</source></interface>", "interface", True),
        (
            "<interface type='network'><source network='sriov'/><actual type='hostdev' managed='yes'>"
            f"<source>{PLACE}</source></actual></interface>",
            "interface",
            True,
        ),
        (f"<disk type='nvme'><source type='pci' namespace='1' managed='no'>{PLACE}</source></disk>", "disk", False),
    ],
)
def test_a_pci_device_counts_whichever_element_passes_it(devices: str, by: str, managed: bool) -> None:
    found = guest(devices)
    assert [(h.address, h.by, h.managed) for h in found.pci_hostdevs] == [("0000:06:12.1", by, managed)]
    assert found.takes_pci is True


@pytest.mark.parametrize(
    "value",
    [
        "vfio-pci,host=06:12.1,multifunction=on",
        "vfio-pci,id=x,host=0000:06:12.1",
        "vfio-pci,sysfsdev=/sys/bus/pci/devices/0000:06:12.1",
        '{"driver": "vfio-pci", "host": "0000:06:12.1"}',
    ],
)
def test_a_device_that_is_handed_to_qemu_past_libvirt_counts(value: str) -> None:
    line = f"<qemu:commandline><qemu:arg value='-device'/><qemu:arg value='{value}'/></qemu:commandline>"
    assert [(h.address, h.by) for h in guest("", line).pci_hostdevs] == [("0000:06:12.1", "commandline")]
    other = line.replace("vfio-pci", "vfio-pci-x")
    assert guest("", other).hostdevs == ()


def test_a_mediated_device_is_what_it_is() -> None:
    found = guest(
        "<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='u-1'/></source></hostdev>"
    )
    assert [(h.kind, h.address) for h in found.hostdevs] == [("mdev", "u-1")]
    assert found.pci_hostdevs == () and found.takes_pci is True


NETWORK = "<interface type='network'><source network='sriov'/></interface>"
POOL = f"<network><name>sriov</name><forward mode='hostdev' managed='yes'>{PLACE}</forward></network>"


@pytest.mark.parametrize(
    ("network", "takes", "pool"),
    [
        (POOL, True, ("0000:06:12.1",)),
        (
            "<network><name>sriov</name><forward mode='hostdev'><pf dev='eth3'/></forward></network>",
            True,
            ("0000:05:10.0", "0000:05:10.2"),
        ),
        ("<network><name>sriov</name><forward mode='nat'/></network>", False, ()),
        ("<network><name>sriov</name></network>", False, ()),
        ("<network><name>sriov", None, ()),
        ("<domain/>", None, ()),
        (None, None, ()),
    ],
)
def test_what_a_network_passes_is_read_from_it(
    network: str | None, takes: bool | None, pool: tuple[str, ...], tmp_path: Path
) -> None:
    files: dict[str, str | bytes] = {
        "/etc/libvirt/qemu/g.xml": f"<domain type='kvm'><name>g</name><devices>{NETWORK}</devices></domain>",
        "/sys/class/net/eth3/device/virtfn0": Link("../0000:05:10.0"),
        "/sys/class/net/eth3/device/virtfn1": Link("../0000:05:10.2"),
    }
    if network is not None:
        files["/etc/libvirt/qemu/networks/sriov.xml"] = network
    virt = domains.read(folder_root(tmp_path, files))
    assert not isinstance(virt.domains, Unread)
    (found,) = virt.domains
    assert found.pci_pool == pool
    if takes is None:
        assert isinstance(found.takes_pci, Unread)
    else:
        assert found.takes_pci is takes


def test_an_interface_that_has_begun_asks_no_network() -> None:
    begun = NETWORK.replace("network='sriov'", "network='default' bridge='virbr0'")
    assert guest(begun).networks == () and guest(begun).takes_pci is False
    assert [n.name for n in guest(NETWORK).networks] == ["sriov"]
    status = f"<domstatus state='running'><domain><name>g</name><devices>{NETWORK}</devices></domain></domstatus>"
    assert [n.name for n in parse_status(status, source="x").networks] == ["sriov"]


def test_a_network_with_damaged_addresses_is_read_as_far_as_it_goes() -> None:
    found = parse_network(POOL.replace("function='0x1'", "function='9'"))
    assert found.passes and found.addresses == ()


@pytest.mark.parametrize(
    ("whole", "own", "uses"),
    [
        ("", "", False),
        ("", "<driver iommufd='yes'/>", True),
        ("<iommufd enabled='yes'/>", "", True),
        ("<iommufd enabled='yes' fdgroup='x'/>", "<driver name='vfio'/>", True),
        ("<iommufd enabled='yes'/>", "<driver iommufd='no'/>", False),
        ("<iommufd enabled='no'/>", "<driver iommufd='yes'/>", True),
        ("<iommufd/>", "", False),
    ],
)
def test_a_device_uses_iommufd_by_its_own_word_or_the_guests(whole: str, own: str, uses: bool) -> None:
    found = guest(f"<hostdev mode='subsystem' type='pci'>{own}<source>{PLACE}</source></hostdev>", whole)
    assert found.pci_hostdevs[0].iommufd is uses
    assert found.iommufd is ("enabled='yes'" in whole)
