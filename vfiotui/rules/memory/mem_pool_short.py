"""There are huge pages for a guest before it starts.

Expected
    The pools of the page sizes that a guest asks for have as many free pages as its memory needs, or may grow
    by them: those of the nodes to which <numatune> binds it strictly.
Why
    It does not start: 'unable to map backing store for guest RAM: Cannot allocate memory'.
How it is read
    <hugepages>, <memory>, <numa>, <numatune>, /sys/kernel/mm/hugepages/*, node*/hugepages/*; guests that run
    have theirs already.
Fix
    Reserve pages at boot or before the start. A hook that allocates them is taken into account as advice.
Valid for
    Every kernel.
Sources
    Documentation/admin-guide/mm/hugetlbpage.rst; libvirt formatdomain, memory backing.
"""

from __future__ import annotations

from vfiotui.formats.libvirt_hooks import pages_hook
from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.memory.guest_memory import Demand, demands_of, pool_of
from vfiotui.model.memory.host_memory import Memory
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen, unknown


def _allocates(file: ConfigFile, guest: str) -> bool:
    """Whether a hook sets pages aside for this guest, as far as its text shows; ours names those that it serves."""
    if file.path == pages_hook.PATH and (served := pages_hook.guests_of(file.text)):
        return guest in served
    return "hugepages" in file.text


@guest_rule(
    "MEM-POOL-SHORT",
    Severity.FAIL,
    needs=("memory",),
    fires="guest-memory",
    silent="guest-fine",
    changes=(Part.KERNEL,),
)
def check(facts: Facts, domain: Domain) -> Answers:
    if domain.running or not domain.huge_pages:
        return
    memory = known(facts.memory)
    known(memory.pools)
    demands = known(demands_of(memory, domain))
    lacking = next((d for d in demands if pool_of(memory, d.size_kib) is None), None)
    if lacking is not None:
        yield unknown(
            domain.name, f"no pool of pages of {lacking.size_kib} KiB is shown", seen(domain.source, "hugepages")
        )
        return
    offers = [_offer(memory, demands, d) for d in demands]
    evidence = (
        *(seen(domain.source, f"{o.need} pages of {o.asked.size_kib} KiB{o.asked.where}") for o in offers),
        *(seen(o.path, f"{o.free} free, {o.spare} more allowed") for o in offers),
    )
    hooks = () if isinstance(facts.boot, Unread) else (*facts.boot.hooks, *facts.boot.scripts)
    hook = next((f.path for f in hooks if _allocates(f, domain.name)), "")
    short = [o for o in offers if o.free + o.spare < o.need]
    if short and domain.state == "unknown" and all(o.need <= o.total for o in short):
        yield unknown(
            domain.name, f"it wants {short[0].need} pages; whether it runs and has them is not captured", *evidence
        )
    elif not short:
        yield holds(domain.name, f"{sum(d.count for d in demands)} pages are available", *evidence)
    else:
        lacks = " and ".join(
            f"{o.need} huge pages of {o.asked.size_kib} KiB{o.asked.where} ({o.free + o.spare} are available)"
            for o in short
        )
        yield fails(
            domain.name,
            f"It needs {lacks}" + (f", unless {hook} allocates them." if hook else ": it does not start."),
            *evidence,
            fix=fix(
                " and ".join(f"reserve {o.need} pages{o.asked.where}" for o in short),
                Risk.R1,
                *(("memory.reserve", goal) for o in short for goal in _goals(o)),
            ),
            severity=Severity.INFO if hook else None,
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """What the host has for a demand."""

    asked: Demand
    need: int
    """Pages that the demand and all others from the same nodes want."""
    free: int
    spare: int
    """Pages by which the pool may grow when they are asked for."""
    total: int
    path: str


def _offer(memory: Memory, demands: tuple[Demand, ...], asked: Demand) -> Offer:
    host = pool_of(memory, asked.size_kib)
    assert host is not None
    size, spare = asked.size_kib, max(known(host.overcommit) - known(host.surplus), 0)
    same = [d for d in demands if d.size_kib == size]
    if asked.nodes is None:
        # Those that are bound to nodes take theirs as well.
        path = f"/sys/kernel/mm/hugepages/hugepages-{size}kB"
        return Offer(asked, sum(d.count for d in same), known(host.free), spare, known(host.total), path)
    need = sum(d.count for d in same if d.nodes is not None and d.nodes <= asked.nodes)
    path = f"/sys/devices/system/node/node{format_list(asked.nodes)}/hugepages/hugepages-{size}kB"
    free, total = 0, 0
    for node in sorted(asked.nodes):
        pool = pool_of(memory, size, node)
        if pool is None:
            known(Unread(f"shows no pool of pages of {size} KiB", path=path))
        else:
            free, total = free + known(pool.free), total + known(pool.total)
    return Offer(asked, need, free, spare, total, path)


def _goals(offer: Offer) -> list[str]:
    """The arguments of memory.reserve; what may come from several nodes is taken from each alike."""
    size, nodes = offer.asked.size_kib, sorted(offer.asked.nodes or ())
    if not nodes:
        return [f"{size}={offer.need}"]
    share, rest = divmod(offer.need, len(nodes))
    return [f"node{node}:{size}={share + (at < rest)}" for at, node in enumerate(nodes)]
