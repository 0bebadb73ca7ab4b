"""Keeps this program out of the guests' way: it learns where they are pinned, and moves its own threads elsewhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vfiotui.host.live import own_threads
from vfiotui.host.live.own_threads import SelfAffinity
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.live.sample import LiveMoment

if TYPE_CHECKING:
    from vfiotui.model.guest.domain import Virt

NOTHING = SelfAffinity(frozenset(), "")


class SelfRestraint:
    """Applies to the live host only; `now` tells what holds at the moment."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._allowed = frozenset(os.sched_getaffinity(0))
        self._of_libvirt: frozenset[int] = frozenset()
        self._of_threads: frozenset[int] = frozenset()
        self._told: list[Reading[frozenset[int]]] = []
        """Where each vCPU may run, as the last moment told it."""
        self._known: frozenset[int] = frozenset()
        self.now = NOTHING

    def hear_libvirt(self, virt: Virt | None) -> None:
        """Pins of running guests, as libvirt tells them."""
        if virt is not None and not isinstance(virt.domains, Unread):
            found = [d.pinned_cpus for d in virt.domains if d.running]
            self._of_libvirt = frozenset().union(*found)
            self._apply()

    def hear_moment(self, moment: LiveMoment) -> None:
        """Where the vCPUs may really run: also those of guests that libvirt does not know."""
        if isinstance(moment.guests, Unread):
            return
        told = [t.pinned for g in moment.guests for t in g.threads if t.kind == "vcpu"]
        if told != self._told:
            self._told = told
            pins = {p for p in told if not isinstance(p, Unread) and len(p) < len(self._allowed)}
            self._of_threads = frozenset().union(*pins)
            self._apply()

    @property
    def crowded(self) -> bool:
        """Whether no CPU is free of guests."""
        return bool(self.now.sentence) and not self.now.cpus

    def _apply(self) -> None:
        pinned = self._of_libvirt | self._of_threads
        if self._root.is_live and pinned != self._known:
            self._known = pinned
            self.now = own_threads.avoid(self._root, pinned, self._allowed)
