"""Which devices a shell script names, and whether what it writes reaches them."""

from __future__ import annotations

import re

from vfiotui.model.base.value import dataclass
from vfiotui.model.pci.functions import BDF

SHORT = re.compile(r"(?<![0-9a-fA-F:])[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]")
"""An address without its domain, as lspci shows it."""
JOINED = re.compile(r"""(?:0000:|[*?])["']?\$""")
"""A domain, or a pattern, ahead of a variable."""


@dataclass(frozen=True, slots=True)
class Named:
    """The addresses in a script."""

    full: frozenset[str]
    """Those of which sysfs has a folder."""
    vain: frozenset[str]
    """Those without a domain, where the script puts none ahead of them: sysfs has no such folder."""

    @property
    def any(self) -> bool:
        """Whether it names devices at all; else it computes them."""
        return bool(self.full or self.vain)


def named_by(text: str) -> Named:
    """The devices that a script names.

    >>> named_by('for d in 01:00.0; do echo vfio-pci > /sys/bus/pci/devices/0000:$d/driver_override; done').full
    frozenset({'0000:01:00.0'})
    >>> named_by('for d in 01:00.0; do echo vfio-pci > /sys/bus/pci/devices/$d/driver_override; done').full
    frozenset()
    """
    full = frozenset(BDF.findall(text.lower()))
    short = frozenset(f"0000:{found.lower()}" for found in SHORT.findall(text))
    return Named(full | short, frozenset()) if JOINED.search(text) else Named(full, short)
