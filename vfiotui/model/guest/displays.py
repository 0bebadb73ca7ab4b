"""How a person reaches a guest's screen and its serial console from outside."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Display:
    """One <graphics>."""

    kind: str
    """vnc, spice, sdl, dbus, …"""
    port: int | None = None
    """None where libvirt has given none: the guest does not run, or the screen has a socket."""
    tls_port: int | None = None
    listen: str = ""
    """The address that it listens on; empty where the XML gives none, and libvirt's default holds."""
    socket: str = ""

    @property
    def address(self) -> str:
        """What a viewer is given; empty where there is nothing to connect to.

        >>> Display("vnc", 5900, listen="127.0.0.1").address, Display("spice", None, 5901, "::1").address
        ('vnc://127.0.0.1:5900', 'spice://[::1]?tls-port=5901')
        """
        if self.socket:
            return f"{self.kind}+unix://{self.socket}"
        host = f"[{self.listen}]" if ":" in self.listen else self.listen or "127.0.0.1"
        if self.port is not None:
            return f"{self.kind}://{host}:{self.port}"
        return "" if self.tls_port is None else f"{self.kind}://{host}?tls-port={self.tls_port}"


@dataclass(frozen=True, slots=True)
class Console:
    """One <console>."""

    kind: str
    """pty, unix, tcp, file, …"""
    path: str = ""
    """The host's terminal, socket or file; empty where the guest does not run."""
