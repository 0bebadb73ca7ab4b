"""There are huge pages for a guest before it starts.

Expected
    The pool of the page size that a guest asks for has as many free pages as its memory needs, or may grow by
    them.
Why
    It does not start: 'unable to map backing store for guest RAM: Cannot allocate memory'.
How it is read
    <hugepages>, <memory>, /sys/kernel/mm/hugepages/*; guests that run have theirs already.
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
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.memory.guest_memory import page_size, parts_of, pool_of
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
    if domain.running or len(domain.huge_pages) != 1:
        return
    memory = known(facts.memory)
    known(memory.pools)
    wanted = known(page_size(memory, domain.huge_pages[0]))
    pool = pool_of(memory, wanted)
    if pool is None:
        yield unknown(domain.name, f"no pool of pages of {wanted} KiB is shown", seen(domain.source, "hugepages"))
        return
    parts = known(parts_of(domain, domain.huge_pages[0]))
    need = sum(-(-part // pool.size_kib) for part in parts)
    free, spare = known(pool.free), max(known(pool.overcommit) - known(pool.surplus), 0)
    evidence = (
        seen(domain.source, f"{sum(parts)} KiB in pages of {pool.size_kib} KiB"),
        seen(f"/sys/kernel/mm/hugepages/hugepages-{pool.size_kib}kB", f"{free} free, {spare} more allowed"),
    )
    hooks = () if isinstance(facts.boot, Unread) else (*facts.boot.hooks, *facts.boot.scripts)
    hook = next((f.path for f in hooks if _allocates(f, domain.name)), "")
    if domain.state == "unknown" and free + spare < need <= known(pool.total):
        yield unknown(domain.name, f"it wants {need} pages; whether it runs and has them is not captured", *evidence)
    elif free + spare >= need:
        yield holds(domain.name, f"{need} pages are available", *evidence)
    else:
        yield fails(
            domain.name,
            f"It needs {need} huge pages of {pool.size_kib} KiB and {free + spare} are available"
            + (f", unless {hook} allocates them." if hook else ": it does not start."),
            *evidence,
            fix=fix(f"reserve {need} pages", Risk.R1, ("memory.reserve", f"{pool.size_kib}={need}")),
            severity=Severity.INFO if hook else None,
        )
