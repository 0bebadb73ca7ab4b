"""Whether this user sees the processes of others; who does not see them cannot say that no guest runs.

hidepid= and gid= of /proc as proc(5) and the kernel's filesystems/proc.rst tell them; since Linux 5.8 the values have
names. CAP_SYS_PTRACE overrides them (fs/proc/base.c, has_pid_permissions).
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from vfiotui.host.live.kvm_descriptors import INITIAL
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, Why, or_else

HIDING = {"1": "1", "noaccess": "1", "2": "2", "invisible": "2", "4": "4", "ptraceable": "4"}
CAP_SYS_PTRACE = 1 << 19


def hidden_processes(root: Root) -> Unread | None:
    """Why processes of other users are hidden, or None where all are visible, as far as the kernel shows.

    A capture says it of its host; a disk has no processes.
    """
    if root.said is not None:
        return root.said.unread.get("processes")
    if not root.is_live:
        return None
    # Not through what records the questions of a capture: the mounts of its host do not leave it.
    root = Root.live()
    mounts, status = root.lines("/proc/self/mountinfo"), root.lines("/proc/self/status")
    return hidden_by(or_else(mounts, ()), or_else(status, ()))


def hidden_by(mounts: Iterable[str], status: Iterable[str]) -> Unread | None:
    """What hides processes by the lines of mountinfo and of this program's status; None where nothing does."""
    options = _options(mounts)
    hiding = options.get("hidepid", "0")
    if hiding not in HIDING:
        return None
    rows = dict(line.split(":", 1) for line in status if ":" in line)
    try:
        capable = bool(int(rows.get("CapEff", "0"), 16) & CAP_SYS_PTRACE)
    except ValueError:
        capable = False
    groups = {*rows.get("Groups", "").split(), *rows.get("Gid", "").split()[1:]}
    # The group is not asked where only processes are shown that this one may trace.
    if capable or (HIDING[hiding] != "4" and options.get("gid", "0") in groups):
        return None
    return Unread(
        f"is mounted with hidepid={hiding}, which hides the processes of other users from those without "
        "CAP_SYS_PTRACE: run this as root",
        Why.FORBIDDEN,
        "/proc",
    )


def _outside_hidden(root: Root) -> Unread | None:
    """Why processes outside this program's own PID namespace are not visible; None where it is that of the host."""
    space = root.link("/proc/self/ns/pid") if root.is_live else Unread("is another machine's")
    if isinstance(space, Unread) or space == INITIAL:
        return None
    return Unread("this program has a PID namespace of its own, as in a container: run this on the host", Why.NOT_HERE)


def why_unseen(root: Root, undescribed: int) -> Unread | None:
    """Why guests may run although none is seen, or None where none runs.

    `undescribed` is how many processes do not show whether they use KVM.
    """
    hidden = hidden_processes(root)
    if hidden is not None or not undescribed:
        return hidden or _outside_hidden(root)
    words = (
        "1 process of another user does not show whether it runs a guest"
        if undescribed == 1
        else f"{undescribed} processes of other users do not show whether they run guests"
    )
    advice = "not even to root" if os.geteuid() == 0 else "run this as root"
    return Unread(f"{words}: {advice}", Why.FORBIDDEN)


def kvm_is_used(root: Root) -> bool:
    """Whether a process may have a virtual machine of KVM open; where nothing tells, it may.

    The module of the processor counts those who use it, while KVM that is built in counts nobody.
    """
    counts = [
        or_else(root.integer(f"/sys/module/{name}/refcnt"), -1)
        for name in or_else(root.names("/sys/module"), ())
        if name.startswith("kvm_")
    ]
    counts = [c for c in counts if c >= 0]
    return any(counts) if counts else root.exists("/dev/kvm") is not False


def _options(mounts: Iterable[str]) -> dict[str, str]:
    """The options of the file system that is mounted on /proc last."""
    found: dict[str, str] = {}
    for line in mounts:
        words = line.split(" ")
        if len(words) > 9 and words[4] == "/proc" and "-" in words[6:]:
            at = words.index("-", 6)
            options = ",".join(words[at + 3 :])
            found = dict(o.partition("=")[::2] for o in options.split(",")) if words[at + 1] == "proc" else {}
    return found
