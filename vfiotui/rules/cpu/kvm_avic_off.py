"""The processor delivers interrupts to vCPUs by itself where it can.

Expected
    No configuration switches AVIC or posted interrupts off (avic=0, enable_apicv=0).
Why
    Without them every interrupt of a passed card stops the vCPU once.
How it is read
    Options of kvm_amd and kvm_intel in modprobe.d and on the command line. The running value alone says little:
    it reads N while the choice is automatic.
Fix
    Take the option away; kernels choose well by themselves today.
Valid for
    AVIC by itself on Zen 4 and later with x2AVIC; posted interrupts on Intel servers and newer clients.
Sources
    arch/x86/kvm/svm/avic.c; Documentation/admin-guide/kernel-parameters.txt kvm-intel.enable_apicv.
"""

from __future__ import annotations

import re

from vfiotui.formats.modprobe.modprobe_set import gathered
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, all_options, fails, fix, holds, known, rule, seen

OPTION = re.compile(r"(?:avic|enable_apicv)=(?:0|n|N|off)")


@rule(
    "KVM-AVIC-OFF",
    Severity.INFO,
    needs=("boot",),
    fires="lazy",
    silent="clean",
    changes=(Part.X86, Part.KVM, Part.BOOT),
)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    options = gathered(boot.modprobe, frozenset({"options"}))
    found = [
        (f"{module} {word.partition('=')[0]}", seen(said.where, word))
        for module in ("kvm", "kvm_amd", "kvm_intel")
        for said in options.of("options", module)
        for word in said.words
        if OPTION.fullmatch(word)
    ]
    for line in boot.lines:
        words = (w.text for w in line.words() if w.key.startswith("kvm") and OPTION.fullmatch(w.text.partition(".")[2]))
        found += [(text.partition("=")[0].replace(".", " "), seen(line.source, text)) for text in words]
    names, evidence = [name for name, _ in found], [shown for _, shown in found]
    if evidence:
        yield fails(
            "host",
            "An option keeps the processor from delivering interrupts to vCPUs by itself.",
            *evidence,
            fix=fix("take the option away", Risk.R2, *dict.fromkeys(("modprobe.option.drop", n) for n in names)),
        )
    else:
        all_options(facts)
        yield holds("host", "no option switches it off")
