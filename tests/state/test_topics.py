"""Every topic of the store is written by the module that it names, and read by those that it names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from vfiotui.state import topics
from vfiotui.state.topics import Topic

PACKAGE = Path(topics.__file__).parent.parent
TOPICS = {name: value for name, value in vars(topics).items() if isinstance(value, Topic)}
WRITES = {"push", "PolledTopic", "_post"}
"""Calls that make a topic's values, or name the topic of which somebody makes them."""
READS = {"get", "history", "kept"}


def _named(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in TOPICS:
            yield part.id


def uses(source: str) -> tuple[set[str], set[str]]:
    """The topics that a module writes, and those that it reads."""
    written, read = set[str](), set[str]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            # "partial(store.push, TOPIC)" and "call_soon(store.push, TOPIC, …)" push later.
            handed = {a.attr for a in node.args if isinstance(a, ast.Attribute)}
            named = {n for a in node.args for n in ([a.id] if isinstance(a, ast.Name) and a.id in TOPICS else [])}
            if name in WRITES or "push" in handed:
                written |= named
            if name in READS:
                read |= {n for a in node.args[:1] for n in _named(a)}
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
            if any(getattr(t, "id", "") == "FEEDS" for t in targets) and node.value is not None:
                written |= set(_named(node.value))
    return written, read


def modules() -> dict[str, tuple[set[str], set[str]]]:
    """Module below the package → what it writes and reads."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "state.topics" in source:
            found[".".join(path.relative_to(PACKAGE).with_suffix("").parts)] = uses(source)
    return found


MODULES = modules()


def _inside(module: str, place: str) -> bool:
    return module == place or module.startswith(f"{place}.")


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_has_the_writer_that_it_names(name: str) -> None:
    writers = [m for m, (written, _) in MODULES.items() if name in written]
    # The first sample may have been taken before the console was there.
    assert [m for m in writers if m != "tui.app"] == [TOPICS[name].writer]


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_has_the_readers_that_it_names(name: str) -> None:
    topic = TOPICS[name]
    readers = [m for m, (_, read) in MODULES.items() if name in read and m != topic.writer]
    assert readers, "nothing uses what is written"
    assert [m for m in readers if not any(_inside(m, place) for place in topic.readers)] == []
    assert [place for place in topic.readers if not any(_inside(m, place) for m in readers)] == []


def test_no_two_topics_have_one_name_and_all_are_listed() -> None:
    assert len(set(TOPICS.values())) == len(TOPICS)
    assert set(topics.ALL) == set(TOPICS.values())


def test_a_topic_that_nobody_reads_or_writes_is_seen() -> None:
    written, read = uses("store.push(FACTS, 1)\nx = store.get(VIRT)\npartial(store.push, BOOTED)\nFEEDS = {LIVE}\n")
    assert written == {"FACTS", "BOOTED", "LIVE"} and read == {"VIRT"}


def test_only_topics_are_pushed_and_taken() -> None:
    """A word in place of a topic would be a topic that is declared nowhere."""
    loose = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                owner = ast.unparse(node.func.value)
                word = isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
                if owner.endswith("store") and node.func.attr in {*READS, "push", "subscribe"} and word:
                    loose.append(f"{path.name}: {ast.unparse(node)}")
    assert loose == []
