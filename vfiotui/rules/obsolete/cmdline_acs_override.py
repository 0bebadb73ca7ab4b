"""The ACS override patch is not in use.

Expected
    The command line does not hold pcie_acs_override=.
Why
    The patch pretends that ports isolate. Devices of different guests, and the host, can then reach each other's
    memory past the IOMMU; a kernel without the patch ignores the word.
How it is read
    The kernel command line, the running one and the next one; the patch's own warning in the kernel log, and
    whether the kernel lists a function of the patch.
Fix
    Another slot or board for what must be apart. Where it is needed, downstream or a single id rather than
    multifunction.
Valid for
    Kernels with the patch: zen, Liquorix, CachyOS, Proxmox, TrueNAS and others; never upstream.
Sources
    drivers/iommu/iommu.c (REQ_ACS_FLAGS); the patch's own warning text.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.acs_patch import ACTIVE
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import LINES, Answers, all_lines, fails, holds, known, rule, seen
from vfiotui.rules.old_words import NO_WORD, without


@rule(
    "CMDLINE-ACS-OVERRIDE",
    Severity.WARN,
    needs=("boot",),
    fires="acs-override",
    silent="clean",
    reads=LINES,
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    found = {w.text: line for line in reversed(boot.lines) for w in line.words() if w.key == "pcie_acs_override"}
    log = None if isinstance(facts.kernel_log, Unread) else facts.kernel_log
    active = [line.text for line in log or () if ACTIVE in line.text]
    lacks = not isinstance(boot.kernel, Unread) and boot.kernel.acs_patch is False
    for text, line in found.items():
        state = (
            "it is active: groups look apart and are not"
            if active
            else "this kernel does not have the patch and ignores it"
            if lacks
            else "whether this kernel has the patch is unknown without its log"
            if log is None
            else "the kernel's log does not confirm it: this kernel lacks the patch, or the line has left the log"
        )
        yield fails(
            "host",
            f"{text} is on the command line; {state}.",
            seen(line.source, text),
            *(seen("kernel log", a) for a in active[:1]),
            fix=without(boot, (text,), "take it out where no group needs it"),
        )
    if not found:
        yield holds("host", NO_WORD, *(seen(line.source, line.text) for line in all_lines(facts)))
