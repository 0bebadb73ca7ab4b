"""What kind of machine is looked at."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """The kinds of roots."""

    LIVE = "LIVE"
    ROOT = "ROOT"
    CAPTURE = "CAPTURE"
    DEMO = "DEMO"
