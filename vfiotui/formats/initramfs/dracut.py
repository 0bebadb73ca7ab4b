"""dracut.conf and dracut.conf.d: texts with words between blanks, such as force_drivers+=" vfio_pci vfio ".

Every file appends to the same variables, so without the blanks the words of two files would become one
(dracut.conf(5)).
"""

from __future__ import annotations

from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell import lists as shell_lists
from vfiotui.formats.shell.source import line_at

DRIVERS = ("add_drivers", "force_drivers", "omit_drivers", "drivers", "filesystems")


def words(text: str, name: str) -> tuple[str, ...]:
    """The words that this file gives to a variable, in order; EditRefused where shell code computes them.

    >>> words('force_drivers+=" vfio_pci vfio "', "force_drivers")
    ('vfio_pci', 'vfio')
    """
    return shell_lists.words(text, name)


def add(text: str, name: str, word: str, before: str | None = None) -> str:
    """The text with the word in the variable, ahead of `before` where this file names that, between blanks.

    Unchanged where it is there; a variable that the file does not set yet gets a += line at the end. EditRefused where
    shell code computes the value, and where it is an array, of which dracut would read the first word only.
    """
    for part in shell_lists.parts(text, name):
        if part.assignment.array:
            sentence = "dracut reads only the first word of an array; make it a text by hand."
            raise EditRefused(sentence, *line_at(text, part.assignment.start))
    edited = shell_lists.add(text, name, word, before, fold if name in DRIVERS else str, spaced=True)
    if edited is None:
        return shell_lists.begin(text, f'{name}+=""', word, spaced=True)
    return edited


def spaced(text: str, name: str) -> str:
    r"""The text whose += values of a variable stand between blanks, so that they join no word of another file.

    >>> spaced('force_drivers+="vfio vfio_pci"\n', "force_drivers")
    'force_drivers+=" vfio vfio_pci "\n'
    """
    for part in reversed(shell_lists.parts(text, name)):
        if part.words and part.quoted:
            inner = text[part.start : part.end]
            ahead, behind = (" " * (not end.isspace()) for end in (inner[:1], inner[-1:]))
            text = f"{text[: part.start]}{ahead}{inner}{behind}{text[part.end :]}"
    return text


def remove(text: str, name: str, word: str) -> str:
    """The text without the word in the variable; a += line that held nothing else goes whole."""
    return shell_lists.remove(text, name, word, fold if name in DRIVERS else str)
