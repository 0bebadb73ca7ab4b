"""The host's name, its kernel, and whether it waits for a reboot: a few files, without the whole boot chain."""

from __future__ import annotations

import re

from vfiotui.host.pci.modules import kernel_release
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.boot.boot_summary import Booted


def read_hostname(root: Root) -> Reading[str]:
    """The running name, else the configured one."""
    running = root.text("/proc/sys/kernel/hostname", 4096)
    name = root.text("/etc/hostname", 4096) if isinstance(running, Unread) else running
    return name if isinstance(name, Unread) else re.sub(r"#.*", "", name).strip()


def read_reboot(root: Root, release: Reading[str]) -> Reading[bool]:
    """Whether packages ask for a reboot, or the running kernel's modules are gone after an update."""
    if not root.has("run") and not root.is_live:
        return Unread("a root without /run does not show it", Why.NOT_HERE, "/run")
    if root.exists("/run/reboot-required") is True or root.exists("/var/run/reboot-required") is True:
        return True
    installed = or_else(root.names("/lib/modules"), ())
    return bool(installed) and not isinstance(release, Unread) and release not in installed


def read(root: Root) -> Booted:
    """All three; each says for itself where it could not be read."""
    release = kernel_release(root)
    return Booted(read_hostname(root), release, read_reboot(root, release))
