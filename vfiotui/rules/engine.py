"""The engine: what a rule is, how it is asked, and how a missing input makes a check *not checked*.

A rule is one file of this package: a docstring with fixed headings, and `check(facts)` under the
decorator `rule`. Adding a rule touches that file and the host descriptions that prove it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial, wraps
from typing import TypeVar

from vfiotui.model.base.counted import counted as counted
from vfiotui.model.base.gaps import concerning, missing
from vfiotui.model.base.inputs import CLASS as CLASS
from vfiotui.model.base.inputs import CONFIGURED_LINE as CONFIGURED_LINE
from vfiotui.model.base.inputs import DRIVERS as DRIVERS
from vfiotui.model.base.inputs import GROUPS as GROUPS
from vfiotui.model.base.inputs import LINES as LINES
from vfiotui.model.base.inputs import LISTS as LISTS
from vfiotui.model.base.inputs import LOG as LOG
from vfiotui.model.base.inputs import MEANT as MEANT
from vfiotui.model.base.inputs import OPTIONS as OPTIONS
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.areas import area_of
from vfiotui.model.finding.finding import ByHand as ByHand
from vfiotui.model.finding.finding import Evidence, Finding, Fix, Severity, Verdict
from vfiotui.model.guest.domain import Domain
from vfiotui.model.pci.functions import PciBus
from vfiotui.model.pci.host_use import HostUse
from vfiotui.model.pci.passthrough import PassthroughDevices, passthrough_devices
from vfiotui.rules.fixes import by_hand as by_hand
from vfiotui.rules.fixes import fix as fix
from vfiotui.rules.guest_goals import fix_of
from vfiotui.rules.topic_parts import parts_of

T = TypeVar("T")

HEADINGS = ("Expected", "Why", "How it is read", "Fix", "Valid for", "Sources")
"""The headings of every rule's docstring, in order."""


class Missing(Exception):
    """Something that a check needs could not be read."""

    def __init__(self, unread: Unread) -> None:
        super().__init__(str(unread))
        self.unread = unread


def known(reading: Reading[T]) -> T:
    """The value; where there is none the check ends, and the engine reports *not checked* with the reason."""
    if isinstance(reading, Unread):
        raise Missing(reading)
    return reading


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check says of one subject."""

    verdict: Verdict
    subject: str
    sentence: str
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None
    severity: Severity | None = None
    """Where it differs from the rule's own."""
    lacks: str = ""
    """What an answer that is not checked lacks, as in Finding."""


def holds(subject: str, sentence: str, *evidence: Evidence) -> Answer:
    """The check passed."""
    return Answer(Verdict.PASSED, subject, sentence, evidence)


def fails(
    subject: str, sentence: str, *evidence: Evidence, fix: Fix | None = None, severity: Severity | None = None
) -> Answer:
    """Something is wrong."""
    return Answer(Verdict.FAILED, subject, sentence, evidence, fix, severity)


def not_applicable(subject: str, sentence: str, *evidence: Evidence) -> Answer:
    """The check does not apply here."""
    return Answer(Verdict.NOT_APPLICABLE, subject, sentence, evidence)


def unknown(subject: str, sentence: str, *evidence: Evidence) -> Answer:
    """The subject could not be judged, and why."""
    return Answer(Verdict.NOT_CHECKED, subject, sentence, evidence)


def lacking(subject: str, title: str, unread: Unread, more: int = 0) -> Answer:
    """The subject could not be judged, because something, and `more` besides it, could not be read.

    What one kind of root or user cannot see is one lack.
    """
    lacks = unread.reason if unread.why in (Why.FORBIDDEN, Why.NOT_HERE) else str(unread)
    evidence = (Evidence(unread.path, unread.reason),)
    beside = f" (and {counted(more, 'input')} more)" if more else ""
    return Answer(Verdict.NOT_CHECKED, subject, f"{title}: not checked: {unread}{beside}", evidence, lacks=lacks)


def seen(path: str, value: object) -> Evidence:
    """One thing that was read."""
    return Evidence(path, str(value))


