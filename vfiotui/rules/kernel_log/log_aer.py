"""PCI Express links are free of errors.

Expected
    The kernel log holds no AER errors, and pci=noaer does not hide them.
Why
    Errors that are corrected cost time and are signs of a bad slot, riser or link; others reset devices under a guest.
How it is read
    The kernel log; the word noaer of pci= on the command line.
Fix
    Seat the card again, leave out the riser, set the slot to a lower generation in the firmware setup.
Valid for
    Every kernel with CONFIG_PCIEAER.
Sources
    Documentation/PCI/pcieaer-howto.rst.
"""

from __future__ import annotations

from vfiotui.model.boot.machine import by_whom, in_firmware
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.finding.log_signs import AER, said
from vfiotui.rules.engine import LOG, Answers, ByHand, by_hand, counted, fails, fix, holds, known, rule, seen


@rule("LOG-AER", Severity.WARN, needs=("kernel_log",), fires="bad-log", silent="clean", reads=LOG)
def check(facts: Facts) -> Answers:
    found = said(known(facts.kernel_log), AER)
    if found:
        yield fails(
            "host",
            f"The kernel log holds {counted(len(found), 'line')} about errors of PCI Express links.",
            *(seen("kernel log", text) for text in found[-3:]),
            fix=by_hand(
                by_whom(facts, ByHand.HARDWARE),
                in_firmware(
                    facts,
                    "seat the card again, or set its slot to a lower generation",
                    "look at the card's link on the host that runs this virtual machine",
                ),
            ),
        )
        return
    boot = known(facts.boot)
    # Of a disk the words of the boot whose log it holds are not there, and those of the next one are.
    line = known(boot.next_line if facts.mode is Mode.ROOT else boot.cmdline)
    if "noaer" in line.options("pci"):
        yield fails(
            "host",
            "pci=noaer hides errors of PCI Express links and fixes none.",
            seen(line.source, "pci=noaer"),
            fix=fix("take noaer away and look again", Risk.R2, ("cmdline.remove", "pci=noaer")),
            severity=Severity.INFO,
        )
    else:
        yield holds("host", "the kernel log holds no error of a link")
