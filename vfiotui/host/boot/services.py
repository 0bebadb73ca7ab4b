"""Which units are wanted at boot and not masked, and which run (systemd.unit(5); /run/systemd/units holds those)."""

from __future__ import annotations

import posixpath

from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why, if_absent, then
from vfiotui.model.boot.services import Services

CONFIGURED = "/etc/systemd/system"
MASKS = (CONFIGURED, "/run/systemd/system")
"""Where `systemctl mask` and `systemctl mask --runtime` put a link to /dev/null in the place of the unit."""
FOR_USERS = "/etc/systemd/user"
"""Units that every user's own service manager starts, such as gamemoded."""
RUNNING = "/run/systemd/units"
SUFFIXES = (".service", ".socket")
OPENRC = "/etc/runlevels/default"


def _bare(name: str) -> str:
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def read_enabled(root: Root) -> Reading[frozenset[str]]:
    """Units that a target wants, by the links of `systemctl enable`; of OpenRC the default runlevel."""
    wanted = _wanted(root, CONFIGURED)
    if isinstance(wanted, Unread):
        other = root.names(OPENRC)
        return wanted if isinstance(other, Unread) else frozenset(other)
    return frozenset(map(_bare, wanted))


def read_for_users(root: Root) -> Reading[frozenset[str]]:
    """Units that the service manager of every user starts, by the links of `systemctl --global enable`."""
    return if_absent(then(_wanted(root, FOR_USERS), lambda units: frozenset(map(_bare, units))), frozenset[str]())


def _wanted(root: Root, folder: str) -> Reading[set[str]]:
    """Units with their suffixes, to which the folders of the targets below a folder have links."""
    targets = root.names(folder)
    if isinstance(targets, Unread):
        return targets
    wanted: set[str] = set()
    for target in targets:
        if target.endswith((".wants", ".requires")):
            units = root.names(f"{folder}/{target}")
            if isinstance(units, Unread):
                if units.why is Why.ABSENT:
                    continue
                return units
            wanted.update(n for n in units if n.endswith(SUFFIXES))
    return wanted


def read_masked(root: Root) -> Reading[frozenset[str]]:
    """Units that are masked: they keep the links of targets, and never start."""
    found = set()
    for folder in MASKS:
        names = root.names(folder)
        if isinstance(names, Unread):
            if names.why in (Why.ABSENT, Why.NOT_HERE):
                continue
            return names
        for unit in names:
            masked = unit.endswith(SUFFIXES) and _is_mask(root, f"{folder}/{unit}")
            if isinstance(masked, Unread):
                return masked
            if masked:
                found.add(_bare(unit))
    return frozenset(found)


def _is_mask(root: Root, path: str) -> Reading[bool]:
    """Whether a unit file masks its unit: a link to /dev/null, or an empty file (systemd.unit(5))."""
    what = root.stat(path, follow=False)
    if isinstance(what, Unread):
        return if_absent(what, False)
    if what.kind != "link":
        return what.kind == "file" and what.size == 0
    folder = posixpath.dirname(path)
    target = root.link(path)
    return then(target, lambda text: posixpath.normpath(posixpath.join(folder, text)) == "/dev/null")


def read_running(root: Root) -> Reading[frozenset[str]]:
    """Units that run now."""
    names = root.names(RUNNING)
    if isinstance(names, Unread):
        return names if root.origin is Mode.LIVE else Unread("this system does not run", Why.NOT_HERE, RUNNING)
    return frozenset(_bare(n.removeprefix("invocation:")) for n in names if n.startswith("invocation:"))


def read(root: Root) -> Reading[Services]:
    """Enabled, running and masked units, and those of users."""
    return Services(read_enabled(root), read_running(root), read_masked(root), read_for_users(root))
