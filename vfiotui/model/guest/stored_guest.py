"""One guest as plans change it: the definition that is stored, and the pins of its running threads."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.topology import CpuSet


@dataclass(frozen=True, slots=True)
class StoredGuest:
    """Read at one moment, from a daemon or from the files of a system that is not running."""

    name: str
    where: str
    """The libvirt connection, or empty for a system that is not running."""
    definition: bytes | None
    """The stored definition to the byte; None where there is none, as with a transient guest."""
    file: str = ""
    """The path of the definition where no daemon is asked."""
    autostart: bool = False
    """Whether libvirt starts it together with itself."""
    autostart_link: str | None = None
    """Where no daemon is asked: what its link below autostart/ says; None where there is none."""
    running: Mapping[str, CpuSet] | None = None
    """The pins of its threads now; None where it does not run."""

    kvm: bool | None = None
    """Whether its libvirt runs guests by KVM; asked where there is no such guest yet, else None."""

    @property
    def elsewhere(self) -> bool:
        """Whether another host runs it: nothing of this machine says anything of it then."""
        try:
            return bool(urlsplit(self.where).netloc)
        except ValueError:
            return True
