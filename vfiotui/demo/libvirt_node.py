"""The demo's guests for libvirt's own test driver: test:///FILE opens a node that is described in a file.

The driver's own elements are in its namespace (libvirt src/test/test_driver.c, testOpenParse).
"""

from __future__ import annotations

import os
import re

from vfiotui.demo.description import GuestDesc, Host

NAMESPACE = "http://libvirt.org/schemas/domain/test/1.0"
RUNNING, SHUT_OFF = 1, 5
"""virDomainState."""


def domain_xml(guest: GuestDesc) -> str:
    """The guest as a domain of the test driver; all but its type stays."""
    head = f"<domain type='test' xmlns:test='{NAMESPACE}'>"
    xml = re.sub(r"^<domain type='[^']*'>", head, guest.xml, count=1)
    state = SHUT_OFF if guest.pid is None else RUNNING
    return xml.removesuffix("</domain>") + f"  <test:runstate>{state}</test:runstate>\n</domain>"


def node_xml(host: Host) -> str:
    """The node with all guests that libvirt can name; those with a process run, the others are shut off."""
    cpu = host.cpu
    return (
        f"<node>\n<cpu><mhz>{cpu.base_khz // 1000}</mhz><model>x86_64</model><active>{cpu.count}</active>"
        f"<nodes>{host.nodes}</nodes><sockets>{cpu.packages}</sockets><cores>{cpu.cores // cpu.packages}</cores>"
        f"<threads>{cpu.threads}</threads></cpu>\n<memory>{host.memory_kib}</memory>\n"
        "<network><name>default</name><forward mode='nat'/><ip address='192.168.122.1' netmask='255.255.255.0'/>"
        "</network>\n" + "\n".join(domain_xml(g) for g in host.guests if "/" not in g.name) + "\n</node>\n"
    )


def write_node(host: Host, folder: str) -> str:
    """Writes the node's file into a folder and returns the URI that opens it."""
    path = os.path.join(folder, "node.xml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(node_xml(host))
    return f"test://{path}"
