"""The running console beside a real libvirtd: a guest's whole life, the daemon's death and its return."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.requirements import need
from tests.tui.kills import figures
from tests.tui.tmux import Tmux
from tests.virt.libvirtd import Daemon, lone_daemon, own_name

pytestmark = [pytest.mark.needs_tmux, pytest.mark.needs_libvirtd]


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with lone_daemon() as real:
        yield real


def test_what_happens_to_a_guest_is_seen_without_a_key(daemon: Daemon) -> None:
    # Live shows every guest of the host, and first the one that is named.
    name = own_name("game")
    words = ("--connect", daemon.uri, "live", "--guest", name)
    with Tmux(*words, columns=120, lines=30, term="tmux-256color") as terminal:
        terminal.shows("libvirt ok 0/0 running")
        terminal.send("6")
        terminal.shows("no guest is defined")
        daemon.define(name)
        terminal.shows(name, "shut off", "2 vCPUs not pinned")
        daemon.virsh("start", name)
        terminal.shows("libvirt ok 1/1 running", "running")
        daemon.virsh("vcpupin", name, "1", "0", "--live")
        terminal.until(lambda s: "2 vCPUs not pinned" not in s, "the pin")
        terminal.send("5")
        terminal.shows(name, "v0", "v1", "emu")
        terminal.send("6")
        daemon.kill()
        terminal.shows("libvirt lost", "it is tried again", name)
        daemon.start()
        terminal.until(
            lambda s: all(w in s for w in ("libvirt ok 1/1 running", name)) and "not pinned" not in s,
            "the pin was kept",
        )
        daemon.virsh("destroy", name)
        terminal.shows("libvirt ok 0/1 running", "shut off")
        daemon.virsh("undefine", name)
        terminal.shows("no guest is defined")
        terminal.send("q")
        terminal.shows("ended with 0")


@pytest.mark.parametrize(("columns", "lines", "term"), [(80, 24, "linux"), (160, 50, "tmux-256color")])
def test_a_plain_qemu_stands_below_the_guests_of_the_connection(
    daemon: Daemon, columns: int, lines: int, term: str
) -> None:
    name = own_name("plain")
    with Tmux("--connect", daemon.uri, columns=columns, lines=lines, term=term) as terminal:
        terminal.shows("libvirt ok 0/0 running")
        terminal.send("6")
        terminal.shows("no guest is defined")
        program = need("qemu-system-x86_64", "qemu-system-x86")
        options = ("-name", name, "-S", "-display", "none", "-nodefaults", "-m", "64")
        with subprocess.Popen([program, *options], stdin=subprocess.DEVNULL) as qemu:
            try:
                terminal.shows("not of this connection", name, str(qemu.pid))
            finally:
                qemu.kill()
        terminal.until(lambda screen: name not in screen, "the end of the machine")
        terminal.send("q")
        terminal.shows("ended with 0")


@pytest.mark.parametrize(("columns", "lines", "term"), [(80, 24, "linux"), (160, 50, "tmux-256color")])
def test_a_running_guest_is_pinned_from_the_pin_screen_and_freed_again(
    daemon: Daemon, columns: int, lines: int, term: str
) -> None:
    if os.geteuid() != 0 or len(os.sched_getaffinity(0)) < 2:
        pytest.skip("pins want root and two CPUs")
    daemon.define("game")
    daemon.virsh("start", "game")
    stored = daemon.virsh("dumpxml", "--inactive", "game").stdout
    free = daemon.virsh("vcpupin", "game").stdout
    # The journal of this machine is not that of the test.
    alone = (need("unshare", "util-linux"), "-m", "sh", "-c", 'mount -t tmpfs none /var/lib && exec "$0" "$@"')
    program = (*alone, sys.executable, "-m", "vfiotui")
    with Tmux("--connect", daemon.uri, columns=columns, lines=lines, term=term, program=program) as terminal:
        terminal.shows("1 Host")
        terminal.send("3")
        terminal.shows("game", "2 vCPUs", "may run anywhere")
        terminal.until(lambda screen: "reading" not in screen.splitlines()[0], "all facts")
        # The cursor has gone on to where v1 belongs.
        terminal.send("Space", "Left", "Space")
        terminal.shows("vCPUs 0-1 are all pinned to CPU 0", "overlap")
        terminal.send("u", "Right", "Space")
        terminal.shows("v0:0", "v1:1", "edited")
        terminal.send("a")
        terminal.shows(" plan ", "running guest and definition", "definition only", "2 steps")
        terminal.send("o")
        terminal.shows("Pin game: definition only")
        terminal.send("o", "o")
        terminal.shows("Pin game: running guest and definition")
        terminal.send("a")
        terminal.shows("type y")
        terminal.send("y")
        terminal.shows("state     done")
        assert [line.split()[1] for line in daemon.virsh("vcpupin", "game").stdout.splitlines()[2:4]] == ["0", "1"]
        assert "<vcpupin vcpu='1' cpuset='1'/>" in daemon.virsh("dumpxml", "--inactive", "game").stdout
        terminal.send("3")
        terminal.until(lambda s: "v0:0" in s and "edited" not in s, "the pins as they are now")
        terminal.send("7")
        terminal.shows("0001")
        terminal.send("Enter")
        terminal.shows("state     done")
        terminal.send("u")
        terminal.shows(" undo ", "Taking back: Pin game")
        terminal.send("u")
        terminal.shows("type y")
        terminal.send("y")
        terminal.shows("nothing of it is in force")
        terminal.send("3")
        terminal.shows("may run anywhere")
        terminal.send("q")
        terminal.shows("ended with 0")
    assert daemon.virsh("vcpupin", "game").stdout == free
    assert daemon.virsh("dumpxml", "--inactive", "game").stdout == stored


def test_a_console_outlives_its_daemons_and_keeps_nothing_of_them(daemon: Daemon) -> None:
    held = figures(daemon, 5)
    # The first connection loads modules, and the second the link's threads; from then on each leaves what it found.
    assert len({moment.descriptors for moment in held[1:]}) == 1, held
