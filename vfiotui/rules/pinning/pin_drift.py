"""Threads of running guests run where they are pinned.

Expected
    The kernel lets every pinned thread run on the CPUs of its pin, and on no others.
Why
    A pin that is lost is not seen in the definition: the thread wanders, and stutters beside other work. A CPU that
    goes offline takes its pins along, also for a suspend; taskset, cset and a control group's CPUs change them too.
How it is read
    Cpus_allowed_list of the threads of QEMU, or libvirt's word for it, against vcpupin, emulatorpin and iothreadpin.
Fix
    Pin the threads again with virsh vcpupin GUEST VCPU CPUS --live, or start the guest anew.
Valid for
    Every libvirt; threads with names (debug-threads=on, which libvirt sets).
Sources
    proc(5), status; sched_setaffinity(2); kernel admin-guide/cgroup-v2, cpuset.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why, then
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.pinning import EMULATOR, pinning_of
from vfiotui.model.cpu.topology import CpuSet, Topology
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, guest_rule, holds, known, seen

SHOWN = 4


def _numbers(topology: Topology) -> CpuSet:
    return frozenset(cpu.cpu for cpu in topology.cpus)


@guest_rule("PIN-DRIFT", Severity.WARN, fires="moved-threads", silent="tower", only_running=True)
def check(facts: Facts, domain: Domain) -> Answers:
    pins = pinning_of(domain).by_thread
    if pins and domain.state == "unknown":
        known(Unread(f"whether {domain.name} runs is not shown", Why.NOT_HERE, domain.source))
    if not pins or not domain.running:
        return
    found: Reading[tuple[tuple[str, frozenset[int]], ...]] = domain.affinities
    real = dict(known(found))
    # A thread may be pinned to a CPU that is off beside one that is on.
    off = then(facts.cpu, lambda topology: then(topology.online, lambda on: _numbers(topology) - on))
    gone = frozenset() if isinstance(off, Unread) else off
    moved = {thread: cpus for thread, cpus in pins.items() if real.get(thread, cpus) - gone != cpus - gone}
    evidence = [seen(domain.source, f"{thread} on {format_list(real[thread])}") for thread in list(moved)[:SHOWN]]
    if moved:
        words = ", ".join(
            f"{thread} (pinned to {format_list(cpus)}, may run on {format_list(real[thread])})"
            for thread, cpus in list(moved.items())[:SHOWN]
        )
        more = f" and {len(moved) - SHOWN} more" if len(moved) > SHOWN else ""
        yield fails(
            domain.name,
            f"Threads run elsewhere than they are pinned: {words}{more}.",
            *evidence,
            fix=by_hand(ByHand.RUNNING_HOST, "pin them again with virsh vcpupin --live, or start the guest anew"),
        )
        return
    # A vCPU that is off has no thread; of the emulator's threads libvirt knows the pin alone.
    unseen = [t for t in pins if t not in real and t != EMULATOR and not _is_off(domain, t)]
    if unseen:
        known(Unread(f"the CPUs of its thread {unseen[0]} were not read", Why.ABSENT, domain.source))
    yield holds(domain.name, f"{len(pins.keys() & real.keys())} of {len(pins)} pinned threads are where they belong")


def _is_off(domain: Domain, thread: str) -> bool:
    return thread.startswith("v") and not domain.is_on(int(thread[1:]))
