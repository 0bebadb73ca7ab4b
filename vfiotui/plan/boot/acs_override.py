"""pcie_acs_override= on the command line: groups as if ports and functions isolated, which a patched kernel takes."""

from __future__ import annotations

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.acs_patch import find_patch
from vfiotui.model.boot.boot import Boot
from vfiotui.model.pci.acs_answer import GOAL
from vfiotui.model.pci.acs_override import GIVES_UP, KEY, Outcome, outcomes_of
from vfiotui.model.pci.functions import short
from vfiotui.model.pci.group_rules import DOWNSTREAM, MULTIFUNCTION, parse_override
from vfiotui.plan.boot.command_line import edit_command_line
from vfiotui.plan.draft import Draft, PlanError, Planner

OFF = "off"
NO_LOG = Unread("planners do not read the kernel log")


def draw(draft: Draft, argument: str) -> None:
    """The word for these kinds and no other value of it, or none of it; PlanError where it would have no effect."""
    boot = draft.facts.boot
    if isinstance(boot, Unread):
        raise PlanError(f"how this host boots cannot be read: {boot}")
    word = "" if argument == OFF else f"{KEY}={_checked(argument)}"
    others = tuple(text for text in _present(boot) if text != word)
    if not word:
        edit_command_line(draft, WordEdit(remove=others), f"take {KEY}= out of the kernel command line")
        return
    _needs_patch(draft, boot)
    _needs_effect(draft, boot, argument)
    edit_command_line(draft, WordEdit(remove=others, add=(word,)), f"set {word} on the kernel command line")
    for sentence in GIVES_UP:
        draft.note(sentence)


def _checked(argument: str) -> str:
    """The value, of parts that the patch knows as they stand."""
    override = parse_override(argument)
    known = (DOWNSTREAM, MULTIFUNCTION)
    strange = [*override.strange, *(p for p in argument.split(",") if p not in known and not p.startswith("id:"))]
    if strange or not (override.downstream or override.multifunction or override.ids):
        raise PlanError(
            f"{(strange or [argument])[0]!r} is no part of {KEY}=: {DOWNSTREAM}, {MULTIFUNCTION} or id:VVVV:DDDD, "
            f"between commas; {GOAL}={OFF} takes the word out"
        )
    return argument


def _present(boot: Boot) -> tuple[str, ...]:
    """The words of this parameter on every command line that the next boot may have; each of them counts."""
    lines = [*or_else(boot.next_lines, ()), *((boot.configured,) if not isinstance(boot.configured, Unread) else ())]
    return tuple(dict.fromkeys(w.text for line in lines for w in line.words() if w.key == KEY))


def _needs_patch(draft: Draft, boot: Boot) -> None:
    patch = find_patch(boot, NO_LOG)
    if patch.present is False and patch.sure:
        raise PlanError(
            f"{patch.why}; it would ignore {KEY}=: install a kernel with the patch (linux-zen, Liquorix, CachyOS, "
            "Proxmox VE) and make it the default, then plan again"
        )
    if not (patch.present and patch.sure):
        draft.note(f"{patch.why}; a kernel without the patch ignores {KEY}=, and the groups stay as they are")


def _needs_effect(draft: Draft, boot: Boot, argument: str) -> None:
    """PlanError where no group would change; a note with what would."""
    bus, iommu = draft.facts.pci, draft.facts.iommu
    if isinstance(bus, Unread) or isinstance(iommu, Unread) or isinstance(iommu.groups, Unread):
        draft.note("which groups would change is not known: they are not shown here")
        return
    found = outcomes_of(bus, iommu.groups, (argument,))
    if isinstance(found, Unread):
        draft.note(f"which groups would change is not known: {found.reason}")
        return
    runs = not isinstance(boot.cmdline, Unread) and any(w.key == KEY for w in boot.cmdline.words())
    if not found[0].changed and not found[0].unknown and not runs:
        why = "; ".join(f"group {number} stays: {reason}" for number, reason in found[0].stays)
        raise PlanError(f"{KEY}={argument} would change no group of this host{f' ({why})' if why else ''}")
    for sentence in _sentences(found[0]):
        draft.note(sentence)


def _sentences(outcome: Outcome) -> tuple[str, ...]:
    changed = tuple(f"group {c.number} becomes {len(c.into)} groups" for c in outcome.changed)
    freed = tuple(f"{short(bdf)} would no longer be blocked" for bdf in outcome.freed)
    unknown = tuple(f"group {number}: not known, because {why}" for number, why in outcome.unknown)
    return (*changed, *freed, *unknown)


PROMISE = "split IOMMU groups by a patched kernel's word; off removes it"
PLANNERS = (Planner(GOAL, "KINDS", PROMISE, "ACS override: {}", draw),)
