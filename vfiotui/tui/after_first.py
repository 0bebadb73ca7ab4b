"""What is loaded as soon as the first frame stands, and not in the middle of a measurement."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from vfiotui.tui.terminal.cells import terminal_shifts

MODULES = ("live.monitor", "host.live.interference", "state.facts_refresher")


def load_the_rest() -> Any:
    """Loads it, and gives the module that reads the whole host."""
    terminal_shifts()
    return [import_module(f"vfiotui.{name}") for name in MODULES][-1]
