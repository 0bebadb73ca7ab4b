"""Interrupt lines from /proc/interrupts and /proc/irq (filesystems/proc.rst, core-api/irq/irq-affinity.rst)."""

from __future__ import annotations

from vfiotui.host.root.root import Root
from vfiotui.host.root.sysfs_index import cpu_list
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.cpu.interrupts import Interrupts, Irq

PATH = "/proc/interrupts"
LIMIT = 16 << 20
"""Bytes: some thousand lines of some hundred CPUs."""
CHIP_WORDS = 3
"""At most so many words name the interrupt controller and the line's kind, before the names begin."""


def columns(header: str) -> list[int]:
    """The CPU number of every column; offline CPUs have none."""
    return [int(w[3:]) for w in header.split() if w.startswith("CPU") and w[3:].isdigit() and len(w) < 9]


def names_of(words: list[str]) -> tuple[str, ...]:
    """The names at the end of a row; handlers that share a line are separated by a comma and a blank.

    The words before them name the chip, the hardware's number and edge, level or fasteoi:
    "IR-PCI-MSI-0000:01:00.0 0-edge nvme0q0", "IO-APIC 16-fasteoi i801_smbus, ehci_hcd:usb1",
    "PCI-MSI 327680 -edge xhci_hcd", and "IR-PCI-MSIX-0000:01:00.0 0 -edge nvme0q0".
    """
    place = next((i for i, w in enumerate(words) if w.endswith(("edge", "fasteoi", "level", "Edge", "Level"))), -1)
    rest = words[place + 1 :] if place >= 0 else words[CHIP_WORDS - 1 :]
    return tuple(n.strip() for n in " ".join(rest).split(", ") if n.strip())


def read(root: Root) -> Reading[Interrupts]:
    """Every numbered line."""
    lines = root.table(PATH, bool, LIMIT)
    if isinstance(lines, Unread):
        return lines
    cpus = columns(lines[0]) if lines else []
    if not cpus:
        return Unread("names no CPU in its first line", Why.DAMAGED, PATH)
    found = []
    for line in lines[1:]:
        label, colon, rest = line.partition(":")
        number = label.strip()
        if not colon or not number.isdigit() or len(number) > 9:
            continue
        words = rest.split()
        counted = words[: len(cpus)]
        if len(counted) < len(cpus) or not all(w.isascii() and w.isdigit() and len(w) < 20 for w in counted):
            return Unread(f"holds no counts for interrupt {number}", Why.DAMAGED, PATH)
        counts = tuple((cpu, int(w)) for cpu, w in zip(cpus, counted, strict=True) if w != "0")
        served = cpu_list(root, f"/proc/irq/{number}/effective_affinity_list")
        chip = words[len(cpus)] if len(words) > len(cpus) else ""
        found.append(Irq(int(number), names_of(words[len(cpus) :]), counts, served, chip))
    return Interrupts(tuple(found), read_uptime(root))


def read_uptime(root: Root) -> Reading[float]:
    """Seconds since boot."""
    text = root.text("/proc/uptime", 4096)
    if isinstance(text, Unread):
        return text
    word = text.split(" ")[0]
    whole, _, part = word.partition(".")
    if not (whole.isdigit() and len(whole) < 12 and (not part or part.isdigit())):
        return Unread("holds no time", Why.DAMAGED, "/proc/uptime")
    return float(word)
