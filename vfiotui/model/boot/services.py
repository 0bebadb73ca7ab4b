"""Units of the init system that matter for passthrough: which are wanted at boot, which run now."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Services:
    """Names without their suffix: "sshd", "irqbalance", "serial-getty@ttyS0"."""

    enabled: Reading[frozenset[str]]
    running: Reading[frozenset[str]]
    """Unread where the system does not run."""

    def wanted(self, *names: str) -> tuple[str, ...]:
        """Those of some services that run, or will at the next boot."""
        known = frozenset[str]().union(*(s for s in (self.enabled, self.running) if isinstance(s, frozenset)))
        return tuple(n for n in names if n in known)

    @property
    def every(self) -> Reading[frozenset[str]]:
        """All of them; Unread where one that runs, or will run, may have been missed."""
        if isinstance(self.enabled, Unread):
            return self.enabled
        # A system that does not run, or that has another init, shows no running units.
        running = frozenset[str]() if self._none_run else self.running
        return running if isinstance(running, Unread) else self.enabled | running

    @property
    def _none_run(self) -> bool:
        return isinstance(self.running, Unread) and self.running.why in (Why.ABSENT, Why.NOT_HERE)
