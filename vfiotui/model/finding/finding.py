"""What a rule says of a host: a verdict with evidence, never a bare sentence."""

from __future__ import annotations

from enum import StrEnum

from vfiotui.model.base.value import dataclass


class Verdict(StrEnum):
    """What a check says of one subject; how bad a failure is says `Severity`."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"
    NOT_APPLICABLE = "not applicable"


class Severity(StrEnum):
    """How bad it is when the rule fails."""

    FAIL = "fail"
    WARN = "warn"
    INFO = "info"

    @property
    def word(self) -> str:
        """The word for a finding of this severity: failed, warning or info."""
        return {"fail": "failed", "warn": "warning"}.get(self, str(self))


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

    @property
    def word(self) -> str:
        """None, low, medium or high, as a word inside a sentence."""
        return RISK_WORDS[self].partition(":")[0]

    @property
    def words(self) -> str:
        """The word with what it means: "medium: persistent, reversible"."""
        return RISK_WORDS[self]


RISK_WORDS = {
    Risk.R0: "none: nothing on this host is changed",
    Risk.R1: "low: gone after a reboot",
    Risk.R2: "medium: persistent, reversible by editing one boot entry or guest",
    Risk.R3: "high: host display may go dark",
    Risk.R4: "high: host may not boot, or data may be lost",
}


class ByHand(StrEnum):
    """Where a person has to act, because no plan can; the values are those of the doctor's JSON."""

    FIRMWARE = "firmware"
    HARDWARE = "hardware"
    OUTER_HOST = "outer host"
    RUNNING_HOST = "running host"
    GUEST = "guest"
    PROGRAMS = "programs"
    SCRIPT = "script"
    FILE = "file"
    CHOICE = "choice"
    LOG = "log"

    @property
    def words(self) -> str:
        """The same for a person: "only by hand, in the firmware setup"."""
        return f"only by hand, {BY_HAND_WORDS[self]}"


BY_HAND_WORDS = {
    ByHand.FIRMWARE: "in the firmware setup",
    ByHand.HARDWARE: "at the hardware",
    ByHand.OUTER_HOST: "on the host that runs this virtual machine",
    ByHand.RUNNING_HOST: "on the running host",
    ByHand.GUEST: "inside the guest",
    ByHand.PROGRAMS: "by installing or ending a program",
    ByHand.SCRIPT: "in the script itself",
    ByHand.FILE: "because only you know which file is right",
    ByHand.CHOICE: "because it is a choice between things that you may need",
    ByHand.LOG: "after reading these lines: what caused them is not known from them alone",
}


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
    """Name and argument pairs for a planner; empty where no planner does it."""
    by_hand: ByHand | None = None
    """Where a person has to act; None where there is a goal."""


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
