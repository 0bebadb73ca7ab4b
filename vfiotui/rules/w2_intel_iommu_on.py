"""intel_iommu=on is given where it is needed.

What must hold
    intel_iommu=on is given only where the kernel's default is not on.
Why
    Many kernels switch the Intel IOMMU on by themselves; the word is then harmless and superfluous, except that
    it puts the integrated graphics back in.
How it is read
    The kernel command line with the kernel's configuration.
Fix
    Nothing must be done.
Valid for
    Kernels with CONFIG_INTEL_IOMMU_DEFAULT_ON.
Sources
    drivers/iommu/intel/Kconfig.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.cmdline import CommandLine
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, holds, known, rule, seen


def default_on(facts: Facts) -> bool:
    """Whether the kernel says that its default is on."""
    kernel = known(known(facts.boot).kernel)
    return known(kernel.config).get("INTEL_IOMMU_DEFAULT_ON") == "y"


@rule("W2-INTEL-IOMMU-ON", "H17", Severity.INFO, needs=("boot",), fires="intel-on", silent="clean")
def check(facts: Facts) -> Iterator[Answer]:
    boot = known(facts.boot)
    lines = [line for line in (boot.cmdline, boot.intended) if isinstance(line, CommandLine)]
    known(boot.cmdline if not lines else lines[0])
    found = {
        word.text: line
        for line in reversed(lines)
        for word in line.words()
        if word.key == "intel_iommu" and word.value == "on" and default_on(facts)
    }
    for text, line in found.items():
        yield fails(
            "host",
            "intel_iommu=on is superfluous: it is this kernel's default.",
            seen(line.source, text),
            fix=fix("drop it if you like", Risk.R2, ("cmdline.remove", text)),
        )
    if not found:
        yield holds("host", "no such word on the command line", *(seen(line.source, line.text) for line in lines))
