"""modules-load.d and /etc/modules: one module a line, # and ; begin comments (modules-load.d(5), modules(5))."""

from __future__ import annotations

from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.text_lines import line_end, lines_of, with_line, without_lines

COMMENTS = "#;"


def _word(line: str) -> str:
    """The module that a line names; empty for comments and blank lines."""
    stripped = line.strip()
    return "" if not stripped or stripped[0] in COMMENTS else stripped.split()[0]


def modules(text: str) -> tuple[str, ...]:
    """The modules in the order in which they are loaded.

    >>> modules("# early\\nvfio-pci\\n\\n;kvm\\n")
    ('vfio-pci',)
    """
    return tuple(word for line in lines_of(text) if (word := _word(line.text)))


def add(text: str, module: str, before: str | None = None) -> str:
    """The text that loads the module too, ahead of `before` where that is named in it; unchanged where it does so."""
    if not module or module.split() != [module] or module[0] in COMMENTS:
        raise ValueError("a module is one word")
    if any(fold(word) == fold(module) for word in modules(text)):
        return text
    for line in lines_of(text):
        if before is not None and fold(_word(line.text)) == fold(before):
            return text[: line.start] + module + line_end(text) + text[line.start :]
    return with_line(text, module)


def remove(text: str, module: str) -> str:
    """The text that does not load the module; its options on the same line go with it."""
    return without_lines(text, [line for line in lines_of(text) if fold(_word(line.text)) == fold(module)])
