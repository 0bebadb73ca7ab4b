"""Loaders whose words are changed by a program of theirs: grubby, kernelstub, rpm-ostree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from vfiotui.formats.loaders import kernel_cmdline, kernelstub, loader_entry
from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.model.base.value import dataclass
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.plan.boot.loader_commands import ENTRY_FILES
from vfiotui.plan.boot.loader_files import CMDLINE, ENTRY_FOLDERS, GRUB, entries

GRUBENV = "/boot/grub2/grubenv"
KERNELSTUB = "/etc/kernelstub/configuration"
WRITES = (KERNELSTUB,)
KERNELOPTS = "kernelopts="


@dataclass(frozen=True, slots=True)
class Told:
    """A program that changes the words by itself."""

    argvs: tuple[tuple[str, ...], ...]
    """The commands in order; none where nothing has to change."""
    products: tuple[str, ...]
    menus: tuple[str, ...]
    """Files that hold the words afterwards."""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    """What undoes it where its products do not."""


def difference(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words that come and those that go, each in its order.

    >>> difference(("rw", "quiet", "iommu=off"), ("rw", "quiet", "iommu=pt"))
    (('iommu=pt',), ('iommu=off',))
    """
    return tuple((Counter(after) - Counter(before)).elements()), tuple((Counter(before) - Counter(after)).elements())


def _environment_words(snapshot: ConfigSnapshot) -> str:
    """The words that the entries of RHEL 8 take from GRUB's environment block."""
    lines = snapshot.text(GRUBENV).split("\n")
    return next((line.removeprefix(KERNELOPTS).strip() for line in lines if line.startswith(KERNELOPTS)), "")


def _unambiguous(added: tuple[str, ...], removed: tuple[str, ...], stays: tuple[str, ...]) -> bool:
    """Whether grubby would change these words only.

    It takes a key for found wherever its text is part of a line (iommu= in amd_iommu=on), puts a value in place of
    another one of the same key, and older versions take out whatever begins like a word.
    """
    changing = (*added, *removed)
    if any(c in w for w in changing for c in ",'\"\\&|*[") or len({w.partition("=")[0] for w in added}) < len(added):
        return False
    return not any(word.partition("=")[0] in other for word in changing for other in stays)


def grubby(snapshot: ConfigSnapshot, edit: WordEdit) -> Told | None:
    """grubby for the entries of GRUB; None where it is not here, or would change other words or entries too."""
    files = entries(snapshot)
    if "grubby" not in snapshot.programs or not all(file.takes for file in files):
        return None
    edits: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    menus = []
    for file in files:
        before = snapshot.text(file.path)
        line = loader_entry.options(before) or ""
        if KERNELOPTS[:-1] in line:
            words = _environment_words(snapshot)
            edits.append((kernel_cmdline.words(words), kernel_cmdline.words(kernel_cmdline.edit_words(words, edit))))
            menus.append(GRUBENV)
        else:
            edits.append((file.words(before), file.words(file.edit(before, edit))))
            menus.append(file.path)
    changes = [difference(*pair) for pair in edits]
    added = tuple(dict.fromkeys(w for new, _ in changes for w in new))
    removed = tuple(dict.fromkeys(w for _, old in changes for w in old))
    stays = tuple(w for before, _ in edits for w in before if w not in removed)
    if not menus or not _unambiguous(added, removed, stays):
        return None
    options = [f"--remove-args={' '.join(removed)}"] * bool(removed) + [f"--args={' '.join(added)}"] * bool(added)
    argvs = (("grubby", "--update-kernel=ALL", *options),) if options else ()
    blocks = tuple(p for p in snapshot.files if p.endswith("/grubenv"))
    products = (f"{ENTRY_FOLDERS[0]}/*.conf", CMDLINE, GRUB, *blocks)
    return Told(argvs, products, tuple(dict.fromkeys(menus)), added, removed)


def told_kernelstub(snapshot: ConfigSnapshot, edit: WordEdit) -> Told | None:
    """kernelstub, which keeps its words in a file and writes the entries from it."""
    if "kernelstub" not in snapshot.programs or KERNELSTUB not in snapshot.files:
        return None
    text = snapshot.text(KERNELSTUB)
    added, removed = difference(kernelstub.words(text), kernelstub.words(kernelstub.edit_words(text, edit)))
    argvs = [("kernelstub", "-d", " ".join(removed))] * bool(removed)
    argvs += [("kernelstub", "-a", " ".join(added))] * bool(added)
    current = (f"{folder}/Pop_OS-current.conf" for folder in ENTRY_FOLDERS)
    menus = tuple(path for path in current if path in snapshot.files)
    return Told(tuple(argvs), (KERNELSTUB, *ENTRY_FILES), menus, added, removed)


def told_ostree(snapshot: ConfigSnapshot, edit: WordEdit) -> Told | None:
    """rpm-ostree, which makes a new deployment; the entries tell which words are there now."""
    files = [f for f in entries(snapshot) if "/ostree-" in f.path]
    if "rpm-ostree" not in snapshot.programs or not files:
        return None
    text = snapshot.text(files[-1].path)
    added, removed = difference(files[-1].words(text), files[-1].words(files[-1].edit(text, edit)))
    if not added and not removed:
        return Told((), (), ())

    def kargs(new: tuple[str, ...], old: tuple[str, ...]) -> tuple[str, ...]:
        options = (*(f"--append-if-missing={w}" for w in new), *(f"--delete-if-present={w}" for w in old))
        return ("rpm-ostree", "kargs", *options)

    return Told((kargs(added, removed),), (), (), added, removed, back=kargs(removed, added))


TOOLS: dict[str, Callable[[ConfigSnapshot, WordEdit], Told | None]] = {
    "grub-bls": grubby,
    "kernelstub": told_kernelstub,
    "rpm-ostree": told_ostree,
}
"""Loader → how its program takes it."""
