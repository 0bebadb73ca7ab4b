"""Lists on the command line have no blanks.

Expected
    vfio-pci.ids=VENDOR:DEVICE,VENDOR:DEVICE: commas alone between the ids.
Why
    A blank ends a word. The ids behind it are words of their own, which nothing takes; a semicolon ends GRUB's command.
How it is read
    The kernel command line: the running one and the next one.
Fix
    Write the list as one word.
Valid for
    Every kernel.
Sources
    kernel/params.c, next_arg; drivers/vfio/pci/vfio_pci.c, vfio_pci_fill_ids.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.dead_words import dead_words
from vfiotui.rules.engine import LINES, Answers, rule


@rule("CMDLINE-LIST", Severity.WARN, needs=("boot",), fires="cmdline-torn", silent="clean", reads=LINES)
def check(facts: Facts) -> Answers:
    yield from dead_words(facts, "list", "write it so")
