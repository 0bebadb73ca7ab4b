"""The demo's guests for libvirt's own test driver: test:///FILE opens a node that is described in a file."""

from __future__ import annotations

import os

from vfiotui.demo.description import Host

NAMESPACE = "http://libvirt.org/schemas/domain/test/1.0"


def node_xml(host: Host) -> str:
    """The node with all guests; those with a process run, the others are shut off (runstate 5)."""
    guests = []
    for guest in host.guests:
        xml = guest.xml.replace("<domain type='kvm'>", f"<domain type='test' xmlns:test='{NAMESPACE}'>", 1)
        state = 1 if guest.pid is not None else 5
        guests.append(xml.replace("</domain>", f"  <test:runstate>{state}</test:runstate>\n</domain>"))
    cpu = host.cpu
    return (
        f"<node>\n<cpu><mhz>{cpu.base_khz // 1000}</mhz><model>x86_64</model><active>{cpu.count}</active>"
        f"<nodes>{host.nodes}</nodes><sockets>{cpu.packages}</sockets><cores>{cpu.cores // cpu.packages}</cores>"
        f"<threads>{cpu.threads}</threads></cpu>\n<memory>{host.memory_kib}</memory>\n"
        + "\n".join(guests)
        + "\n</node>\n"
    )


def write_node(host: Host, folder: str) -> str:
    """Writes the node's file into a folder and returns the URI that opens it."""
    path = os.path.join(folder, "node.xml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(node_xml(host))
    return f"test://{path}"
