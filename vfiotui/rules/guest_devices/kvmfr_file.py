"""/dev/kvmfr0 is the device, not a file.

Expected
    A path below /dev/kvmfr that a guest maps is a character device.
Why
    Where the guest starts before the module is loaded, QEMU makes a regular file there: Looking Glass then
    sees nothing, and the module cannot make its device.
How it is read
    mem-path of qemu:commandline, the kind of that path.
Fix
    Stop the guest, remove the file, load kvmfr, start again; load the module at boot.
Valid for
    Looking Glass with KVMFR.
Sources
    Looking Glass documentation, ivshmem with KVMFR.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.memory.guest_memory import kvmfr_paths
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, guest_rule, holds, known, seen


@guest_rule(
    "KVMFR-FILE", Severity.FAIL, needs=("guest_files",), fires="guest-glass", silent="guest-fine", only_running=True
)
def check(facts: Facts, domain: Domain) -> Answers:
    for path in kvmfr_paths(domain):
        files = known(facts.guest_files)
        if known(files.missing(path)):
            yield fails(
                domain.name,
                f"{path} is not there: QEMU would make a plain file of that name.",
                seen(path, "is not there"),
                fix=by_hand(ByHand.RUNNING_HOST, "load kvmfr before the guest starts", Risk.R1),
                severity=Severity.WARN,
            )
        elif not known(files.state(path)).is_device:
            yield fails(
                domain.name,
                f"{path} is a plain file that QEMU made before the module was loaded.",
                seen(path, "regular file"),
                fix=by_hand(ByHand.RUNNING_HOST, "stop the guest, remove the file, load kvmfr", Risk.R1),
            )
        else:
            yield holds(domain.name, f"{path} is a device", seen(path, "character device"))
