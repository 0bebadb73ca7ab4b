"""video=efifb:off is not carried along.

What must hold
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

from collections.abc import Iterator

from vfiotui.model.cmdline import CommandLine
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, holds, known, rule, seen


@rule("W15-EFIFB-OFF", "H17", Severity.INFO, needs=("boot",), fires="old-advice", silent="clean")
def check(facts: Facts) -> Iterator[Answer]:
    boot = known(facts.boot)
    lines = [line for line in (boot.cmdline, boot.intended) if isinstance(line, CommandLine)]
    known(boot.cmdline if not lines else lines[0])
    found = {
        word.text: line
        for line in reversed(lines)
        for word in line.words()
        if word.key == "video" and (word.value or "").startswith("efifb:off")
    }
    for text, line in found.items():
        yield fails(
            "host",
            "video=efifb:off is mostly obsolete, and blinds the early console.",
            seen(line.source, text),
            fix=fix("drop it, then look for messages about BARs", Risk.R2, ("cmdline.remove", text)),
        )
    if not found:
        yield holds("host", "no such word on the command line", *(seen(line.source, line.text) for line in lines))
