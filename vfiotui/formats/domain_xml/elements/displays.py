"""How a person reaches the guest's screen and its serial console from outside.

libvirt writes the ports that it gave into the XML of a running guest; -1 and a missing port stand for none
(libvirt.org/formatdomain.html, graphical framebuffers and consoles).
"""

from __future__ import annotations

from vfiotui.formats.domain_xml.declared import Part, Word
from vfiotui.model.guest.displays import Console, Display

MOST_PORTS = 65535


class Graphics(Part):
    """How a person sees the guest's screen."""

    path = "devices/graphics"
    type = Word("type", "spice, vnc, dbus, …")
    port = Word("port", "TCP port; -1 before libvirt has given one")
    tls_port = Word("tlsPort", "TCP port with TLS, of spice")
    listen = Word("listen", "address that it listens on")
    socket = Word("socket", "path of its socket, in place of a port")


class Listen(Part):
    """Where a screen is offered."""

    path = "devices/graphics/listen"
    type = Word("type", "address, network, socket or none")
    address = Word("address", "address that it listens on")
    socket = Word("socket", "path of its socket")


class ConsoleDevice(Part):
    """A serial console of the guest."""

    path = "devices/console"
    type = Word("type", "pty, unix, tcp, file, …")
    tty = Word("tty", "the host's terminal, while the guest runs")


class ConsoleSource(Part):
    """What a console leads to on the host."""

    path = "devices/console/source"
    place = Word("path", "terminal, socket or file")


def _port(word: str) -> int | None:
    """A port that is given; None for -1, 0 and what is none."""
    port = int(word) if word.isascii() and word.isdigit() and len(word) < 6 else 0
    return port if 0 < port <= MOST_PORTS else None


def _display(graphics: Graphics) -> Display:
    listen = Listen.of(graphics)
    return Display(
        graphics.type,
        _port(graphics.port),
        _port(graphics.tls_port),
        listen.address or graphics.listen,
        listen.socket or graphics.socket,
    )


def displays_of(domain: Part) -> tuple[Display, ...]:
    """Every <graphics>, in the order of the XML."""
    return tuple(map(_display, Graphics.each(domain)))


def consoles_of(domain: Part) -> tuple[Console, ...]:
    """Every <console>, in the order of the XML."""
    return tuple(Console(c.type, c.tty or ConsoleSource.of(c).place) for c in ConsoleDevice.each(domain))
