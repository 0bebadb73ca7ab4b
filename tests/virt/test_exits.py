"""Exits of one guest: a real libvirtd with an emulated guest tells why there are none; KVM's keys give rates."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.virt.libvirtd import Daemon
from vfiotui.model.rates import FIRST, RESET
from vfiotui.model.reading import Unread
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
def daemon() -> Iterator[Daemon]:
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
