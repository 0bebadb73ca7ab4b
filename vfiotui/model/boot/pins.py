"""What binds a hash, a signature or a TPM's policy to what the next boot loads: part of the boot path."""

from __future__ import annotations

from enum import StrEnum

from vfiotui.model.base.value import dataclass


class PinKind(StrEnum):
    """How something is pinned."""

    LIMINE_HASH = "hash in limine.conf"
    """Limine stops at a file with another hash."""
    GRUB_SIGNATURE = "GRUB signature"
    """GRUB loads files with a detached signature only."""
    SIGNED_IMAGE = "Secure Boot"
    """The firmware starts an image only where its signature is known."""
    TPM = "TPM"
    """A volume opens by itself while measured values stay as they were."""
    VERITY = "dm-verity"
    """The root file system is checked against a hash on the command line."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One thing that a change may break."""

    kind: PinKind
    target: str
    """The file, or for a TPM the device, that is pinned."""
    source: str
    """Where it was read, with ":LINE" where a line says it."""
    renewed_by: str = ""
    """The tool that makes the pin anew when it builds; empty where none was found."""
    maker: str = ""
    """Of a TPM's slot: systemd or clevis; empty where the header could not be read."""
    pcrs: frozenset[int] = frozenset()
    """Of a TPM's slot: the registers that it is bound to; by systemd's default 7 where the header could not be read."""
    signed_pcrs: frozenset[int] = frozenset()
    """Registers for which a signed policy is enough."""
    pcrlock: bool = False
    others: int | None = None
    """Other ways to open the volume; None where the header could not be read."""
