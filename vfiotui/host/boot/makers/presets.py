"""What mkinitcpio builds: the images of its presets, from the configuration that each of them names."""

from __future__ import annotations

from vfiotui.formats.initramfs import mkinitcpio_preset
from vfiotui.formats.initramfs.mkinitcpio import CONFIG, DROP_INS, in_order
from vfiotui.formats.initramfs.mkinitcpio_preset import Preset
from vfiotui.formats.refused import EditRefused
from vfiotui.host.root.config_files import FILE_LIMIT, ConfigFiles
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, Why, or_else
from vfiotui.model.boot.makers import Build

PRESETS = "/etc/mkinitcpio.d"
CMDLINE = ("/etc/kernel/cmdline", "/usr/lib/kernel/cmdline")
CMDLINE_FOLDER = "/etc/cmdline.d"


def sourced(root: Root, path: str) -> str | None:
    """The text of a file that a preset sources; None where it cannot be read."""
    text = root.decoded(path, FILE_LIMIT)
    return None if isinstance(text, Unread) else text


def preset_builds(root: Root, files: ConfigFiles) -> tuple[Build, ...]:
    """The image of every preset, in the order of `mkinitcpio -P`; a file that only a shell can read is missed."""
    found: list[Build] = []
    default = default_config(root)
    for name in files.names(PRESETS):
        path = f"{PRESETS}/{name}"
        if not name.endswith(".preset") or name.startswith("."):
            continue
        for file in files.one(path):
            try:
                wanted = mkinitcpio_preset.presets(file.text, lambda p: sourced(root, p))
            except EditRefused as error:
                why = f"which images it builds is not known: {error}"
                files.missing.append(root.missed(Unread(why, Why.DAMAGED, path)))
                continue
            found += [_build(path, preset, default) for preset in wanted if preset.builds]
    return tuple(found)


def named_files(root: Root) -> tuple[str, ...]:
    """Configuration files and files of kernel words that presets name instead of the default ones."""
    builds = preset_builds(root, ConfigFiles(root))
    named = (path for b in builds for path in (*b.config, *(b.words if len(b.words) == 1 else ())))
    return tuple(dict.fromkeys(file for path in named for file in _inside(root, path)))


def _inside(root: Root, path: str) -> tuple[str, ...]:
    """The path, or the .conf files of the folder that it is."""
    found = root.stat(path)
    if isinstance(found, Unread) or found.kind != "directory":
        return (path,)
    return tuple(f"{path}/{n}" for n in or_else(root.names(path), ()) if n.endswith(".conf"))


def default_config(root: Root) -> tuple[str, ...]:
    """mkinitcpio.conf and its drop-ins in the order in which they are read."""
    names = [n for n in or_else(root.names(DROP_INS), ()) if n.endswith(".conf")]
    return (CONFIG, *in_order(f"{DROP_INS}/{n}" for n in names))


def _build(path: str, preset: Preset, default: tuple[str, ...]) -> Build:
    package = path.rpartition("/")[2].removesuffix(".preset")
    return Build(
        "mkinitcpio",
        f"{package}: {preset.name}",
        path,
        (preset.config,) if preset.config else default,
        preset.kver or "",
        preset.image or "",
        preset.uki or "",
        () if not preset.uki else (preset.cmdline,) if preset.cmdline else (*CMDLINE, CMDLINE_FOLDER),
        preset.no_cmdline,
        preset.skips,
        preset.adds,
        preset.config is not None,
    )
