"""A link that outlives daemons: a process of its own, because libvirt ends a process that frees too early by SIGABRT.

`python -m tests.virt.kills 100` counts.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.virt.eager import eager_factory
from tests.virt.libvirtd import Daemon, lone_daemon
from vfiotui.model.guest.domain import Virt
from vfiotui.virt import link


def _say(**words: Any) -> None:
    print(json.dumps(words), flush=True)


async def _follow(uri: str) -> None:
    """Says what the link says, until standard input ends; then what is left of it."""
    loop = asyncio.get_running_loop()
    loop.set_task_factory(eager_factory())
    ended = asyncio.Event()
    loop.add_reader(0, lambda: None if os.read(0, 1) else ended.set())
    link.BACK_OFF = (0.1,)

    def tell(virt: Virt) -> None:
        # One page is 4 KiB on the machines where this runs.
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        _say(connected=virt.connected, descriptors=len(os.listdir("/proc/self/fd")), kib=pages * 4)

    task = asyncio.create_task(link.LibvirtConnection(uri, tell).run())
    await ended.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0)
    events = link._events
    assert events is not None
    _say(handles=len(events._handles), timers=len(events._timers), to_free=len(events._to_free))


def figures(daemon: Daemon, kills: int) -> tuple[list[dict[str, Any]], dict[str, Any], int]:
    """What the link said each time it was connected, what was left at its end, and its exit code."""
    connected: list[dict[str, Any]] = []
    words = [sys.executable, "-X", "faulthandler", "-m", "tests.virt.kills", "--follow", daemon.uri]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None and child.stdout is not None
        # A link that hangs is one that failed.
        deadline = threading.Timer(60 + 10 * kills, child.kill)
        deadline.daemon = True
        deadline.start()

        def until(wanted: bool) -> dict[str, Any]:
            for line in child.stdout or ():
                said: dict[str, Any] = json.loads(line)
                if said["connected"] is wanted:
                    return said
            raise AssertionError(f"the link's process ended by {child.wait()} after {len(connected)} connections")

        connected.append(until(True))
        for _ in range(kills):
            daemon.kill()
            until(False)
            daemon.start()
            connected.append(until(True))
        child.stdin.close()
        left = [json.loads(line) for line in child.stdout][-1]
        deadline.cancel()
    return connected, left, child.returncode


if __name__ == "__main__":
    if sys.argv[1] == "--follow":
        asyncio.run(_follow(sys.argv[2]))
    else:
        with lone_daemon() as real:
            said, left, code = figures(real, int(sys.argv[1]))
        print(f"{len(said) - 1} kills, exit {code}; first {said[0]}; second {said[1]}; last {said[-1]}; left {left}")
