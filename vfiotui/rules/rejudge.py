"""Judges the facts of one host again and again: a check is asked anew only where what it looked at has changed."""

from __future__ import annotations

from dataclasses import fields
from functools import partial, wraps
from typing import Any, NamedTuple, cast

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import replace
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding
from vfiotui.model.guest.domain import Domain, Virt
from vfiotui.rules import catalogue, rank
from vfiotui.rules.engine import Answer, Answers, GuestCheck, Rule, ask_about, ask_guests


class _Noted:
    """Facts that note which of their parts were looked at."""

    __slots__ = ("facts", "seen")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.seen: set[str] = set()

    def __getattr__(self, part: str) -> Any:
        self.seen.add(part)
        return getattr(self.facts, part)


class _OfHost(NamedTuple):
    """What a rule said last."""

    findings: tuple[Finding, ...]
    seen: frozenset[str]
    """The parts of the facts that it looked at for it."""


class _OfGuest(NamedTuple):
    """What a rule said last of one guest."""

    domain: Domain
    answers: tuple[Answer, ...]
    seen: frozenset[str]


class Rejudge:
    """Like `rules.judge`, for one host over time; remembers what every check said last.

    Checks look at nothing but the facts that they are given: where those parts are equal, so is the answer.
    """

    def __init__(self) -> None:
        self._facts: Facts | None = None
        self._changed: frozenset[str] = frozenset()
        self._said: dict[str, _OfHost] = {}
        """By the codes of the rules."""
        self._said_of: dict[tuple[str, str], _OfGuest] = {}
        """By the codes of the rules and the guests' UUIDs or, without these, names."""
        self.asked: list[tuple[str, str]] = []
        """The rules that the last call asked anew, with the name of the guest, or "" for the host."""

    def __call__(self, facts: Facts) -> tuple[Finding, ...]:
        """What every rule says of the facts, worst first."""
        # Without them, until all is judged: a call that is broken off leaves nothing to compare with.
        before, self._facts = self._facts, None
        self._changed = _changed(before, facts)
        self.asked = []
        for rule in catalogue():
            said = self._said.get(rule.code)
            if said is None or said.seen & self._changed:
                self._said[rule.code] = self._ask(rule, facts)
        self._facts = facts
        self._forget()
        return tuple(sorted((f for said in self._said.values() for f in said.findings), key=rank))

    def _ask(self, rule: Rule, facts: Facts) -> _OfHost:
        noted = _Noted(facts)
        if rule.of_guest is None:
            self.asked.append((rule.code, ""))
        else:
            rule = replace(rule, check=wraps(rule.of_guest)(partial(self._ask_guests, rule, rule.of_guest)))
        findings = rule.ask(cast("Facts", noted))
        return _OfHost(findings, frozenset(noted.seen))

    def _ask_guests(self, rule: Rule, check: GuestCheck, facts: Facts) -> Answers:
        return ask_guests(facts, rule.title, partial(self._ask_guest, rule, check, facts))

    def _ask_guest(self, rule: Rule, check: GuestCheck, facts: Facts, domain: Domain) -> tuple[Answer, ...]:
        key = rule.code, _name(domain)
        said = self._said_of.get(key)
        if said is None or said.seen & self._changed or (said.domain is not domain and said.domain != domain):
            self.asked.append((rule.code, domain.name))
            noted = _Noted(cast("_Noted", facts).facts)
            answers = tuple(ask_about(check, rule.title, cast("Facts", noted), domain))
            said = self._said_of[key] = _OfGuest(domain, answers, frozenset(noted.seen))
        cast("_Noted", facts).seen.update(said.seen)
        return said.answers

    def _forget(self) -> None:
        """Guests that are gone are not remembered."""
        virt = None if self._facts is None else self._facts.virt
        domains = virt.domains if isinstance(virt, Virt) and not isinstance(virt.domains, Unread) else ()
        present = {_name(domain) for domain in domains}
        self._said_of = {key: said for key, said in self._said_of.items() if key[1] in present}


def _name(domain: Domain) -> str:
    return domain.uuid or domain.name


def _changed(before: Facts | None, now: Facts) -> frozenset[str]:
    """The parts of the facts that differ."""
    if before is None:
        return frozenset(f.name for f in fields(now))
    pairs = ((f.name, getattr(before, f.name), getattr(now, f.name)) for f in fields(now))
    return frozenset(name for name, old, new in pairs if old is not new and old != new)
