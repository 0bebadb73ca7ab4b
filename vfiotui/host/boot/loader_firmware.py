"""What the running boot tells of its loader: the variables of the firmware and the kernel's own command line."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.formats.loaders.efi_load_option import LoadOption, file_of, parse, text_of
from vfiotui.host.boot.loader_clue import Clue
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.boot.cmdline import CommandLine

VENDOR = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
"""The Boot Loader Interface of systemd (systemd.io/BOOT_LOADER_INTERFACE)."""
GLOBAL = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
"""EFI_GLOBAL_VARIABLE (UEFI specification, 3.3)."""
EFIVARS = "/sys/firmware/efi/efivars"
PLACES = ("/efi", "/boot/efi", "/boot")
"""Where the EFI system partition is mounted."""
NAMES = (("systemd-boot", "systemd-boot"), ("grub", "grub"), ("limine", "limine"), ("refind", "refind"))
KERNELS = ("vmlinuz", "bzimage", "linux", "kernel")


def efi_text(root: Root, name: str) -> Reading[str]:
    """A text variable of the boot loader interface: four bytes of attributes, then UTF-16 with a final NUL."""
    data = root.bytes(f"{EFIVARS}/{name}-{VENDOR}", 4096)
    return data if isinstance(data, Unread) else text_of(data[4:])


def boot_option(root: Root) -> LoadOption | None:
    """The firmware's entry from which this boot came: the one that BootCurrent names."""
    current = root.bytes(f"{EFIVARS}/BootCurrent-{GLOBAL}", 16)
    if isinstance(current, Unread) or len(current) < 6:
        return None
    number = int.from_bytes(current[4:6], "little")
    data = root.bytes(f"{EFIVARS}/Boot{number:04X}-{GLOBAL}", 1 << 16)
    return None if isinstance(data, Unread) else parse(data[4:])


def loader_of_program(path: str) -> str:
    r"""The loader that an EFI program belongs to, by its path; empty where the path does not tell.

    >>> loader_of_program("\\EFI\\debian\\shimx64.efi"), loader_of_program("\\EFI\\BOOT\\BOOTX64.EFI")
    ('grub', '')
    """
    parts = file_of(path).lower().split("/")
    folder, name = parts[-2], parts[-1]
    if "limine" in folder + name:
        return "limine"
    if "refind" in folder + name:
        return "refind"
    if folder == "systemd" or name.startswith("systemd-boot"):
        return "systemd-boot"
    if name.startswith(("grub", "shim")) and folder != "boot":
        return "grub"
    if folder == "linux" and name.endswith(".efi"):
        return "uki"
    return "efistub" if name.startswith(KERNELS) else ""


def _firmware_entry(option: LoadOption) -> Clue:
    name = loader_of_program(option.path)
    words = f"the firmware's entry {option.description!r} started {option.path!r} (EFI variable BootCurrent)"
    if name == "grub" and "shim" in option.path.lower():
        words += ", which starts GRUB"
    if name == "efistub":
        words += ": the kernel itself, with the words that this entry holds"
    return Clue(name, 3 if name else 0, words)


def running(root: Root) -> Iterator[Clue]:
    """What started this boot. The last one in the chain hands the kernel its words, so it comes first."""
    line = CommandLine(or_else(root.text("/proc/cmdline", 1 << 14), ""), "/proc/cmdline")
    image = line.last("BOOT_IMAGE")
    option = boot_option(root)
    first = _firmware_entry(option) if option is not None else None
    stub, info = efi_text(root, "StubInfo"), efi_text(root, "LoaderInfo")
    unified = not isinstance(stub, Unread) and bool(stub)
    chained = 1 if image or unified else 3
    if image:
        yield _boot_image(root, image, line)
    elif unified:
        # Limine and rEFInd leave no variable of their own, and may hand words to the image that it takes.
        weight = 2 if first is not None and first.name in ("limine", "refind") else 3
        yield Clue("uki", weight, f"the kernel was started as a unified image by {stub!r} (EFI variable StubInfo)")
    elif any("\\" in v for v in line.values("initrd") if v):
        yield Clue("", 0, "initrd= with backslashes on the command line: an EFI program started the kernel, not GRUB")
    named = ""
    if not isinstance(info, Unread) and info:
        named = next((n for w, n in NAMES if w in info.lower()), "")
        weight = 3 if named == "grub" else chained
        yield Clue(named, weight if named else 0, f"the loader named itself {info!r} (EFI variable LoaderInfo)")
    if first is not None:
        # The firmware's entry is the first of the chain: it counts where the later ones do not speak.
        counts = not named and (chained == 3 or (unified and first.name in ("limine", "refind")))
        yield first if counts else Clue(first.name, min(first.weight, 1), first.sentence)


GRUB_FILES = ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg", "/etc/default/grub")
SYSLINUX_FILES = (
    "/boot/extlinux.conf /boot/extlinux/extlinux.conf /extlinux.conf /boot/syslinux/syslinux.cfg"
    " /boot/syslinux/extlinux.conf /syslinux/syslinux.cfg /boot/syslinux.cfg /etc/update-extlinux.conf"
).split()


def _boot_image(root: Root, image: str, line: CommandLine) -> Clue:
    """GRUB, SYSLINUX, EXTLINUX, LILO and zipl write BOOT_IMAGE=; only GRUB names a disk of its own in it."""
    words = f"BOOT_IMAGE={image} on the kernel command line"
    there = {
        "grub": any(root.exists(p) is True for p in GRUB_FILES),
        "syslinux": any(root.exists(p) is True for p in SYSLINUX_FILES),
    }
    if image.startswith("("):
        return Clue("grub", 3, f"{words} is GRUB's mark: it names a disk as GRUB does (/proc/cmdline)")
    if there["syslinux"] and (not there["grub"] or any(v for v in line.values("initrd") if v and "\\" not in v)):
        return Clue("syslinux", 3, f"{words} is SYSLINUX's or EXTLINUX's, whose files are here (/proc/cmdline)")
    if there["grub"] and not there["syslinux"]:
        return Clue("grub", 3, f"{words} is GRUB's, whose files are here (/proc/cmdline)")
    return Clue("grub", 2, f"{words} is GRUB's, or SYSLINUX's, EXTLINUX's, LILO's or zipl's (/proc/cmdline)")


def partition(root: Root) -> str:
    """The GPT partition from which the loader came, in lower case; empty where nothing tells."""
    told = efi_text(root, "LoaderDevicePartUUID")
    if not isinstance(told, Unread) and told:
        return told.lower()
    option = boot_option(root)
    return option.partition if option is not None else ""


def other_partition(root: Root) -> Clue | None:
    """That the mounted EFI partition is not the one from which this boot came; None where it is, or nobody can tell."""
    wanted = partition(root)
    link = root.link(f"/dev/disk/by-partuuid/{wanted}") if wanted else ""
    mounts = root.lines("/proc/self/mounts")
    if isinstance(link, Unread) or not link or isinstance(mounts, Unread):
        return None
    device = "/dev/" + link.rpartition("/")[2]
    entries = [words for m in mounts if len(words := m.split(" ")) > 2]
    at = [words[1] for words in entries if words[0] == device]
    if set(at) & set(PLACES):
        return None
    others = [words[1] for words in entries if words[1] in PLACES and words[2] == "vfat" and words[0] != device]
    if others:
        sentence = f"this boot came from {device}, but another EFI partition is mounted at {', '.join(others)}"
    else:
        sentence = f"this boot came from the EFI partition {device}, which is mounted at none of {', '.join(PLACES)}"
    return Clue("", 0, sentence)
