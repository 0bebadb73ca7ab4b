"""QEMU is not started with a realtime priority as a whole.

Expected
    No hook or start script runs chrt around QEMU.
Why
    chrt puts every thread of QEMU on the realtime class, workers and emulator too; with taskset they pile up on
    CPUs that the scheduler does not balance.
How it is read
    libvirt hooks and scripts of /usr/local/bin, /usr/local/sbin, root's and users' homes that name QEMU.
Fix
    Pin each vCPU with vcpupin, the emulator elsewhere, and give vcpusched to vCPUs alone if at all.
Valid for
    Every version.
Sources
    libvirt kbase, kvm-realtime; libvirt formatdomain, vcpusched.
"""

from __future__ import annotations

import re

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, ByHand, all_scripts, by_hand, fails, holds, known, rule, seen


@rule("SCRIPT-CHRT-QEMU", Severity.WARN, needs=("boot",), fires="old-advice", silent="tower")
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    files = (*boot.hooks, *boot.scripts)
    found = [
        (file, number, text)
        for file in files
        for number, text in file.numbered()
        if re.search(r"\bchrt\b", text) and "qemu" in file.text
    ]
    for file, number, text in found:
        yield fails(
            file.path,
            "This script runs QEMU, or what belongs to it, with a realtime priority as a whole: the host can freeze.",
            seen(f"{file.path}:{number}", text),
            fix=by_hand(ByHand.SCRIPT, "use vcpupin and emulatorpin in the guest's XML instead", Risk.R1),
        )
    if not found:
        all_scripts(boot)
        yield holds("host", f"none of {len(files)} hooks and scripts uses chrt")
