"""sdboot-manage.conf, from which Manjaro and its relatives write systemd-boot entries: a shell file."""

from __future__ import annotations

from vfiotui.formats.loaders.grub_default import new_variable
from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.shell import variable as shell_variable

VARIABLE = "LINUX_OPTIONS"
"""The words of the normal entries; root= is found by the tool itself, and the fallback entries have their own."""


def words(text: str) -> tuple[str, ...]:
    """The words of the normal entries. Raises EditRefused where shell code computes them.

    >>> words('LINUX_OPTIONS="quiet iommu=pt"')
    ('quiet', 'iommu=pt')
    """
    return shell_variable.words(text, VARIABLE)


def edit_words(text: str, edit: WordEdit) -> str:
    """The file with the edit carried out; equal to the text where nothing has to change. Raises EditRefused."""
    if shell_variable.mentions(text, VARIABLE):
        return shell_variable.edit_words(text, (VARIABLE,), edit)
    return new_variable(text, VARIABLE, edit)
