"""Dataclasses with slots, declared at a tenth of the standard library's price.

A command that answers and ends declares up to 170 classes and makes objects of some of them. The standard library
compiles eight methods for each (0.5 ms) and loads `inspect` for that (9 ms); here a method is compiled when it is
looked up for the first time. Type checkers see the original, and `tests/model/test_value.py` compares each class of
this program, and invented ones, with what the standard library makes of the same declaration: signature, fields,
defaults, equality, hash, text, copies and pickles. What is not offered here is refused where it is declared.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace


class _Missing:
    """No value was given; shown in signatures as the standard library shows it."""

    def __repr__(self) -> str:
        return "<factory>"


_MISSING: Any = _Missing()


class _Field:
    """What `field` says of one field."""

    __slots__ = ("compare", "default", "default_factory", "init", "repr")

    def __init__(
        self,
        *,
        default: Any = _MISSING,
        default_factory: Any = _MISSING,
        init: bool = True,
        repr: bool = True,
        compare: bool = True,
    ) -> None:
        if default is not _MISSING and default_factory is not _MISSING:
            raise ValueError("cannot specify both default and default_factory")
        self.default = default
        self.default_factory = default_factory
        self.init = init
        self.repr = repr
        self.compare = compare

    @property
    def is_optional(self) -> bool:
        """Whether a value is there without being given."""
        return self.default is not _MISSING or self.default_factory is not _MISSING

    def words(self) -> dict[str, Any]:
        """The arguments for the standard library's own `field`."""
        given = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in given.items() if value is not _MISSING}


Source = tuple[str, dict[str, Any]]
"""The text of a function, and the names that it needs."""


class _Compiled:
    """A method that is compiled when it is looked up for the first time, and puts the function in its own place.

    Whoever looks it up, a call or a debugger, gets the function with its signature.
    """

    __slots__ = ("_name", "_owner", "_source")

    def __init__(self, source: Callable[[type], Source]) -> None:
        self._source = source

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner, self._name = owner, name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        text, names = self._source(self._owner)
        wrap = names.pop("wrap", None)
        names["__name__"] = self._owner.__module__
        exec(text, names)  # noqa: S102 - of identifiers only
        method = names[self._name]
        method.__qualname__ = f"{self._owner.__qualname__}.{self._name}"
        method.__annotations__ = names.get("annotations", {})
        method = wrap(method) if wrap else method
        setattr(self._owner, self._name, method)
        return method if instance is None else method.__get__(instance)


class _Introspected:
    """`__dataclass_fields__` and `__dataclass_params__`, made by the standard library when they are asked for."""

    __slots__ = ("_eq", "_fields", "_frozen", "_name", "_owner")

    def __init__(self, fields: dict[str, Any], frozen: bool, eq: bool) -> None:
        self._fields = fields
        self._frozen = frozen
        self._eq = eq

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner, self._name = owner, name

    def __get__(self, instance: object, owner: Any = None) -> Any:
        import dataclasses

        cls = self._owner
        given = {n: dataclasses.field(**f.words()) if isinstance(f, _Field) else f for n, f in self._fields.items()}
        names = {"__annotations__": cls.__annotations__, "__module__": cls.__module__, "__doc__": "", **given}
        shadow: Any = dataclasses.dataclass(frozen=self._frozen, eq=self._eq)(type(cls.__name__, (), names))
        setattr(cls, self._name, getattr(shadow, self._name))
        return getattr(shadow, self._name)


def _declared(*, slots: bool, frozen: bool = False, eq: bool = True) -> Callable[[type], type]:
    """`dataclass(slots=True)` for a class without bases, frozen or not; nothing else is offered here."""
    if not slots:
        raise TypeError("this is for classes with slots; the standard library's dataclass does the rest")
    return lambda cls: _made(cls, frozen, eq)


