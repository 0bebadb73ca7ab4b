"""Interrupts of a described machine: /proc/interrupts, and which CPU each one goes to."""

from __future__ import annotations

from vfiotui.demo.build_cpu import online
from vfiotui.demo.build_pci import interrupts
from vfiotui.demo.description import Host, PciDesc
from vfiotui.demo.tree import TreeBuilder
from vfiotui.model.cpu.cpuset import format_list

NAMED = (
    ("LOC", 9000, "Local timer interrupts"),
    ("RES", 700, "Rescheduling interrupts"),
    ("CAL", 300, "Function call interrupts"),
    ("TLB", 90, "TLB shootdowns"),
)
"""Rows without a number: name, counts on each CPU, text."""


UPTIME = 86400
"""Seconds since boot."""
FIRST_OLD = 16
"""The first line of the old kind that devices share."""


def name_of(device: PciDesc, index: int) -> str:
    """The name of a device's interrupt as its driver gives it."""
    if device.driver == "vfio-pci":
        return f"vfio-msi[{index}]({device.bdf})"
    if device.driver == "nvme":
        return f"nvme0q{index}"
    return f"{device.driver or device.bdf}-{index}"


def remaps(host: Host) -> bool:
    """Whether the kernel of the machine remaps interrupts: a unit that is able to, and no word against it."""
    able = host.iommu == "amd" or (host.iommu == "intel" and bool(host.iommu_ecap & 1 << 3))
    options = [o for word in host.cmdline.split() if word.startswith("intremap=") for o in word[9:].split(",")]
    switches = [o for o in options if o in ("on", "off")]
    return able and "nointremap" not in host.cmdline.split() and switches[-1:] != ["off"]


def build_interrupts(tree: TreeBuilder, host: Host) -> None:
    """One row for each interrupt in use; its counts are on the CPU that takes it."""
    cpus = online(host.cpu)
    every = format_list(cpus)
    zero = f"{0:>11}"
    remapped = "IR-" if remaps(host) else ""
    rows = [" " * 5 + "".join(f"{f'CPU{c}':>11}" for c in cpus)]
    tree.file("/proc/uptime", f"{UPTIME}.00 {UPTIME * len(cpus)}.00")
    for number, device in enumerate(d for d in host.pci if d.intx):
        others = "" if device.intx == "-" else f"{device.intx}, "
        counts = f"{int(device.rate * UPTIME):>11}" + zero * (len(cpus) - 1)
        line = FIRST_OLD + number
        rows.append(f"{line:>4}:{counts}  {remapped}IO-APIC   {line}-fasteoi   {others}vfio-intx({device.bdf})")
        tree.files(f"/proc/irq/{line}", smp_affinity_list=every, effective_affinity_list=cpus[0])
    for device, irqs in interrupts(host):
        for index, irq in enumerate(irqs):
            target = irq % len(cpus)
            counts = zero * target + f"{int(device.rate * UPTIME):>11}" + zero * (len(cpus) - target - 1)
            rows.append(
                f"{irq:>4}:{counts}  {remapped}PCI-MSI-{device.bdf} {index:>4}-edge      {name_of(device, index)}"
            )
            tree.files(f"/proc/irq/{irq}", smp_affinity_list=every, effective_affinity_list=cpus[target])
    rows += [f"{name:>4}:" + f"{count:>11}" * len(cpus) + f"   {text}" for name, count, text in NAMED]
    tree.file("/proc/interrupts", "\n".join(rows))
