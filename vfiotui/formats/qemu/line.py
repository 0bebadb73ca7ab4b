"""A command line of QEMU: its words, and the values inside a word that is JSON or KEY=VALUE,….

qemu(1); util/keyval.c and util/qemu-option.c of QEMU: a comma inside a value is written twice.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Sequence
from typing import Any

from vfiotui.model.base.value import dataclass

ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Line:
    """A command: environment, program, words."""

    environment: tuple[tuple[str, str], ...]
    program: str
    words: tuple[str, ...]

    def options(self) -> list[tuple[str, ...]]:
        """The words by option: -name with its value, or alone where it has none."""
        found: list[tuple[str, ...]] = []
        for word in self.words:
            if found and len(found[-1]) == 1 and not word.startswith("-"):
                found[-1] = (found[-1][0], word)
            else:
                found.append((word,))
        return found


def line_of(text: str) -> Line:
    """The command in a line for a shell, as virsh domxml-to-native prints it; ValueError where it is none."""
    words = shlex.split(text.strip(), comments=False)
    environment: list[tuple[str, str]] = []
    while words and (found := ASSIGNED.fullmatch(words[0])):
        environment.append((found[1], found[2]))
        words.pop(0)
    if not words:
        raise ValueError("the line names no program")
    return Line(tuple(environment), words[0], tuple(words[1:]))


def parts_of(value: str) -> list[tuple[str, str | None]]:
    """The pieces of KEY=VALUE,…; a piece without = has no value.

    >>> parts_of("pty,id=a,path=/x,,y")
    [('pty', None), ('id', 'a'), ('path', '/x,y')]
    """
    pieces = value.replace(",,", "\0").split(",")
    split = (piece.replace("\0", ",").partition("=") for piece in pieces)
    return [(key, rest if equals else None) for key, equals, rest in split]


def joined(parts: Sequence[tuple[str, str | None]]) -> str:
    """The opposite of `parts_of`.

    >>> joined([("pty", None), ("path", "/x,y")])
    'pty,path=/x,,y'
    """
    doubled = ((key.replace(",", ",,"), None if rest is None else rest.replace(",", ",,")) for key, rest in parts)
    return ",".join(key if rest is None else f"{key}={rest}" for key, rest in doubled)


def object_of(value: str) -> dict[str, Any] | None:
    """A word that is a JSON object; None for any other."""
    if not value.startswith("{"):
        return None
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def written(value: dict[str, Any]) -> str:
    """An object as libvirt writes it on the line."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def setting(value: str, key: str) -> str | None:
    """The value of a key in a word of either form; None where it has none.

    >>> setting('{"id":"a"}', "id"), setting("pty,id=b", "id"), setting("pty", "id")
    ('a', 'b', None)
    """
    found = object_of(value)
    if found is not None:
        inner = found.get(key)
        return inner if isinstance(inner, str) else None
    return next((rest for name, rest in parts_of(value) if name == key and rest is not None), None)


def with_values(value: str, change: Callable[[str], str]) -> str:
    """A word with each text value inside as `change` makes it; what it leaves alone stays to the byte."""
    found = object_of(value)
    if found is not None:
        new = _changed(found, change)
        return value if new == found else written(new)
    parts = parts_of(value)
    changed = [
        (key if rest is not None else change(key), None if rest is None else change(rest)) for key, rest in parts
    ]
    return value if changed == parts else joined(changed)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _changed(inner, change) for key, inner in value.items()}
    return [_changed(inner, change) for inner in value] if isinstance(value, list) else value
