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
    stub, info = efi_text(root, "StubInfo"), efi_text(root, "LoaderInfo")
    unified = not isinstance(stub, Unread) and bool(stub)
    chained = 1 if image or unified else 3
    if image:
        yield Clue("grub", 3, f"BOOT_IMAGE={image} on the kernel command line is GRUB's mark (/proc/cmdline)")
    elif unified:
        yield Clue("uki", 3, f"the kernel was started as a unified image by {stub!r} (EFI variable StubInfo)")
    elif any("\\" in v for v in line.values("initrd") if v):
        yield Clue("", 0, "initrd= with backslashes on the command line: an EFI program started the kernel, not GRUB")
    named = ""
    if not isinstance(info, Unread) and info:
        named = next((n for w, n in NAMES if w in info.lower()), "")
        weight = 3 if named == "grub" else chained
        yield Clue(named, weight if named else 0, f"the loader named itself {info!r} (EFI variable LoaderInfo)")
    option = boot_option(root)
    if option is not None:
        clue = _firmware_entry(option)
        # The firmware's entry is the first of the chain: it counts where the later ones do not speak.
        yield clue if not named and chained == 3 else Clue(clue.name, min(clue.weight, 1), clue.sentence)


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
