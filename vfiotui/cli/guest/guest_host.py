"""The guests that a command is about, with their host."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import look_at_guests, open_root
from vfiotui.cli.out import needed
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts
from vfiotui.model.guest.domain import Domain, Virt


@dataclass
class Guests:
    """The guests of a command; parts are read when they are first asked for."""

    args: argparse.Namespace
    daemon_only: bool = False
    """Whether libvirt alone is asked, because it is to change a guest."""

    @cached_property
    def root(self) -> Root:
        """Where everything is read."""
        return open_root(self.args)

    @cached_property
    def virt(self) -> Virt:
        """The guests as libvirt reports them, else as its files do."""
        if self.daemon_only:
            from vfiotui.virt.read_domains import read

            return read(self.args.connect)
        return needed(look_at_guests(self.args, self.root), "the guests cannot be seen")

    @property
    def domains(self) -> tuple[Domain, ...]:
        """All guests that could be read, or the end of the command."""
        if isinstance(self.virt.domains, Unread):
            raise CommandError(f"the guests cannot be seen: {self.virt.domains.reason}", Exit.NO_ACCESS)
        return self.virt.domains

    @cached_property
    def facts(self) -> Facts:
        """The host, without its logs."""
        from vfiotui.host.gather import READERS, gather
        from vfiotui.state.plan_inputs import LOGS

        return gather(self.root, self.virt, READERS.keys() - LOGS)

    @property
    def elsewhere(self) -> bool:
        """Whether they run on another host."""
        from vfiotui.apply.guest_state import elsewhere

        return elsewhere(self.virt.uri)

    def domain(self, name: str) -> Domain | None:
        """The guest of a name, None where it could not be read; an unknown one ends the command."""
        found = next((d for d in self.domains if d.name == name), None)
        if found is None and name not in self.virt.names:
            known = ", ".join(self.virt.names) or "none"
            raise CommandError(f"there is no guest {name!r}; known are: {known}", Exit.USAGE)
        return found

    def read_domain(self, name: str) -> Domain:
        """The guest of a name, or the end of the command."""
        found = self.domain(name)
        if found is None:
            why = next(g.why for g in self.virt.unread if g.name == name)
            raise CommandError(f"the guest {name!r} cannot be read: {why}", Exit.NO_ACCESS)
        return found


def problem_json(problem: Any) -> dict[str, Any]:
    """A reason against a start."""
    return {
        "code": problem.code or None,
        "severity": str(problem.severity),
        "sentence": problem.sentence,
        "fix": problem.fix or None,
    }
