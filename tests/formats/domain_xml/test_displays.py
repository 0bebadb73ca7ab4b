"""Where a guest's screens and consoles are reached, by libvirt's XML of a running and of a stored guest."""

from __future__ import annotations

import pytest

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.model.guest.displays import Console, Display
from vfiotui.model.guest.domain import Domain


def guest(devices: str) -> Domain:
    return parse(f"<domain type='kvm'><name>g</name><devices>{devices}</devices></domain>", source="test")


@pytest.mark.parametrize(
    ("xml", "address"),
    [
        ("<graphics type='vnc' port='5900' listen='127.0.0.1'/>", "vnc://127.0.0.1:5900"),
        ("<graphics type='vnc' port='5901' autoport='yes'/>", "vnc://127.0.0.1:5901"),
        ("<graphics type='spice' tlsPort='5902'><listen type='address' address='::1'/></graphics>", "spice://[::1]?tls-port=5902"),
        ("<graphics type='vnc'><listen type='socket' socket='/run/g/vnc.sock'/></graphics>", "vnc+unix:///run/g/vnc.sock"),
        ("<graphics type='vnc' port='-1' autoport='yes'/>", ""),
        ("<graphics type='spice'><listen type='none'/></graphics>", ""),
        ("<graphics type='vnc' port='99999999999999999999'/>", ""),
        ("<graphics type='vnc' port='70000'/>", ""),
        ("<graphics type='vnc' port='５９００'/>", ""),
        ("<graphics type='sdl'/>", ""),
    ],
)  # fmt: skip
def test_the_address_of_a_screen(xml: str, address: str) -> None:
    (display,) = guest(xml).devices.displays
    assert display.address == address
    assert guest(xml).damage == (), "no port makes the rest of the guest unknown"


def test_screens_and_consoles_keep_their_order_and_kinds() -> None:
    found = guest(
        "<graphics type='spice'/><graphics type='vnc' port='5900'/><console type='pty' tty='/dev/pts/3'/>"
        "<console type='unix'><source mode='bind' path='/run/g.sock'/></console><console type='pty'/>"
    ).devices
    assert found.graphics == ("spice", "vnc") and found.displays[1] == Display("vnc", 5900)
    assert found.consoles == (Console("pty", "/dev/pts/3"), Console("unix", "/run/g.sock"), Console("pty"))
