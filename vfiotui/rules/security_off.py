"""Guests are confined.

What must hold
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

import re
from collections.abc import Iterator

from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.model.reading import Unread, Why
from vfiotui.rules.rule import Answer, all_files, fails, fix, holds, known, not_applicable, rule, seen

SETTING = re.compile(r"^security_driver\s*=\s*\[?\s*[\"']none[\"']")


@rule("SECURITY-OFF", "H20", Severity.INFO, needs=("boot",), fires="odd-qemu-conf", silent="tower")
def check(facts: Facts) -> Iterator[Answer]:
    conf = known(facts.boot).qemu_conf
    if isinstance(conf, Unread) and conf.why is Why.ABSENT:
        all_files(known(facts.boot))
        yield not_applicable("host", "there is no qemu.conf", seen(conf.path, "is not there"))
        return
    conf = known(conf)
    lines = [(n, text) for n, text in conf.numbered() if SETTING.match(text)]
    if lines:
        yield fails(
            "host",
            "Guests are not confined: security_driver is none.",
            *(seen(f"{conf.path}:{n}", text) for n, text in lines),
            fix=fix("comment it out and allow the single path instead", Risk.R2),
        )
    else:
        yield holds("host", "qemu.conf leaves confinement on", seen(conf.path, "no security_driver none"))
