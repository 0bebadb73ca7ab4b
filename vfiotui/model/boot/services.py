"""Units of the init system that matter for passthrough: which are wanted at boot, which run now."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Services:
    """Names without their suffix: "sshd", "irqbalance", "serial-getty@ttyS0"."""

    enabled: Reading[frozenset[str]]
    running: Reading[frozenset[str]]
    """Unread where the system does not run."""
    masked: Reading[frozenset[str]]
    """They start no more, though a target may want them, and one may run until it is stopped."""
    for_users: Reading[frozenset[str]]
    """Units that every user's own service manager starts."""

    def wanted(self, *names: str) -> tuple[str, ...]:
        """Those of some services that run, or will at the next boot, and are not masked."""
        known = frozenset[str]().union(*(s for s in (self.enabled, self.running) if isinstance(s, frozenset)))
        return tuple(n for n in names if n in known - or_else(self.masked, frozenset[str]()))

    @property
    def every(self) -> Reading[frozenset[str]]:
        """All that are wanted; Unread where one that runs, or will run, may have been missed."""
        if isinstance(self.enabled, Unread):
            return self.enabled
        # A system that does not run, or that has another init, shows no running units.
        running = frozenset[str]() if self._none_run else self.running
        return running if isinstance(running, Unread) else self.enabled | running

    @property
    def _none_run(self) -> bool:
        return isinstance(self.running, Unread) and self.running.why in (Why.ABSENT, Why.NOT_HERE)
