"""libvirt's events on an asyncio loop: `virEventRegisterImpl` with descriptors, timers and deferred freeing.

libvirt calls the six functions below from the loop's thread and from the worker threads, often with its own locks
held. So none of them runs a callback of libvirt, or waits for a thread that does:

- Descriptors are watched in an epoll of our own, which any thread may change; the loop watches that epoll alone.
- Callbacks that free memory run from the loop's queue, never inside a call of libvirt: there libvirt aborts the
  process. A task would not do, because asyncio's eager task factory (Python 3.12) starts it at once.

Source: https://libvirt.org/html/libvirt-libvirt-event.html and libvirt-python's warning on
`virEventInvokeFreeCallback`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import select
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

READABLE, WRITABLE, ERROR, HANGUP = 1, 2, 4, 8
"""libvirt's virEventHandleType."""
_AS_EPOLL = ((READABLE, select.EPOLLIN), (WRITABLE, select.EPOLLOUT), (ERROR, select.EPOLLERR))
_AS_LIBVIRT = (*_AS_EPOLL, (HANGUP, select.EPOLLHUP))


@dataclass(slots=True)
class _Handle:
    """One watch of a descriptor: libvirt's virEventHandleType bits, and what is called."""

    fd: int
    events: int
    callback: Any
    opaque: Any


@dataclass(slots=True)
class _Timer:
    """One timer: milliseconds (negative: off), what is called, and when the loop does."""

    milliseconds: int
    callback: Any
    opaque: Any
    due: asyncio.TimerHandle | None = None


class LoopEvents:
    """libvirt's event implementation; it serves one loop at a time and may move to another.

    libvirt takes one implementation in the life of a process and cannot drop it.
    """

    def __init__(self, libvirt: Any) -> None:
        self._libvirt = libvirt
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ids = itertools.count(1)
        self._handles: dict[int, _Handle] = {}
        self._timers: dict[int, _Timer] = {}
        self._to_free: deque[Any] = deque()
        self._epoll = select.epoll()
        self._watched: dict[int, int] = {}
        """Descriptors in the epoll, with their epoll bits."""
        self._lock = threading.RLock()
        """Held while the epoll changes, never while a callback runs: callbacks wait for locks of libvirt.

        It may be taken twice by one thread, because the garbage collector may close a connection at any point.
        """
        libvirt.virEventRegisterImpl(
            self._add_handle,
            self._update_handle,
            self._remove_handle,
            self._add_timeout,
            self._update_timeout,
            self._remove_timeout,
        )

    def move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Delivers from now on to `loop`, which is the running one; also what an earlier, closed loop left over."""
        old, self._loop = self._loop, loop
        if old is loop:
            return
        if old is not None:
            with contextlib.suppress(RuntimeError):  # It is closed, and watches nothing any more.
                old.call_soon_threadsafe(old.remove_reader, self._epoll.fileno())
        loop.add_reader(self._epoll.fileno(), self._dispatch)
        for number in list(self._timers):
            self._arm(number)
        self._free()

    def _soon(self, use: Any, *arguments: Any) -> None:
        """Runs `use` on the loop, later, from any thread. Without a loop, `move_to` does what is due."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(use, *arguments)

    # Descriptors.

    def _watch(self, fd: int) -> None:
        """Makes the epoll wait for what the handles of this descriptor wait for, together."""
        with self._lock:
            wanted = 0
            for handle in list(self._handles.values()):
                if handle.fd == fd:
                    wanted |= sum(bit for ours, bit in _AS_EPOLL if handle.events & ours)
            # An epoll reports errors even for a mask of 0, again and again: such a descriptor is taken out.
            if not wanted:
                if self._watched.pop(fd, None) is not None:
                    with contextlib.suppress(OSError):
                        self._epoll.unregister(fd)
                return
            try:
                if fd in self._watched:
                    self._epoll.modify(fd, wanted)
                else:
                    self._epoll.register(fd, wanted)
            except FileNotFoundError:  # The number belongs to a new file: the kernel forgot the closed one.
                self._epoll.register(fd, wanted)
            except FileExistsError:
                self._epoll.modify(fd, wanted)
            self._watched[fd] = wanted

    def _dispatch(self) -> None:
        """Calls the handles of every descriptor on which something happened."""
        for fd, bits in self._epoll.poll(0):
            events = sum(ours for ours, bit in _AS_LIBVIRT if bits & bit)
            for number, handle in list(self._handles.items()):
                # An earlier callback, or another thread, may have removed or silenced it meanwhile.
                if handle.fd == fd and handle.events and number in self._handles:
                    handle.callback(number, fd, events, handle.opaque)

    def _add_handle(self, fd: int, events: int, callback: Any, opaque: Any) -> int:
        number = next(self._ids)
        self._handles[number] = _Handle(fd, events, callback, opaque)
        try:
            self._watch(fd)
        except OSError:  # Not a descriptor that can be waited for; libvirt frees what it gave itself.
            del self._handles[number]
            return -1
        return number

    def _update_handle(self, number: int, events: int) -> None:
        handle = self._handles.get(number)
        if handle is not None:
            handle.events = events
            with contextlib.suppress(OSError):  # It was closed before it was removed.
                self._watch(handle.fd)

    def _remove_handle(self, number: int) -> int:
        handle = self._handles.pop(number, None)
        if handle is None:
            return -1
        with contextlib.suppress(OSError):
            self._watch(handle.fd)
        self._free_later(handle.opaque)
        return 0

    # Timers.

    def _arm(self, number: int) -> None:
        """Sets the loop's timer anew, on the loop."""
        timer = self._timers.get(number)
        if timer is None or self._loop is None:
            return
        if timer.due is not None:
            timer.due.cancel()
            timer.due = None
        if timer.milliseconds >= 0:
            timer.due = self._loop.call_later(timer.milliseconds / 1000, self._expire, number)

    def _expire(self, number: int) -> None:
        """Calls a timer's callback; it goes on until libvirt changes or removes it."""
        timer = self._timers.get(number)
        if timer is not None and timer.milliseconds >= 0:
            timer.due = None
            timer.callback(number, timer.opaque)
            if timer.due is None:
                self._arm(number)

    def _add_timeout(self, milliseconds: int, callback: Any, opaque: Any) -> int:
        number = next(self._ids)
        self._timers[number] = _Timer(milliseconds, callback, opaque)
        self._soon(self._arm, number)
        return number

    def _update_timeout(self, number: int, milliseconds: int) -> None:
        timer = self._timers.get(number)
        if timer is not None:
            timer.milliseconds = milliseconds
            self._soon(self._arm, number)

    def _remove_timeout(self, number: int) -> int:
        timer = self._timers.pop(number, None)
        if timer is None:
            return -1
        if timer.due is not None:
            self._soon(timer.due.cancel)
        self._free_later(timer.opaque)
        return 0

    # Freeing.

    def _free_later(self, opaque: Any) -> None:
        self._to_free.append(opaque)
        self._soon(self._free)

    def _free(self) -> None:
        """Frees what libvirt gave with handles and timers that are removed."""
        while self._to_free:
            self._libvirt.virEventInvokeFreeCallback(self._to_free.popleft())
