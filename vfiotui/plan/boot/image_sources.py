"""What the configuration of mkinitcpio and dracut says as a whole, file after file, as a plan leaves it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vfiotui.formats.initramfs.mkinitcpio import CONFIG, DROP_INS, in_order
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.evaluate import evaluate, words_of
from vfiotui.formats.shell.lists import COMPUTED
from vfiotui.model.boot.early_boot import EarlyBoot
from vfiotui.model.boot.makers import Build
from vfiotui.plan.planned_files import PlannedFiles

DRACUT_FOLDERS = ("/etc/dracut.conf.d", "/usr/lib/dracut/dracut.conf.d")


def mkinitcpio_build(files: PlannedFiles, now: EarlyBoot | None) -> Build:
    """The build of the image that is there now; else the first one, which is a preset's default."""
    builds = [b for b in files.makers.builds if b.tool == "mkinitcpio"]
    same = [b for b in builds if now is not None and now.source and now.source in (b.image, b.unified)]
    return next(iter(same or builds), Build("mkinitcpio", "", CONFIG, (CONFIG,)))


def mkinitcpio_files(files: PlannedFiles, build: Build) -> tuple[str, ...]:
    """The configuration of a build, in the order in which it is read, with the drop-ins that a plan adds."""
    if build.own_config:
        return build.config
    return (CONFIG, *in_order(f.path for f in files.below(DROP_INS, ".conf")))


def dracut_files(files: PlannedFiles) -> tuple[str, ...]:
    """dracut's configuration in the order in which it is read: a file in /etc hides its namesake of the vendor."""
    chosen: dict[str, str] = {}
    for folder in DRACUT_FOLDERS:
        for file in files.below(folder, ".conf"):
            chosen.setdefault(file.path.rpartition("/")[2], file.path)
    main = ("/etc/dracut.conf",) if files.text("/etc/dracut.conf") is not None else ()
    return (*main, *(chosen[name] for name in sorted(chosen)))


def whole(files: PlannedFiles, paths: Iterable[str]) -> str:
    """The text that bash reads: one file after the other."""
    return "\n".join(files.text(path) or "" for path in paths)


def list_words(files: PlannedFiles, paths: Iterable[str], name: str) -> tuple[str, ...]:
    """The words of a list in the end; EditRefused where shell code computes them."""
    words = words_of(evaluate(whole(files, paths), files.text).get(name))
    if words is None:
        raise EditRefused(COMPUTED)
    return words


def hooks_of(files: PlannedFiles, build: Build) -> tuple[str, ...]:
    """mkinitcpio's hooks of a build, without those that its preset skips and with those that it adds."""
    hooks = list_words(files, mkinitcpio_files(files, build), "HOOKS")
    return (*(h for h in hooks if h not in build.skips), *(h for h in build.adds if h not in build.skips))


def is_hostonly(files: PlannedFiles) -> bool | None:
    """Whether dracut builds for this host only, so that /etc/modprobe.d goes into its image; None where that is open.

    Without a word about it dracut does not; where nothing of the vendor's configuration is seen, it may say so.
    """
    said = list_words(files, dracut_files(files), "hostonly")
    if said:
        return said[-1] == "yes"
    return False if files.below(DRACUT_FOLDERS[1], ".conf") else None


def up_to_missing(words: Sequence[str], known: frozenset[str] | None) -> tuple[str, ...]:
    """The modules that dracut takes: it leaves out the first one that the kernel lacks, and all that stand behind it.

    (dracut-install -m with several names.) All of them where the kernel's modules are not known.
    """
    if known is None:
        return tuple(words)
    found = []
    for word in words:
        if word.replace("-", "_") not in known and not word.startswith(("=", "/")):
            break
        found.append(word)
    return tuple(found)
