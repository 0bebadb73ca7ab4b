"""Whether libvirt can choose an EFI firmware for a guest: a fix that asks for one is no fix where there is none."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import ByHand, by_hand, fix


def choose(facts: Facts, domain: Domain, text: str, *goals: tuple[str, str], secure: bool = False) -> Fix:
    """The fix with its goals, or without them what to install first."""
    files = facts.guest_files
    secure = secure or domain.boot.feature("secure-boot") is True
    if not isinstance(files, Unread) and files.efi(secure=secure) == ():
        what = "an EFI firmware with secure boot" if secure else "an EFI firmware"
        return by_hand(ByHand.PROGRAMS, f"install {what} first (ovmf, edk2-ovmf), then {text}", Risk.R2)
    return fix(text, Risk.R2, *goals)
