"""The file behind Looking Glass has the size of the shared memory.

Expected
    Where /dev/shm holds the file of a shmem already, it is as large as <size>.
Why
    A file that was made for another size stays until it is removed: the guest does not start, or client
    and guest disagree.
How it is read
    <shmem>, the file below /dev/shm.
Fix
    Remove the file while the guest is off.
Valid for
    Looking Glass without KVMFR.
Sources
    Looking Glass documentation, ivshmem with shared memory.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, guest_rule, holds, known, seen


@guest_rule(
    "LG-FILE", Severity.WARN, needs=("guest_files",), fires="guest-glass", silent="guest-fine", only_running=True
)
def check(facts: Facts, domain: Domain) -> Answers:
    shared = domain.looking_glass
    if shared is None or shared.size is None:
        return
    path = f"/dev/shm/{shared.name}"  # noqa: S108 - looked at, never written
    files = known(facts.guest_files)
    if files.missing(path) is True:
        yield holds(domain.name, "the file is not made yet", seen(path, "is not there"))
        return
    size = known(files.state(path)).size
    evidence = (seen(domain.source, f"{shared.size} bytes"), seen(path, f"{size} bytes"))
    if size != shared.size:
        yield fails(
            domain.name,
            f"{path} has {size} bytes and the guest's shared memory {shared.size}.",
            *evidence,
            fix=by_hand(ByHand.RUNNING_HOST, "remove the file while the guest is off", Risk.R1),
        )
    else:
        yield holds(domain.name, "file and shared memory are of one size", *evidence)
