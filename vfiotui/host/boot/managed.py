"""Whether the images and the menu of this system are made by a tool of the whole system, and by which."""

from __future__ import annotations

from vfiotui.formats.shell.assignments import parse, value_of
from vfiotui.host.boot.mounts import MOUNTS
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.boot import Loader
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.managed import Managed

MICRO = frozenset(
    "opensuse-microos opensuse-aeon opensuse-kalpa opensuse-leap-micro sl-micro sle-micro suse-microos".split()
)
"""ids of openSUSE's systems with snapshots that are only read."""
TRANSACTIONAL = ("/usr/sbin/transactional-update", "/sbin/transactional-update", "/usr/bin/transactional-update")


def _there(root: Root, *paths: str) -> str:
    return next((p for p in paths if root.exists(p) is True), "")


def root_is_read_only(root: Root) -> bool:
    """Whether / is mounted without writing, or /etc/fstab has it so; where neither tells, it is not."""
    for path in (MOUNTS, "/etc/fstab"):
        states = []
        for line in or_else(root.lines(path), ()):
            words = line.split()
            place, options = (4, 5) if path == MOUNTS and " - " in line else (1, 3)
            if len(words) > options and words[place] == "/":
                states.append("ro" in words[options].split(","))
        if states:
            return states[-1]
    for line in or_else(root.lines("/proc/self/mounts"), ()):
        words = line.split(" ")
        if len(words) > 3 and words[1] == "/":
            return "ro" in words[3].split(",")
    return False


def _ids(root: Root) -> tuple[str, ...]:
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        text = root.text(path, 1 << 16)
        if not isinstance(text, Unread):
            given = parse(text)
            told = (value_of(given, name) for name in ("ID", "VARIANT_ID"))
            return tuple(word for value in told if isinstance(value, str) for word in value.split())
    return ()


def find_managed(root: Root, loader: Loader) -> Managed:
    """The tool that makes images and menu; empty for systems with the usual generators."""
    ids = _ids(root)
    line = CommandLine(or_else(root.text("/proc/cmdline", 1 << 14), ""), "/proc/cmdline")
    if loader.name in ("nixos", "guix"):
        return Managed(loader.name, next(iter(loader.evidence), ""))
    for name in ("nixos", "guix", "steamos"):
        if name in ids:
            return Managed(name, f"the system's ID is {name} (/etc/os-release)")
    if loader.name == "rpm-ostree":
        evidence = next(iter(loader.evidence), "")
        if _there(root, "/usr/bin/rpm-ostree"):
            return Managed("rpm-ostree", evidence)
        return Managed("bootc" if _there(root, "/usr/bin/bootc") else "rpm-ostree", evidence)
    if "ubuntu-core" in ids or line.has("snapd_recovery_mode"):
        where = "/etc/os-release" if "ubuntu-core" in ids else "/proc/cmdline"
        return Managed("ubuntu-core", f"kernel and initramfs are parts of a snap ({where})")
    program = _there(root, *TRANSACTIONAL)
    if (program or MICRO & set(ids)) and root_is_read_only(root):
        return Managed("transactional-update", f"/ is a snapshot that is only read ({program or '/etc/os-release'})")
    if program := _there(root, "/usr/bin/abroot"):
        return Managed("abroot", f"ABRoot makes the system's two roots ({program})")
    if program := _there(root, "/usr/bin/midclt"):
        return Managed("truenas", f"TrueNAS writes /etc and the menu from its own settings ({program})")
    if program := _there(root, "/etc/unraid-version"):
        return Managed("unraid", f"Unraid unpacks / into memory at each start ({program})")
    return Managed()
