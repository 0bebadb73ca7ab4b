"""/etc/update-extlinux.conf, from which Alpine's update-extlinux makes extlinux.conf: a shell file."""

from __future__ import annotations

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.shell import variable as shell_variable
from vfiotui.formats.shell.source import scan

VARIABLE = "default_kernel_opts"
"""The words of every kernel beside root= and modules=, which have variables of their own."""


def is_set(text: str) -> bool:
    """Whether the file sets the words."""
    return any(one.name == VARIABLE for one in scan(text))


def words(text: str) -> tuple[str, ...]:
    """The words of every kernel. Raises EditRefused where shell code computes them.

    >>> words('default_kernel_opts="quiet rootfstype=ext4"')
    ('quiet', 'rootfstype=ext4')
    """
    return shell_variable.words(text, VARIABLE)


def edit_words(text: str, edit: WordEdit) -> str:
    """The file with the edit carried out; equal to the text where nothing has to change. Raises EditRefused."""
    return shell_variable.edit_words(text, (VARIABLE,), edit)
