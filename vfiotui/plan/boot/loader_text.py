"""Loaders whose files are not edited: the exact text to add, and where."""

from __future__ import annotations

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine, split
from vfiotui.plan.boot import uki
from vfiotui.plan.boot.managed import words_text
from vfiotui.plan.draft import PlanError

NO_FILES = {
    "uki": "the unified image takes its words from a file that is not there: write the whole line that the kernel has "
    "now (without initrd= and BOOT_IMAGE=) into /etc/kernel/cmdline, or kernel_cmdline= into /etc/dracut.conf.d where "
    "dracut builds it, then plan again",
    "limine": "no limine.conf was found: mount the partition that Limine lies on",
    "refind": "no /boot/refind_linux.conf was found: add the words to the options line of the stanza in refind.conf, "
    "or run mkrlconf to make that file",
}


def _parts(edit: WordEdit) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words to add and those to take out."""
    options = tuple(f"{o.key}={x}" for o in edit.options for x in o.add)
    new = tuple(w for text in (*edit.add, *edit.replace) for w in split(text))
    return (*new, *options), tuple(w for text in edit.remove for w in split(text))


def _sentence(new: tuple[str, ...], gone: tuple[str, ...], add: str, take: str) -> str:
    return " and ".join([add] * bool(new) + [take] * bool(gone))


def refuse_generated(boot: Boot, edit: WordEdit) -> None:
    """PlanError with the text to add where the boot files are made from elsewhere."""
    new, gone = _parts(edit)
    words, old = " ".join(new), " ".join(gone)
    if boot.managed.name and boot.managed.name != "rpm-ostree":
        raise PlanError(words_text(boot.managed, new, gone))
    match boot.loader.name:
        case "efistub":
            what = _sentence(new, gone, f"add {words}", f"take {old} out")
            raise PlanError(
                "the firmware starts the kernel itself, and its own entry holds the words: make it anew with "
                f"'efibootmgr --create --loader … --unicode \"…\"' from the words of /proc/cmdline; {what}"
            )


def words_loader(boot: Boot) -> str:
    """Whose files hold the words: the loader's, or the unified image's where it starts one that has its own."""
    path = boot.path
    entry = None if isinstance(path, Unread) else path.default
    if entry is None or isinstance(entry.words, Unread) or boot.loader.name not in ("limine", "refind"):
        return uki.home(boot)
    return "uki" if entry.unified and entry.words.source == entry.kernel else boot.loader.name


def refuse_other_home(boot: Boot, loader: str, files: set[str], edit: WordEdit) -> None:
    """PlanError where the entry that starts takes its words from a file that is not among those to be edited."""
    path = boot.path
    if isinstance(path, Unread) or loader not in ("refind", "limine", "syslinux") or not path.own:
        return
    homes = {e.words.source.rpartition(":")[0] or e.words.source for e in path.own if isinstance(e.words, CommandLine)}
    makers = {e.maker for e in path.own if e.maker}
    if not homes or (homes | makers) & files:
        return
    new, gone = _parts(edit)
    entry = path.own[0]
    source = entry.words.source if isinstance(entry.words, CommandLine) else entry.source
    what = _sentence(new, gone, f"add {' '.join(new)} there", f"take {' '.join(gone)} out there")
    raise PlanError(
        f"the next boot starts {entry.name!r} of {entry.source}, whose words stand in {source} and not in "
        f"{' or '.join(sorted(files))}: {what} by hand, or choose another default entry"
    )


def refuse_without_files(loader: str, edit: WordEdit, also: str = "") -> None:
    """PlanError for a loader whose files were not found, and `also` what else keeps words from the next boot."""
    new, gone = _parts(edit)
    if loader in NO_FILES:
        raise PlanError("; ".join(filter(None, (NO_FILES[loader], also))))
    what = _sentence(new, gone, f"add {' '.join(new)} to the kernel's line", f"take {' '.join(gone)} out of it")
    who = "the loader" if loader == "unknown" else loader
    raise PlanError(
        f"the files in which {who} keeps the kernel's words were not found: mount /boot and the EFI partition and plan "
        f"again, or {what} by hand, in the file from which the boot menu is made"
    )
