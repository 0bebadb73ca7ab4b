"""What a boot made of every device, against what was foretold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vfiotui.model.pci import PciBus
from vfiotui.model.plan import Expected
from vfiotui.model.reading import Reading, Unread


@dataclass(frozen=True, slots=True)
class Verified:
    """One device after the boot."""

    bdf: str
    foretold: tuple[str, ...]
    """Drivers that might have it; "" for none."""
    bound: Reading[str]
    """The driver that has it, empty for none; Unread where the device is gone."""

    @property
    def right(self) -> bool:
        """Whether it came as foretold."""
        return self.bound in self.foretold

    @property
    def sure(self) -> bool:
        """Whether the forecast left no choice."""
        return len(self.foretold) == 1

    @property
    def sentence(self) -> str:
        """What was foretold and what is."""
        told = " or ".join(d or "no driver" for d in self.foretold)
        if isinstance(self.bound, Unread):
            return f"{self.bdf}: {told} was foretold; {self.bound}"
        has = self.bound or "no driver"
        return f"{self.bdf}: {has}, as foretold" if self.right else f"{self.bdf}: {told} was foretold, it has {has}"


def verify(forecast: Iterable[Expected], bus: PciBus) -> tuple[Verified, ...]:
    """Every device of the forecast against the bus as it is."""
    found = []
    for bdf, foretold in forecast:
        device = bus.get(bdf)
        bound: Reading[str] = (
            Unread("no device is at this address any more")
            if device is None
            else device.driver
            if isinstance(device.driver, Unread)
            else device.driver or ""
        )
        found.append(Verified(bdf, foretold, bound))
    return tuple(found)
