"""Which units are wanted at boot, and which run (systemd.unit(5); /run/systemd/units holds those that run)."""

from __future__ import annotations

from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.services import Services

CONFIGURED = "/etc/systemd/system"
RUNNING = "/run/systemd/units"
SUFFIXES = (".service", ".socket")
OPENRC = "/etc/runlevels/default"


def _bare(name: str) -> str:
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def read_enabled(root: Root) -> Reading[frozenset[str]]:
    """Units that a target wants, by the links of `systemctl enable`; of OpenRC the default runlevel."""
    names = root.names(CONFIGURED)
    if isinstance(names, Unread):
        other = root.names(OPENRC)
        return names if isinstance(other, Unread) else frozenset(other)
    wanted: set[str] = set()
    for folder in names:
        if folder.endswith((".wants", ".requires")):
            units = root.names(f"{CONFIGURED}/{folder}")
            if isinstance(units, Unread):
                if units.why is Why.ABSENT:
                    continue
                return units
            wanted.update(_bare(n) for n in units if n.endswith(SUFFIXES))
    return frozenset(wanted)


def read_running(root: Root) -> Reading[frozenset[str]]:
    """Units that run now."""
    names = root.names(RUNNING)
    if isinstance(names, Unread):
        return names if root.origin is Mode.LIVE else Unread("this system does not run", Why.NOT_HERE, RUNNING)
    return frozenset(_bare(n.removeprefix("invocation:")) for n in names if n.startswith("invocation:"))


def read(root: Root) -> Reading[Services]:
    """Enabled and running units."""
    return Services(read_enabled(root), read_running(root))
