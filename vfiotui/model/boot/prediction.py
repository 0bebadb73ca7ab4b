"""What will happen to a device at the next boot: the driver that gets it, and why; or what leaves it open."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass
from vfiotui.model.finding.finding import Evidence
from vfiotui.model.pci.host_use import HOLDERS

NOBODY = ""
"""The outcome "no driver is bound"."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The next boot of one device."""

    bdf: str
    outcomes: tuple[str, ...]
    """Every driver that may get it, "" for none; one where it is sure."""
    why: str
    """A sentence: what decides, or what is not ordered."""
    evidence: tuple[Evidence, ...] = ()
    advice: str = ""
    """What makes it sure; empty where it is."""
    unknown: bool = False
    """Whether something runs that cannot be played; `why` names it, and the outcomes are all that are possible."""

    @property
    def sure(self) -> bool:
        """Whether only one end is possible."""
        return len(self.outcomes) == 1 and not self.unknown

    @property
    def driver(self) -> str | None:
        """The driver that will be bound, NOBODY for none; None where that is not sure."""
        return self.outcomes[0] if self.sure else None

    @property
    def text(self) -> str:
        """ "vfio-pci", "no driver", "vfio-pci or nouveau", "not known"."""
        if self.unknown:
            return "not known"
        return " or ".join(o or "no driver" for o in self.outcomes)

    @property
    def given(self) -> bool:
        """Whether it is sure that the host loses it to vfio-pci."""
        return self.driver == "vfio-pci"

    @property
    def stays_bound(self) -> bool:
        """Whether no driver of the host gets it in any order of the boot: one that holds devices for guests does."""
        return not self.unknown and all(outcome in ("vfio-pci", *HOLDERS) for outcome in self.outcomes)
