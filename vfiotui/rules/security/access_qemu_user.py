"""QEMU runs as a user of its own.

Expected
    user in qemu.conf names a user that exists, and not root.
Why
    As root every flaw of QEMU is a flaw of the host; with a name that does not exist no guest starts.
How it is read
    user in /etc/libvirt/qemu.conf, /etc/passwd.
Fix
    Comment user and group out; libvirt then takes the distribution's own and gives it what it needs.
Valid for
    Every libvirt for the system connection.
Sources
    libvirt's qemu.conf; libvirt drvqemu, POSIX users/groups.
"""

from __future__ import annotations

from vfiotui.model.base.reading import if_absent
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.qemu_conf import QemuConf
from vfiotui.rules.engine import Answers, all_files, fails, fix, holds, known, rule, seen


@rule("ACCESS-QEMU-USER", Severity.WARN, needs=("access", "boot"), fires="odd-qemu-conf", silent="clean")
def check(facts: Facts) -> Answers:
    access, boot = known(facts.access), known(facts.boot)
    conf = boot.qemu_conf
    conf = known(if_absent(conf, QemuConf()))
    given = [s for name in ("user", "group") if (s := conf.get(name)) is not None]
    evidence = [seen(s.where, s.text) for s in given]
    if not evidence:
        all_files(boot)
        yield holds(
            "host",
            "qemu.conf leaves the user to libvirt",
            seen("/etc/libvirt/qemu.conf", "sets no user, or is not there"),
        )
        return
    user = known(access.qemu_user)
    unset = ("qemu-conf.unset", ",".join(s.name for s in given))
    if user in ("root", "0"):
        yield fails(
            "host",
            "QEMU runs as root: a flaw of QEMU is a flaw of the host.",
            *evidence,
            fix=fix("remove user and group from qemu.conf: libvirt gives its own user the files", Risk.R2, unset),
        )
    elif not known(access.qemu_known):
        yield fails(
            "host",
            f"qemu.conf names the user {user!r}, who does not exist: no guest starts.",
            *evidence,
            seen("/etc/passwd", f"no {user}"),
            fix=fix("remove the line, or name a user that exists", Risk.R2, unset),
            severity=Severity.FAIL,
        )
    else:
        yield holds("host", f"QEMU runs as {user}", *evidence)
