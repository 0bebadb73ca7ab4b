"""Whether a daemon of libvirt can be reached at all: its sockets."""

from __future__ import annotations

from vfiotui.host.root.root import Root

FOLDERS = ("/run/libvirt", "/var/run/libvirt", "/usr/local/var/run/libvirt", "/usr/local/run/libvirt")
"""Where libvirt's builds put them (src/remote/meson.build: runstatedir); the last two are of builds by hand."""
SOCKETS = ("libvirt-sock", "libvirt-sock-ro", "virtqemud-sock", "virtqemud-sock-ro")
"""Of the one daemon for all, and of the one for QEMU."""


def listens(root: Root) -> bool:
    """Whether a socket of the system's daemon is there, or whether that cannot be seen."""
    return any(root.exists(f"{folder}/{name}") is not False for folder in FOLDERS for name in SOCKETS)
