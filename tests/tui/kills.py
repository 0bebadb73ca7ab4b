"""The open console, whose daemon is killed under a plan and under each screen: what it holds after each time.

`python -m tests.tui.kills 100` counts.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import psutil

from tests.tui.tmux import Tmux
from tests.virt.libvirtd import Daemon, lone_daemon, own_name
from vfiotui.tui.actions import TABS

PLAN = "plan"
UNDER = (PLAN, *(key for key, _, _ in TABS))
"""What is open when the daemon dies: a plan, or a screen by its key."""
REST = "7"
"""The screen on which figures are taken: Changes takes no samples, and keeps no files open for them."""
LOOKS = 12
"""How often the descriptors are the same before they count: what another screen had open is closed soon after."""


class Held(NamedTuple):
    """What a console holds: open descriptors, threads, resident memory in KiB."""

    descriptors: int
    threads: int
    kib: int


def _held(pid: int) -> Held:
    process = psutil.Process(pid)
    return Held(process.num_fds(), process.num_threads(), process.memory_info().rss >> 10)


def _open(terminal: Tmux, under: str) -> None:
    """From REST on; a screen is known by its line of keys."""
    if under == PLAN:
        # A plan asks libvirt over a connection of its own, which is closed when it is made.
        terminal.send("3")
        screen = terminal.shows("a apply", "vCPUs")
        terminal.send(*(() if "edited" in screen else ("Space",)), "a")
        terminal.shows(" plan ")
    elif under != REST:
        keys = terminal.until(
            lambda screen: "q quit" in screen.splitlines()[-1], "the keys of the screen"
        ).splitlines()[-1]
        terminal.send(under)
        terminal.until(
            lambda screen: screen.splitlines()[-1] != keys and "q quit" in screen.splitlines()[-1], f"screen {under}"
        )


def _rest(terminal: Tmux) -> None:
    terminal.send(REST)
    terminal.shows("libvirt ok 1/1 running")


def _at_rest(terminal: Tmux, pid: int) -> Held:
    looks: list[int] = []

    def still(_: str) -> bool:
        looks.append(_held(pid).descriptors)
        return len(looks) >= LOOKS and len(set(looks[-LOOKS:])) == 1

    terminal.until(still, "descriptors that stay")
    return _held(pid)


def figures(daemon: Daemon, kills: int) -> list[Held]:
    """What the console held at first and after each death of its daemon; fails where one console did not live on."""
    guest = own_name("game")
    daemon.define(guest)
    daemon.virsh("start", guest)
    with Tmux("--connect", daemon.uri, columns=120, lines=40, term="tmux-256color") as terminal:
        _rest(terminal)
        terminal.until(lambda screen: "reading" not in screen.splitlines()[0], "all facts")
        console = terminal.console_pid()
        found = [_at_rest(terminal, console)]
        for number in range(kills):
            under = UNDER[number % len(UNDER)]
            _open(terminal, under)
            daemon.kill()
            if under == PLAN:
                # A plan stands without the line that tells of libvirt.
                terminal.send("Escape")
            terminal.shows("libvirt lost")
            daemon.start()
            _rest(terminal)
            found.append(_at_rest(terminal, console))
        assert terminal.console_pid() == console
        terminal.send("q")
        # Pins were edited for the plans.
        asked = terminal.until(lambda screen: "leave without it" in screen or "ended with" in screen, "an end")
        terminal.send(*(("y",) if "leave without it" in asked else ()))
        terminal.shows("ended with 0")
    return found


if __name__ == "__main__":
    with lone_daemon() as real:
        kept = figures(real, int(sys.argv[1]))
    print(f"Python {sys.version.split()[0]}, {len(kept) - 1} kills, one console to the end")
    for number in sorted({0, 1, 2, *range(10, len(kept), 10), len(kept) - 1} & set(range(len(kept)))):
        print(f"{number:4}: {kept[number]}")
