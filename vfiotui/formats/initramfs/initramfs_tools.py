"""initramfs-tools/modules: one module a line with its options behind it; # in the first column begins a comment.

Read as `grep '^[^#]' | while read -r module args` (initramfs-tools, hook-functions).
"""

from __future__ import annotations

from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.text_lines import Line, line_end, lines_of, with_line, without_lines


def _words(line: str) -> list[str]:
    return [] if line.startswith("#") else line.split()


def _names(line: Line, module: str) -> bool:
    """Whether the line loads the module."""
    return [fold(word) for word in _words(line.text)[:1]] == [fold(module)]


def modules(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each module with its options, in the order in which they are loaded.

    >>> modules("vfio-pci ids=10de:1b80\\n# kvm\\n")
    (('vfio-pci', ('ids=10de:1b80',)),)
    """
    return tuple((words[0], tuple(words[1:])) for line in lines_of(text) if (words := _words(line.text)))


def add(text: str, module: str, before: str | None = None) -> str:
    """The text that loads the module too, ahead of `before` where that is named in it; unchanged where it does so."""
    if not module or module.split() != [module] or module.startswith("#"):
        raise ValueError("a module is one word")
    if any(fold(name) == fold(module) for name, _ in modules(text)):
        return text
    for line in lines_of(text):
        if before is not None and _names(line, before):
            return text[: line.start] + module + line_end(text) + text[line.start :]
    return with_line(text, module)


def remove(text: str, module: str) -> str:
    """The text that does not load the module; its options on the same line go with it."""
    return without_lines(
        text, [line for line in lines_of(text) if [fold(word) for word in _words(line.text)[:1]] == [fold(module)]]
    )


def set_options(text: str, module: str, options: tuple[str, ...]) -> str:
    r"""The text whose lines of the module have these options and no others; unchanged where no line loads it.

    >>> set_options("vfio-pci ids=10de:1b80 disable_vga=1\n", "vfio-pci", ("disable_vga=1",))
    'vfio-pci disable_vga=1\n'
    """
    for line in reversed(lines_of(text)):
        if _names(line, module):
            text = f"{text[: line.start]}{' '.join((_words(line.text)[0], *options))}{text[line.end :]}"
    return text
