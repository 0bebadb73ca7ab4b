"""What one look at a connection says, with libvirt's own test driver."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.guest.domain import Virt
from vfiotui.model.guest.host_network import HostNetwork
from vfiotui.virt import read_connection as look
from vfiotui.virt import read_domains as once

DOMAIN = """<domain type='test'><name>{}</name><memory>1024</memory><vcpu>1</vcpu><os><type>hvm</type></os>
<devices><interface type='network'><source network='{}'/></interface></devices></domain>"""
NODE = """<node>
<network><name>pool</name><forward mode='hostdev' managed='yes'>
<address type='pci' domain='0' bus='0x06' slot='0x12' function='0x1'/></forward></network>
<network><name>plain</name><forward mode='nat'/><ip address='192.0.2.1' netmask='255.255.255.0'/></network>
{}
</node>"""


@pytest.fixture
def virt(tmp_path: Path) -> Virt:
    pytest.importorskip("libvirt")
    guests = "".join(DOMAIN.format(n, n) for n in ("pool", "plain", "nowhere"))
    (tmp_path / "node.xml").write_text(NODE.format(guests.replace("<domain", "<domain xmlns:t='x' t:runstate='5'")))
    return once.read(f"test://{tmp_path}/node.xml", seconds=20)


def test_the_networks_of_guests_are_asked_for(virt: Virt) -> None:
    assert virt.connected and not isinstance(virt.domains, Unread), virt.detail
    networks = {d.name: d.networks[0].network for d in virt.domains if d.networks}
    assert networks["pool"] == HostNetwork("pool", True, ("0000:06:12.1",))
    assert networks["plain"] == HostNetwork("plain", False)
    assert isinstance(networks["nowhere"], Unread) and networks["nowhere"].why is Why.ABSENT
    passes = {d.name: d.takes_pci for d in virt.domains}
    assert passes["pool"] is True and passes["plain"] is False and isinstance(passes["nowhere"], Unread)


def test_a_guest_that_libvirt_describes_in_no_sound_xml_stays(virt: Virt, monkeypatch: pytest.MonkeyPatch) -> None:
    real = look.parse

    def broken(xml: str, **words: Any) -> Any:
        return real(xml.replace("</domain>", "") if "<name>plain" in xml else xml, **words)

    monkeypatch.setattr(look, "parse", broken)
    seen = once.read(virt.uri, seconds=20)
    assert not isinstance(seen.domains, Unread) and "plain" not in {d.name for d in seen.domains}
    assert [(g.name, g.why.why) for g in seen.unread] == [("plain", Why.DAMAGED)]
    assert isinstance(seen.all_domains, Unread) and "plain" in seen.all_domains.reason
