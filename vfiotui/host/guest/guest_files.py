"""The files and devices that guests name, as this host has them."""

from __future__ import annotations

import re

from vfiotui.formats.option_rom import SIZE_LIMIT, read_rom
from vfiotui.host.guest import firmware_descriptors
from vfiotui.host.pci.block_use import BlockUse
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why, then
from vfiotui.model.guest.domain import Domain, Virt
from vfiotui.model.guest.guest_files import GuestFiles, PathState
from vfiotui.model.pci.option_rom import OptionRom

SECONDS = 2.0
"""A network file system that hangs is given up after this."""
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - looked at, never written
ONLY_LIVE = ("/dev/", "/run/", "/proc/", "/sys/")
"""Where only the running host shows it that something is not there."""
REMOTE = re.compile(r"[a-z]+\+[a-z0-9]+://[^/]|[a-z]+://[^/]")
"""A connection to another host."""


def named_paths(domain: Domain) -> tuple[str, ...]:
    """Every path that something is said of: firmware, ROMs, disks, shared memory, sockets of sound servers, inputs."""
    boot, devices = domain.boot, domain.devices
    memory = [m for text in domain.qemu.values("-object") for m in re.findall(r"mem-path[=\"': ]+([^,\"'}\s]+)", text)]
    paths = (
        *(boot.loader, boot.nvram, boot.nvram_template),
        *(h.rom_file for h in domain.hostdevs),
        *(d.source for d in devices.disks),
        *(f"{SHARED_MEMORY}/{s.name}" for s in devices.shmems if s.name and "/" not in s.name),
        *(f"{a.runtime_dir}/pipewire-0" for a in devices.audios if a.kind == "pipewire" and a.runtime_dir),
        *(a.server for a in devices.audios),
        *devices.evdev,
        *memory,
    )
    return tuple(dict.fromkeys(p for p in paths if p.startswith("/")))


def state(root: Root, path: str) -> Reading[PathState]:
    """One path, links followed; in a capture only what lies beside something captured is surely absent."""
    found = root.within(lambda: root.stat(path), SECONDS, path) if root.is_live else root.stat(path)
    if not isinstance(found, Unread):
        return PathState(0 if found.kind == "other" else found.size, found.mode)
    if found.why is not Why.ABSENT or root.origin is Mode.LIVE:
        return found
    if path.startswith(ONLY_LIVE):
        return Unread("only the running host shows it", Why.NOT_HERE, path)
    if not root.tells_absence and isinstance(root.names(path.rpartition("/")[0] or "/"), Unread):
        return Unread("the capture does not hold its folder", Why.NOT_HERE, path)
    return found


def rom(root: Root, path: str) -> Reading[OptionRom]:
    """What a ROM file holds."""
    return then(root.read_within(path, SECONDS, SIZE_LIMIT), read_rom)


def read(root: Root, virt: Reading[Virt]) -> Reading[GuestFiles]:
    """What all guests name, and the firmware descriptors; Unread where the guests are not known or not of this host."""
    if isinstance(virt, Unread):
        return virt
    if isinstance(virt.domains, Unread):
        return virt.domains
    if REMOTE.match(virt.uri):
        return Unread("the guests are on another host", Why.NOT_HERE, virt.uri)
    use = BlockUse(root)
    blocks = {d.source for g in virt.domains for d in g.devices.disks if d.kind == "block" and d.source.startswith("/")}
    return GuestFiles(
        states={path: state(root, path) for domain in virt.domains for path in named_paths(domain)},
        users={path: use.users(path) for path in sorted(blocks)},
        roms={
            path: rom(root, path)
            for path in dict.fromkeys(h.rom_file for g in virt.domains for h in g.hostdevs)
            if path
        },
        descriptors=firmware_descriptors.read(root),
        iommufd=_iommufd(root),
    )


def _iommufd(root: Root) -> Reading[bool]:
    found = root.exists("/dev/iommu")
    return (
        found
        if root.origin is Mode.LIVE or found is True
        else Unread("only the running host shows it", Why.NOT_HERE, "/dev/iommu")
    )