def _made(cls: type, frozen: bool, eq: bool) -> type:
    if cls.__bases__ != (object,):
        raise TypeError(f"{cls.__name__}: a class with bases is declared with the standard library's dataclass")
    own = {name: value for name, value in cls.__dict__.items() if name not in _LEFT}
    own["__annotations__"] = cls.__annotations__
    own["__qualname__"] = cls.__qualname__
    fields: dict[str, _Field] = {}
    constants: dict[str, Any] = {}
    for name, annotation in cls.__annotations__.items():
        if _is_constant(annotation, cls.__module__):
            constants |= {name: own[name]} if name in own else {}
        else:
            fields[name] = _field(own.pop(name, _MISSING))
    _check(cls, own, fields, frozen)
    own["__slots__"] = tuple(fields)
    own.setdefault("__match_args__", tuple(n for n, f in fields.items() if f.init))
    own["__dataclass_fields__"] = _Introspected({**fields, **constants}, frozen, eq)
    own["__dataclass_params__"] = _Introspected({**fields, **constants}, frozen, eq)
    _add_methods(own, fields, frozen, eq)
    return type(cls.__name__, (), own)


_LEFT = frozenset({"__dict__", "__weakref__", "__annotate_func__", "__annotations_cache__"})
"""What a class gets anew when it is made again; the last two are Python 3.14's."""


def _field(given: Any) -> _Field:
    return given if isinstance(given, _Field) else _Field(default=given)


def _is_constant(annotation: Any, module: str) -> bool:
    """Whether an annotation, or its text, says ClassVar; one that only the standard library knows is refused."""
    named = annotation
    if isinstance(annotation, str):
        first, *more = annotation.partition("[")[0].strip().split(".")
        named = vars(sys.modules[module]).get(first) if module in sys.modules else None
        for word in more:
            named = getattr(named, word, None)
    named = getattr(named, "__origin__", named)
    dataclasses = sys.modules.get("dataclasses")
    if dataclasses and (named is dataclasses.InitVar or named is dataclasses.KW_ONLY):
        raise TypeError(f"{annotation} is for the standard library's dataclass only")
    if dataclasses and isinstance(named, dataclasses.InitVar):
        raise TypeError("InitVar is for the standard library's dataclass only")
    return named is ClassVar


def _check(cls: type, own: dict[str, Any], fields: dict[str, _Field], frozen: bool) -> None:
    """Refuses what the standard library refuses."""
    if "__slots__" in own:
        raise TypeError(f"{cls.__name__} already specifies __slots__")
    if frozen and not {"__setattr__", "__delattr__"}.isdisjoint(own):
        raise TypeError(f"Cannot overwrite attribute __setattr__ or __delattr__ in class {cls.__name__}")
    for name, value in own.items():
        if isinstance(value, _Field):
            raise TypeError(f"{name!r} is a field but has no type annotation")
    optional = ""
    for name, told in fields.items():
        if told.default is not _MISSING and type(told.default).__hash__ is None:
            kind = type(told.default)
            raise ValueError(f"mutable default {kind} for field {name} is not allowed: use default_factory")
        if told.init and optional and not told.is_optional:
            raise TypeError(f"non-default argument {name!r} follows default argument {optional!r}")
        if told.init and told.is_optional:
            optional = name


def _add_methods(own: dict[str, Any], fields: dict[str, _Field], frozen: bool, eq: bool) -> None:
    """The methods that the class does not write itself."""
    names = tuple(fields)
    compared = tuple(n for n, f in fields.items() if f.compare)
    hashes = "__hash__" in own and not (own["__hash__"] is None and "__eq__" in own)
    own.setdefault("__init__", _Compiled(lambda cls: _init(cls, fields)))
    own.setdefault("__repr__", _Compiled(lambda cls: _representation(tuple(n for n, f in fields.items() if f.repr))))
    own.setdefault("__replace__", _replaced)
    if eq:
        own.setdefault("__eq__", _Compiled(lambda cls: _equality(compared)))
    if eq and not hashes:
        own["__hash__"] = _Compiled(lambda cls: _hash(compared)) if frozen else None
    if frozen:
        own["__setattr__"] = _Compiled(lambda cls: _refusal(cls, names, "__setattr__", "assign to", ", value"))
        own["__delattr__"] = _Compiled(lambda cls: _refusal(cls, names, "__delattr__", "delete", ""))
        # Copies and pickles put the fields in without __setattr__, which refuses.
        own.setdefault("__getstate__", _Compiled(lambda cls: _state_read(names)))
        own.setdefault("__setstate__", _Compiled(lambda cls: _state_set(names)))


