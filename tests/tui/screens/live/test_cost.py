"""What Live costs, in things that no clock changes: calls, opened files, wake-ups, bytes, loaded modules."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.apart import Shares, Thread, add
from benchmarks.sources import costly, made, opened, traced
from benchmarks.terminal import wakeups
from tests.hosts import TOWER
from tests.machines import root_of
from tests.requirements import need
from tests.tui.consoles import Console, caps
from tests.tui.tmux import Tmux
from tests.virt.libvirtd import Daemon, lone_daemon, own_name
from vfiotui.live.sampler import PAUSED_SECONDS
from vfiotui.model.change.journal_folder import JOURNAL
from vfiotui.tui.app import ConsoleApp

STILL = own_name("still")
SECONDS = 12.0
"""How long it is looked at; while it is paused, from before a sample to after it."""
LATER = (
    "vfiotui.rules",
    "vfiotui.plan",
    "vfiotui.apply",
    "vfiotui.virt",
    "vfiotui.host.gather",
    "vfiotui.state.facts_refresher",
)
FOREIGN = ("libvirt", "lxml", "pyudev", "psutil", "xml", "csv", "importlib.metadata")
SCREENS = (
    *"host.screen isolate.screen pin.screen memory.screen guests.screen".split(),
    *"changes.screen plan.screen host.finding".split(),
)


@pytest.fixture
def guest() -> Iterator[Daemon]:
    """A guest whose vCPUs stand still: no vCPU waits, whatever else the machine does."""
    with lone_daemon() as daemon:
        daemon.define(STILL)
        daemon.virsh("start", STILL, "--paused")
        yield daemon


def begun(daemon: Daemon) -> Tmux:
    words = ("--connect", daemon.uri, "live", "--guest", STILL)
    return Tmux(*words, columns=120, lines=40, term="tmux-256color")


def settled(terminal: Tmux) -> int:
    """The process, once the host was read and its pins are known."""
    terminal.shows(STILL, "v1", "libvirt ok 1/1 running", "no changes pending")
    terminal.until(lambda screen: "reading" not in screen.splitlines()[0], "all facts")
    terminal.until(lambda screen: bool(re.search(r"^v1 .* 0 +0 *$", screen, re.MULTILINE)), "two looks at the status")
    return terminal.console_pid()


@pytest.mark.needs_tmux
@pytest.mark.needs_libvirtd
def test_live_in_the_steady_state_opens_nothing_and_asks_for_nothing_costly(guest: Daemon) -> None:
    need("strace", "strace")
    with begun(guest) as terminal:
        calls = traced(settled(terminal), SECONDS)
    assert any("schedstat" in call for call in calls) and any("/proc/stat" in call for call in calls)
    # Guests that other tests start and pin on this host meanwhile are met, and kept away from.
    meeting = re.compile(r'/(comm|cmdline|fd|schedstat|stat|status|task|cpu/isolated|mountinfo|module|refcnt)"')
    strange = [call for call in opened(calls) if not meeting.search(call)]
    assert strange == []
    assert costly(calls) == []


@pytest.mark.needs_tmux
@pytest.mark.needs_libvirtd
def test_paused_it_sleeps(guest: Daemon) -> None:
    need("strace", "strace")
    with begun(guest) as terminal:
        pid = settled(terminal)
        ended = os.pidfd_open(pid)
        terminal.send("p")
        terminal.shows("paused")
        # What was under way is drawn to its end, and an alarm for a stranger's guest on this host
        # is news, and told: then it is looked at again.
        for _ in range(4):
            # strace stops every thread at every call: it cannot be there while wake-ups are counted.
            before, began = wakeups(pid), time.monotonic()
            assert not select.select([ended], [], [], PAUSED_SECONDS + 1)[0], "the console has ended"
            woken, took = wakeups(pid) - before, time.monotonic() - began
            painted = [c for c in traced(pid, PAUSED_SECONDS + 1) if c.startswith("write(") and r"\33[" in c]
            if not painted and woken <= took:
                break
        os.close(ended)
    assert painted == []
    assert woken <= took


def test_the_first_frame_of_live_loads_nothing_that_it_does_not_show() -> None:
    program = (
        "import sys, vfiotui.cli.main, vfiotui.cli.live.live, vfiotui.cli.console, vfiotui.tui.app, "
        "vfiotui.tui.screens.live.screen; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    screens = tuple(f"vfiotui.tui.screens.{name}" for name in SCREENS)
    assert [m for m in loaded if m in screens or any(m == x or m.startswith(f"{x}.") for x in LATER + FOREIGN)] == []


SETTLED = """
import asyncio, sys
from vfiotui.host.root.root import Root
from vfiotui.live.sampler import PAUSED_SECONDS
from vfiotui.tui.app import ConsoleApp
from vfiotui.tui.terminal.capabilities import UNICODE, Caps

