"""booster.yaml: the line `modules_force_load: a,b` of a plain mapping; YAML of other shapes is refused.

A key begins in the first column, so whatever is indented belongs to the key above it. The list is one text with commas.
"""

from __future__ import annotations

import re

from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.text_lines import lines_of, with_line, without_lines
from vfiotui.model.base.value import dataclass

KEY = "modules_force_load"
ANY_KEY = re.compile(r"[A-Za-z_][\w.-]*[ \t]*:(?=[ \t]|\Z)")
VALUE = re.compile(r"(?P<quote>[\"']?)(?P<list>[\w, -]*+)(?P=quote)[ \t]*+(?:(?<=[ \t])#.*)?")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the list stands in the text."""

    start: int
    end: int


def _find(text: str) -> _Place | None:
    """Where the list stands, or None where the key is missing; EditRefused where the YAML is not plain."""
    found: _Place | None = None
    content = [line for line in lines_of(text) if line.text.strip() and not line.text.lstrip().startswith("#")]
    for index, line in enumerate(content):
        below = content[index + 1].text[:1] if index + 1 < len(content) else ""
        if (index == 0 and line.text == "---") or (index and (line.text[0] in " \t" or line.text.startswith("- "))):
            continue
        key = ANY_KEY.match(line.text)
        if not key:
            raise EditRefused("This YAML is not a plain mapping; edit it by hand.", line.number, line.text)
        if key[0].rstrip(": \t") != KEY:
            continue
        if found:
            raise EditRefused(f"{KEY} is given twice; edit it by hand.", line.number, line.text)
        rest = line.text[key.end() :]
        value = VALUE.fullmatch(line.text, key.end() + len(rest) - len(rest.lstrip()))
        if not value or (below and below in " \t-"):
            sentence = f"{KEY} is not a plain text with commas in one line; edit it by hand."
            raise EditRefused(sentence, line.number, line.text)
        listed = value["list"] if value["quote"] else value["list"].rstrip()
        begin = line.start + value.start("list")
        found = _Place(begin, begin + len(listed))
    return found


def modules(text: str) -> tuple[str, ...]:
    """The modules that are loaded at once, in order.

    >>> modules("network:\\n  dhcp: on\\nmodules_force_load: vfio_pci,vfio\\n")
    ('vfio_pci', 'vfio')
    """
    place = _find(text)
    listed = text[place.start : place.end].split(",") if place else ()
    return tuple(word.strip() for word in listed if word.strip())


def add(text: str, module: str, before: str | None = None) -> str:
    """The text that loads the module too, ahead of `before` where that is listed; unchanged where it does so."""
    if not re.fullmatch(r"\w[\w-]*", module):
        raise ValueError("a module is one word")
    place = _find(text)
    if place is None:
        return with_line(text, f"{KEY}: {module}")
    present = modules(text)
    if any(fold(word) == fold(module) for word in present):
        return text
    value = text[place.start : place.end]
    if not present:
        lead = " " if text[place.start - 1] == ":" else ""
        return text[: place.start] + lead + module + text[place.end :]
    for match in re.finditer(r"[^,\s]+", value):
        if before is not None and fold(match[0]) == fold(before):
            at = place.start + match.start()
            return f"{text[:at]}{module},{text[at:]}"
    end = place.start + len(value.rstrip(", "))
    return f"{text[:end]},{module}{text[end:]}"


def underscored(text: str) -> str:
    r"""The text whose list spells each module with _ for -: booster's generator knows no other name.

    >>> underscored("modules_force_load: vfio-pci,vfio\n")
    'modules_force_load: vfio_pci,vfio\n'
    """
    place = _find(text)
    if place is None:
        return text
    return text[: place.start] + text[place.start : place.end].replace("-", "_") + text[place.end :]


def remove(text: str, module: str) -> str:
    """The text that does not load the module; a key without any module goes whole."""
    place = _find(text)
    if place is None or all(fold(word) != fold(module) for word in modules(text)):
        return text
    value = text[place.start : place.end]
    kept = [piece for piece in value.split(",") if fold(piece.strip()) != fold(module)]
    if any(piece.strip() for piece in kept):
        return text[: place.start] + ",".join(kept).lstrip() + text[place.end :]
    return without_lines(text, [line for line in lines_of(text) if line.start <= place.start <= line.end])
