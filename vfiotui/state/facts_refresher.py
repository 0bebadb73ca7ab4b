"""Keeps the store true: reads the facts, follows device and libvirt events, and judges anew.

Everything here runs on the event loop; what blocks is done in workers. One reading runs at a time, and
what changes meanwhile is read once more afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from functools import partial

from vfiotui.host.boot import boot_summary as booted
from vfiotui.host.guest import domains
from vfiotui.host.pci import udev
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, then
from vfiotui.model.base.value import replace
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.boot_summary import Booted
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding
from vfiotui.model.guest.domain import UnreadGuest, Virt
from vfiotui.state.store import Store
from vfiotui.state.topics import BOOTED, DEVICE_EVENTS, FACTS, FINDINGS, PROGRESS, READING, TROUBLE, VIRT
from vfiotui.virt.link import LibvirtConnection

Judge = Callable[[Facts], tuple[Finding, ...]]
ALL = "all"
"""Stands for every part of the facts."""
WHOLE = frozenset({FACTS, FINDINGS})
"""Topics of which one must be wanted for the whole host to be read."""
NOT_YET = Unread("libvirt is being asked", Why.NOT_HERE)
IN_HAND = Unread("is being read", Why.NOT_HERE)


def _told_of(boot: Reading[Boot]) -> Reading[Booted]:
    return then(boot, lambda b: Booted(b.hostname, then(b.kernel, lambda k: k.release), b.reboot_required))


class FactsRefresher:
    """Pushes the topics that name it as their writer (`state/topics.py`).

    The host is read when somebody wants its facts, and judged while somebody wants the findings: Live needs neither,
    nor their memory. BOOTED, the little that every screen's status line shows, comes in any case.
    """

    def __init__(self, root: Root, store: Store, *, uri: str | None, judge: Judge) -> None:
        """`uri` is a libvirt connection; without one only the live host asks libvirt."""
        self.root = root
        self.store = store
        self._judge = judge
        self._link = LibvirtConnection(uri, self._on_virt) if uri or root.is_live else None
        self._virt: Reading[Virt] = NOT_YET
        self._told = False
        """Whether libvirt has told something that is not in the facts yet."""
        self._stale: set[str] = {ALL}
        self._judged: Facts | None = None
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._left_out: tuple[UnreadGuest, ...] = ()
        """Guests whose files libvirt could not read, as of the last reading."""
        self._follows = False
        """Whether device events were asked for."""
        self._stop_udev: Callable[[], None] | None = None

    def start(self) -> None:
        """Begins to read and to follow events; the first facts come by themselves."""
        self._loop = asyncio.get_running_loop()
        self._wake.set()
        self.store.on_wanted(self._wanted)
        self._tasks.append(asyncio.create_task(self._keep_true()))
        if self._link is not None:
            self._tasks.append(asyncio.create_task(self._link.run()))

    def _follow_devices(self) -> None:
        """Just before the first reading of the whole host: until then no event can make anything stale."""
        if self.root.is_live:
            self.store.push(DEVICE_EVENTS, "")
            self._stop_udev = udev.watch(self._loop, self.read_again, partial(self.store.push, DEVICE_EVENTS))

    def read_again(self, parts: frozenset[str] | None = None) -> None:
        """Reads some parts of the facts anew, or all of them and the guests."""
        self._stale |= {ALL} if parts is None else parts
        if parts is None and self._link is not None:
            self._link.read_again()
        if parts is None or self.store.get(FACTS) is not None or WHOLE & self.store.wanted():
            self._wake.set()

    async def stop(self) -> None:
        """Ends everything that was started."""
        if self._stop_udev is not None:
            self._stop_udev()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task

    def _wanted(self, topics: frozenset[str]) -> None:
        """Somebody may want facts that nobody has read, or the findings of facts that nobody has judged."""
        facts = self.store.get(FACTS)
        if (facts is None and topics & WHOLE) or (FINDINGS in topics and facts is not self._judged):
            self._wake.set()

    def _on_virt(self, virt: Virt) -> None:
        self._virt = virt
        self._told = True
        if not isinstance(virt.domains, Unread):
            self.store.push(VIRT, replace(virt, unread=(*virt.unread, *self._left_out)))
        self._wake.set()

    async def _keep_true(self) -> None:
        facts: Facts | None = None
        while True:
            await self._wake.wait()
            self._wake.clear()
            stale, self._stale = frozenset(self._stale), set()
            told, self._told = self._told, False
            self.store.push(READING, True)
            if facts is None and not WHOLE & self.store.wanted():
                self._stale |= stale
                await self._look_only()
                continue
            if facts is not None and not stale and not told:
                await self._show(facts)
                continue
            if not self._follows:
                self._follows = True
                self._follow_devices()
            try:
                before, facts = facts, await asyncio.to_thread(self._read, facts, stale)
            except Exception as error:
                self._stale |= stale
                self._told |= told
                self._stumbled("reading", error)
                continue
            if before is None:
                # What takes long comes in a second reading, so that the first screen need not wait for it.
                from vfiotui.host.gather import SLOW

                self._stale |= SLOW
                self._wake.set()
            await self._show(facts)

    async def _look_only(self) -> None:
        """What the status line shows: the boot, and the guests where libvirt does not tell them."""
        try:
            little, virt = await asyncio.to_thread(self._read_little)
        except Exception as error:
            self._stumbled("reading", error)
            return
        self.store.push(BOOTED, little)
        if isinstance(virt, Virt) and (self._link is None or self._silent()):
            self.store.push(VIRT, virt)
        self.store.push(TROUBLE, "")
        self.store.push(READING, False)

    async def _show(self, facts: Facts) -> None:
        """Facts are shown even where they cannot be judged: the findings are then those of before."""
        if isinstance(facts.virt, Virt) and (self._link is None or self._silent() or self._adds_to_link(facts.virt)):
            self.store.push(VIRT, facts.virt)
        self.store.push(BOOTED, _told_of(facts.boot))
        self.store.push(FACTS, facts)
        if FINDINGS in self.store.wanted() and facts is not self._judged:
            try:
                findings = await asyncio.to_thread(self._judge, facts)
            except Exception as error:
                self._stumbled("judging", error)
                return
            self._judged = facts
            self.store.push(FINDINGS, findings)
        self.store.push(TROUBLE, "")
        self.store.push(READING, False)

    def _stumbled(self, what: str, error: Exception) -> None:
        """A fault of our own is a sentence, and the next reading tries again."""
        self.store.push(TROUBLE, f"{what} failed ({type(error).__name__}: {error}); r tries again")
        self.store.push(READING, False)

    def _waits_for(self, names: frozenset[str]) -> None:
        """From the readers' threads."""
        with contextlib.suppress(RuntimeError):  # The loop is closed: nobody looks any more.
            self._loop.call_soon_threadsafe(self.store.push, PROGRESS, names)

    def _silent(self) -> bool:
        """Whether libvirt has not told its guests."""
        return isinstance(self._virt, Unread) or isinstance(self._virt.domains, Unread)

    def _guests(self) -> Reading[Virt]:
        """From libvirt, or from the files of the root."""
        if self._link is None:
            return domains.read(self.root)
        virt = self._virt
        if isinstance(virt, Unread):
            return virt
        found = domains.with_files(self.root, virt)
        self._left_out = () if isinstance(virt.domains, Unread) else found.unread[len(virt.unread) :]
        return found

    def _adds_to_link(self, virt: Virt) -> bool:
        """Whether the files named guests that the link's latest word lacks."""
        last = self._virt
        return isinstance(last, Virt) and virt.domains is last.domains and virt.unread != last.unread

    def _read_little(self) -> tuple[Booted, Reading[Virt]]:
        """In a worker."""
        return booted.read(self.root), self._guests()

    def _read(self, facts: Facts | None, stale: frozenset[str]) -> Facts:
        """The facts with the stale parts read anew; in a worker."""
        from vfiotui.host.gather import READERS, SLOW, files_of, gather, part, ways, with_parts

        virt = self._guests()
        if facts is None:
            first = gather(self.root, virt, READERS.keys() - SLOW, self._waits_for)
            return replace(first, holders=IN_HAND, last_boot=IN_HAND)
        names = READERS.keys() if ALL in stale else READERS.keys() & stale
        parts = {name: part(self.root, name) for name in names}
        parts["guest_files"] = files_of(self.root, virt)
        parts["access"] = ways(self.root, virt)
        return replace(facts, virt=virt, privileged=os.geteuid() == 0, **with_parts(parts, facts.gaps))
