"""How a guest starts: firmware, its variables, and the architecture that they are for."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass

EFI_NAMES = ("ovmf", "edk2", "aavmf", "efi")
"""Parts of the names that distributions give to EFI images."""


@dataclass(frozen=True, slots=True)
class GuestBoot:
    """The <os> element."""

    kind: str = ""
    """hvm, linux, exe, …"""
    arch: str = ""
    autoselect: str = ""
    """The attribute firmware: efi, bios, or empty where none is to be chosen by libvirt."""
    loader: str = ""
    loader_type: str = ""
    """pflash or rom; empty where it is not said."""
    loader_format: str = ""
    """raw or qcow2; empty means raw."""
    nvram: str = ""
    nvram_template: str = ""
    features: tuple[tuple[str, bool], ...] = ()
    """Names below <firmware> with their enabled attribute."""
    nvram_format: str = ""
    """raw or qcow2; empty means raw."""

    @property
    def is_efi(self) -> bool:
        """Whether the firmware is an EFI one, as far as the XML tells: by choice, as flash, or by the image's name."""
        if self.autoselect:
            return self.autoselect == "efi"
        name = self.loader.rpartition("/")[2].lower()
        return self.loader_type == "pflash" or any(part in name for part in EFI_NAMES)

    @property
    def is_x86(self) -> bool:
        """Whether it is a PC; an architecture that is not said is one."""
        return self.arch in ("", "x86_64", "i686")

    def feature(self, name: str) -> bool | None:
        """Whether a firmware feature such as secure-boot is asked for; None where nothing is said."""
        return dict(self.features).get(name)