Answers = Iterator[Answer]
"""What a check gives: an answer for each subject that it looked at."""
Check = Callable[[Facts], Answers]
GuestCheck = Callable[[Facts, Domain], Answers]
GivenCheck = Callable[[PciBus, HostUse, PassthroughDevices], Answers]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue."""

    code: str
    severity: Severity
    needs: tuple[str, ...]
    """The parts of Facts that it looks at."""
    fires: str
    """A host description on which it fails."""
    silent: str
    """A host description on which it does not."""
    check: Check
    document: str
    counts_guests: bool = False
    """Whether its answers about the host depend on what guests there are."""
    reads: tuple[str, ...] = ()
    """Paths on which a pass rests, as `gaps.missing` takes them: without one of them nothing passes."""
    of_guest: GuestCheck | None = None
    """Where it judges each guest for itself: what it asks of one. What that lacks leaves only that guest unchecked."""
    only_running: bool = False
    """Whether a disk has the parts, but not the fault: the running command line, /dev, who is logged in."""
    changes: tuple[Part, ...] = ()
    """The parts of a host that a fix of it changes: where the host lacks one of them, the check does not apply."""

    @property
    def area(self) -> str:
        """The words for the folder that the rule lies in."""
        return area_of(self.check.__module__)

    @property
    def title(self) -> str:
        """The first line of the document, without its full stop."""
        return self.document.split("\n", 1)[0].rstrip(".")

    def section(self, heading: str) -> str:
        """The text below a heading of the document, as one paragraph."""
        lines = self.document.split("\n")
        if heading not in lines:
            return ""
        below = []
        for line in lines[lines.index(heading) + 1 :]:
            if line in HEADINGS:
                break
            below.append(line.strip())
        return " ".join(w for w in below if w)

    def ask(self, facts: Facts) -> tuple[Finding, ...]:
        """The rule's findings; a missing input or a fault of the check makes it *not checked*, never an exception."""
        answers: list[Answer] = []
        try:
            for part in self.needs if self.of_guest is None else self.needs[:1]:
                known(getattr(facts, part))
            answers.extend(self.check(facts))
        except Missing as error:
            answers.append(lacking("host", self.title, error.unread))
        except Exception as error:
            answers.append(unknown("host", f"the check itself failed ({type(error).__name__}: {error})"))
        if not answers:
            answers.append(holds("host", "no problem found"))
        answers = self._possible(facts, self._limited(facts, answers))
        return tuple(
            Finding(
                code=self.code,
                title=self.title,
                verdict=a.verdict,
                severity=a.severity or self.severity,
                subject=a.subject,
                sentence=a.sentence,
                evidence=a.evidence,
                fix=a.fix,
                area=self.area,
                about_guest=self.of_guest is not None,
                lacks=a.lacks,
            )
            for a in answers
        )

    def _possible(self, facts: Facts, answers: list[Answer]) -> list[Answer]:
        """The answers, without what is wrong or unknown on a host of a kind on which no fix is possible.

        What passed stays; one answer says why the check does not apply. An unknown kind of host changes nothing.
        """
        rest = [a for a in answers if a.verdict not in (Verdict.FAILED, Verdict.NOT_CHECKED)]
        if len(rest) == len(answers) or not self.changes or isinstance(kind := facts.host_kind, Unread):
            return answers
        why = kind.lack(self.changes)
        return [*rest, not_applicable("host", f"this is {kind.name}: {why}", *kind.evidence[:1])] if why else answers

    def _limited(self, facts: Facts, answers: list[Answer]) -> list[Answer]:
        """The answers where an input is missing: what was found stays, and nothing passes that rests on the input."""
        missed = list(missing(facts.gaps, self.reads, facts.mode is not Mode.ROOT)) if self.reads and facts.gaps else []
        if self.counts_guests:
            unseen = facts.virt if isinstance(facts.virt, Unread) else facts.virt.all_domains
            missed += [unseen] if isinstance(unseen, Unread) else []
        if not missed:
            return answers
        limited = [self._unless_missed(a, missed) for a in answers]
        if not any(a.verdict is Verdict.NOT_CHECKED for a in limited):
            limited.append(lacking("host", self.title, missed[0], len(missed) - 1))
        return limited

    def _unless_missed(self, answer: Answer, missed: list[Unread]) -> Answer:
        mine = concerning(missed, answer.subject)
        if not mine or answer.verdict not in (Verdict.PASSED, Verdict.NOT_APPLICABLE):
            return answer
        return lacking(answer.subject, self.title, mine[0], len(mine) - 1)


def rule(
    code: str,
    severity: Severity,
    *,
    needs: tuple[str, ...],
    fires: str,
    silent: str,
    counts_guests: bool = False,
    reads: tuple[str, ...] = (),
    only_running: bool = False,
    changes: tuple[Part, ...] | None = None,
) -> Callable[[Check], Rule]:
    """Makes the function below it the check of a rule; the module's docstring is its document.

    A rule that needs the guests counts them. `counts_guests` is said by one that looks at them where they are known
    and judges without them too. `reads` are the paths on which a pass rests. `changes` are the parts of a host that
    its fix changes, where they are others than those of the rules beside it (rules/topic_parts.py).
    """

    def make(check: Check) -> Rule:
        document = check.__globals__.get("__doc__") or ""
        counts = counts_guests or "virt" in needs
        parts = parts_of(check.__module__) if changes is None else changes
        return Rule(
            code, severity, needs, fires, silent, check, document.strip(), counts, reads, None, only_running, parts
        )

    return make


