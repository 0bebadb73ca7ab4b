"""What goals about huge pages ask for: [nodeN:]SIZE_KIB=COUNT, held against the pools of this host."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.facts import Facts
from vfiotui.model.memory.host_memory import HugePool, Memory
from vfiotui.model.memory.page_words import GIB
from vfiotui.plan.draft import PlanError

ASK = re.compile(r"(?:node(\d{1,5}):)?(\d{1,9})=(\d{1,12}|all)(,whole)?")
POOLS = "/sys/kernel/mm/hugepages"
NODES = "/sys/devices/system/node"
ROOM_KIB, ROOM_SHARE = 2 * GIB, 10
"""What stays available for the host: 2 GiB, or a tenth where that is more."""
BOOT_KIB, BOOT_SHARE = 4 * GIB, 0.75


@dataclass(frozen=True, slots=True)
class PageAsk:
    """Huge pages of one size, on one node or wherever the kernel finds them."""

    node: int | None
    size_kib: int
    count: int | None
    """None: all of them."""
    whole: bool
    """All or nothing."""

    @property
    def place(self) -> str:
        """The file that holds their number."""
        folder = POOLS if self.node is None else f"{NODES}/node{self.node}/hugepages"
        return f"{folder}/hugepages-{self.size_kib}kB/nr_hugepages"

    @property
    def where(self) -> str:
        """A half sentence: on node 1, or nothing."""
        return "" if self.node is None else f" on node {self.node}"


def parse(argument: str) -> PageAsk:
    """The ask in an argument such as node0:2048=512; PlanError where it is none."""
    found = ASK.fullmatch(argument.strip())
    if found is None or int(found[2]) == 0:
        raise PlanError(
            f"{argument!r} is no [nodeN:]SIZE_KIB=COUNT, such as 2048=4096, node1:1048576=8, or 2048=512,whole"
        )
    count = None if found[3] == "all" else int(found[3])
    return PageAsk(int(found[1]) if found[1] else None, int(found[2]), count, bool(found[4]))


def memory_of(facts: Facts) -> Memory:
    """The memory of this host; PlanError where it cannot be seen."""
    if isinstance(facts.memory, Unread):
        raise PlanError(f"the memory of this host cannot be seen: {facts.memory}")
    return facts.memory


def pool_of(memory: Memory, ask: PageAsk) -> HugePool:
    """The pool that is meant; PlanError names those that there are."""
    if isinstance(memory.pools, Unread):
        raise PlanError(f"the pools of huge pages cannot be seen: {memory.pools}")
    found = next((p for p in memory.pools if (p.node, p.size_kib) == (ask.node, ask.size_kib)), None)
    if found is None:
        here = sorted({p.size_kib for p in memory.pools})
        nodes = sorted({p.node for p in memory.pools if p.node is not None})
        raise PlanError(
            f"there is no pool of {ask.size_kib} KiB{ask.where}: this host has pages of "
            f"{' and '.join(map(str, here)) or 'no'} KiB on node {', '.join(map(str, nodes)) or '?'}"
        )
    return found


def predictable(memory: Memory, size_kib: int) -> bool:
    """Whether free blocks show that a running kernel finds such pages: not so for gigantic ones, larger than any block.

    Transparent huge pages come out of whole blocks: where the largest block is not known, their size is one.
    """
    largest = memory.thp.table_kib if isinstance(memory.largest_kib, Unread) else memory.largest_kib
    return isinstance(largest, int) and size_kib <= largest


def number(value: int | Unread, what: str) -> int:
    """A number that a plan stands on; PlanError where it is not known."""
    if isinstance(value, Unread):
        raise PlanError(f"{what} cannot be read: {value}")
    return value


def meminfo(memory: Memory, name: str) -> int:
    """A row of /proc/meminfo in KiB; PlanError where it is not known."""
    if isinstance(memory.meminfo, Unread) or name not in memory.meminfo:
        raise PlanError(f"/proc/meminfo does not show {name}: how much the host must keep is not known")
    return memory.meminfo[name]


def leave_room(memory: Memory, more_kib: int) -> int:
    """The KiB that must be available before; PlanError with the numbers where the host would keep too little.

    2 GiB, or a tenth of what is available where that is more, stay.
    """
    available = meminfo(memory, "MemAvailable")
    keep = max(ROOM_KIB, available // ROOM_SHARE)
    if more_kib > available - keep:
        raise PlanError(
            f"{more_kib} KiB of huge pages leave the host too little: {available} KiB are available, {keep} KiB of "
            f"them must stay, so {max(available - keep, 0)} KiB are available at most"
        )
    return more_kib + keep


def leave_room_at_start(memory: Memory, guest_kib: int) -> None:
    """PlanError where a guest of this size leaves the host less than it must keep, even if nothing else ran."""
    total = meminfo(memory, "MemTotal")
    keep = max(ROOM_KIB, total // ROOM_SHARE)
    if guest_kib > total - keep:
        raise PlanError(
            f"a guest of {guest_kib} KiB leaves the host too little: it has {total} KiB, of which {keep} KiB must stay"
        )


def leave_room_at_boot(memory: Memory, all_kib: int) -> None:
    """PlanError where a boot with these huge pages leaves less than 4 GiB, or less than a quarter of the memory."""
    total = meminfo(memory, "MemTotal")
    # On a small host 4 GiB would be all there is.
    most = min(total - BOOT_KIB, int(total * BOOT_SHARE)) if total > 2 * BOOT_KIB else int(total * BOOT_SHARE)
    if all_kib > most:
        raise PlanError(
            f"{all_kib} KiB of huge pages at every boot leave the host too little: it has {total} KiB, of which "
            f"{most} KiB can be huge pages at most; a host that runs out of memory does not come up"
        )
