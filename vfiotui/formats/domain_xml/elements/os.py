"""<os>: the firmware that a guest starts with."""

from __future__ import annotations

from vfiotui.formats.domain_xml.declared import TEXT, Part, Switch, Word
from vfiotui.model.guest.domain_boot import GuestBoot


class Os(Part):
    """How the guest boots."""

    path = "os"
    firmware = Word("firmware", "efi or bios: libvirt chooses the image")


class OsType(Part):
    """What kind of machine the guest is."""

    path = "os/type"
    kind = Word(TEXT, "hvm: a whole machine")
    arch = Word("arch", "x86_64, aarch64, …")
    machine = Word("machine", "pc-q35-9.2, q35, pc, …")


class Loader(Part):
    """The firmware's image."""

    path = "os/loader"
    file = Word(TEXT, "its path")
    type = Word("type", "pflash or rom")
    format = Word("format", "raw or qcow2")


class Nvram(Part):
    """The firmware's variables."""

    path = "os/nvram"
    file = Word(TEXT, "their path")
    format = Word("format", "raw or qcow2")
    template = Word("template", "the file that libvirt makes them from")


class NvramSource(Part):
    """The firmware's variables, as libvirt 8.5 and later may write them."""

    path = "os/nvram/source"
    file = Word("file", "their path")


class FirmwareFeature(Part):
    """What the image that libvirt chooses must have, or must not."""

    path = "os/firmware/feature"
    name = Word("name", "secure-boot or enrolled-keys")
    enabled = Switch("enabled", "whether it must have it", "yes", "no")


def boot_of(domain: Part) -> GuestBoot:
    """Firmware, variables and architecture."""
    top = Os.of(domain)
    if not top.given:
        return GuestBoot()
    kind, loader, nvram = OsType.of(top), Loader.of(top), Nvram.of(top)
    return GuestBoot(
        kind=kind.kind,
        arch=kind.arch,
        autoselect=top.firmware,
        loader=loader.file,
        loader_type=loader.type,
        loader_format=loader.format,
        nvram=nvram.file or NvramSource.of(nvram).file,
        nvram_format=nvram.format,
        nvram_template=nvram.template,
        features=tuple((f.name, f.enabled is True) for f in FirmwareFeature.each(top)),
    )


def firmware_word(boot: GuestBoot) -> str:
    """The firmware in a word: what is asked for, the flash image's path, or bios."""
    if boot.autoselect:
        return boot.autoselect
    return (boot.loader or "efi") if boot.loader_type == "pflash" else "bios"