def guest_rule(
    code: str,
    severity: Severity,
    *,
    needs: tuple[str, ...] = (),
    fires: str,
    silent: str,
    reads: tuple[str, ...] = (),
    only_running: bool = False,
    changes: tuple[Part, ...] = (),
) -> Callable[[GuestCheck], Rule]:
    """Makes the function below it a rule that is asked about one guest after the other.

    The subject of its answers is the guest's name; the engine puts it before the argument of goals `domain.*`. A guest
    to which the rule does not apply gets no answer; a part of the facts that a guest's answer needs is taken with
    `known` where it is needed. A guest that could not be read is not checked. `reads` are the paths of the host on
    which a pass rests. `changes` are the parts of the host that its fix changes beside the guest.
    """

    def make(check: GuestCheck) -> Rule:
        document = (check.__globals__.get("__doc__") or "").strip()
        title = document.partition("\n")[0].rstrip(".")

        @wraps(check)
        def ask_all(facts: Facts) -> Answers:
            return ask_guests(facts, title, partial(ask_about, check, title, facts))

        parts = ("virt", *needs)
        return Rule(code, severity, parts, fires, silent, ask_all, document, False, reads, check, only_running, changes)

    return make


def given_rule(code: str, severity: Severity, *, reads: tuple[str, ...] = ()) -> Callable[[GivenCheck], Rule]:
    """Makes the function below it a rule about what the host loses with the devices that are assigned to guests.

    It is asked only where there are such devices, which it gets with what makes them so.
    """

    def make(check: GivenCheck) -> Rule:
        @wraps(check)
        def ask(facts: Facts) -> Answers:
            bus, use = known(facts.pci), known(facts.host_use)
            given = passthrough_devices(bus, facts.boot, facts.virt)
            if given:
                yield from check(bus, use, given)
            else:
                yield not_applicable("host", "no device is assigned to a guest")

        document, paths = (check.__globals__.get("__doc__") or "").strip(), (*MEANT, *reads)
        needs, parts = ("pci", "host_use"), parts_of(check.__module__)
        return Rule(code, severity, needs, "gives-all-away", "clean", ask, document, True, paths, None, False, parts)

    return make


def guests(facts: Facts) -> tuple[Domain, ...]:
    """The guests that could be read; the check ends where none is known."""
    return known(known(facts.virt).domains)


def all_guests(facts: Facts) -> tuple[Domain, ...]:
    """Goes before "no guest does so": the check ends where one of the guests could not be read."""
    return known(known(facts.virt).all_domains)


def ask_guests(facts: Facts, title: str, ask: Callable[[Domain], Iterable[Answer]]) -> Answers:
    """The answers of a check with this title about all guests, one after the other."""
    domains = guests(facts)
    answers = [answer for domain in domains for answer in ask(domain)]
    answers += [lacking(guest.name, title, guest.why) for guest in known(facts.virt).unread]
    yield from answers or [not_applicable("host", f"does not apply to any of {counted(len(domains), 'guest')}")]


def ask_about(check: GuestCheck, title: str, facts: Facts, domain: Domain) -> Answers:
    """The answers about a guest; where its XML is damaged in a part what was found stays, and nothing passes."""
    if (unsound := domain.unsound) is None:
        yield from _ask_one(check, facts, domain, title)
        return
    found = [a for a in _ask_one(check, facts, domain, title) if a.verdict in (Verdict.FAILED, Verdict.NOT_CHECKED)]
    yield from found or [lacking(domain.name, title, unsound)]


def _ask_one(check: GuestCheck, facts: Facts, domain: Domain, title: str) -> Answers:
    try:
        for answer in check(facts, domain):
            yield answer if answer.fix is None else replace(answer, fix=fix_of(answer.fix, domain.name))
    except Missing as error:
        yield lacking(domain.name, title, error.unread)
    except Exception as error:
        yield unknown(domain.name, f"the check itself failed ({type(error).__name__}: {error})")


def ids_of(bus: PciBus) -> None:
    """Goes before "no device has this id": a device whose ids could not be read may be the one."""
    for device in bus.devices:
        known(device.vendor)
        known(device.device)


def all_files(boot: Boot) -> None:
    """Goes before "no file says so": the check ends where the configuration files could not be seen."""
    known(boot.seen)


def all_hooks(boot: Boot) -> None:
    """Goes before "no hook does so": the check ends where hooks could not be seen."""
    known(boot.hooks_seen)


def all_scripts(boot: Boot) -> None:
    """Goes before "no hook and no script does so": the check ends where some could not be seen."""
    known(boot.hooks_seen)
    known(boot.scripts_seen)


def all_options(facts: Facts) -> None:
    """Goes before "no option says so": options stand in files and on command lines, and all must have been seen."""
    all_files(known(facts.boot))
    all_lines(facts)


def all_lines(facts: Facts) -> tuple[CommandLine, ...]:
    """Goes before "no command line says so": the check ends where the running or the next one could not be read.

    On a mounted disk no kernel runs, and the next one is all.
    """
    boot = known(facts.boot)
    if facts.mode is not Mode.ROOT:
        known(boot.cmdline)
    known(boot.next_lines)
    return boot.lines