async def look():
    app = ConsoleApp(Root.live(), Caps(UNICODE, 1 << 24, False, False), uri="test:///default", start="live")
    async with app.run_test(size=(120, 40)) as pilot:
        async with asyncio.timeout(60):
            while None in map(app.store.get, ("live", "booted", "changes")) or app.store.get("reading") is not False:
                await pilot.pause(0.05)
            while not getattr(app.store.get("virt"), "connected", False):
                await pilot.pause(0.05)
    print(*sys.modules)

asyncio.run(look())
"""
NEVER = ("vfiotui.rules", "vfiotui.apply", "vfiotui.host.gather", "vfiotui.host.boot.boot", "vfiotui.host.boot.loader")
HEAVY = ("pyudev", "lxml", "psutil", "importlib.metadata", "importlib.resources", "email", "csv", "zipfile")


@pytest.mark.needs_libvirtd
def test_live_that_has_settled_holds_nothing_that_only_other_screens_want() -> None:
    run = subprocess.run([sys.executable, "-c", SETTLED], capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    assert "libvirt" in loaded and "vfiotui.state.facts_refresher" in loaded
    others = tuple(f"vfiotui.tui.screens.{name}" for name in SCREENS)
    # Plans are read where this host has a journal.
    plans = () if Path(JOURNAL).exists() else ("vfiotui.model.change.plan", "vfiotui.host.changes")
    never = NEVER + HEAVY + others + plans
    assert [m for m in loaded if any(m == x or m.startswith(f"{x}.") for x in never)] == []


async def test_nothing_is_read_or_judged_before_somebody_wants_it() -> None:
    app = ConsoleApp(root_of(TOWER), caps(), start="live")
    async with app.run_test(size=(120, 40)) as pilot:
        console = Console(app, pilot)
        await console.until(
            lambda: app.store.get("booted") is not None and app.store.get("reading") is False, "the boot"
        )
        assert app.store.get("facts") is None and app.store.get("findings") is None
        await console.press("1")
        await console.until(lambda: app.store.get("findings"), "findings")
        await console.shows("1 failed")


def test_costly_is_what_walks_a_guest_or_asks_its_daemon() -> None:
    fine = (
        '7 pread64(9</proc/88/task/91/schedstat>, "1 2 3\\n", 256, 0) = 6',
        '7 sendto(12<socket:[77]>, "\\0\\0\\0\\34keep\\0\\0\\0\\1", 28, 0, NULL, 0) = 28',
        '7 sendto(5<socket:[78]>, "\\0", 1, 0, NULL, 0) = 1',
        '7 write(1</dev/pts/3>, "\\33[1;1Hx", 7) = 7',
        '7 openat(AT_FDCWD</root>, "/proc/meminfo", O_RDONLY) = 5</proc/meminfo>',
    )
    bad = (
        '7 openat(AT_FDCWD</root>, "/proc/88/smaps_rollup", O_RDONLY) = 5</proc/88/smaps_rollup>',
        '7 pread64(9</proc/pagetypeinfo>, "x", 4096, 0) = 1',
        '7 pread64(9</sys/devices/pci0000:00/0000:00:01.0/config>, "x", 256, 0) = 256',
        '7 pread64(9</dev/cpu/0/msr>, "x", 8, 231) = 8',
        '7 sendto(12<socket:[77]>, "\\0\\0\\0\\340 \\0\\200\\206\\0\\0\\0\\1\\0\\0\\0\\321", 224, 0, NULL, 0) = 224',
        '7 connect(12<socket:[77]>, {sa_family=AF_UNIX, sun_path="/run/libvirt/x"}, 110) = 0',
    )
    assert costly(made(fine)) == []
    assert costly(made(bad)) == made(bad)
    assert opened(made(fine + bad)) == [made(fine)[4], made(bad)[0]]


def test_time_counts_as_the_guests_where_a_thread_was_allowed_or_seen() -> None:
    shares, guest = Shares(), frozenset({1})
    before = {1: Thread(0, 0, frozenset({0})), 2: Thread(0, 0, frozenset({0, 1})), 3: Thread(0, 1, frozenset({1}))}
    now = {tid: thread._replace(ran_ns=1_000_000) for tid, thread in before.items()}
    add(shares, before, now | {4: Thread(2_000_000, 0, frozenset({0}))}, guest)
    assert (shares.all_ms, shares.possible_ms, shares.seen_ms) == (5.0, 2.0, 1.0)


def test_the_log_of_strace_is_counted_by_calls() -> None:
    log = ("9 read(3<x>,  <unfinished ...>", '9 <... read resumed>"x", 1) = 1', "9 close(3<x>) = 0", "9 +++ exited +++")
    assert [call.partition("(")[0] for call in made(log)] == ["read", "close"]
