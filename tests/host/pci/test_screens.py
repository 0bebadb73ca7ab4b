"""Framebuffers, holders and interrupts as the kernel prints them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.machines import known_facts
from tests.trees import Link, folder_root
from vfiotui.host.cpu import interrupts
from vfiotui.host.pci import holders, screens
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File
from vfiotui.model.base.reading import Unread
from vfiotui.model.cpu.interrupts import Interrupts
from vfiotui.model.pci.holders import Holders
from vfiotui.model.pci.screens import Screens

IOMEM = """\
e0000000-fedfffff : PCI Bus 0000:00
  e0000000-f1ffffff : PCI Bus 0000:0b
    e0000000-efffffff : 0000:0b:00.0
      e0000000-e07e8fff : BOOTFB
        e0000000-e07e8fff : simpledrm
    f0000000-f1ffffff : 0000:0b:00.0
  f7d00000-f7d7ffff : 0000:00:02.0
"""
INTERRUPTS = """\
           CPU0       CPU2
   9:          0          4  IR-IO-APIC    9-fasteoi   acpi
  16:         12          0  IR-IO-APIC   16-fasteoi   i801_smbus, vfio-intx(0000:01:00.0)
  34:          7          9  IR-PCI-MSI-0000:04:00.0    1-edge      nvme0q1
 150:          0       4711  IR-PCI-MSIX-0000:08:00.0    0-edge      vfio-msix[0](0000:08:00.0)
 151:          1          0  PCI-MSI 327680-edge      xhci_hcd
 NMI:          1          2   Non-maskable interrupts
 ERR:          0
"""


def memory(files: dict[str, str]) -> Root:
    return Root(MemoryTree({p: File(t.encode()) for p, t in files.items()}), Mode.CAPTURE)


def test_a_framebuffer_is_found_inside_the_card_on_whose_memory_it_lies() -> None:
    found = tuple(screens.claims(IOMEM.splitlines()))
    assert [(c.bdf, c.name, c.start) for c in found] == [
        ("0000:0b:00.0", "BOOTFB", 0xE0000000),
        ("0000:0b:00.0", "simpledrm", 0xE0000000),
    ]


def test_the_demo_draws_on_its_cards() -> None:
    found = known_facts("dark-card").screens
    assert isinstance(found, Screens) and isinstance(found.firmware, tuple)
    assert [(f.device, f.driver) for f in found.firmware] == [("simple-framebuffer.0", "simple-framebuffer")]


def test_rows_of_interrupts_have_all_their_names() -> None:
    found = interrupts.read(memory({"/proc/interrupts": INTERRUPTS, "/proc/uptime": "12.5 20.0\n"}))
    assert isinstance(found, Interrupts) and found.uptime == 12.5
    names = {irq.number: irq.names for irq in found.irqs}
    assert names == {
        9: ("acpi",),
        16: ("i801_smbus", "vfio-intx(0000:01:00.0)"),
        34: ("nvme0q1",),
        150: ("vfio-msix[0](0000:08:00.0)",),
        151: ("xhci_hcd",),
    }
    by = {irq.number: irq for irq in found.irqs}
    assert by[34].counts == ((0, 7), (2, 9)), "columns are those of online CPUs"
    assert by[34].managed and not by[151].managed
    assert by[150].vfio == (("msix", "0000:08:00.0"),)
    assert found.by_device["0000:01:00.0"] == (by[16],)


@given(st.text(max_size=400), st.text(max_size=40))
def test_damaged_texts_are_read_without_a_fault(text: str, other: str) -> None:
    header = "CPU0 CPU1\n"
    safe = text.encode("utf-8", "replace").decode()
    root = memory({"/proc/interrupts": header + safe, "/proc/iomem": safe, "/proc/fb": safe})
    assert isinstance(interrupts.read(root), Interrupts | Unread)
    assert isinstance(screens.read(root), Screens)


def test_holders_are_found_by_their_nodes(tmp_path: Path) -> None:
    card = "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0"
    root = folder_root(
        tmp_path,
        {
            f"{card}/vendor": "0x10de\n",
            "/sys/class/drm/card1/device": Link(f"../../../..{card}"),
            "/proc/77/comm": "x [/dev/vfio/1] \x1b[2J\n",
            "/proc/77/fd/3": Link("/dev/dri/card1"),
            "/proc/77/fd/4": Link("/dev/dri/card1"),
            "/proc/77/fd/5": Link("/dev/vfio/15"),
            "/proc/77/fd/6": Link("socket:[123]"),
            "/proc/78/comm": "quiet\n",
        },
    )
    found = holders.read(root)
    assert isinstance(found, Holders) and found.complete
    nodes = {(h.pid, h.node, h.group) for h in found.found}
    assert nodes == {(77, "/dev/dri/card1", None), (77, "/dev/vfio/15", 15)}


def test_a_walk_that_is_out_of_time_says_so() -> None:
    root = Root.live()
    found = holders.read(root, seconds=-1.0)
    assert isinstance(found, Holders)
    assert not found.complete and "too many processes" in found.gap
