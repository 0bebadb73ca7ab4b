"""When the initramfs and its sources were changed last."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.host.pci.modules import kernel_release
from vfiotui.host.root.config_files import FOLDERS
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.boot.boot import Images, Stamp

SOURCES = (
    "/etc/initramfs-tools/modules",
    "/etc/initramfs-tools/initramfs.conf",
    "/etc/mkinitcpio.conf",
    "/etc/dracut.conf",
    "/etc/booster.yaml",
)
FOLDERS_OF_TOOLS = (
    "/etc/initramfs-tools/conf.d",
    "/etc/initramfs-tools/scripts/init-top",
    "/etc/mkinitcpio.conf.d",
    "/etc/dracut.conf.d",
)


def image_paths(root: Root, release: str) -> tuple[str, ...]:
    """Where the tools put the image of a kernel; Arch names it after the package, not the release."""
    package = or_else(root.text(f"/usr/lib/modules/{release}/pkgbase", 4096), "").strip()
    return (
        f"/boot/initrd.img-{release}",
        f"/boot/initramfs-{release}.img",
        f"/boot/initrd-{release}",
        *((f"/boot/initramfs-{package}.img", f"/boot/booster-{package}.img") if package else ()),
    )


def stamps(root: Root, paths: Iterable[str]) -> tuple[Stamp, ...]:
    """Those of the files that are there."""
    found = ((p, root.stat(p)) for p in paths)
    return tuple(Stamp(p, s.mtime) for p, s in found if not isinstance(s, Unread) and s.kind == "file")


def read(root: Root) -> Reading[Images]:
    """The image of the running kernel, or of the newest installed one; captures keep no such times."""
    release = kernel_release(root)
    if isinstance(release, Unread):
        return release
    built = stamps(root, image_paths(root, release))
    if not built:
        where = root.names("/boot")
        if isinstance(where, Unread):
            return where
        return Unread(f"no initramfs of kernel {release} is there", Why.ABSENT, "/boot")
    folders = (*(f"{top}/modprobe.d" for top in FOLDERS[:1]), *FOLDERS_OF_TOOLS)
    inside = (f"{f}/{n}" for f in folders for n in or_else(root.names(f), ()))
    return Images(built, stamps(root, (*SOURCES, *inside)))
