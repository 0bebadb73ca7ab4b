"""Pins of real guests: QEMU's own threads are asked where they may run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.live_target import live_target
from tests.virt.libvirtd import Daemon, lone_daemon
from vfiotui.apply.errors import Conflict
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.host.live.guests import GuestReader
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan
from vfiotui.model.cpu.pinning import Pinning, pinning_of
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.model.live.sample import GuestCount
from vfiotui.plan.draft import PlanError
from vfiotui.plan.pin.drift import drift
from vfiotui.plan.pin.pin_plan import BOTH, CONFIG, LIVE, plan_pins
from vfiotui.virt.define import definition, writable
from vfiotui.virt.pins import read_pins

pytestmark = pytest.mark.needs_libvirtd

XML = """<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>32</memory>
  <vcpu>2</vcpu>
  <iothreads>1</iothreads>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><emulator>{emulator}</emulator><controller type='usb' model='none'/><memballoon model='none'/></devices>
</domain>"""


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("pins want two CPUs")
    with lone_daemon() as real:
        yield real


@pytest.fixture
def game(daemon: Daemon) -> Iterator[str]:
    file = daemon.folder / "pins.xml"
    file.write_text(XML.format(name="pins", emulator=daemon.emulator))
    daemon.virsh("define", str(file))
    yield "pins"
    daemon.virsh("destroy", "pins", check=False)
    daemon.virsh("undefine", "pins", check=False)


def guest(daemon: Daemon, name: str) -> StoredGuest:
    with writable(daemon.uri) as connection:
        return StoredGuest(name, daemon.uri, definition(connection, name), running=read_pins(connection, name))


def stored(daemon: Daemon, name: str) -> Pinning:
    found = guest(daemon, name).definition
    assert found is not None
    return pinning_of(parse(found.decode(), source="daemon"))


def affinities(name: str) -> dict[str, frozenset[int]]:
    """What the kernel says of QEMU's threads."""
    return {
        {"vcpu": f"v{t.number}", "iothread": f"io{t.number}", "emulator": "emu"}[t.kind]: t.pinned  # type: ignore[misc]
        for t in moment(name).threads  # type: ignore[union-attr]
        if not isinstance(t.pinned, Unread)
    }


def moment(name: str) -> GuestCount:
    reader = GuestReader(Root.live())
    found = reader.read()
    reader.close()
    assert not isinstance(found, Unread)
    return next(g for g in found if g.name == name)


def wanted(start: Pinning) -> Pinning:
    one, two = frozenset({0}), frozenset({1})
    return start.placed("v0", one).placed("v1", two).placed("emu", one).placed("io1", two)


PINS = {"v0": {0}, "v1": {1}, "emu": {0}, "io1": {1}}


def done(target: Target, plan: Plan) -> str:
    outcome = apply(target, plan, lambda _: None)
    assert outcome.state is State.DONE, outcome.word
    return outcome.name.partition("-")[0]


def test_a_running_guest_and_its_definition_are_pinned_read_back_and_put_back(
    daemon: Daemon, game: str, tmp_path: Path
) -> None:
    target = live_target(tmp_path)
    daemon.virsh("start", game)
    before, first = guest(daemon, game), affinities(game)
    plan = plan_pins(before, wanted(stored(daemon, game)), None, BOTH)
    assert [s.kind for s in plan.steps] == ["domain", "pins"]
    number = done(target, plan)
    assert affinities(game) == PINS
    assert stored(daemon, game).by_thread == PINS
    assert plan_pins(guest(daemon, game), wanted(stored(daemon, game)), None, BOTH).steps == ()

    daemon.kill()
    daemon.start()
    assert affinities(game) == PINS, "QEMU outlived its daemon"
    assert undo(target, number, lambda _: None).state is State.UNDONE
    assert affinities(game) == first
    after = guest(daemon, game)
    assert after.definition == before.definition
    assert after.running == before.running


def test_only_the_definition_of_a_running_guest(daemon: Daemon, game: str, tmp_path: Path) -> None:
    daemon.virsh("start", game)
    first = affinities(game)
    plan = plan_pins(guest(daemon, game), wanted(stored(daemon, game)), None, CONFIG)
    assert "runs on as it is" in plan.notes[0]
    number = done(live_target(tmp_path), plan)
    assert affinities(game) == first
    daemon.virsh("destroy", game)
    daemon.virsh("start", game)
    assert affinities(game) == PINS, "the next start takes them"
    undo(live_target(tmp_path), number, lambda _: None)
    assert affinities(game) == PINS and stored(daemon, game).by_thread == {}


def test_only_the_running_guest(daemon: Daemon, game: str, tmp_path: Path) -> None:
    daemon.virsh("start", game)
    target = live_target(tmp_path)
    number = done(target, plan_pins(guest(daemon, game), wanted(stored(daemon, game)), None, LIVE))
    assert affinities(game) == PINS and stored(daemon, game).by_thread == {}
    script = (tmp_path / "var/lib/vfiotui/changes").glob(f"{number}*/undo.sh")
    text = next(script).read_text()
    assert "vcpupin pins 0 r --live" in text and "iothreadpin pins 1" in text
    daemon.virsh("destroy", game)
    assert undo(target, number, lambda _: None).state is State.UNDONE, "a guest that ended keeps nothing of it"


def test_a_stopped_guest_has_a_definition_only(daemon: Daemon, game: str, tmp_path: Path) -> None:
    found = guest(daemon, game)
    assert found.running is None
    with pytest.raises(PlanError, match="does not run"):
        plan_pins(found, wanted(stored(daemon, game)), None, LIVE)
    done(live_target(tmp_path), plan_pins(found, wanted(stored(daemon, game)), None, CONFIG))
    assert stored(daemon, game).by_thread == PINS


def test_what_somebody_else_pinned_meanwhile_is_not_overwritten(daemon: Daemon, game: str, tmp_path: Path) -> None:
    daemon.virsh("start", game)
    plan = plan_pins(guest(daemon, game), wanted(stored(daemon, game)), None, LIVE)
    daemon.virsh("vcpupin", game, "0", "1", "--live")
    with pytest.raises(Conflict, match="make it again"):
        apply(live_target(tmp_path), plan, lambda _: None)
    assert affinities(game)["v0"] == {1}


def test_a_cpu_that_is_not_there_fails_and_leaves_everything_as_it_was(
    daemon: Daemon, game: str, tmp_path: Path
) -> None:
    daemon.virsh("start", game)
    before = guest(daemon, game)
    bad = wanted(stored(daemon, game)).placed("v1", frozenset({4000}))
    outcome = apply(live_target(tmp_path), plan_pins(before, bad, None, BOTH), lambda _: None)
    assert outcome.state is State.ROLLED_BACK and "libvirt" in outcome.word
    after = guest(daemon, game)
    assert (after.definition, after.running) == (before.definition, before.running)


def test_drift_is_seen_thread_by_thread(daemon: Daemon, game: str, tmp_path: Path) -> None:
    daemon.virsh("start", game)
    pinned = wanted(stored(daemon, game))
    done(live_target(tmp_path), plan_pins(guest(daemon, game), pinned, None, LIVE))
    assert drift(pinned, moment(game)) == ()
    tid = next(t.tid for t in moment(game).threads if t.kind == "vcpu" and t.number == 1)  # type: ignore[union-attr]
    subprocess.run(["taskset", "-p", "-c", "0", str(tid)], check=True, capture_output=True)
    found = drift(pinned, moment(game))
    assert [d.words for d in found] == ["v1 is pinned to CPU 1, but may run on 0"]
