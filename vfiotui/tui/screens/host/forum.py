"""A post for a forum: who was looked at, and what was found, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui import __version__
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.headline import headline
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding
from vfiotui.tui.screens.host.finding_view import finding_text
from vfiotui.tui.text import clean


def machine_line(facts: Facts) -> str:
    """Program, kernel, system, processor and libvirt in one line; the host's name stays at home."""
    boot = None if isinstance(facts.boot, Unread) else facts.boot
    kernel = None if boot is None or isinstance(boot.kernel, Unread) else boot.kernel.release
    system = None if boot is None else or_else(boot.os_name, None)
    model = None if isinstance(facts.cpu, Unread) else or_else(facts.cpu.model, None)
    virt = None if isinstance(facts.virt, Unread) else facts.virt.libvirt_version
    words = (f"vfiotui {__version__}", kernel, system, model, f"libvirt {virt}" if virt else None)
    return " · ".join(f"`{clean(w).replace('`', chr(39))}`" for w in words if w)


def forum_post(facts: Facts, findings: Sequence[Finding]) -> str:
    """The findings with their evidence below a line about the machine."""
    machine = headline(facts)
    first = f"{machine_line(facts)}\n\n`{clean(machine).replace('`', chr(39))}`" if machine else machine_line(facts)
    return f"{first}\n\n{finding_text(findings)}"
