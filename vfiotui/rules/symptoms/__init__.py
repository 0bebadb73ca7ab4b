"""Symptoms: every module of this package that defines `SYMPTOM` is one that a person can come with."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from vfiotui.rules.symptoms.symptom import Symptom


@cache
def symptoms() -> tuple[Symptom, ...]:
    """All symptoms, by name."""
    modules = (importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))
    return tuple(sorted((m.SYMPTOM for m in modules if hasattr(m, "SYMPTOM")), key=lambda s: s.name))


def symptom_of(name: str) -> Symptom | None:
    """The symptom with a name, in any case, with blanks for dashes."""
    wanted = "-".join(name.lower().split())
    return next((s for s in symptoms() if s.name == wanted), None)


def symptoms_like(words: str) -> tuple[Symptom, ...]:
    """The symptoms that some words describe."""
    return tuple(s for s in symptoms() if s.fits(words)) if words.strip() else ()
