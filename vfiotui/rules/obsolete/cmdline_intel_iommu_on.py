"""intel_iommu=on is given where it is needed.

Expected
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

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import LINES, Answers, known, rule
from vfiotui.rules.old_words import old_word


def default_on(facts: Facts) -> bool:
    """Whether the kernel says that its default is on."""
    kernel = known(known(facts.boot).kernel)
    return known(kernel.config).get("INTEL_IOMMU_DEFAULT_ON") == "y"


@rule(
    "CMDLINE-INTEL-IOMMU-ON",
    Severity.INFO,
    needs=("boot",),
    fires="intel-on",
    silent="clean",
    reads=LINES,
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    yield from old_word(
        facts,
        lambda word: word.key == "intel_iommu" and word.value == "on" and default_on(facts),
        "intel_iommu=on is superfluous: it is this kernel's default.",
        "drop it if you like",
    )
