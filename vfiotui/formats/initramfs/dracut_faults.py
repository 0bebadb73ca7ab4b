"""Lists of dracut without the blanks that keep the words of two files apart (dracut.conf(5))."""

from __future__ import annotations

import re

from vfiotui.formats.fault import Fault
from vfiotui.formats.text_lines import lines_of

HEAD = re.compile(
    r"[ \t]*((?:add_|force_|omit_)?drivers|filesystems|(?:add_|omit_|force_add_)?dracutmodules|install_items)\+="
)
CODE = re.compile(r"[$`\\]")


def _value(rest: str) -> tuple[str, str] | None:
    """The quote and what stands inside of it, where nothing but a comment follows; None for all else."""
    quote = rest[:1] if rest[:1] in ("'", '"') else ""
    if quote:
        inner, closed, after = rest[1:].partition(quote)
    else:
        inner, closed, after = (*rest.split(None, 1), "")[0] if rest.strip() else "", "x", rest.partition(" ")[2]
    after = after.strip()
    if not closed or (after and not after.startswith("#")) or CODE.search(inner) or "#" in inner or not inner.strip():
        return None
    return quote or '"', inner


def faults(text: str) -> tuple[Fault, ...]:
    """Lists that += appends without a blank at either end; kind: blanks.

    >>> [f.right for f in faults('add_drivers+="vfio vfio_pci"\\n')]
    ['add_drivers+=" vfio vfio_pci "']
    """
    found = []
    for line in lines_of(text):
        head = HEAD.match(line.text)
        value = _value(line.text[head.end() :]) if head else None
        if head is None or value is None or (value[1][0].isspace() and value[1][-1].isspace()):
            continue
        quote, inner = value
        words = inner.split()
        ends = [words[0]] * (not inner[0].isspace()) + [words[-1]] * (not inner[-1].isspace())
        sentence = (
            f"All files make one text: {' and '.join(dict.fromkeys(ends))} would be joined to words of other files."
        )
        found.append(Fault("blanks", line.number, line.text, sentence, f"{head[1]}+={quote} {' '.join(words)} {quote}"))
    return tuple(found)


def repaired(text: str) -> str:
    """The text with blanks at both ends of each list."""
    for fault in reversed(faults(text)):
        line = lines_of(text)[fault.line - 1]
        text = text[: line.start] + fault.right + text[line.end :]
    return text
