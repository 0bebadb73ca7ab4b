"""Boot Loader Specification entries (uapi-group.org/specifications/specs/boot_loader_specification)."""

from __future__ import annotations

import re

from vfiotui.formats.loaders.kernel_words import WordEdit, rewrite
from vfiotui.formats.loaders.key_values import key_values
from vfiotui.formats.loaders.word_field import Field, edit_fields, plain_field, words_of
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.text_lines import Line, lines_of, with_line, without_lines
from vfiotui.model.base.value import dataclass

OPTIONS = re.compile(r"[ \t]*options(?=[ \t]|$)")
FROM_GRUBENV = re.compile(r"\$\{?kernelopts\b")
MAKER = re.compile(r"^# File created by (/\S+)", re.MULTILINE)
"""kernel-install's plugins name themselves so (systemd 90-loaderentry.install)."""
PROGRAMS = ("linux", "uki", "uki-url", "efi")
PROFILE_LIMIT = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as systemd-boot reads it (src/boot/boot.c, boot_entry_add_type1)."""

    kind: str
    """linux, uki, uki-url or efi; empty where it names no program, or programs of two kinds."""
    program: str = ""
    """The file's path on the entry's own partition, or an address."""
    title: str = ""
    sort_key: str | None = None
    version: str | None = None
    machine_id: str | None = None
    architecture: str = ""
    """In lower case as firmware names it (x64, aa64); empty where any will do."""
    initrds: tuple[str, ...] = ()
    options: str | None = None
    """All lines joined by a blank."""
    options_line: int = 0
    """Where the first of them stands, from 1."""
    profile: int = 0
    """Of a unified image."""
    maker: str = ""
    """The plugin that wrote it, where it says so."""


def read(text: str) -> Entry:
    """The entry that a file holds; of a key that comes again the last one counts, but initrd and options add up.

    >>> read("title Arch\\nlinux /vmlinuz\\ninitrd /a\\ninitrd /b\\noptions quiet\\noptions rw").options
    'quiet rw'
    """
    kinds: list[str] = []
    last: dict[str, str] = {}
    initrds: list[str] = []
    options: list[str] = []
    first, profile = 0, 0
    for one in key_values(text):
        if one.key in PROGRAMS:
            kinds.append(one.key)
        if one.key == "initrd":
            initrds.append(one.value)
        elif one.key == "options":
            options.append(one.value)
            first = first or one.line
        elif one.key == "profile":
            number = int(one.value) if one.value.isascii() and one.value.isdigit() and len(one.value) < 11 else -1
            profile = number if 0 <= number <= PROFILE_LIMIT else profile
        else:
            last[one.key] = one.value
    kind = kinds[0] if len(set(kinds)) == 1 else ""
    maker = MAKER.search(text)
    return Entry(
        kind,
        last.get(kind, ""),
        last.get("title", ""),
        last.get("sort-key"),
        last.get("version"),
        last.get("machine-id"),
        last.get("architecture", "").lower(),
        tuple(initrds),
        " ".join(options) if options else None,
        first,
        profile,
        maker[1] if maker else "",
    )


def parse(text: str) -> tuple[tuple[str, str], ...]:
    """Key and value of every line; `options` may come more than once and adds up.

    >>> parse("title Arch\\noptions root=UUID=1 rw\\n# x\\noptions quiet")
    (('title', 'Arch'), ('options', 'root=UUID=1 rw'), ('options', 'quiet'))
    """
    found = []
    for line in text.replace("\r", "").split("\n"):
        words = line.strip().split(None, 1)
        if words and not words[0].startswith("#"):
            found.append((words[0], words[1].strip() if len(words) > 1 else ""))
    return tuple(found)


def options(text: str) -> str | None:
    """The kernel command line of an entry, or None where it has none."""
    given = [value for key, value in parse(text) if key == "options"]
    return " ".join(given) if given else None


def _options_lines(text: str) -> list[tuple[Line, Field]]:
    """The lines that hold words; the blanks behind the key belong to the value."""
    found = []
    for line in lines_of(text):
        if match := OPTIONS.match(line.text):
            field = plain_field(text, line.start + match.end(), line.end, line.number, line.text)
            found.append((line, field.joined()))
    return found


def words(text: str) -> tuple[str, ...]:
    """The words of all `options` lines in order.

    >>> words("linux /vmlinuz\\noptions root=UUID=1 rw\\noptions quiet")
    ('root=UUID=1', 'rw', 'quiet')
    """
    return words_of([field for _, field in _options_lines(text)])


def edit_words(text: str, edit: WordEdit) -> str:
    """The entry with the edit carried out; equal to the text where nothing has to change.

    New words join the last `options` line; a line that loses its last word goes. Raises EditRefused for an entry that
    starts something else than a kernel, and for one whose words are in GRUB's environment block.
    """
    keys = {key for key, _ in parse(text)}
    if "linux" not in keys:
        what = next((key for key in ("uki", "uki-url", "efi") if key in keys), None)
        raise EditRefused(
            f"The entry starts an EFI program ({what}) and not a kernel; its words are set where that program is built."
            if what
            else "The entry names no kernel to start."
        )
    found = _options_lines(text)
    for line, _ in found:
        if FROM_GRUBENV.search(line.text):
            raise EditRefused(
                "The words are in GRUB's environment block; use grubby --update-kernel=ALL --args=….",
                line.number,
                line.text,
            )
    if not found:
        new = rewrite((), edit)
        return with_line(text, f"options {' '.join(k.text for k in new)}") if new else text
    edited = edit_fields(text, [field for _, field in found], edit)
    emptied = [
        after
        for (_, old), (after, new_field) in zip(found, _options_lines(edited), strict=True)
        if words_of([old]) and not words_of([new_field])
    ]
    return without_lines(edited, emptied)
