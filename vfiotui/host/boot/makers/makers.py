"""The makers of this system's boot images: the tool, its commands, and what they build and write.

Where the images lie: dracut(8), and dracut.sh for `outfile`; kernel-install(8), layouts bls and uki; presets.
"""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.host.boot.kernel import installed
from vfiotui.host.boot.loader_firmware import PLACES
from vfiotui.host.boot.makers.kernel_install import (
    copies_by_kernel_install,
    entry_folders,
    has_program,
    is_hooked,
    kernel_installs,
    tokens,
)
from vfiotui.host.boot.makers.presets import default_config, preset_builds
from vfiotui.host.root.config_files import ConfigFiles
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, or_else
from vfiotui.model.boot.boot import ConfigFile, Loader
from vfiotui.model.boot.makers import Build, Makers

BOOSTER = "/usr/lib/booster/regenerate_images"
UNIFIED = tuple(f"{place}/EFI/Linux/*.efi" for place in PLACES)
ENTRIES = tuple(f"{place}/loader/entries/*.conf" for place in PLACES)


def read_makers(root: Root, tool: Reading[str], loader: Loader) -> Makers:
    """How the boot images are made, as far as the files of the root tell."""
    name = or_else(tool, "none")
    files = ConfigFiles(root)
    made = {
        "mkinitcpio": _mkinitcpio,
        "dracut": _dracut,
        "initramfs-tools": _initramfs_tools,
        "booster": _booster,
    }
    if name not in made:
        return Makers("none", why="no tool that builds an initramfs was found")
    commands, why, builds, images, more = made[name](root, loader, files)
    return Makers(
        tool=name,
        commands=commands,
        why="" if commands else why,
        builds=builds,
        products=tuple(dict.fromkeys((*images, *more))),
        images=images,
        unread=tuple(files.missing),
    )


Found = tuple[tuple[tuple[str, ...], ...], str, tuple[Build, ...], tuple[str, ...], tuple[str, ...]]
"""Commands, why there is none, builds, images, what else is written."""


def _no_program(name: str) -> str:
    return f"the program {name} was not found"


def _initrds(root: Root, folders: Iterable[str]) -> tuple[str, ...]:
    """initrd in the folder of each kernel: of those that are installed, and of those that lie there."""
    found: dict[str, None] = {}
    for folder in folders:
        for name in (*installed(root), *or_else(root.names(folder), ())):
            found.setdefault(f"{folder}/{name}/initrd")
    return tuple(found)


def _by_kernel_install(root: Root, plugin: str) -> tuple[tuple[str, ...], ...]:
    """The commands where kernel-install builds the images with a plugin of the tool; none where it does not."""
    if has_program(root, "reinstall-kernels"):
        return (("reinstall-kernels",),)
    folders = ("/usr/lib/kernel/install.d", "/etc/kernel/install.d")
    plugged = any(root.exists(f"{folder}/{plugin}") is True for folder in folders)
    return kernel_installs(root) if plugged and has_program(root, "kernel-install") else ()


def _mkinitcpio(root: Root, loader: Loader, files: ConfigFiles) -> Found:
    builds = preset_builds(root, files)
    there = has_program(root, "mkinitcpio")
    named = tuple(path for build in builds for path in (build.image, build.unified) if path)
    usual = ("/boot/initramfs-*.img", *UNIFIED)
    if loader.name == "limine" and has_program(root, "limine-mkinitcpio"):
        # Only the last name of a product is a pattern.
        inside = ((folder, or_else(root.names(folder), ())) for folder in entry_folders(root))
        folders = tuple(f"{folder}/{name}/*" for folder, names in inside for name in names)
        build = Build("mkinitcpio", "limine-mkinitcpio", "/etc/default/limine", default_config(root))
        menus = tuple(f"{place}/limine.conf" for place in PLACES)
        return (("limine-mkinitcpio",),), "", (build,), (*folders, *named, *usual), menus
    if builds or files.missing:
        return (("mkinitcpio", "-P"),) if there else (), _no_program("mkinitcpio"), builds, (*named, *usual), ()
    images = (*_initrds(root, entry_folders(root)), *usual)
    commands = _by_kernel_install(root, "50-mkinitcpio.install") if there else ()
    config = default_config(root)
    build = Build("mkinitcpio", "", config[0], config)
    why = "no preset in /etc/mkinitcpio.d asks for an image, and kernel-install does not call mkinitcpio"
    return commands, why if there else _no_program("mkinitcpio"), (build,), images, ENTRIES


def _dracut(root: Root, loader: Loader, files: ConfigFiles) -> Found:
    folders = [f"{place}/{t}" for place in PLACES for t in tokens(root)]
    ours = (
        folder
        for folder in folders
        if isinstance(root.names(folder), tuple)
        and isinstance(root.names(f"{folder.rpartition('/')[0]}/loader/entries"), tuple)
    )
    own = _initrds(root, ours)
    config = tuple(f.path for f in dracut_config(root, files))
    images = (*own, "/boot/initramfs-*.img", "/boot/initrd-*", "/boot/initrd.img-*", *UNIFIED)
    build = Build("dracut", "", config[0] if config else "/etc/dracut.conf", config, image=images[0])
    if own and has_program(root, "reinstall-kernels"):
        return (("reinstall-kernels",),), "", (build,), images, ENTRIES
    there = has_program(root, "dracut")
    commands: tuple[tuple[str, ...], ...] = (("dracut", "-f", "--regenerate-all"),) if there else ()
    if there and any(path.endswith(".efi") for path in copies_by_kernel_install(root, loader)):
        # dracut alone leaves the unified images that kernel-install made as they are.
        commands = (*commands, *kernel_installs(root))
    return commands, _no_program("dracut"), (build,), images, ()


def dracut_config(root: Root, files: ConfigFiles) -> tuple[ConfigFile, ...]:
    """dracut's configuration in the order in which it is read: a file in /etc hides its namesake of the vendor."""
    chosen: dict[str, str] = {}
    for folder in ("/etc/dracut.conf.d", "/usr/lib/dracut/dracut.conf.d"):
        for name in files.names(folder):
            if name.endswith(".conf"):
                chosen.setdefault(name, f"{folder}/{name}")
    return (*files.one("/etc/dracut.conf"), *files.several(chosen[name] for name in sorted(chosen)))


def _initramfs_tools(root: Root, loader: Loader, files: ConfigFiles) -> Found:
    there = has_program(root, "update-initramfs")
    commands: tuple[tuple[str, ...], ...] = (("update-initramfs", "-u", "-k", "all"),) if there else ()
    config = ("/etc/initramfs-tools/initramfs.conf", "/etc/initramfs-tools/modules")
    build = Build("initramfs-tools", "", config[0], config, image="/boot/initrd.img-*")
    images: tuple[str, ...] = ("/boot/initrd.img-*",)
    more: tuple[str, ...] = ("/var/lib/initramfs-tools/*",)
    copies = copies_by_kernel_install(root, loader)
    if copies and not is_hooked(root):
        commands = (*commands, *kernel_installs(root)) if there else ()
        images, more = (*images, *copies), (*more, *UNIFIED, *ENTRIES)
    return commands, _no_program("update-initramfs"), (build,), images, more


def _booster(root: Root, loader: Loader, files: ConfigFiles) -> Found:
    there = has_program(root, "booster")
    build = Build("booster", "", "/etc/booster.yaml", ("/etc/booster.yaml",), image="/boot/booster-*.img")
    return ((BOOSTER,),) if there else (), _no_program("booster"), (build,), ("/boot/booster-*.img",), ()
