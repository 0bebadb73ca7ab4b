"""A change that was applied, as its journal tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """One folder of the journal."""

    number: int
    slug: str
    state: str
    """done, interrupted, undone, waiting for reboot."""
    title: str
    path: str
