"""modprobe.d: one statement a line; edits that leave every other byte as it is (modprobe.d(5))."""

from __future__ import annotations

import re

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.text_lines import lines_of, with_line
from vfiotui.model.boot.modprobe_lines import Statement, Word
from vfiotui.model.boot.modprobe_lines import fold as fold
from vfiotui.model.boot.modprobe_lines import is_module_name as is_module_name
from vfiotui.model.boot.modprobe_lines import statements as statements


def _of(text: str, verb: str, name: str) -> tuple[Statement, ...]:
    return tuple(s for s in statements(text) if s.verb == verb and fold(s.name.value) == fold(name))


def _append(text: str, statement: str) -> str:
    """One more statement at the end, unless a backslash there would swallow it."""
    if "\n" in statement or "\\" in statement:
        raise ValueError("a statement is one line without backslashes")
    tail = text.removesuffix("\n")
    if (len(tail) - len(tail.rstrip("\\"))) % 2:
        last = lines_of(text)[-1]
        sentence = "The file ends in a backslash that would swallow a new line; remove it by hand."
        raise EditRefused(sentence, last.number, last.text)
    return with_line(text, statement)


def _drop(text: str, statement: Statement) -> str:
    """The text without the lines of a statement."""
    kept = text[: statement.start]
    if statement.end == len(text) and not text.endswith("\n"):
        kept = kept.removesuffix("\n").removesuffix("\r")
    return kept + text[statement.end :]


def _without(text: str, statement: Statement, words: list[Word]) -> str:
    """The text without these words and the gaps before them; without the statement where nothing else is left."""
    if words and len(statement.words) == len(words):
        return _drop(text, statement)
    for word in reversed(words):
        before = max(w.end for w in (statement.name, *statement.words) if w.end <= word.start)
        text = text[:before] + text[word.end :]
    return text


def options(text: str, module: str) -> tuple[str, ...]:
    """The options of a module in order, as the kernel gets them; of equal keys the last is in force.

    >>> options("options vfio-pci ids=1:2\\noptions vfio_pci disable_vga=1", "vfio-pci")
    ('ids=1:2', 'disable_vga=1')
    """
    return tuple(word.value for s in _of(text, "options", module) for word in s.words)


def _key(option: str) -> str:
    return option.partition("=")[0].replace("-", "_")


def set_option(text: str, module: str, option: str) -> str:
    """The text with the option, such as ids=10de:1b80, once; the module's other options stay.

    It takes the place of the one in force, else joins the module's last line, else becomes a new line.
    EditRefused where a quote of that line is open.
    """
    if not re.fullmatch(r"[^\s\"\\=]+(=([^\s\"\\]*|\"[^\"\\\n]*\"))?", option):
        raise ValueError("an option is key=value, with double quotes around blanks")
    mine = _of(text, "options", module)
    holders = [(s, [w for w in s.words if _key(w.value) == _key(option)]) for s in mine]
    holders = [(s, words) for s, words in holders if words]
    if not mine:
        return _append(text, f"options {module} {option}")
    for statement in mine:
        if sum(w.value.count('"') for w in statement.words) % 2:
            shown = lines_of(text)[statement.line - 1].text
            raise EditRefused("A quote is open in this line; close it by hand.", statement.line, shown)
    if not holders:
        place = max(w.end for w in (mine[-1].name, *mine[-1].words))
        return f"{text[:place]} {option}{text[place:]}"
    final, words = holders[-1]
    last = words[-1]
    if last.value != option:
        text = text[: last.start] + option + text[last.end :]
    text = _without(text, final, words[:-1])
    for statement, words in reversed(holders[:-1]):
        text = _without(text, statement, words)
    return text


def remove_option(text: str, module: str, key: str) -> str:
    """The text without the module's option of this key; a line that has no other option goes whole."""
    for statement in reversed(_of(text, "options", module)):
        text = _without(text, statement, [word for word in statement.words if _key(word.value) == _key(key)])
    return text


def add(text: str, verb: str, name: str, rest: str = "") -> str:
    """The text with a statement such as blacklist nouveau; unchanged where it says so already."""
    if any(s.rest == " ".join(rest.split()) for s in _of(text, verb, name)):
        return text
    return _append(text, f"{verb} {name} {rest}".rstrip())


def remove(text: str, verb: str, name: str, rest: str | None = None) -> str:
    """The text without the statements of this verb and name, or only those with this rest."""
    for statement in reversed(_of(text, verb, name)):
        if rest is None or statement.rest == " ".join(rest.split()):
            text = _drop(text, statement)
    return text


def softdeps(text: str, module: str) -> tuple[str, ...]:
    """What the module's soft dependencies load before it, all lines together."""
    found: list[str] = []
    for statement in _of(text, "softdep", module):
        found += [word.value for word in _pre(statement)]
    return tuple(found)


def _pre(statement: Statement) -> list[Word]:
    found, before = [], False
    for word in statement.words:
        if word.value in ("pre:", "post:"):
            before = word.value == "pre:"
        elif before:
            found.append(word)
    return found


def add_softdep(text: str, module: str, before: str) -> str:
    """The text in which `before` is loaded ahead of the module.

    It joins the module's first softdep line, because older kmod obeys that one alone (libkmod-module.c).
    """
    mine = _of(text, "softdep", module)
    if not mine:
        return _append(text, f"softdep {module} pre: {before}")
    first = mine[0]
    if any(fold(word.value) == fold(before) for word in _pre(first)):
        return text
    mark = next((word for word in first.words if word.value == "pre:"), None)
    place, new = (mark.end, f" {before}") if mark else (first.name.end, f" pre: {before}")
    return text[:place] + new + text[place:]


def remove_softdep(text: str, module: str, before: str) -> str:
    r"""The text in which no softdep line of the module loads `before` ahead of it; a line that loads nothing else goes.

    >>> remove_softdep("softdep nouveau pre: vfio-pci\nsoftdep drm pre: vfio-pci i2c\n", "nouveau", "vfio-pci")
    'softdep drm pre: vfio-pci i2c\n'
    """
    for statement in reversed(_of(text, "softdep", module)):
        mine = [word for word in _pre(statement) if fold(word.value) == fold(before)]
        others = [w for w in statement.words if w.value not in ("pre:", "post:") and w not in mine]
        if mine and not others:
            text = _drop(text, statement)
        elif mine:
            text = _without(text, statement, mine)
    return text
