"""qemu.conf does not list firmware images.

Expected
    nvram = [...] is not set in qemu.conf.
Why
    The list is obsolete: where a single firmware descriptor is installed libvirt passes it over, and the images that
    it names are not found where they are expected.
How it is read
    /etc/libvirt/qemu.conf and the descriptors of /usr/share/qemu/firmware.
Fix
    Drop the list, and use <os firmware='efi'> or a descriptor in /etc/qemu/firmware.
Valid for
    libvirt 5.2 and later.
Sources
    libvirt qemu.conf, nvram.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.machine import libvirt_since
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.qemu_conf import PATH
from vfiotui.rules.engine import Answers, all_files, fails, fix, holds, known, not_applicable, rule, seen

DESCRIPTORS = (5, 2)
"""The first libvirt that reads firmware descriptors."""
OLDER = "; libvirt before 5.2 needs it"


@rule("QEMU-CONF-NVRAM", Severity.INFO, needs=("boot",), fires="guest-qemu", silent="tower")
def check(facts: Facts) -> Answers:
    conf = known(facts.boot).qemu_conf
    if isinstance(conf, Unread) and conf.why is Why.ABSENT:
        all_files(known(facts.boot))
        yield not_applicable("host", "there is no qemu.conf")
        return
    found = [s for s in known(conf).settings if s.name == "nvram"]
    since = libvirt_since(facts, DESCRIPTORS)
    for setting in found:
        if since is False:
            yield not_applicable(PATH, "this libvirt reads no firmware descriptors", seen(setting.where, setting.text))
            continue
        yield fails(
            PATH,
            "It lists firmware images, which libvirt passes over where firmware descriptors are installed.",
            seen(setting.where, setting.text),
            fix=fix(f"drop the list{OLDER if since is not True else ''}", Risk.R2, ("qemu-conf.unset", "nvram")),
        )
    if not found:
        yield holds("host", "qemu.conf lists no firmware images", seen(PATH, "no nvram"))
