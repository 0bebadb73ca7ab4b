"""The kinds of change: one file each, found by the name that a step gives."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.steps.step import Kind
from vfiotui.model.change.change import Change


@cache
def names() -> frozenset[str]:
    """All kinds that there are."""
    return frozenset(m.name for m in pkgutil.iter_modules(__path__)) - {"step"}


@cache
def kind_of(name: str) -> Kind:
    """The kind of a name; its file is imported when the first step needs it."""
    if name not in names():
        raise ApplyError(f"a step is of the kind {name!r}, which this version does not know: correct the plan")
    found: Kind = importlib.import_module(f"{__name__}.{name}").KIND
    return found


def preview(step: Change) -> list[str]:
    """What a step changes, in lines; a step that cannot be shown says why."""
    try:
        return list(kind_of(step.kind).preview(step))
    except ApplyError as error:
        return [str(error)]
