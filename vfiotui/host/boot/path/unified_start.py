"""The boot path of unified images: started by systemd-boot, by the firmware itself, or from the removable path."""

from __future__ import annotations

from functools import cmp_to_key

from vfiotui.formats.loaders.boot_version import compare
from vfiotui.formats.loaders.efi_load_option import text_of
from vfiotui.host.boot.path import firmware, systemd_boot, unified
from vfiotui.host.boot.path.embedded import partition_of
from vfiotui.host.boot.path.firmware import REMOVABLE, Start
from vfiotui.host.boot.path.kernels import with_built_in
from vfiotui.host.boot.path.places import in_folder
from vfiotui.host.boot.path.sdboot_partitions import find_partitions
from vfiotui.host.boot.path.unified import UnifiedImage
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import replace
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootEntry, BootPath, PathStep

LOADER = "uki"
ALONE = "it is the only unified image on the EFI partitions"
OPEN = "the firmware's entries say which of the unified images starts, and they are not visible here"


def find(root: Root) -> Reading[BootPath]:
    """What starts a unified image here, and which; several candidates where only the firmware's entries tell."""
    start = firmware.first(firmware.starts(root))
    if start is not None and start.kind == LOADER and isinstance(start.file, str):
        return _started(root, start, start.file)
    if (start is not None and start.kind == "systemd-boot") or _has_loader(root):
        return systemd_boot.find(root)
    return _all(root)


def _has_loader(root: Root) -> bool:
    """Whether systemd-boot is on an EFI partition: its program or its configuration."""
    esp = find_partitions(root).esp
    return bool(esp) and (
        bool(in_folder(root, esp, systemd_boot.CONF)) or systemd_boot.version(root, esp) > 0
        or any(n.lower().startswith("systemd-boot") for n in or_else(root.names(f"{esp}/EFI/systemd"), ()))
    )  # fmt: skip


def entry_of(root: Root, image: UnifiedImage, why: str, passed: str = "") -> tuple[BootEntry, unified.StubWords]:
    """The image's first profile as an entry; the words that its starter passes begin with @N for another profile."""
    number, passed = _profile(passed)
    profile = image.profiles[number if number < len(image.profiles) else 0]
    stub = unified.stub_words(root, partition_of(image.path), image, profile.number, passed)
    release: Reading[str] = profile.release or Unread("has no .uname section", Why.ABSENT, image.path)
    words = CommandLine(with_built_in(root, release, stub.text), image.path)
    name = image.path.rpartition("/")[2]
    return BootEntry(LOADER, name, image.path, image.path, release, (), words, why, unified=True), stub


def _profile(passed: str) -> tuple[int, str]:
    """The profile that the words ask for at their beginning, and the words without that."""
    first, _, rest = passed.partition(" ")
    number = first[1:]
    if first.startswith("@") and number.isascii() and number.isdigit() and len(number) < 11:
        return int(number), rest
    return 0, passed


def _started(root: Root, start: Start, path: str) -> Reading[BootPath]:
    image = unified.read(root, path)
    if isinstance(image, Unread):
        return image
    text = text_of(start.option.options)
    # Some firmware writes records of its own there; the stub takes only what can be text.
    passed = text if all(c >= " " for c in text) else ""
    entry, stub = entry_of(root, image, f"the firmware starts it: {start.name}", passed)
    return BootPath(LOADER, stub.steps, (entry,), (entry,), "", stub.missing)


def _all(root: Root) -> Reading[BootPath]:
    found: list[BootEntry] = []
    steps: list[PathStep] = []
    missing: list[Unread] = []
    for path in unified.image_files(root):
        image = unified.read(root, path)
        if isinstance(image, Unread):
            missing.append(image)
            continue
        entry, stub = entry_of(root, image, ALONE)
        found.append(entry)
        steps += stub.steps
        missing += stub.missing
    if not found:
        return missing[0] if missing else Unread("no unified image was found", Why.ABSENT, "/efi/EFI/Linux")
    if len(found) == 1:
        steps.insert(0, PathStep(ALONE, found[0].source))
    else:
        found = sorted((replace(e, why=OPEN) for e in found), key=cmp_to_key(_likelier))
    return BootPath(LOADER, tuple(steps), tuple(found), tuple(found), OPEN if len(found) > 1 else "", tuple(missing))


def _likelier(a: BootEntry, b: BootEntry) -> int:
    """The removable path comes last, as the firmware tries it last, and fallback images ahead of it; then the newest
    name, as systemd-boot orders them."""

    def last(entry: BootEntry) -> tuple[bool, bool]:
        low = entry.source.lower()
        return low.endswith(tuple(f"/{r.lower()}" for r in REMOVABLE)), "fallback" in low

    return (last(a) > last(b)) - (last(a) < last(b)) or -compare(a.name, b.name)
