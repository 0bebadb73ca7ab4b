"""Lines of lists of modules that hold more than the list takes (modules-load.d(5), initramfs-tools(7)).

systemd-modules-load takes a whole line for the name of a module. initramfs-tools takes the first word for the name and
hands the rest to modprobe as options: the names of further modules there are options that no module has.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vfiotui.formats.fault import Fault
from vfiotui.formats.modprobe.modprobe import fold, is_module_name
from vfiotui.formats.modprobe.modprobe_faults import VERBS
from vfiotui.formats.text_lines import Line, line_end, lines_of

OPTION = re.compile(r"[\w-]+=\S+", re.ASCII)


class Moved(NamedTuple):
    """A statement that belongs into modprobe.d."""

    verb: str
    name: str
    rest: str


class Parted(NamedTuple):
    """What a line was meant to say."""

    modules: tuple[str, ...]
    """Lines of the list, in order."""
    statements: tuple[Moved, ...]
    """What goes to modprobe.d."""


def _line_of(line: Line, takes_options: bool) -> list[str]:
    comments = "#" if takes_options else "#;"
    return [] if line.text.strip()[:1] in comments and line.text.strip() else line.text.split()


def _parted(words: list[str], takes_options: bool) -> Parted | None:
    """None where the line is what the list takes, or what was meant is not known."""
    if words[0] in VERBS:
        if len(words) < 3 and not (words[0] == "blacklist" and len(words) == 2):
            return None
        return Parted((), (Moved(words[0], words[1], " ".join(words[2:])),))
    if len(words) == 1 or not is_module_name(words[0]):
        return None
    names: list[tuple[str, list[str]]] = []
    for word in words:
        if word.startswith("#"):
            break
        if OPTION.fullmatch(word) and names:
            names[-1][1].append(word)
        elif is_module_name(word):
            names.append((word, []))
        else:
            return None
    if takes_options:
        lines = tuple(" ".join((name, *options)) for name, options in names)
        return Parted(lines, ()) if len(lines) > 1 else None
    moved = tuple(Moved("options", name, " ".join(options)) for name, options in names if options)
    return Parted(tuple(name for name, _ in names), moved)


def parted(text: str, takes_options: bool) -> tuple[tuple[Line, Parted], ...]:
    """The lines that hold too much, with what they were meant to say."""
    found = []
    for line in lines_of(text):
        words = _line_of(line, takes_options)
        part = _parted(words, takes_options) if words else None
        if part is not None:
            found.append((line, part))
    return tuple(found)


def faults(text: str, takes_options: bool) -> tuple[Fault, ...]:
    """Lines with more than the list takes; kind: line. `takes_options` is true for initramfs-tools/modules.

    >>> [f.right for f in faults("vfio_pci ids=10de:1b80\\n", False)], faults("vfio_pci ids=10de:1b80\\n", True)
    (['vfio_pci'], ())
    """
    found = []
    for line, part in parted(text, takes_options):
        words = line.text.split()
        if words[0] in VERBS:
            sentence = (
                f"A list of modules takes names: {words[0]!r} is taken for the name of a module that is not there."
            )
        elif takes_options:
            more = ", ".join(m.split()[0] for m in part.modules[1:])
            sentence = f"One module stands on a line: {more} would be options of {fold(words[0])}, and are not loaded."
        else:
            sentence = f"The whole line is taken for the name of a module: {words[0]} is not loaded by it."
        found.append(Fault("line", line.number, line.text, sentence, " / ".join(part.modules)))
    return tuple(found)


def repaired(text: str, takes_options: bool) -> tuple[str, tuple[Moved, ...]]:
    """The text with one module a line, and the statements that belong into modprobe.d."""
    statements: list[Moved] = []
    eol = line_end(text)
    for line, part in reversed(parted(text, takes_options)):
        statements[:0] = part.statements
        others = {fold(w[0]) for other in lines_of(text) if other != line and (w := _line_of(other, takes_options))}
        new = [m for m in part.modules if fold(m.split()[0]) not in others or " " in m]
        comment = line.text.partition(" #")[2]
        new = [*new, f"#{comment}"] if comment else new
        if new:
            text = text[: line.start] + eol.join(new) + text[line.end :]
        else:
            rest = text[line.end :].removeprefix("\r").removeprefix("\n")
            text = text[: line.start] + rest
    return text, tuple(dict.fromkeys(statements))