def _init(cls: type, fields: dict[str, _Field]) -> Source:
    me = "__dataclass_self__" if "self" in cls.__annotations__ else "self"
    annotations: dict[str, Any] = {}
    names: dict[str, Any] = {"__dataclass_missing__": _MISSING, "annotations": annotations}
    arguments, lines = [me], []
    for name, told in fields.items():
        default = value = f"__dataclass_default_{name}__"
        if told.default_factory is not _MISSING:
            names[default] = told.default_factory
            value = f"{default}() if {name} is __dataclass_missing__ else {name}" if told.init else f"{default}()"
            default = "__dataclass_missing__"
        elif told.default is not _MISSING:
            names[default] = told.default
        if told.init:
            annotations[name] = cls.__annotations__[name]
            arguments.append(f"{name}={default}" if told.is_optional else name)
            value = value if told.default_factory is not _MISSING else name
        if told.init or told.is_optional:
            names[f"__dataclass_set_{name}__"] = cls.__dict__[name].__set__
            lines.append(f" __dataclass_set_{name}__({me}, {value})")
    annotations["return"] = None
    if hasattr(cls, "__post_init__"):
        lines.append(f" {me}.__post_init__()")
    body = "\n".join(lines or [" pass"])
    return f"def __init__({', '.join(arguments)}):\n{body}", names


def _equality(names: tuple[str, ...]) -> Source:
    mine, theirs = ("".join(f"{who}.{n}, " for n in names) for who in ("self", "other"))
    same = f"({mine}) == ({theirs})"
    return f"def __eq__(self, other):\n return {same} if other.__class__ is self.__class__ else NotImplemented", {}


def _hash(names: tuple[str, ...]) -> Source:
    return f"def __hash__(self):\n return hash(({''.join(f'self.{n}, ' for n in names)}))", {}


def _representation(names: tuple[str, ...]) -> Source:
    shown = ", ".join(f"{n}={{self.{n}!r}}" for n in names)
    text = f'def __repr__(self):\n return f"{{self.__class__.__qualname__}}({shown})"'
    return text, {"wrap": recursive_repr()}


def _refusal(cls: type, names: tuple[str, ...], method: str, verb: str, value: str) -> Source:
    text = (
        f"def {method}(self, name{value}):\n"
        f" if type(self) is not cls and name not in fields:\n"
        f"  return object.{method}(self, name{value})\n"
        f" from dataclasses import FrozenInstanceError\n"
        f" raise FrozenInstanceError(f'cannot {verb} field {{name!r}}')"
    )
    return text, {"cls": cls, "fields": names}


def _state_read(names: tuple[str, ...]) -> Source:
    return f"def __getstate__(self):\n return [{', '.join(f'self.{n}' for n in names)}]", {}


def _state_set(names: tuple[str, ...]) -> Source:
    text = (
        "def __setstate__(self, state):\n"
        " for name, value in zip(fields, state):\n"
        "  object.__setattr__(self, name, value)"
    )
    return text, {"fields": names}


def _replaced(self: Any, /, **changes: Any) -> Any:
    """`dataclasses.replace` for these classes."""
    return self.__class__(**{name: getattr(self, name) for name in self.__match_args__} | changes)


if not TYPE_CHECKING:
    dataclass, field, replace = _declared, _Field, _replaced
