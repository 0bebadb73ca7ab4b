"""Exits of one guest: those of a real KVM guest, why an emulated one has none, and rates of KVM's keys."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.locks import GUESTS, alone_with
from tests.tui.tmux import Tmux
from tests.virt.libvirtd import Daemon, own_name
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.rates import FIRST, RESET
from vfiotui.virt.exits import MISSING, NO_KVM, ExitReader, counts_of, rates_of

# Keys and values as libvirt 9.0 on a KVM host gives them (virsh domstats --vcpu --raw), shortened.
STATS = {
    "state.state": 1,
    "vcpu.current": 2,
    "vcpu.maximum": 2,
    "vcpu.0.state": 1,
    "vcpu.0.time": 10000000,
    "vcpu.0.delay": 193000000,
    "vcpu.0.exits.sum": 1000,
    "vcpu.0.io_exits.sum": 10,
    "vcpu.0.halt_exits.sum": 500,
    "vcpu.0.halt_poll_success_ns.sum": 4_000_000,
    "vcpu.0.guest_mode.cur": 1,
    "vcpu.1.exits.sum": 7,
}


def test_rates_of_kvm_keys() -> None:
    before = counts_of(STATS)
    assert before[1] == {"exits": 7} and "time" not in before[0]
    now = counts_of(STATS | {"vcpu.0.exits.sum": 3000, "vcpu.0.halt_poll_success_ns.sum": 8_000_000})
    first, second = rates_of(before, now, 2.0)
    assert (first.vcpu, first.exits, first.io, first.halts) == (0, 1000.0, 0.0, 0.0)
    assert first.poll_won_ms == 2.0 and first.mmio == MISSING and second.exits == 0.0


def test_a_first_look_a_new_vcpu_and_a_counter_that_wraps_have_no_rate() -> None:
    counts = counts_of(STATS)
    assert rates_of({}, counts, 1.0)[0].exits == FIRST
    assert rates_of({0: counts[0]}, counts, 1.0)[1].exits == FIRST
    assert rates_of(counts, counts_of(STATS | {"vcpu.0.exits.sum": 3}), 1.0)[0].exits == RESET


@pytest.fixture(scope="module")
def alone() -> Iterator[None]:
    with alone_with(GUESTS):
        yield


@pytest.fixture(scope="module")
def daemon(alone: None) -> Iterator[Daemon]:
    started = Daemon()
    started.start()
    started.define("tcg")
    started.virsh("start", "tcg")
    yield started
    started.stop()


@pytest.mark.needs_libvirtd
def test_an_emulated_guest_has_no_exits_and_the_daemon_may_die(daemon: Daemon) -> None:
    reader = ExitReader(daemon.uri)
    look = reader.read("tcg")
    assert look.vcpus == NO_KVM and look.cost_ms > 0
    missing = reader.read("nobody").vcpus
    assert isinstance(missing, Unread) and "nobody" in str(missing)
    daemon.kill()
    lost = reader.read("tcg").vcpus
    assert isinstance(lost, Unread) and lost != NO_KVM
    daemon.start()
    assert reader.read("tcg").vcpus == NO_KVM, "it is asked again when it is back"
    reader.close()


@pytest.mark.needs_libvirtd
def test_the_command_says_why_there_are_none(daemon: Daemon) -> None:
    words = ["--connect", daemon.uri, "live", "--exits", "--guest", "tcg", "--seconds", "1"]
    done = subprocess.run([sys.executable, "-m", "vfiotui", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "only KVM counts exits" in done.stderr, done.stderr


KVM = Path("/dev/kvm")
REAL = own_name("real")
# Without arch-capabilities: QEMU 7.2 cannot start a guest with them on some KVM below KVM.
XML = """<domain type='kvm'><name>{name}</name><memory unit='MiB'>64</memory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os><features><acpi/><apic/></features>
<cpu mode='host-passthrough' check='none'><feature policy='disable' name='arch-capabilities'/></cpu>
<devices><emulator>{emulator}</emulator><controller type='usb' model='none'/><memballoon model='none'/>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='sda'/>
<readonly/></disk></devices></domain>"""
BUSY_SECTOR = b"\xe6\x80\xeb\xfc" + bytes(506) + b"\x55\xaa"
"""out 0x80, and a jump back to it."""


@pytest.fixture(scope="module")
def kvm(alone: None) -> Iterator[Daemon]:
    """A daemon with a running KVM guest, whose vCPU does port I/O without end once the firmware is through."""
    if not os.access(KVM, os.R_OK | os.W_OK):
        pytest.skip(f"needs {KVM}")
    started = Daemon()
    if started.identity:
        started.identity["extra_groups"] = [KVM.stat().st_gid]
    started.start()
    disk = started.folder / "boot.img"
    disk.write_bytes(BUSY_SECTOR + bytes(1 << 20))
    disk.chmod(0o644)
    file = started.folder / "guest.xml"
    file.write_text(XML.format(name=REAL, emulator=started.emulator, disk=disk))
    started.virsh("define", str(file))
    begun = started.virsh("start", REAL, check=False)
    if begun.returncode == 0:
        yield started
    started.stop()
    if begun.returncode != 0:
        pytest.skip(f"this host's KVM starts no guest: {begun.stderr}")


def exits_by_hand(daemon: Daemon) -> int:
    """The first vCPU's exits since its start, as virsh tells them."""
    told = re.search(r"vcpu\.0\.exits\.sum=(\d+)", daemon.virsh("domstats", "--raw", "--vcpu", REAL).stdout)
    assert told, "KVM counts them"
    return int(told[1])


@pytest.mark.needs_libvirtd
def test_exits_of_a_kvm_guest_are_those_that_virsh_tells(kvm: Daemon) -> None:
    reader = ExitReader(kvm.uri)
    low = exits_by_hand(kvm)
    assert reader.read(REAL).of(0) is not None
    after_first = exits_by_hand(kvm)
    while (before_second := exits_by_hand(kvm)) == after_first:
        pass
    look = reader.read(REAL)
    high = exits_by_hand(kvm)
    vcpu = look.of(0)
    reader.close()
    assert vcpu is not None and not isinstance(vcpu.exits, Unread), look
    counted = round(vcpu.exits * look.seconds)
    assert 0 < before_second - after_first <= counted <= high - low
    assert look.of(1) is not None and look.of(2) is None


@pytest.mark.needs_libvirtd
@pytest.mark.needs_tmux
def test_the_console_and_the_command_show_them(kvm: Daemon) -> None:
    words = ["--connect", kvm.uri, "live", "--exits", "--guest", REAL, "--seconds", "6"]
    done = subprocess.run([sys.executable, "-m", "vfiotui", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and re.search(rf"{REAL} vCPU 0 +exits +\d+/s", done.stdout), done.stdout + done.stderr
    live = ("--connect", kvm.uri, "live", "--guest", REAL)
    with Tmux(*live, columns=120, lines=30, term="tmux-256color") as terminal:
        terminal.shows(f" {REAL} ·", "v0 ", "q quit")
        terminal.send("e")
        terminal.shows("exits/s", "the next look, 5 s later, gives the rates")
        terminal.until(lambda s: re.search(r"^ v0 +[\d,]+ +\d", s, re.MULTILINE) is not None, "the exits")
        terminal.send("e")
        terminal.until(lambda s: "exits/s" not in s, "it is no longer asked for")
