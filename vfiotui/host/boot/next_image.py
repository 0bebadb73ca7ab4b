"""The initramfs of the next boot: every file that the boot path's entry loads, put together as the kernel does.

Where the loader's entries are not followed it is found by its name: that of the kernel that runs, or of the newest.
"""

from __future__ import annotations

from vfiotui.host.boot.image import read
from vfiotui.host.boot.images import image_paths
from vfiotui.host.pci.modules import kernel_release
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.boot.image import Image
from vfiotui.model.boot.next_boot import NextBoot
from vfiotui.model.boot.path import BootEntry, BootPath

UKI_FOLDERS = ("/efi/EFI/Linux", "/boot/EFI/Linux", "/boot/efi/EFI/Linux")
CANDIDATES_LIMIT = 4
"""Images of so many candidates are read: each takes about a second."""


def read_boots(root: Root, path: Reading[BootPath]) -> tuple[NextBoot, ...]:
    """Every boot that may come next, in the order of the path's candidates; at least one.

    Entries of other systems are left out. Images beyond the limit are Unread.
    """
    if isinstance(path, Unread) or not path.own:
        return (NextBoot(None, by_name(root)),)
    images: dict[tuple[str, ...], Reading[Image]] = {}
    for entry in path.own:
        files = _files(root, entry)
        if files not in images:
            images[files] = (
                _joined(root, files)
                if len(images) < CANDIDATES_LIMIT
                else Unread(f"was not read: more than {CANDIDATES_LIMIT} images may boot", Why.NOT_HERE)
            )
    return tuple(NextBoot(entry, images[_files(root, entry)]) for entry in path.own)


def _files(root: Root, entry: BootEntry) -> tuple[str, ...]:
    """What the entry loads; by the kernel's name where the entry is not whole, as its kernel is not there."""
    if entry.unified and isinstance(entry.kernel, str):
        return (entry.kernel,)
    if entry.initrds or not isinstance(entry.kernel, Unread):
        return entry.initrds
    if isinstance(entry.release, str):
        paths = image_paths(root, entry.release)
        return (next((p for p in paths if root.exists(p) is True), paths[0]),)
    named = path_by_name(root)
    return ("/boot/initrd.img",) if isinstance(named, Unread) else (named,)


def _joined(root: Root, files: tuple[str, ...]) -> Reading[Image]:
    """The files in order, as if they were one: of equal names the last one counts (init/initramfs.c)."""
    if not files:
        return Image("", 0, (), {})
    found = [read(root, path) for path in files]
    whole = [image for image in found if isinstance(image, Image)]
    unread = next((image for image in found if isinstance(image, Unread)), None)
    if unread is not None and (not whole or found[-1] is unread):
        return unread
    main = max(whole, key=lambda image: len(image.files))
    if len(whole) == 1 and unread is None:
        return main
    return Image(
        main.path,
        sum(image.size for image in whole),
        tuple(part for image in whole for part in image.parts),
        {name: file for image in whole for name, file in image.files.items()},
        next((image.fault for image in whole if image.fault), "" if unread is None else str(unread)),
        main.cmdline,
        main.release,
    )


def path_by_name(root: Root) -> Reading[str]:
    """The image of the running kernel, or of the newest one; else of kernel-install, else the newest unified one."""
    release = kernel_release(root)
    if isinstance(release, Unread):
        return release
    ids = [n for n in or_else(root.names("/boot"), ()) if len(n) == 32]
    places = [*image_paths(root, release), *(f"/boot/{i}/{release}/{n}" for i in ids for n in ("initrd", "initramfs"))]
    found = next((p for p in places if root.exists(p) is True), None)
    if found is not None:
        return found
    unified = [f"{f}/{n}" for f in UKI_FOLDERS for n in or_else(root.names(f), ()) if n.endswith(".efi")]
    times = {p: s.mtime for p in unified if not isinstance(s := root.stat(p), Unread)}
    if times:
        return max(times, key=lambda p: (release in p, times[p]))
    forbidden = root.names("/boot")
    return (
        forbidden
        if isinstance(forbidden, Unread)
        else Unread(f"no initramfs of kernel {release} is there", Why.ABSENT, "/boot")
    )


def by_name(root: Root) -> Reading[Image]:
    """The image that the next boot would use, as far as names tell."""
    path = path_by_name(root)
    return path if isinstance(path, Unread) else read(root, path)
