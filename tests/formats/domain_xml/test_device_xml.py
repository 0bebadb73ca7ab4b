"""A device is found again in what libvirt made of it."""

from __future__ import annotations

import pytest

from vfiotui.formats.domain_xml.device_xml import has_device

GUEST = """<domain><devices>
<input type='tablet' bus='usb'><alias name='input0'/><address type='usb' bus='0' port='1'/></input>
<disk type='file' device='disk'><target dev='vda' bus='virtio'/><alias name='ua-root'/></disk>
<hostdev mode='subsystem' type='pci' managed='yes'><driver name='vfio'/>
  <source><address domain='0x0000' bus='0x06' slot='0x00' function='0x1'/></source><alias name='hostdev0'/></hostdev>
<hostdev mode='subsystem' type='usb'><source><vendor id='0x046d'/><product id='0xc31c'/></source></hostdev>
</devices></domain>"""


@pytest.mark.parametrize(
    ("device", "there"),
    [
        ("<input type='tablet' bus='usb'/>", True),
        ("<input type='mouse' bus='usb'/>", False),
        ("<input type='tablet' bus='usb'><alias name='input1'/></input>", False),
        ("<disk type='block'><target dev='vda'/></disk>", True),
        ("<disk type='file' device='disk'><target dev='vdb'/></disk>", False),
        ("<hostdev type='pci'><source><address bus='6' slot='0' function='1' domain='0'/></source></hostdev>", True),
        ("<hostdev type='pci'><source><address bus='6' slot='0' function='0'/></source></hostdev>", False),
        ("<hostdev type='usb'><source><vendor id='1133'/><product id='0xC31C'/></source></hostdev>", True),
    ],
)
def test_it_is_known_by_what_names_it(device: str, there: bool) -> None:
    assert has_device(GUEST, device) is there


def test_what_is_no_xml_is_an_error() -> None:
    with pytest.raises(ValueError):
        has_device(GUEST, "<input")
