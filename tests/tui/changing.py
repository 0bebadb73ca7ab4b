"""Systems in a folder that the console can really change."""

from __future__ import annotations

import os
from pathlib import Path

from tests.apply.systems import with_busybox
from tests.hosts import HOSTS
from tests.requirements import need
from tests.tree_on_disk import write
from tests.tui.consoles import Console
from tests.tui.tmux import Tmux
from vfiotui.demo.builder import build
from vfiotui.host import changes
from vfiotui.host.root.root import Root
from vfiotui.model.change.change import Change, Effect, write_file
from vfiotui.model.change.journal import ChangeRecord, State
from vfiotui.model.change.plan import Plan
from vfiotui.model.finding.finding import Risk

GRUB = "etc/default/grub"
BROKEN = b'GRUB_CMDLINE_LINUX_DEFAULT="quiet amd_iommu=off"'
GATED = """#!/bin/sh
# Stands for update-grub; it ends when somebody writes into the gate.
echo "the menu is being built [bold] \033[2J"
cat /gate
. /etc/default/grub
printf 'linux /vmlinuz %s \\n' "$GRUB_CMDLINE_LINUX_DEFAULT" >/boot/grub/grub.cfg
echo "the menu is there"
"""


def system(folder: Path, host: str = "iommu-off") -> Root:
    """A described machine as a system in a folder."""
    write(build(HOSTS[host]), str(folder))
    (folder / "var/lib").mkdir(parents=True, exist_ok=True)
    return Root.mounted(str(folder))


def gated_system(folder: Path) -> Root:
    """The same with an update-grub that waits at a FIFO, and a busybox to run it."""
    root = system(folder)
    with_busybox(folder, need("busybox", "busybox-static"))
    (folder / "usr/sbin").mkdir(parents=True, exist_ok=True)
    (folder / "boot/grub").mkdir(parents=True, exist_ok=True)
    (folder / "usr/sbin/update-grub").write_text(GATED)
    (folder / "usr/sbin/update-grub").chmod(0o755)
    (folder / "boot/grub/grub.cfg").write_text("linux /vmlinuz quiet amd_iommu=off\n")
    os.mkfifo(folder / "gate")
    return root


def open_gate(folder: Path) -> None:
    """Lets the waiting command go on."""
    (folder / "gate").write_text("go\n")


def mend_by_keys(terminal: Tmux) -> None:
    """Opens the plan of the finding that `gated_system` has, and agrees that its programs run."""
    terminal.shows("switches the IOMMU off")
    terminal.until(lambda screen: "reading" not in screen.splitlines()[0], "all facts")
    terminal.send("/")
    terminal.shows("filter: any text")
    terminal.send(*"switches", "Enter")
    # The line of the keys is back once the filter has been left: until then a key is text.
    terminal.until(lambda screen: "f fix" in screen.rstrip().splitlines()[-1], "the keys of the finding")
    terminal.send("f")
    terminal.shows("Drop amd_iommu=off", "update-grub")
    terminal.send("a")
    terminal.shows("run its programs as root and apply these 3 steps (risk medium)? type run")
    terminal.send(*"run", "Enter")


def open_first_change(terminal: Tmux) -> None:
    """What the next console shows of a change that is still at work."""
    terminal.shows("change 1 applying")
    terminal.send("7")
    terminal.shows("0001")
    terminal.send("Enter")


def records(root: Root) -> tuple[ChangeRecord, ...]:
    """The journal now."""
    found = changes.read(root)
    assert isinstance(found, tuple), found
    return found


def states(root: Root) -> list[State]:
    """The states in the journal, newest first."""
    return [r.state for r in records(root)]


def edit(path: str, before: bytes | None, after: bytes, risk: Risk = Risk.R2, why: str = "an edit") -> Change:
    """One file step."""
    return write_file(path, before, after, why, risk=risk, effect=Effect.BOOT)


async def show_plan(found: Console, plan: Plan) -> None:
    """Opens the Plan screen with a plan."""
    from vfiotui.tui.screens.plan.screen import PlanScreen

    await found.app.push_screen(PlanScreen(plan, found.app.root_, found.app.caps.glyphs))
    await found.pilot.pause()
