"""Systems whose boot images and menu are made by a tool of the whole system, from a place that no file of /etc is."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass

TITLES = {
    "nixos": "NixOS",
    "guix": "Guix",
    "rpm-ostree": "rpm-ostree",
    "bootc": "bootc",
    "ostree": "ostree",
    "transactional-update": "transactional-update",
    "steamos": "SteamOS",
    "ubuntu-core": "Ubuntu Core",
    "abroot": "ABRoot",
    "truenas": "TrueNAS",
    "unraid": "Unraid",
}
"""Every kind, and how a sentence names it."""


@dataclass(frozen=True, slots=True)
class Managed:
    """Who makes this system's images and menu."""

    name: str = ""
    """A key of TITLES; empty where files of /etc and the usual generators do."""
    evidence: str = ""
    """What was seen, with its path."""

    @property
    def title(self) -> str:
        """How a sentence names it."""
        return TITLES.get(self.name, self.name)
