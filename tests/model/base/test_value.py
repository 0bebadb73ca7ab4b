"""The cheap dataclass is the standard library's: the same declaration gives the same class, or the same refusal."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
import subprocess
import sys
import typing
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vfiotui
from vfiotui.model.base import value

ClassConstant = ClassVar
NAMES = ("a", "b", "self", "other", "value", "MISSING", "set_a", "cls", "fields", "name", "wrap", "annotations")
DEFAULTS = (0, "x", None, (), frozenset({1}), [], {}, set(), value.Any)


def declared(module: Any, body: dict[str, Any], annotations: dict[str, Any], **options: bool) -> type:
    """A class made with the `dataclass` and `field` of a module; fields are given as the words of `field`."""
    names = {n: module.field(**f) if isinstance(f, dict) and "field" in f else f for n, f in body.items()}
    made = type("Made", (), {"__annotations__": dict(annotations), "__module__": __name__, "__doc__": "Doc.", **names})
    return module.dataclass(slots=True, **options)(made)


def outcome(call: Any) -> Any:
    """What a call gives, or the kind of its refusal."""
    try:
        return call()
    except Exception as error:
        return type(error)


fields = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.one_of(
            st.just(("no default", None)),
            st.tuples(st.just("default"), st.sampled_from(DEFAULTS)),
            st.tuples(st.just("factory"), st.sampled_from((list, dict, tuple))),
        ),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.sampled_from(("int", "ClassVar[int]", "typing.ClassVar[int]", "ClassConstant[int]", "Unknown.ClassVar")),
    ),
    max_size=5,
    unique_by=lambda f: f[0],
)


def declaration(module: Any, told: list[Any], frozen: bool, eq: bool) -> Any:
    """The class that a module makes of an invented declaration, or the kind of its refusal."""
    annotations, body = {}, {}
    for name, (kind, default), init, shown, compare, annotation in told:
        annotations[name] = annotation
        if "Class" in annotation and annotation != "Unknown.ClassVar":
            body |= {name: default} if kind == "default" else {}
            continue
        words = {"init": init, "repr": shown, "compare": compare}
        words |= {"default": default} if kind == "default" else {}
        words |= {"default_factory": default} if kind == "factory" else {}
        if kind == "default" and init and shown and compare:
            body[name] = default
        else:
            body[name] = module.field(**words)
    names = {"__annotations__": annotations, "__module__": __name__, "__doc__": "Doc.", **body}
    return outcome(lambda: module.dataclass(slots=True, frozen=frozen, eq=eq)(type("Made", (), names)))


def looks(made: type) -> dict[str, Any]:
    """What a debugger, a checker or a caller sees of a class."""
    told = ("name", "type", "default", "init", "repr", "compare", "kw_only")
    params: Any = made.__dataclass_params__  # type: ignore[attr-defined]
    return {
        "signature": str(inspect.signature(made)),
        "init": str(inspect.signature(made.__init__)),  # type: ignore[misc]
        "annotations": made.__init__.__annotations__,  # type: ignore[misc]
        "fields": [[getattr(f, n) for n in told] for f in dataclasses.fields(made)],  # type: ignore[arg-type]
        "slots": made.__slots__,  # type: ignore[attr-defined]
        "match": made.__match_args__,  # type: ignore[attr-defined]
        "names": {n for n in vars(made) if n not in ("__replace__", "__static_attributes__", "__firstlineno__")},
        "unhashable": made.__hash__ is None,
        "params": (params.frozen, params.eq, params.init, params.repr),
        "methods": [getattr(made, n).__qualname__ for n in ("__init__", "__eq__", "__repr__")],
        "module": made.__module__,
    }


@given(fields, st.booleans(), st.booleans(), st.lists(st.integers(0, 3), max_size=5))
def test_invented_declarations_give_the_class_of_the_standard_library(
    told: list[Any], frozen: bool, eq: bool, words: list[int]
) -> None:
    cheap, real = (declaration(module, told, frozen, eq) for module in (value, dataclasses))
    if not hasattr(real, "__slots__"):
        assert cheap == real
        return
    assert looks(cheap) == looks(real)
    one, other = (outcome(lambda made=made: made(*words)) for made in (cheap, real))
    if isinstance(other, type):
        assert one == other
        return
    assert outcome(lambda: repr(one)) == outcome(lambda: repr(other))
    assert outcome(lambda: one == cheap(*words)) == outcome(lambda: other == real(*words))
    if eq:
        assert outcome(lambda: hash(one)) == outcome(lambda: hash(other))
    for change in (lambda v: setattr(v, "a", 9), lambda v: delattr(v, "a")):
        assert "a" not in real.__slots__ or outcome(lambda c=change: c(one)) == outcome(lambda c=change: c(other))
    assert isinstance(outcome(lambda: setattr(one, "nothing", 1)), type)
    for copied in (copy.copy, copy.deepcopy):
        first, second = outcome(lambda c=copied: repr(c(one))), outcome(lambda c=copied: repr(c(other)))
        assert first == second


@value.dataclass(frozen=True, slots=True)
class Point:
    """A value of this file, which pickles by its name."""

    MOST: ClassVar[int] = 9
    NONE: typing.ClassVar[tuple[int, ...]]
    x: int
    tags: list[str] = value.field(default_factory=list)
    total: int = value.field(init=False, repr=False, compare=False, default=7)

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", self.x + 1)

    @property
    def twice(self) -> int:
        """A property stays one."""
        return 2 * self.x


@value.dataclass(slots=True)
class Moving:
    """Not frozen."""

    at: int
    seen: list[Any] = value.field(default_factory=list)


@value.dataclass(frozen=True, slots=True)
class Nothing:
    """No field."""


class Marked(Point):
    """A plain class below a value."""


@pytest.mark.parametrize("made", [Point(1, ["a"]), Moving(1, [[2]]), Nothing(), Marked(3, ["b"])], ids=repr)
def test_values_are_copied_and_pickled(made: Any) -> None:
    for again in (copy.copy(made), *(pickle.loads(pickle.dumps(made, p)) for p in range(2, 6)), copy.deepcopy(made)):
        assert again == made and type(again) is type(made)
    if isinstance(made, Point):
        assert copy.copy(made).tags is made.tags and copy.deepcopy(made).tags is not made.tags
        assert pickle.loads(pickle.dumps(made)).total == made.x + 1
    if isinstance(made, Moving):
        assert copy.deepcopy(made).seen[0] is not made.seen[0]


def test_a_class_variable_is_no_field() -> None:
    assert Point.__slots__ == ("x", "tags", "total") and Point.MOST == 9
    with pytest.raises(TypeError):
        Point(1, [], 9)  # type: ignore[call-arg]


def test_a_default_that_can_change_is_refused() -> None:
    for default in ([], {}, set(), Moving(1)):
        with pytest.raises(ValueError, match=r"mutable default .* use default_factory"):
            declared(value, {"a": default}, {"a": "Any"})
    assert Point(1).tags is not Point(1).tags


def test_a_debugger_sees_the_signature_before_an_object_was_made() -> None:
    fresh = declared(value, {"b": 3}, {"a": int, "b": "str"}, frozen=True)
    assert str(inspect.signature(fresh)) == "(a: int, b: 'str' = 3) -> None"
    assert inspect.signature(fresh.__init__).parameters.keys() == {"self", "a", "b"}
    fresh = declared(value, {}, {"a": "int"})
    assert inspect.signature(fresh(1).__init__).parameters.keys() == {"a"}  # type: ignore[call-arg,misc]


def test_values_are_frozen_replaced_and_derived() -> None:
    point, marked = Point(1), Marked(1)
    for change in (
        lambda: setattr(point, "x", 2),
        lambda: delattr(point, "x"),
        lambda: setattr(Nothing(), "x", 2),
        lambda: setattr(marked, "x", 2),
    ):
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()
    marked.note = "a plain class below keeps its own names"  # type: ignore[attr-defined]
    assert value.replace(point, x=5) == dataclasses.replace(point, x=5) == Point(5) != point
    assert value.replace(point, x=5).twice == 10 and Marked(1) != point


def test_a_value_that_holds_itself_is_shown() -> None:
    moving = Moving(1)
    moving.seen.append(moving)
    assert repr(moving) == "Moving(at=1, seen=[...])"


REFUSED: list[tuple[dict[str, Any], dict[str, Any], type[Exception]]] = [
    ({"a": 1}, {"a": "int", "b": "int"}, TypeError),
    ({"__slots__": ()}, {"a": "int"}, TypeError),
    ({"__setattr__": object.__setattr__}, {"a": "int"}, TypeError),
    ({"a": value.field(default=1)}, {}, TypeError),
    ({}, {"a": "dataclasses.InitVar[int]"}, TypeError),
    ({}, {"a": dataclasses.InitVar[int]}, TypeError),
    ({}, {"_": "dataclasses.KW_ONLY"}, TypeError),
]


@pytest.mark.parametrize(("body", "annotations", "kind"), REFUSED, ids=[str(r[1]) for r in REFUSED])
def test_what_is_not_offered_is_refused_where_it_is_declared(
    body: dict[str, Any], annotations: dict[str, Any], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        declared(value, body, annotations, frozen=True)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(TypeError, match="slots"):
        value.dataclass(frozen=True, slots=False)
    with pytest.raises(TypeError, match="bases"):

        @value.dataclass(frozen=True, slots=True)
        class Derived(Exception):
            pass

    with pytest.raises(ValueError, match="both"):
        value.field(default=1, default_factory=list)  # type: ignore[call-overload]


def values_of_the_program() -> Iterator[type]:
    """Every class of the program that this module made."""
    for info in pkgutil.walk_packages(vfiotui.__path__, "vfiotui."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        for made in list(vars(module).values()):
            if isinstance(made, type) and made.__module__ == info.name and dataclasses.is_dataclass(made):
                yield made


def test_every_class_of_the_program_has_the_signature_of_the_standard_library() -> None:
    seen = 0
    for made in values_of_the_program():
        again: dict[str, Any] = {
            f.name: dataclasses.field(
                default=f.default, default_factory=f.default_factory, init=f.init, repr=f.repr, compare=f.compare
            )
            for f in dataclasses.fields(made)  # type: ignore[arg-type]
        }
        names = {"__annotations__": made.__annotations__, "__module__": made.__module__, "__doc__": "Doc.", **again}
        shadow = dataclasses.dataclass(type(made.__name__, (), names))
        assert str(inspect.signature(made)) == str(inspect.signature(shadow)), made
        seen += 1
    assert seen > 200


def test_declaring_loads_no_heavy_module() -> None:
    loaded = "import sys, vfiotui.model.pci.functions; print(*{'dataclasses', 'inspect'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
