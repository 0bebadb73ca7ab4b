"""/etc/default/limine, from which limine-entry-tool writes the entries of limine.conf: a shell file."""

from __future__ import annotations

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell import variable as shell_variable
from vfiotui.formats.shell.source import scan

SPELLINGS = ("KERNEL_CMDLINE[default]", 'KERNEL_CMDLINE["default"]', "KERNEL_CMDLINE['default']", "KERNEL_CMDLINE")


def variable(text: str) -> str | None:
    """The variable that holds the words of all kernels, as this file spells it; None where it is not there."""
    given = {one.name for one in scan(text)}
    return next((name for name in SPELLINGS if name in given), None)


def words(text: str) -> tuple[str, ...]:
    """The words of every kernel that has none of its own. Raises EditRefused where shell code computes them.

    >>> words('KERNEL_CMDLINE[default]+="quiet rw"')
    ('quiet', 'rw')
    """
    name = variable(text)
    return shell_variable.words(text, name) if name else ()


def edit_words(text: str, edit: WordEdit) -> str:
    """The file with the edit carried out; equal to the text where nothing has to change.

    Raises EditRefused, also where the variable is not there: a new one would replace the words that come from
    elsewhere, root= among them.
    """
    name = variable(text)
    if name is None:
        raise EditRefused(
            f"The file sets no {SPELLINGS[0]}; the words come from /etc/kernel/cmdline or the running kernel."
        )
    return shell_variable.edit_words(text, (name,), edit)
