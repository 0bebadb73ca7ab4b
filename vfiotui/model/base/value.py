"""Dataclasses with slots, declared at a tenth of the standard library's price.

A command that answers and ends declares more than a hundred classes and makes objects of some of them. The standard
library compiles six methods for each (0.5 ms) and loads `inspect` for that; here a method is compiled when it is
called for the first time. Type checkers see the original, and `dataclasses.replace`,
`fields` and `asdict` work on these classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace

_MISSING: Any = object()


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
        self.default = default
        self.default_factory = default_factory
        self.init = init
        self.repr = repr
        self.compare = compare

    def words(self) -> dict[str, Any]:
        """The arguments for the standard library's own `field`."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in told.items() if value is not _MISSING}


class _Fields:
    """`__dataclass_fields__`, made by the standard library when somebody asks for it."""

    def __init__(self, namespace: dict[str, Any], fields: dict[str, _Field]) -> None:
        self._annotations = namespace["__annotations__"]
        self._module = namespace["__module__"]
        self._fields = fields

    def __get__(self, instance: object, owner: Any) -> Any:
        import dataclasses

        told = {name: dataclasses.field(**f.words()) for name, f in self._fields.items()}
        shadow: Any = type(
            owner.__name__, (), {"__annotations__": self._annotations, "__module__": self._module, **told}
        )
        owner.__dataclass_fields__ = dataclasses.dataclass(frozen=True)(shadow).__dataclass_fields__
        return owner.__dataclass_fields__


def _declared(*, slots: bool, frozen: bool = False, eq: bool = True) -> Callable[[type], type]:
    """`dataclass(slots=True)` for a class without bases, frozen or not; nothing else is offered here."""
    if not slots:
        raise TypeError("this is for classes with slots; the standard library's dataclass does the rest")
    return lambda cls: _made(cls, frozen, eq)


def _made(cls: type, frozen: bool, eq: bool) -> type:
    if cls.__bases__ != (object,):
        raise TypeError(f"{cls.__name__}: a class with bases is declared with the standard library's dataclass")
    own = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
    own.setdefault("__annotations__", {})
    own["__qualname__"] = cls.__qualname__
    fields = {name: _field(own.pop(name, _MISSING)) for name in own["__annotations__"]}
    compared = tuple(n for n, f in fields.items() if f.compare)
    if eq:
        own.setdefault("__eq__", _when_called("__eq__", lambda cls: _equal(compared)))
        hashed = _when_called("__hash__", lambda cls: _hash(compared))
        own["__hash__"] = own.get("__hash__") or (hashed if frozen else None)
    own.setdefault("__repr__", _represented(tuple(n for n, f in fields.items() if f.repr)))
    own["__slots__"] = tuple(fields)
    own["__match_args__"] = tuple(n for n, f in fields.items() if f.init)
    own["__dataclass_fields__"] = _Fields(own, fields)
    own["__init__"] = _when_called("__init__", lambda cls: _init(cls, fields))
    if frozen:
        own["__setattr__"], own["__delattr__"] = _refuse_set, _refuse_delete
    return type(cls.__name__, (), own)


def _field(given: Any) -> _Field:
    return given if isinstance(given, _Field) else _Field(default=given)


def _when_called(name: str, source: Callable[[type], tuple[str, dict[str, Any]]]) -> Callable[..., Any]:
    """A method that compiles its source at the first call, and puts what came out in its own place."""

    def first(self: Any, *args: Any, **words: Any) -> Any:
        cls = type(self)
        text, names = source(cls)
        exec(text, names)  # noqa: S102 - of identifiers only
        method = names[name]
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, method)
        return method(self, *args, **words)

    return first


def _init(cls: type, fields: dict[str, _Field]) -> tuple[str, dict[str, Any]]:
    names: dict[str, Any] = {"MISSING": _MISSING}
    arguments, lines = ["self"], []
    for name, told in fields.items():
        value = name
        names[f"set_{name}"] = cls.__dict__[name].__set__
        if told.default_factory is not _MISSING:
            names[f"new_{name}"] = told.default_factory
            value = f"new_{name}() if {name} is MISSING else {name}" if told.init else f"new_{name}()"
            default = "=MISSING"
        elif told.default is not _MISSING:
            names[f"or_{name}"] = told.default
            value = name if told.init else f"or_{name}"
            default = f"=or_{name}"
        else:
            default = ""
            value = name if told.init else ""
        if told.init:
            arguments.append(name + default)
        if value:
            lines.append(f" set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    body = "\n".join(lines or [" pass"])
    return f"def __init__({', '.join(arguments)}):\n{body}", names


def _equal(names: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    mine, theirs = ("".join(f"{who}.{n}, " for n in names) for who in ("self", "other"))
    same = f"({mine}) == ({theirs})"
    return f"def __eq__(self, other):\n return {same} if other.__class__ is self.__class__ else NotImplemented", {}


def _hash(names: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    return f"def __hash__(self):\n return hash(({''.join(f'self.{n}, ' for n in names)}))", {}


def _represented(names: tuple[str, ...]) -> Callable[[Any], str]:
    def __repr__(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{n}={getattr(self, n)!r}' for n in names)})"

    return __repr__


def _refuse_set(self: Any, name: str, value: Any) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _replaced(value: Any, **changes: Any) -> Any:
    """`dataclasses.replace` for these classes."""
    return value.__class__(**{name: getattr(value, name) for name in value.__match_args__} | changes)


if not TYPE_CHECKING:
    dataclass, field, replace = _declared, _Field, _replaced
