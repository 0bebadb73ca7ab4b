"""Core scheduling is asked for where the kernel has it.

Expected
    sched_core of qemu.conf is "none", or the kernel is built with CONFIG_SCHED_CORE.
Why
    libvirt refuses to start a guest whose threads it cannot group.
How it is read
    sched_core in /etc/libvirt/qemu.conf; the kernel's configuration.
Fix
    Comment the setting out; whole cores for each guest give the same safety.
Valid for
    libvirt 8.9 and later; Debian's kernels are built without.
Sources
    libvirt's qemu.conf; Documentation/admin-guide/hw-vuln/core-scheduling.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.qemu_conf import PATH
from vfiotui.rules.engine import Answers, all_files, fails, fix, holds, known, not_applicable, rule, seen, unknown


@rule("CPU-SCHED-CORE", Severity.INFO, needs=("boot",), fires="odd-qemu-conf", silent="clean", changes=())
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    if isinstance(boot.qemu_conf, Unread) and boot.qemu_conf.why is Why.ABSENT:
        all_files(boot)
        yield not_applicable("host", "there is no qemu.conf")
        return
    setting = known(boot.qemu_conf).get("sched_core")
    if setting is None or setting.value == "none":
        yield holds(
            "host", "core scheduling is not asked for", seen(PATH, setting.text if setting else "no sched_core")
        )
        return
    config = known(known(boot.kernel).config)
    evidence = seen(setting.where, setting.text)
    built = config.get("SCHED_CORE")
    if built == "y":
        yield holds("host", "the kernel groups threads by core", evidence)
    elif built is None:
        yield unknown("host", "the kernel's configuration does not mention CONFIG_SCHED_CORE", evidence)
    else:
        yield fails(
            "host",
            "qemu.conf asks for core scheduling, and this kernel is built without it: guests do not start.",
            evidence,
            fix=fix("remove sched_core", Risk.R2, ("qemu-conf.unset", "sched_core")),
        )
