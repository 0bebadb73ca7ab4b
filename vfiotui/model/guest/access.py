"""Who runs QEMU, and whether it may reach the files of its guests."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading
from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class GuestFile:
    """A disk image, ROM or firmware file that a guest's XML names."""

    path: str
    guest: str
    role: str
    """disk, rom or firmware."""
    blocked_at: Reading[str]
    """The first folder on the way that QEMU's user may not pass; empty where there is none."""


@dataclass(frozen=True, slots=True)
class HookFile:
    """A hook script of libvirt."""

    path: str
    executable: bool


@dataclass(frozen=True, slots=True)
class Access:
    """Users, groups and the ways to files."""

    qemu_user: Reading[str]
    """What qemu.conf sets, else the distribution's user; Unread where neither is known."""
    qemu_known: Reading[bool]
    """Whether the system has that user."""
    user: Reading[str]
    """Who looks; Unread for a machine that does not run."""
    user_groups: Reading[frozenset[str]]
    """The groups that this user has by /etc/group."""
    hooks: Reading[tuple[HookFile, ...]]
    """libvirt's hooks of the QEMU driver; Unread where one of them cannot be seen."""
    files: Reading[tuple[GuestFile, ...]]
