"""The answer to "what would the ACS override change here?" as lines, for the command line and the console alike."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.acs_patch import AcsPatch, find_patch
from vfiotui.model.boot.boot import LogLine
from vfiotui.model.facts import Facts
from vfiotui.model.pci.acs_override import GIVES_UP, KEY, Outcome, outcomes
from vfiotui.model.pci.functions import PciBus, short
from vfiotui.model.pci.no_groups import why_no_groups

GOAL = "acs.override"


@dataclass(frozen=True, slots=True)
class AcsAnswer:
    """All parts of the answer."""

    patch: AcsPatch
    running: tuple[str, ...]
    """Values of pcie_acs_override= that the running kernel was given."""
    next: tuple[str, ...]
    """Values that the next boot may have."""
    outcomes: Reading[tuple[Outcome, ...]]


def acs_answer(facts: Facts, log: Reading[tuple[LogLine, ...]]) -> AcsAnswer:
    """The answer for a host; the kernel's log stands apart, for planners have facts without it."""
    patch = find_patch(facts.boot, log)
    running: tuple[str, ...] = ()
    coming: tuple[str, ...] = ()
    if not isinstance(facts.boot, Unread):
        if not isinstance(facts.boot.cmdline, Unread):
            running = tuple(w.value or "" for w in facts.boot.cmdline.words() if w.key == KEY)
        if not isinstance(facts.boot.next_lines, Unread):
            coming = tuple(w.value or "" for line in facts.boot.next_lines for w in line.words() if w.key == KEY)
    return AcsAnswer(patch, running, tuple(dict.fromkeys(coming)), _outcomes(facts))


def _outcomes(facts: Facts) -> Reading[tuple[Outcome, ...]]:
    if isinstance(facts.pci, Unread):
        return facts.pci
    if isinstance(facts.iommu, Unread):
        return facts.iommu
    groups = facts.iommu.groups
    if isinstance(groups, Unread):
        return groups
    return outcomes(facts.pci, groups) if groups else Unread(f"no IOMMU groups: {why_no_groups(facts.host_kind)}")


def in_force(answer: AcsAnswer) -> str:
    """What the command lines say of it today, as a sentence."""
    if answer.running and answer.patch.active:
        return f"{KEY}={','.join(answer.running)} is in force: the groups of today are those that it makes"
    if answer.running:
        return f"{KEY}={','.join(answer.running)} is on the running command line; the kernel does not confirm it"
    if answer.next:
        return f"{KEY}={','.join(answer.next)} is on the next boot's command line, not on the running one"
    return f"{KEY}= is not on the command line"


def answer_lines(answer: AcsAnswer, bus: Reading[PciBus]) -> Iterator[tuple[int, str]]:
    """The answer as lines, each with its depth: 0 for a heading, 1 and 2 for what stands below it."""
    yield 0, "ACS override: which groups would change"
    yield 1, answer.patch.why
    yield 1, in_force(answer)
    if isinstance(answer.outcomes, Unread):
        yield 1, f"which groups would change is not known: {answer.outcomes.reason}"
    else:
        for outcome in answer.outcomes:
            yield from _outcome_lines(outcome, bus)
    yield 0, "What it gives up"
    for text in GIVES_UP:
        yield 1, text
    yield 0, "How"
    yield 1, "First another slot (one of the CPU), then ACS and AER in the firmware setup: these isolate, it does not."
    if answer.patch.present is False:
        yield 1, "A kernel with the patch is needed: this one ignores the word."
    yield 1, f"vfiotui plan {GOAL}=downstream makes the plan; {GOAL}=off takes the word out."


def _outcome_lines(outcome: Outcome, bus: Reading[PciBus]) -> Iterator[tuple[int, str]]:
    count = len(outcome.changed)
    words = "no group would change" if not count else f"{count} group{'s' if count > 1 else ''} would change"
    if outcome.unknown and not count:
        words = "no group is known to change"
    yield 0, f"{KEY}={outcome.option}: {words}"
    for changed in outcome.changed:
        parts = " | ".join(" ".join(map(short, part)) for part in changed.into)
        yield 1, f"group {changed.number} becomes {len(changed.into)} groups: {parts}"
    for bdf in outcome.freed:
        device = None if isinstance(bus, Unread) else bus.get(bdf)
        yield 1, f"{device.name if device else bdf} ({short(bdf)}) would no longer be blocked"
    for number, why in outcome.stays:
        yield 1, f"group {number} still holds several slots: {why}"
    for number, why in outcome.unknown:
        yield 1, f"group {number}: not known, because {why}"
