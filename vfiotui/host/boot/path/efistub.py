"""A kernel that the firmware starts itself: its entry names the file and holds the words (kernel Documentation,
admin-guide/efi-stub.rst)."""

from __future__ import annotations

from vfiotui.formats.loaders.efi_load_option import LoadOption, text_of
from vfiotui.host.boot.loader_firmware import EFIVARS, GLOBAL, boot_option
from vfiotui.host.boot.path import firmware
from vfiotui.host.boot.path.embedded import is_unified, program_words, release_in
from vfiotui.host.boot.path.kernels import with_built_in
from vfiotui.host.boot.path.places import in_folder
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootEntry, BootPath

KERNELS = ("efistub", "uki")


def entry_of(root: Root, option: LoadOption, number: int, file: Reading[str], why: str) -> BootEntry:
    """What an entry of the firmware starts, with the words that it holds."""
    source = f"{EFIVARS}/Boot{number:04X}-{GLOBAL}"
    held = text_of(option.options) if len(option.options) > 3 else ""
    given = CommandLine(" ".join(held.split()), source)
    release = release_in(root, file, option.path.replace("\\", "/"))
    words = program_words(root, file, given)
    if isinstance(words, CommandLine):
        words = CommandLine(with_built_in(root, release, words.text), words.source)
    top = file[: -len(option.path.replace("\\", "/"))] if isinstance(file, str) else ""
    initrds = []
    for name in given.values("initrd"):
        found = in_folder(root, top or "/", name) if name and top else ""
        initrds.append(found or (name or "").replace("\\", "/"))
    unified = is_unified(root, file)
    return BootEntry("efistub", option.description, source, file, release, () if unified else tuple(initrds), words,
                     why, unified=unified)  # fmt: skip


def find(root: Root) -> Reading[BootPath]:
    """The kernel that the firmware starts; Unread where its variables are not visible or name no kernel first."""
    starts = firmware.starts(root)
    entries = {
        s.number: entry_of(root, s.option, s.number, s.file, "") for s in starts.programs if s.kind in KERNELS
    }  # fmt: skip
    first = firmware.first(starts)
    if first is not None and first.kind in KERNELS and first.number >= 0:
        why = "the firmware's BootNext names it" if first.once else "it is the first in BootOrder that is there"
        found = entry_of(root, first.option, first.number, first.file, why)
        return BootPath("efistub", (), (found,), tuple(entries.values()))
    current = firmware.variable(root, "BootCurrent")
    option = boot_option(root)
    if option is None or isinstance(current, Unread):
        return Unread("the firmware's entries are not visible here", Why.NOT_HERE, EFIVARS)
    if first is not None:
        return Unread(f"the firmware starts {first.name} first, which is no kernel", Why.NOT_HERE, firmware.ORDER)
    number = (*firmware.numbers(current), 0)[0]
    why = "it started this boot (BootCurrent), and what comes first in BootOrder is not known"
    found = entry_of(root, option, number, firmware.program_file(root, option), why)
    others = tuple(e for n, e in entries.items() if n != number)
    open_ = "which entry of the firmware comes first is not known" if others else ""
    missing = (found.kernel,) if isinstance(found.kernel, Unread) else ()
    return BootPath("efistub", (), (found, *(others if open_ else ())), tuple(entries.values()), open_, missing)
