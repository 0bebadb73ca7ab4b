"""What the status line tells of the boot: all of it that Live needs to know."""

from __future__ import annotations

from typing import NamedTuple

from vfiotui.model.base.reading import Reading


class Booted(NamedTuple):
    """The host's name, its kernel, and whether it waits for a reboot."""

    hostname: Reading[str]
    release: Reading[str]
    """uname -r; on a mounted disk the newest installed kernel's."""
    reboot_required: Reading[bool] = False
    """Whether packages ask for one, or the running kernel's modules are gone."""
