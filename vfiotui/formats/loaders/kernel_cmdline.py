"""/etc/kernel/cmdline and /etc/cmdline.d/*.conf: nothing but words, and lines that begin with #.

Read by kernel-install(8), mkinitcpio, ukify, dracut and proxmox-boot-tool.
"""

from __future__ import annotations

from vfiotui.formats.loaders.kernel_words import WordEdit, rewrite
from vfiotui.formats.loaders.word_field import Field, edit_fields, plain_field, words_of
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.text_lines import lines_of, with_line


def _fields(text: str) -> list[Field]:
    return [
        plain_field(text, line.start, line.end, line.number, line.text)
        for line in lines_of(text)
        if line.text.strip() and not line.text.lstrip().startswith("#")
    ]


def words(text: str) -> tuple[str, ...]:
    """The words of all lines in order.

    >>> words("# mine\\nroot=UUID=1 rw\\nquiet")
    ('root=UUID=1', 'rw', 'quiet')
    """
    return words_of(_fields(text))


def edit_words(text: str, edit: WordEdit) -> str:
    """The file with the edit carried out; equal to the text where nothing has to change.

    New words join the last line that has words. Raises EditRefused, also where # stands behind words: some readers take
    the rest for a comment, others for words.
    """
    fields = _fields(text)
    for field in fields:
        if any(word.startswith("#") for word in words_of([field])):
            raise EditRefused(
                "A # stands behind words, and not every reader takes it for a comment; give it a line of its own.",
                field.line_number,
                field.line_text,
            )
    if fields:
        return edit_fields(text, fields, edit)
    new = rewrite((), edit)
    return with_line(text, " ".join(k.text for k in new)) if new else text


def first_line(text: str) -> tuple[str, ...]:
    """The words of the first line, comment or not: all that proxmox-boot-tool reads (its get_first_line).

    >>> first_line("root=ZFS=rpool\\niommu=pt")
    ('root=ZFS=rpool',)
    """
    return tuple(text.split("\n", 1)[0].split())


def joined(text: str) -> str:
    """The text with the words of all lines on the first one, and its comments below.

    >>> joined("# mine\\nroot=ZFS=rpool\\niommu=pt\\n")
    'root=ZFS=rpool iommu=pt\\n# mine\\n'
    """
    lines = lines_of(text)
    full = [line.text.strip() for line in lines if line.text.strip()]
    comments = [line for line in full if line.startswith("#")]
    content = [line for line in full if not line.startswith("#")]
    if not content or first_line(text) == tuple(w for line in content for w in line.split()):
        return text
    eol = "\r\n" if "\r\n" in text else "\n"
    return eol.join([" ".join(content), *comments]) + (eol if text.endswith("\n") else "")
