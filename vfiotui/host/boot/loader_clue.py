"""What speaks for a boot loader."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing that was seen, and the loader that it speaks for."""

    name: str
    """Empty where it speaks for none."""
    weight: int
    """4: it owns the command line whatever the loader is; 3: it started this boot; 2: its generated files;
    1: only installed; 0: a person should know it."""
    sentence: str
