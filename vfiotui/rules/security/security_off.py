"""Guests are confined.

Expected
    qemu.conf does not set security_driver to none.
Why
    AppArmor or SELinux keep a guest that breaks out of QEMU away from the host's files and from other guests.
How it is read
    security_driver in /etc/libvirt/qemu.conf.
Fix
    Comment the setting out, and allow the path that was denied instead (LOG-DENIED names it).
Valid for
    Every libvirt.
Sources
    libvirt's qemu.conf; libvirt drvqemu, security drivers.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.qemu_conf import PATH
from vfiotui.rules.engine import Answers, all_files, fails, fix, holds, known, not_applicable, rule, seen


@rule("SECURITY-OFF", Severity.INFO, needs=("boot",), fires="odd-qemu-conf", silent="tower")
def check(facts: Facts) -> Answers:
    conf = known(facts.boot).qemu_conf
    if isinstance(conf, Unread) and conf.why is Why.ABSENT:
        all_files(known(facts.boot))
        yield not_applicable("host", "there is no qemu.conf", seen(PATH, "is not there"))
        return
    setting = known(conf).get("security_driver")
    # Of a list every driver is in force, and "none" beside others confines nothing less.
    if setting is not None and set(setting.words) == {"none"}:
        yield fails(
            "host",
            "Guests are not confined: security_driver is none.",
            seen(setting.where, setting.text),
            fix=fix("remove it, and allow the single path instead", Risk.R2, ("qemu-conf.unset", "security_driver")),
        )
    else:
        evidence = seen(PATH, "no security_driver") if setting is None else seen(setting.where, setting.text)
        yield holds("host", "qemu.conf leaves confinement on", evidence)
