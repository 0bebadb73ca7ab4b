"""What draws on a described host, and who holds its devices open."""

from __future__ import annotations

from vfiotui.demo.build_pci import places
from vfiotui.demo.description import Host, PciDesc, ScreenDesc
from vfiotui.demo.tree import TreeBuilder

DRM, SOUND, CONSOLES, PLATFORM = "/sys/class/drm", "/sys/class/sound", "/sys/class/vtconsole", "/sys/bus/platform"
DRAWING = ("amdgpu", "nouveau", "nvidia", "i915", "xe", "radeon")
"""Drivers that make a DRM card."""
PLATFORM_DEVICES = "/sys/devices/platform"


def build_screens(tree: TreeBuilder, host: Host) -> None:
    """Framebuffers, consoles, DRM and sound cards, the map of memory, and processes with open nodes."""
    real = places(host)
    cards = [d for d in host.pci if d.class_code >> 16 == 3 and d.driver in DRAWING]
    for number, card in enumerate(cards):
        folder = f"{real[card.bdf]}/drm/card{number}"
        tree.link(f"{folder}/device", real[card.bdf])
        tree.link(f"{DRM}/card{number}", folder)
        tree.file(f"{folder}/card{number}-DP-1/status", "connected" if card.boot_vga else "disconnected")
        tree.link(f"{DRM}/card{number}-DP-1", f"{folder}/card{number}-DP-1")
    for number, card in enumerate(d for d in host.pci if d.driver == "snd_hda_intel"):
        folder = f"{real[card.bdf]}/sound/card{number}"
        tree.link(f"{folder}/device", real[card.bdf])
        tree.link(f"{SOUND}/card{number}", folder)
    lines = [f"{n} {d.driver}drmfb" for n, d in enumerate(cards)]
    if host.screen:
        lines.append(f"{len(lines)} {host.screen.name}")
        _firmware(tree, host.screen)
    tree.file("/proc/fb", "\n".join(lines))
    tree.file("/proc/iomem", "\n".join(_iomem(host)))
    for number, kind in enumerate(host.consoles):
        tree.files(f"{CONSOLES}/vtcon{number}", name=kind, bind=1)
    for process in host.processes:
        tree.file(f"/proc/{process.pid}/comm", process.name)
        tree.folder(f"/proc/{process.pid}/fd", 0o500)
        for number, node in enumerate(process.nodes):
            tree.absolute(f"/proc/{process.pid}/fd/{number + 3}", node)


def _firmware(tree: TreeBuilder, screen: ScreenDesc) -> None:
    device = f"{PLATFORM_DEVICES}/{screen.device}"
    tree.folder(device)
    tree.link(f"{PLATFORM}/devices/{screen.device}", device)
    if screen.driver:
        tree.folder(f"{PLATFORM}/drivers/{screen.driver}")
        tree.link(f"{device}/driver", f"{PLATFORM}/drivers/{screen.driver}")


def _iomem(host: Host) -> list[str]:
    """Each function with its first BAR; the firmware's framebuffer lies inside its card's."""
    rows = ["00001000-0009ffff : System RAM", "90000000-fbffffff : PCI Bus 0000:00"]
    for number, device in enumerate(d for d in host.pci if d.bars):
        start = 0x9000_0000 + number * 0x10_0000
        rows.append(f"  {start:08x}-{start + 0xFFFFF:08x} : {device.bdf}")
        rows += _inside(host.screen, device, start)
    return rows


def _inside(screen: ScreenDesc | None, device: PciDesc, start: int) -> list[str]:
    if screen is None or screen.bdf != device.bdf:
        return []
    return [f"    {start:08x}-{start + 0x7FFFF:08x} : {screen.claim}"]
