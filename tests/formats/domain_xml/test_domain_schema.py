"""What is declared of domain XML serves reading, editing, judging and captures alike."""

from __future__ import annotations

import inspect
import pkgutil
import xml.etree.ElementTree as ET
from importlib import import_module

import pytest

from vfiotui.formats.domain_xml import elements
from vfiotui.formats.domain_xml.declared import NAMES, TEXT, Attribute, Cpus, Number, Part, Switch, Word
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.domain_xml.edit import DomainEdit
from vfiotui.formats.domain_xml.elements.domain import Domain
from vfiotui.formats.domain_xml.schema import PARTS, order_of
from vfiotui.host.capture.domain_fields import TABLE

WORDS = [(part, word) for part in PARTS.values() for word in part.words]
JUDGED = [(part, word) for part in PARTS.values() for word in part.judged]
SAMPLES = {
    Number: (7, "7"),
    Cpus: (frozenset({0, 2, 3}), "0,2-3"),
    Switch: (True, None),
    Word: ("a 'b' <&>", "a 'b' <&>"),
}
EDITED = [(part, word) for part, word in WORDS if part.path and "{" not in part.path and type(word) in SAMPLES]


def named(found: tuple[type[Part], Attribute[object]]) -> str:
    part, word = found
    return f"{part.path}@{word.name or 'text'}"


def document(path: str, name: str, word: str) -> str:
    """A domain with one word at a path."""
    *above, last = (n.replace("*", "any") for n in NAMES.findall(path))
    inner = f"<{last}>{word}</{last}>" if name == TEXT else f"<{last} {name}='{word}'/>"
    return f"<domain>{''.join(f'<{n}>' for n in above)}{inner}{''.join(f'</{n}>' for n in reversed(above))}</domain>"


def test_every_element_is_declared_once_and_says_what_it_is() -> None:
    modules = [import_module(f"{elements.__name__}.{m.name}") for m in pkgutil.iter_modules(elements.__path__)]
    found = [
        part
        for module in modules
        for part in vars(module).values()
        if inspect.isclass(part)
        and issubclass(part, Part)
        and part.__module__ == module.__name__
        and "path" in vars(part)
    ]
    assert sorted(p.path for p in found) == sorted(PARTS)
    assert all(vars(part).get("__doc__") for part in found)
    assert all(word.meaning for _, word in WORDS)
    for part in found:
        assert len({word.name for word in part.words}) == len(part.words), part


def test_children_are_listed_where_libvirt_writes_them() -> None:
    for path in PARTS:
        above, _, name = path.rpartition("/")
        if path not in ("", "commandline") and "{" not in path and name != "*" and order_of(above):
            assert name in order_of(above), path


@pytest.mark.parametrize("declared", JUDGED, ids=named)
def test_a_word_that_makes_no_sense_is_damage(declared: tuple[type[Part], Attribute[object]]) -> None:
    part, word = declared
    last = part.path.rpartition("/")[2].replace("*", "any")
    found = parse(document(part.path, word.name, "1o"), source="test").damage
    words = f"{word.name or 'the text'} of <{last}> makes no sense: "
    assert f"{words}'1o'" in found
    assert words not in "\n".join(parse(document(part.path, word.name, " 1 "), source="test").damage)


@pytest.mark.parametrize("declared", EDITED, ids=named)
def test_what_is_written_is_read_back_by_both_readers(declared: tuple[type[Part], Attribute[object]]) -> None:
    part, word = declared
    value, spelled = SAMPLES[type(word)]
    spelled = spelled or next(w for w, meant in word.values.items() if meant)  # type: ignore[attr-defined]
    path = part.path.replace("*", "any")
    domain = DomainEdit("<domain>\n  <name>a</name>\n</domain>\n")
    before = domain.xml
    if word.name:
        domain.set_attribute(path, word.name, word.spelled(value))
    else:
        domain.set_text(path, word.spelled(value))
    element = ET.fromstring(domain.xml).find(path)
    assert element is not None and (element.get(word.name) if word.name else element.text) == spelled
    assert word.__get__(part.of(Domain(domain.root)), part) == value
    if path != "name":
        (domain.set_attribute(path, word.name, None) if word.name else domain.set_text(path, None))
        assert domain.xml == before


def test_what_is_missing_reads_as_absent() -> None:
    for part, word in WORDS:
        assert word.__get__(part(None), part) == word.absent
        assert not part.each(part(None)) and not part.of(part(None)).given if part.path else True


@pytest.mark.parametrize("declared", WORDS, ids=named)
def test_a_capture_keeps_all_that_is_read(declared: tuple[type[Part], Attribute[object]]) -> None:
    part, word = declared
    if part.path.startswith("{"):
        return
    names = part.path.split("/")
    places = ("/".join((*names[:at], "*", *names[at + 1 :])) for at in (len(names) - 1, 1) if at < len(names))
    kept, texted = next(TABLE[p] for p in (part.path, *places) if p in TABLE)
    assert texted if word.name == TEXT else word.name in kept
