"""The words that a unified image would get if it were built now, and those of the addons beside it.

The image's own words are what was built; the file that its builder reads may have others by now. Addons are sources of
their own: the stub appends their words at every start, and no builder makes them (systemd-stub(7)).
"""

from __future__ import annotations

from vfiotui.formats.initramfs.mkinitcpio import in_order
from vfiotui.formats.loaders import kernel_cmdline
from vfiotui.formats.shell.assignments import parse, value_of
from vfiotui.host.boot.loader_firmware import PLACES
from vfiotui.host.boot.makers.makers import dracut_config
from vfiotui.host.boot.makers.presets import CMDLINE
from vfiotui.host.boot.path import unified
from vfiotui.host.boot.path.unified import UnifiedImage
from vfiotui.host.root import config_files
from vfiotui.host.root.config_files import ConfigFiles
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.makers import Build
from vfiotui.model.boot.path import BootEntry, BootPath

DROP_INS = "/etc/cmdline.d"
INSTALL = ("/etc/kernel/install.conf", "/usr/lib/kernel/install.conf")


def of_unified(
    root: Root, path: Reading[BootPath], builds: tuple[Build, ...], default: Reading[CommandLine]
) -> Reading[CommandLine] | None:
    """What the preset that makes the next boot's image would put into it, with its addons.

    None where the next boot starts no unified image by the image's own words, and where no preset makes that image.
    `default` are the words of the files that a preset without --cmdline reads.
    """
    own = () if isinstance(path, Unread) else path.own
    if not own or not all(_has_own_words(entry) for entry in own):
        return None
    entry = own[0]
    build = next((b for b in builds if b.unified and b.unified in (entry.kernel, entry.source)), None)
    line = _of_release(root, entry) if build is None else _words(root, build, default)
    image = unified.read(root, entry.source)
    if line is None or isinstance(line, Unread) or isinstance(image, Unread) or not _starts_with_its_own(entry, image):
        return None
    return CommandLine(" ".join((line.text, *_addons(root, image, entry))).strip(), line.source)


def _has_own_words(entry: BootEntry) -> bool:
    return entry.unified and not isinstance(entry.words, Unread) and entry.words.source == entry.source


def _starts_with_its_own(entry: BootEntry, image: UnifiedImage) -> bool:
    """Whether the words begin with those inside of the image: its starter may pass others."""
    text = "" if isinstance(entry.words, Unread) else entry.words.text
    return any((profile.words or "") in text for profile in image.profiles)


def _words(root: Root, build: Build, default: Reading[CommandLine]) -> Reading[CommandLine] | None:
    if build.no_words:
        return CommandLine("", build.source)
    if len(build.words) != 1:
        return _joined(root) or default
    named = build.words[0]
    files: tuple[ConfigFile, ...] = (*config_files.one(root, named), *config_files.folder(root, named, ".conf"))
    if not files:
        return None
    return CommandLine(" ".join(w for f in files for w in kernel_cmdline.words(f.text)), named)


def _joined(root: Root) -> CommandLine | None:
    """The file and the drop-ins that mkinitcpio reads without --cmdline, put together as it does (sort -V)."""
    file = next((f for p in CMDLINE for f in config_files.one(root, p)), None)
    names = (n for n in or_else(root.names(DROP_INS), ()) if n.endswith(".conf"))
    more = config_files.several(root, in_order(f"{DROP_INS}/{n}" for n in names))
    if file is None:
        return None
    return CommandLine(" ".join(w for f in (file, *more) for w in kernel_cmdline.words(f.text)), file.path)


def _of_release(root: Root, entry: BootEntry) -> CommandLine | None:
    """What kernel-install or dracut would put into an image that bears the release in its name; else None."""
    if isinstance(entry.release, Unread) or entry.release not in entry.source.rpartition("/")[2]:
        return None
    install = next((f.text for p in INSTALL for f in config_files.one(root, p)), "")
    if value_of(parse(install), "layout") == "uki":
        file = next((f for p in CMDLINE for f in config_files.one(root, p)), None)
        return None if file is None else CommandLine(" ".join(kernel_cmdline.words(file.text)), file.path)
    given = tuple(a for file in dracut_config(root, ConfigFiles(root)) for a in parse(file.text))
    words = value_of(given, "kernel_cmdline")
    if value_of(given, "uefi") == "yes" and isinstance(words, str) and words.strip():
        return CommandLine(" ".join(words.split()), "/etc/dracut.conf.d")
    return None


def _addons(root: Root, image: UnifiedImage, entry: BootEntry) -> list[str]:
    """The words of the addons that this image's stub takes."""
    partition = max((p for p in PLACES if image.path.startswith(f"{p}/")), key=len, default="")
    found = unified.addons(root, partition, image, or_else(entry.release, ""))
    return [words for addon in found if not isinstance(addon, Unread) for words in addon[1:]]
