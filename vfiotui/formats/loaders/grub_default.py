"""/etc/default/grub and its drop-ins: shell files that grub-mkconfig reads one after the other.

grub-mkconfig gives the kernel GRUB_CMDLINE_LINUX and then GRUB_CMDLINE_LINUX_DEFAULT; recovery entries get the first
only (info "Simple configuration"). So the two are one line, and new words go to the second, where there is one.
"""

from __future__ import annotations

import re

from vfiotui.formats.loaders.kernel_words import Kept, WordEdit, rewrite
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell import variable as shell_variable
from vfiotui.formats.shell.prefixed import prefixed
from vfiotui.formats.shell.source import line_at, meddlings, scan
from vfiotui.formats.text_lines import with_line

EVERY_ENTRY = "GRUB_CMDLINE_LINUX"
NORMAL_ENTRIES = "GRUB_CMDLINE_LINUX_DEFAULT"
LONE_CR = re.compile(r"\r(?!\Z)")
"""A CR that does not end the line."""


def variables(text: str) -> tuple[str, ...]:
    """The variables of the file that an edit looks into; the last one takes new words.

    GRUB_CMDLINE_LINUX is left alone beside the other one if shell code computes it.
    """
    given = [name for name in (EVERY_ENTRY, NORMAL_ENTRIES) if shell_variable.mentions(text, name)]
    if len(given) > 1:
        try:
            shell_variable.field_of(text, EVERY_ENTRY)
        except EditRefused:
            return (NORMAL_ENTRIES,)
    return tuple(given)


def words(text: str) -> tuple[str, ...]:
    """The words that the file adds to a normal entry, in the order of the command line.

    >>> words('GRUB_CMDLINE_LINUX_DEFAULT="quiet splash"\\nGRUB_CMDLINE_LINUX=iommu=pt')
    ('iommu=pt', 'quiet', 'splash')
    """
    return tuple(word for name in variables(text) for word in shell_variable.words(text, name))


def edit_words(text: str, edit: WordEdit) -> str:
    """The file with the edit carried out; equal to the text where nothing has to change. Raises EditRefused.

    >>> edit_words("GRUB_CMDLINE_LINUX_DEFAULT='quiet' # mine", WordEdit(add=("iommu=pt",)))
    "GRUB_CMDLINE_LINUX_DEFAULT='quiet iommu=pt' # mine"
    """
    if edit.add or edit.replace or edit.options:
        _refuse_lost(text)
    if names := variables(text):
        return shell_variable.edit_words(text, names, edit)
    return new_variable(text, EVERY_ENTRY, edit)


def _refuse_lost(text: str) -> None:
    """EditRefused where the file keeps new words from the kernel: a value with a line break in it, one that a CR alone
    joins with what should be the next line, and a line for which sh looks for a command. With `set -e`,
    as grub-mkconfig has it, such a line ends the making of the menu."""
    for one in scan(text):
        if one.name in (EVERY_ENTRY, NORMAL_ENTRIES) and any(
            p.text == "\n" for w in one.words if w.closed for p in w.parts
        ):
            raise EditRefused(
                "A line break stands inside the value: GRUB ends the kernel's line there, and the words behind it "
                "never reach the kernel. Write the value on one line.",
                *line_at(text, one.start),
            )
        if one.name in (EVERY_ENTRY, NORMAL_ENTRIES) and any(
            LONE_CR.search("".join(p.text for p in w.parts)) for w in one.words
        ):
            raise EditRefused(
                "A CR without a line feed stands inside the value: sh takes what follows for a part of it. Write each "
                "setting on a line of its own.",
                *line_at(text, one.start),
            )
    for one, command in prefixed(text):
        if one.name.startswith("GRUB_"):
            raise EditRefused(
                f"sh takes {command} for a command here, {one.name} is not set, and grub-mkconfig ends with an error. "
                "Write plain double quotes around the whole value.",
                *line_at(text, one.start),
            )


def new_variable(text: str, name: str, edit: WordEdit) -> str:
    """The file with the words that an edit of an empty line leaves, in a new variable; the text where none are left."""
    after: tuple[Kept, ...] = rewrite((), edit)
    if not after:
        return text
    value = shell_variable.spell(" ".join(k.text for k in after), '"')
    edited = with_line(text, f'{name}="{value}"')
    if not shell_variable.words(edited, name):
        raise EditRefused("A line at the end of the file would not be read; an open quote or document is before it.")
    return edited


def replaces(text: str, name: str) -> bool:
    """Whether the file, read after others, throws away what they gave the variable, or may do so.

    >>> replaces("A=x", "A"), replaces("A+=x", "A"), replaces('A="$A x"', "A"), replaces("unset A", "A")
    (True, False, False, True)
    """
    return any(one.changes(name) for one in meddlings(text)) or any(
        one.name == name
        and not one.append
        and not any(part.text == name for word in one.words for part in word.parts if part.kind == "variable")
        for one in scan(text)
    )


def drop_in(words_to_add: tuple[str, ...]) -> str:
    """A file for /etc/default/grub.d that adds words to whatever is set before it.

    >>> drop_in(("iommu=pt",))
    'GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT iommu=pt"\\n'
    """
    return edit_words(f'{NORMAL_ENTRIES}="${NORMAL_ENTRIES}"\n', WordEdit(add=words_to_add))
