"""AppArmor and SELinux deny QEMU nothing.

Expected
    The kernel log holds no denial for QEMU or libvirt.
Why
    A ROM, an image, a shared memory file or an input device that QEMU may not open ends the guest's start with
    'Permission denied' although the file's rights look right.
How it is read
    apparmor="DENIED" and avc: denied in the kernel log.
Fix
    AppArmor: allow the path in /etc/apparmor.d/local/abstractions/libvirt-qemu; SELinux: restorecon and the
    labels virt_image_t or svirt_image_t; or keep the file where libvirt expects it.
Valid for
    Kernels with AppArmor or SELinux; with auditd running the lines are in /var/log/audit instead.
Sources
    libvirt drvqemu, security drivers; apparmor.d(5).
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.finding.log_signs import DENIED, said
from vfiotui.rules.engine import LOG, Answers, ByHand, by_hand, counted, fails, holds, known, rule, seen


@rule("LOG-DENIED", Severity.WARN, needs=("kernel_log",), fires="bad-log", silent="clean", reads=LOG)
def check(facts: Facts) -> Answers:
    found = said(known(facts.kernel_log), DENIED)
    if found:
        yield fails(
            "host",
            f"QEMU or libvirt was denied something {counted(len(found), 'time')} since boot.",
            *(seen("kernel log", text) for text in found[-3:]),
            fix=by_hand(ByHand.LOG, "allow the path, or move the file below /var/lib/libvirt", Risk.R2),
        )
    else:
        yield holds("host", "the kernel log holds no denial")
