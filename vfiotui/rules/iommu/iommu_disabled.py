"""Nothing on the command line switches the IOMMU off.

Expected
    Neither the running nor the next kernel command line holds iommu=off, iommu=soft, intel_iommu=off or
    amd_iommu=off as its last word.
Why
    Such a word, often left from an old workaround, wins over the firmware's switch.
How it is read
    /proc/cmdline and the loader's configuration; of several intel_iommu= options the last wins.
Fix
    Take the word away and boot again.
Valid for
    x86, every kernel.
Sources
    Documentation/admin-guide/kernel-parameters.txt: iommu=, intel_iommu=, amd_iommu=.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import LINES, Answers, all_lines, fails, fix, holds, known, rule, seen


def switched_off(line: CommandLine) -> list[str]:
    """The words of a command line that leave the IOMMU off."""
    words = [f"iommu={o}" for o in line.options("iommu") if o in ("off", "soft")]
    for vendor in ("intel_iommu", "amd_iommu"):
        switches = [o for o in line.options(vendor) if o in ("on", "off")]
        if switches[-1:] == ["off"]:
            words.append(f"{vendor}=off")
    return words


@rule(
    "IOMMU-DISABLED",
    Severity.FAIL,
    needs=("boot",),
    fires="iommu-off",
    silent="tower",
    reads=LINES,
    changes=(Part.IOMMU, Part.X86, Part.BOOT),
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    found: dict[tuple[str, ...], list[CommandLine]] = {}
    for line in known(facts.boot).lines:
        found.setdefault(tuple(switched_off(line)), []).append(line)
    for words, places in found.items():
        if not words:
            continue
        text = " ".join(words)
        following = boot.next_lines
        mended = not isinstance(following, Unread) and not set(following) & set(places)
        yield fails(
            "host",
            f"The kernel command line switches the IOMMU off: {text}.",
            *(seen(line.source, text) for line in places),
            fix=fix("boot again: the next command line switches nothing off", Risk.R1)
            if mended and () in found
            else fix(f"take {text} away", Risk.R2, *(("cmdline.remove", word) for word in words)),
        )
    if not any(found):
        yield holds("host", "no word switches it off", *(seen(line.source, line.text) for line in all_lines(facts)))
