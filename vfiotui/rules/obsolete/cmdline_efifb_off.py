"""video=efifb:off is not carried along.

Expected
    The command line does not hold video=efifb:off.
Why
    vfio-pci takes the firmware's framebuffer away from VGA cards by itself, and simpledrm ignores the word. It
    blinds the host's early console.
How it is read
    The kernel command line: the running one and the next one.
Fix
    Drop the word and look into the kernel log for 'can't reserve'.
Valid for
    About kernel 6.0 and later for cards of class 0300.
Sources
    drivers/vfio/pci/vfio_pci_core.c, vfio_pci_vga_init; drivers/video/aperture.c.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import LINES, Answers, rule
from vfiotui.rules.old_words import old_word

EVICTS = (6, 0)
"""The first kernel whose vfio-pci drives the firmware's framebuffer out when it binds."""


@rule(
    "CMDLINE-EFIFB-OFF",
    Severity.INFO,
    needs=("boot",),
    fires="old-advice",
    silent="clean",
    reads=LINES,
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    yield from old_word(
        facts,
        lambda word: word.key == "video" and (word.value or "").startswith("efifb:off"),
        "video=efifb:off is mostly obsolete, and blinds the early console.",
        "drop it, then look for messages about BARs",
        since=EVICTS,
    )
