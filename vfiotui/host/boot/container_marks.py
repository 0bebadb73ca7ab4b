"""Whether this root is a container's, and which program runs it.

Marks are of three kinds. What a container manager puts into the container's own /run or mounts over its /proc holds
alone. What PID 1 shows (its environment, its control group, the file that systemd writes about itself) holds unless
the PID namespace is the initial one: then PID 1 is the host's. `/.dockerenv` lies on the disk, and disks made of
images are booted on real machines: it holds only in a PID namespace of its own.

Sources: Container Interface of systemd (systemd.io/CONTAINER_INTERFACE), systemd's detect_container(), podman-run(1),
lxcfs(8), and PROC_PID_INIT_INO in the kernel's include/linux/proc_ns.h.
"""

from __future__ import annotations

import re

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.finding.finding import Evidence

INITIAL = "pid:[4026531836]"
"""The link /proc/self/ns/pid in the initial PID namespace (PROC_PID_INIT_INO, 0xEFFFFFFC)."""
NAMESPACE = "/proc/self/ns/pid"
NAMES = {
    "lxc": "LXC",
    "lxc-libvirt": "libvirt LXC",
    "docker": "Docker",
    "podman": "Podman",
    "oci": "OCI",
}
"""The names that managers give themselves, where they are written otherwise."""
WORD = re.compile(r"[A-Za-z][\w.-]{0,31}", re.ASCII)
GROUPS = (
    (re.compile(r"/(?:lxc|lxc\.payload[^/]*|lxc\.monitor[^/]*)(?:/|$)"), "LXC"),
    (re.compile(r"/docker(?:/|-[0-9a-f]{12})"), "Docker"),
    (re.compile(r"/kubepods"), "Kubernetes"),
    (re.compile(r"/libpod-[0-9a-f]{12}"), "Podman"),
)
"""Control groups of PID 1 in containers without a control group namespace."""
DISK_MARK = "/.dockerenv"


@dataclass(frozen=True, slots=True)
class Container:
    """What was seen of a container."""

    manager: str
    """LXC, Docker, …; empty where nothing believable was seen."""
    evidence: tuple[Evidence, ...] = ()
    doubts: tuple[str, ...] = ()
    """Marks that do not suffice, as clauses."""


def named(text: str) -> str:
    """The manager's name for a person; empty where the text is no word, or the one of WSL, which is no container.

    >>> named("lxc"), named("systemd-nspawn"), named("x y"), named("wsl")
    ('LXC', 'systemd-nspawn', '', '')
    """
    word = text.strip()
    return NAMES.get(word, word) if WORD.fullmatch(word) and word != "wsl" else ""


def _own_marks(root: Root) -> list[tuple[str, Evidence]]:
    """Marks that a container's manager made in the container: its /run, its mounts over /proc."""
    found = []
    manager = root.text("/run/host/container-manager", 4096)
    if isinstance(manager, str) and (name := named(manager)):
        found.append((name, Evidence("/run/host/container-manager", manager)))
    if root.exists("/run/.containerenv") is True:
        found.append(("Podman", Evidence("/run/.containerenv", "present")))
    if root.exists("/.flatpak-info") is True:
        found.append(("Flatpak", Evidence("/.flatpak-info", "present")))
    for line in or_else(root.lines("/proc/mounts"), ()):
        fields = line.split(" ")
        if len(fields) > 2 and fields[2] == "fuse.lxcfs" and fields[1].startswith("/proc/"):
            found.append(("LXC", Evidence("/proc/mounts", f"{fields[1]} is of lxcfs")))
            break
    return found


def _marks_of_first(root: Root) -> list[tuple[str, Evidence]]:
    """Marks of PID 1."""
    found = []
    told = root.text("/run/systemd/container", 4096)
    if isinstance(told, str) and (name := named(told)):
        found.append((name, Evidence("/run/systemd/container", told)))
    environment = or_else(root.bytes("/proc/1/environ", 1 << 20), b"")
    for word in environment.split(b"\0"):
        text = word.decode("ascii", "replace")
        if text.startswith("container=") and (name := named(text.removeprefix("container="))):
            found.append((name, Evidence("/proc/1/environ", text)))
    groups = or_else(root.text("/proc/1/cgroup", 1 << 16), "")
    for expression, manager in GROUPS:
        if match := expression.search(groups):
            found.append((manager, Evidence("/proc/1/cgroup", match[0])))
    return found


def read(root: Root) -> Container:
    """What there is to see; without a believable mark the manager is empty."""
    namespace = root.link(NAMESPACE)
    own_namespace = not isinstance(namespace, Unread) and namespace != INITIAL
    found, doubts = _own_marks(root), []
    first = _marks_of_first(root)
    if namespace == INITIAL:
        doubts += [f"{e.path} names a container ({e.seen}), but PID 1 is the host's" for _, e in first[:1]]
    else:
        found += first
    if root.exists(DISK_MARK) is True:
        if own_namespace or found:
            found.append(("Docker", Evidence(DISK_MARK, "present")))
        else:
            doubts.append(f"{DISK_MARK} is there, and nothing else speaks of a container")
    if not found:
        if own_namespace:
            doubts.append("the PID namespace is not the initial one, and nothing else speaks of a container")
        return Container("", (), tuple(doubts))
    seen = [e for _, e in found]
    if own_namespace:
        seen.append(Evidence(NAMESPACE, str(namespace)))
    return Container(found[0][0], tuple(seen))
