"""Every softdep line says on which side the module is loaded.

Expected
    The modules of a softdep line stand behind "pre:" or "post:", and vfio-pci behind "pre:".
Why
    kmod counts only what stands behind one of the two words. "post:" loads vfio-pci after the host's driver, which
    has the device by then.
How it is read
    softdep lines of modprobe.d.
Fix
    softdep DRIVER pre: vfio-pci, and build the initramfs again.
Valid for
    Every kmod.
Sources
    modprobe.d(5), softdep; libkmod/libkmod-config.c, kmod_config_add_softdep.
"""

from __future__ import annotations

from vfiotui.formats.modprobe import modprobe_faults
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.dead_lines import dead_lines
from vfiotui.rules.engine import OPTIONS, Answers, known, rule


@rule("MODPROBE-SOFTDEP", Severity.WARN, needs=("boot",), fires="softdep-sides", silent="clean", reads=OPTIONS)
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    yield from dead_lines(
        boot.modprobe, lambda f: modprobe_faults.faults(f.text), "softdep", "put it behind 'pre:'", boot.seen
    )
