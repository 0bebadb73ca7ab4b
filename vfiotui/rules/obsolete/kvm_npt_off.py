"""Nested paging is on.

Expected
    Neither the command line nor a module option switches npt or ept off.
Why
    The NPT slowness was fixed in kernel 4.14; without nested paging a guest is several times slower.
How it is read
    The kernel command line: the running one and the next one; options of kvm_amd and kvm_intel in modprobe.d.
Fix
    Drop the word.
Valid for
    Kernel 4.14 and later.
Sources
    Documentation/admin-guide/kernel-parameters.txt: kvm-amd.npt.
"""

from __future__ import annotations

from vfiotui.formats.modprobe.modprobe_set import gathered
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.boot.machine import kernel_since
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity, Verdict
from vfiotui.rules.engine import Answers, all_files, fails, fix, known, not_applicable, rule, seen
from vfiotui.rules.old_words import OLD_KERNEL, old_word

MENDED = (4, 14)
"""The first kernel on which nested paging is fast with a card that is passed."""
OFF = ("0", "N", "n")
SENTENCE = "Nested paging is switched off: guests are several times slower."


@rule("KVM-NPT-OFF", Severity.WARN, needs=("boot",), fires="old-advice", silent="clean", changes=(Part.BOOT, Part.KVM))
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    options = gathered(boot.modprobe, frozenset({"options"}))
    found = False
    for module, key in (("kvm_amd", "npt"), ("kvm_intel", "ept")):
        said = options.option(module, key)
        if said is not None and said.text in OFF:
            found = True
            if not known(kernel_since(facts, MENDED)):
                yield not_applicable("host", OLD_KERNEL, seen(said.where, f"{key}={said.text}"))
                continue
            yield fails("host", SENTENCE, seen(said.where, f"{key}={said.text}"), fix=fix("drop the option", Risk.R2))
    words = old_word(
        facts,
        lambda word: word.key in ("kvm_amd.npt", "kvm_intel.ept") and word.value in OFF,
        SENTENCE,
        "drop the word",
        MENDED,
    )
    for answer in words:
        if answer.verdict is not Verdict.PASSED:
            yield answer
        elif not found:
            all_files(boot)
            yield answer
