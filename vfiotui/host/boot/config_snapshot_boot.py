"""What planners must know of the boot partitions beside configuration files: kernels, unified images, enrolments."""

from __future__ import annotations

from vfiotui.host.boot.loader_firmware import PLACES
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread, or_else

PROGRAM_LIMIT = 16 << 20
LIMINE_PROGRAMS = ("EFI/limine", "EFI/BOOT", "limine")
ENROLLED = b"++CONFIG_B2SUM_SIGNATURE++"
"""Behind this mark Limine's program holds the checksum of its configuration, 128 digits, all 0 where none is enrolled
(limine common/lib/config.c; `limine enroll-config`)."""


def kernels(root: Root) -> dict[str, str]:
    """Release → the kernel's file, for the releases whose modules are installed."""
    found = {}
    for release in or_else(root.names("/lib/modules"), ()):
        places = (f"/usr/lib/modules/{release}/vmlinuz", f"/boot/vmlinuz-{release}")
        image = next((p for p in places if root.exists(p) is True), None)
        if image:
            found[release] = image
    return found


def unified(root: Root) -> tuple[str, ...]:
    """The unified kernel images on the mounted boot partitions."""
    folders = (f"{place}/EFI/Linux" for place in PLACES)
    found = [f"{f}/{n}" for f in folders for n in or_else(root.names(f), ()) if n.lower().endswith(".efi")]
    return tuple(found)


SCRIPTS = "/etc/initramfs-tools/scripts/init-top"


def not_executable(root: Root) -> frozenset[str]:
    """Boot scripts that mkinitramfs leaves out of the order, as they lack the executable bit (hook-functions).

    None of a capture, which keeps no modes.
    """
    if root.origin is Mode.CAPTURE:
        return frozenset()
    paths = [f"{SCRIPTS}/{name}" for name in or_else(root.names(SCRIPTS), ())]
    found = ((path, root.stat(path)) for path in paths)
    return frozenset(p for p, s in found if not isinstance(s, Unread) and s.kind == "file" and not s.mode & 0o111)


def enrolled(root: Root) -> tuple[str, ...]:
    """Limine's programs that start with one configuration only, to the byte."""
    found = []
    for folder in (f"{place}/{name}" for place in PLACES for name in LIMINE_PROGRAMS):
        for name in or_else(root.names(folder), ()):
            if not name.lower().endswith((".efi", "bios.sys")):
                continue
            data = root.bytes(f"{folder}/{name}", PROGRAM_LIMIT)
            if isinstance(data, Unread) or ENROLLED not in data:
                continue
            checksum = bytes(data).partition(ENROLLED)[2][:128]
            if checksum.strip(b"0"):
                found.append(f"{folder}/{name}")
    return tuple(found)
