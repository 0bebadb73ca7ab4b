"""Guests as libvirt's own files describe them, for roots where no daemon can be asked."""

from __future__ import annotations

from vfiotui.formats.domain_xml import parse, parse_status
from vfiotui.host.root import Root
from vfiotui.model.domain import Domain, Virt
from vfiotui.model.mode import Mode
from vfiotui.model.reading import Reading, Unread, Why, or_else
from vfiotui.model.value import replace

DEFINED = "/etc/libvirt/qemu"
RUNNING = "/run/libvirt/qemu"
COUNT_LIMIT = 2000


def _names(root: Root, folder: str) -> list[str]:
    return [n for n in or_else(root.names(folder), ()) if n.endswith(".xml")][:COUNT_LIMIT]


def idle_state(root: Root) -> str:
    """The state of a guest that the daemon's folder of running guests does not name.

    On a mounted disk nothing runs. In a capture without that folder, and where it may not be looked into, nobody
    knows.
    """
    running = root.names(RUNNING)
    if not isinstance(running, Unread):
        return "shut off"
    if root.mode is Mode.ROOT:
        return "defined"
    return "shut off" if root.is_live and running.why is Why.ABSENT else "unknown"


def read_defined(root: Root) -> Reading[dict[str, Domain]]:
    """Defined guests by file name; a damaged file is left out."""
    listed = root.names(DEFINED)
    if isinstance(listed, Unread):
        return listed
    autostart = set(_names(root, f"{DEFINED}/autostart"))
    state = idle_state(root)
    found: dict[str, Domain] = {}
    for name in _names(root, DEFINED):
        text = root.text(f"{DEFINED}/{name}")
        if isinstance(text, Unread):
            continue
        try:
            found[name] = parse(text, source=f"{DEFINED}/{name}", state=state, autostart=name in autostart)
        except ValueError:
            continue
    return found


def read_running(root: Root) -> dict[str, Domain]:
    """Running guests by file name, from the status files of the daemon."""
    found: dict[str, Domain] = {}
    for name in _names(root, RUNNING):
        text = root.text(f"{RUNNING}/{name}")
        if isinstance(text, Unread):
            continue
        try:
            found[name] = parse_status(text, source=f"{RUNNING}/{name}")
        except ValueError:
            continue
    return found


def read(root: Root) -> Reading[Virt]:
    """The guests of a root; connected is always False, because nobody was asked."""
    defined, running = read_defined(root), read_running(root)
    domains: Reading[tuple[Domain, ...]]
    if isinstance(defined, Unread) and not running:
        domains = () if defined.why is Why.ABSENT and root.has("etc") else defined
    else:
        merged = {**or_else(defined, {}), **running}
        domains = tuple(sorted(merged.values(), key=lambda d: d.name))
    return Virt(
        uri="",
        connected=False,
        detail=f"guests are read from the files below {DEFINED}; libvirt was not asked",
        libvirt_version="",
        hypervisor_version="",
        domains=domains,
    )


def without_daemon(root: Root, virt: Virt) -> Virt:
    """libvirt's word; where it cannot be asked on the live host, its files tell at least what is defined."""
    if not root.is_live or not isinstance(virt.domains, Unread):
        return virt
    files = read(root)
    if isinstance(files, Unread) or isinstance(files.domains, Unread):
        return virt
    return replace(virt, domains=files.domains, detail=f"{virt.detail}; guests are read from the files below {DEFINED}")
