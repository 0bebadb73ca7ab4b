"""What a rule says of a host: a verdict with evidence, never a bare sentence."""

from __future__ import annotations

from enum import StrEnum

from vfiotui.model.base.value import dataclass


class Verdict(StrEnum):
    """Three values, and "does not apply"."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


class Severity(StrEnum):
    """How bad it is when the rule fails."""

    FAIL = "fail"
    WARN = "warn"
    INFO = "info"


class Risk(StrEnum):
    """What the fix can do at worst."""

    R0 = "R0"
    """Reads only, or something a person does in the firmware setup."""
    R1 = "R1"
    """Gone after a reboot."""
    R2 = "R2"
    """Lasts; undone by editing one boot entry or one guest."""
    R3 = "R3"
    """Can leave the host without a screen."""
    R4 = "R4"
    """Can leave the host unbootable, destroy data or a card."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was read."""

    path: str
    """Path inside the root, with a line number where it helps ("…/vfio.conf:3")."""
    seen: str
    """What was read there, verbatim and short."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What a person can do about it; planners build a plan from `goal`."""

    text: str
    risk: Risk
    goal: tuple[tuple[str, str], ...] = ()
    """Name and argument pairs for a planner; empty where no program can do it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of one rule about one subject."""

    code: str
    title: str
    verdict: Verdict
    severity: Severity
    subject: str
    """host, a PCI address, group N, a guest's name, a path."""
    sentence: str
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None
    area: str = "Host"
    """Words for the topic of the check, as in `areas.AREAS`."""
    about_guest: bool = False
    """Whether the check judges guests one by one; a guest may be called "host", so the subject alone is not enough."""
    lacks: str = ""
    """What an unknown lacks, in the words that all checks share which lack it; empty where its sentence is its own."""
