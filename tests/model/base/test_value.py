"""The cheap dataclass behaves as the standard library's does, for every shape that is used here."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vfiotui
from vfiotui.model.base import value


def shape(module: Any) -> tuple[Any, Any, Any]:
    """Three classes, declared with the `dataclass` and `field` of a module."""

    @module.dataclass(frozen=True, slots=True)
    class Point:
        x: int
        y: int = 3
        tags: frozenset[str] = module.field(default_factory=frozenset)
        total: int = module.field(init=False, repr=False, compare=False, default=7)

        def __post_init__(self) -> None:
            object.__setattr__(self, "total", self.x + self.y)

        @property
        def twice(self) -> int:
            return 2 * self.x

    @module.dataclass(frozen=True, slots=True)
    class Nothing:
        """Empty."""

    @module.dataclass(slots=True)
    class Moving:
        at: int
        seen: list[int] = module.field(default_factory=list)

    return Point, Nothing, Moving


CHEAP, REAL = shape(value), shape(dataclasses)


@given(st.lists(st.one_of(st.integers(0, 2), st.just(frozenset("ab"))), max_size=5), st.booleans())
def test_objects_are_made_compared_hashed_and_shown_alike(words: list[Any], named: bool) -> None:
    told = dict(zip(("x", "y", "tags", "total", "more"), words, strict=False)) if named else {}
    made: list[Any] = []
    for point, _, _ in (CHEAP, REAL):
        try:
            made.append((point(*(() if named else words), **told), point(1, 2)))
        except TypeError as error:
            made.append(type(error))
    cheap, real = made
    if isinstance(cheap, type) or isinstance(real, type):
        assert cheap == real
        return
    assert repr(cheap[0]) == repr(real[0])
    assert (cheap[0] == cheap[1]) == (real[0] == real[1]) and cheap[0] != real[0]
    assert cheap[0] == CHEAP[0](cheap[0].x, cheap[0].y, cheap[0].tags)
    assert hash(cheap[0]) == hash(CHEAP[0](cheap[0].x, cheap[0].y, cheap[0].tags))
    assert cheap[0].total == real[0].total and cheap[0].twice == real[0].twice
    assert dataclasses.replace(cheap[0], y=9) == value.replace(cheap[0], y=9) == CHEAP[0](cheap[0].x, 9, cheap[0].tags)


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_the_class_looks_alike(kind: int) -> None:
    cheap, real = CHEAP[kind], REAL[kind]
    assert cheap.__slots__ == real.__slots__ and cheap.__match_args__ == real.__match_args__
    assert cheap.__doc__ == real.__doc__ or real.__doc__.startswith(real.__name__)
    assert cheap.__qualname__ == real.__qualname__ and cheap.__module__ == real.__module__
    told = ("name", "init", "repr", "compare", "default", "type")
    assert [[getattr(f, n) for n in told] for f in dataclasses.fields(cheap)] == [
        [getattr(f, n) for n in told] for f in dataclasses.fields(real)
    ]


def test_values_are_frozen_and_others_are_not() -> None:
    point, nothing, moving = (c(*given) for c, given in zip(CHEAP, ((1,), (), (1,)), strict=True))
    for change in (lambda: setattr(point, "x", 2), lambda: delattr(point, "x"), lambda: setattr(nothing, "x", 2)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()
    with pytest.raises(AttributeError):
        moving.other = 1
    moving.at = 5
    assert moving == CHEAP[2](5) and moving.seen is not CHEAP[2](5).seen
    with pytest.raises(TypeError):
        hash(moving)
    assert nothing == CHEAP[1]() and hash(nothing) == hash(CHEAP[1]())


def test_what_is_not_offered_is_refused() -> None:
    with pytest.raises(TypeError, match="slots"):
        value.dataclass(frozen=True, slots=False)
    with pytest.raises(TypeError, match="bases"):

        @value.dataclass(frozen=True, slots=True)
        class Derived(Exception):
            pass


def test_every_class_of_the_house_keeps_its_defaults_behind() -> None:
    """`def __init__(self, a=1, b)` would only fail when the first object is made: the standard library proves each."""
    seen = 0
    for info in pkgutil.walk_packages(vfiotui.__path__, "vfiotui."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for made in vars(module).values():
            if isinstance(made, type) and made.__module__ == info.name and dataclasses.is_dataclass(made):
                assert dataclasses.fields(made) or made.__slots__ == ()
                seen += 1
    assert seen > 200


def test_declaring_loads_no_heavy_module() -> None:
    loaded = "import sys, vfiotui.model.pci.functions; print(*{'dataclasses', 'inspect'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
