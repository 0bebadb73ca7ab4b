"""Exits and halt polling of one guest, from libvirt's statistics (virDomainListGetStats).

libvirt asks QEMU for them, and QEMU its vCPUs' descriptors: it costs both of them some milliseconds, so it is done for
one guest, seldom, and only when somebody asks. The names are the kernel's (virt/kvm/api.rst, KVM_GET_STATS_FD) and no
promise: each may be missing. Everything here blocks and belongs in a worker.
"""

from __future__ import annotations

import re
import time
from typing import Any

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.live.exits import GuestExits, VcpuExits
from vfiotui.model.live.rates import FIRST, per_second
from vfiotui.virt.connect import DEFAULT_URI, NoConnection, in_time, load, open_connection

DEADLINE = 5.0
"""Seconds after which an answer is no longer waited for."""
KEY = re.compile(r"vcpu\.(\d{1,5})\.(\w+)\.sum$")
NAMES = (
    ("exits", 1.0),
    ("io_exits", 1.0),
    ("mmio_exits", 1.0),
    ("halt_exits", 1.0),
    ("insn_emulation", 1.0),
    ("halt_poll_success_ns", 1e6),
    ("halt_poll_fail_ns", 1e6),
)
"""The kernel's names in the order of VcpuExits, and what divides them."""
KIND = re.compile(r"<domain\b[^>]*\btype=['\"](\w+)['\"]")
MISSING = Unread("this kernel does not count it", Why.ABSENT)
NO_KVM = Unread("QEMU emulates this guest (TCG): only KVM counts exits", Why.ABSENT)
TOO_OLD = Unread("libvirt reports no exits of it: that takes QEMU 7.1 and a libvirt of 2023 (9.0) or newer", Why.ABSENT)

Counts = dict[int, dict[str, int]]


def counts_of(stats: dict[str, Any]) -> Counts:
    """vCPU → kernel's name → count, of libvirt's flat keys.

    >>> counts_of({"vcpu.0.exits.sum": 7, "vcpu.0.state": 1, "state.state": 1})
    {0: {'exits': 7}}
    """
    found: Counts = {}
    for key, value in stats.items():
        match = KEY.match(key)
        if match and isinstance(value, int):
            found.setdefault(int(match[1]), {})[match[2]] = value
    return found


def rates_of(before: Counts, now: Counts, seconds: float) -> tuple[VcpuExits, ...]:
    """Rates between two looks; a vCPU that was not there before has none yet."""
    found = []
    for vcpu, counts in sorted(now.items()):
        old = before.get(vcpu)
        rates = []
        for name, unit in NAMES:
            last: Reading[int] = FIRST if old is None else old.get(name, MISSING)
            rates.append(per_second(last, counts.get(name, MISSING), seconds, unit))
        found.append(VcpuExits(vcpu, *rates))
    return tuple(found)


class ExitReader:
    """Keeps a connection of its own while it is used, and the last counts."""

    def __init__(self, uri: str | None) -> None:
        self._uri = uri or DEFAULT_URI
        self._connection: Any = None
        self._of = ""
        self._counts: Counts = {}
        self._at = 0.0

    def read(self, guest: str) -> GuestExits:
        """One look at a running guest; the first one of a guest has no rates."""
        began = time.monotonic()
        try:
            told = in_time(lambda: self._ask(guest), DEADLINE, self._uri)
        except NoConnection as error:
            told = Unread(str(error), Why.NOT_HERE)
        except load().libvirtError as error:
            told = Unread(f"libvirt reports no statistics of {guest}: {error}", Why.NOT_HERE)
        cost = (time.monotonic() - began) * 1e3
        if isinstance(told, Unread):
            if told not in (NO_KVM, TOO_OLD):
                self.close()
            self._of, self._counts = "", {}
            return GuestExits(guest, began, 0.0, told, cost)
        before = self._counts if self._of == guest else {}
        seconds = began - self._at
        self._of, self._counts, self._at = guest, told, began
        return GuestExits(guest, began, seconds if before else 0.0, rates_of(before, told, seconds), cost)

    def _ask(self, guest: str) -> Counts | Unread:
        libvirt = load()
        if self._connection is None:
            self._connection = open_connection(self._uri)
        domain = self._connection.lookupByName(guest)
        flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
        answers = self._connection.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_VCPU, flags)
        counts = counts_of(answers[0][1]) if answers else {}
        if counts:
            return counts
        kind = KIND.search(domain.XMLDesc(0))
        return NO_KVM if kind and kind[1] == "qemu" else TOO_OLD

    def close(self) -> None:
        """Lets the connection go, however it fares."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                in_time(connection.close, DEADLINE, self._uri)
            except (NoConnection, load().libvirtError):
                return
