"""Disks, devices and autostart of real guests: attached to a running QEMU, stored, read back, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.live_target import live_target
from tests.machines import facts_of, root_of
from tests.plan.guest.test_attach import host as attach_host
from tests.virt.libvirtd import Daemon, lone_daemon, own_name
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.run import apply
from vfiotui.apply.run_steps import Outcome
from vfiotui.apply.undo.undo import undo
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.root.root import Root
from vfiotui.model.base.value import replace
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Goal, Plan
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan
from vfiotui.plan.guest.setting_keys import setting_goal
from vfiotui.plan.service import plan_goals
from vfiotui.state.plan_inputs import RootInputs
from vfiotui.virt.define import autostarts, definition, running_xml, writable
from vfiotui.virt.read_domains import read

pytestmark = pytest.mark.needs_libvirtd

NAME = own_name("it's <b>&[red]")
XML = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><vcpu>2</vcpu><iothreads>1</iothreads>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><emulator>{emulator}</emulator><controller type='usb' model='none'/><memballoon model='none'/>
<controller type='pci' index='1' model='pcie-root-port'/><controller type='pci' index='2' model='pcie-root-port'/>
<controller type='pci' index='3' model='pcie-root-port'/>
<controller type='scsi' index='0' model='virtio-scsi'/></devices></domain>"""


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with lone_daemon() as real:
        yield real


@pytest.fixture
def guest(daemon: Daemon) -> Iterator[str]:
    file = daemon.folder / "devices.xml"
    file.write_text(XML.format(name=NAME.replace("&", "&amp;").replace("<", "&lt;"), emulator=daemon.emulator))
    daemon.virsh("define", str(file))
    yield NAME
    daemon.virsh("destroy", NAME, check=False)
    daemon.virsh("undefine", NAME, check=False)


@pytest.fixture
def image(daemon: Daemon) -> Path:
    path = daemon.folder / "data, more.img"
    path.write_bytes(bytes(1 << 20))
    path.chmod(0o666)
    return path


def planned(daemon: Daemon, *goals: Goal) -> Plan:
    return plan_goals(RootInputs(Root.live(), lambda: read(daemon.uri), daemon=True), goals)


def carried_out(folder: Path, plan: Plan) -> Outcome:
    return apply(live_target(folder), plan, lambda _: None)


def both(daemon: Daemon) -> tuple[str, str]:
    """The definition, and what the guest runs with; empty where it does not."""
    with writable(daemon.uri) as connection:
        return (definition(connection, NAME) or b"").decode(), running_xml(connection, NAME) or ""


def test_a_disk_is_stored_and_attached_at_once_and_both_are_taken_back(
    daemon: Daemon, guest: str, image: Path, tmp_path: Path
) -> None:
    daemon.virsh("start", guest)
    before = both(daemon)
    # A virtio disk leaves only when the system inside lets it go, and none runs here.
    value = f"{guest}/bus=scsi:{image}"
    outcome = carried_out(tmp_path, planned(daemon, ("guest.disk.plug", value), ("guest.disk.add", value)))
    assert outcome.state is State.DONE, outcome
    stored, running = both(daemon)
    for xml in (stored, running):
        assert f"<source file='{image}'" in xml and "<target dev='sda' bus='scsi'/>" in xml and "discard='unmap'" in xml
    said = daemon.virsh("qemu-monitor-command", guest, '{"execute":"query-block"}').stdout
    assert str(image) in said
    with pytest.raises(PlanError, match="already"):
        planned(daemon, ("guest.disk.add", value))
    undo(live_target(tmp_path), "1", lambda _: None)
    assert both(daemon) == before
    assert str(image) not in daemon.virsh("qemu-monitor-command", guest, '{"execute":"query-block"}').stdout


def test_a_virtio_disk_of_a_running_guest_is_served_by_its_iothread(
    daemon: Daemon, guest: str, image: Path, tmp_path: Path
) -> None:
    daemon.virsh("start", guest)
    assert carried_out(tmp_path, planned(daemon, ("guest.disk.plug", f"{guest}/{image}"))).state is State.DONE
    said = daemon.virsh("qemu-monitor-command", guest, '{"execute":"qom-list","arguments":{"path":"/objects"}}').stdout
    stored, running = both(daemon)
    assert "iothread1" in said and "iothread='1'" in running and str(image) not in stored


def test_a_disk_leaves_a_running_guest(daemon: Daemon, guest: str, image: Path, tmp_path: Path) -> None:
    carried_out(tmp_path, planned(daemon, ("guest.disk.add", f"{guest}/bus=scsi:{image}")))
    daemon.virsh("start", guest)
    outcome = carried_out(tmp_path, planned(daemon, ("guest.disk.unplug", f"{guest}/sda")))
    assert outcome.state is State.DONE, outcome
    stored, running = both(daemon)
    assert str(image) in stored and str(image) not in running


def test_a_guest_that_ended_since_the_plan_is_left_alone(
    daemon: Daemon, guest: str, image: Path, tmp_path: Path
) -> None:
    daemon.virsh("start", guest)
    plan = planned(daemon, ("guest.disk.plug", f"{guest}/{image}"))
    daemon.virsh("destroy", guest)
    with pytest.raises(ApplyError, match="does not run"):
        carried_out(tmp_path, plan)
    daemon.virsh("undefine", guest)
    with pytest.raises(ApplyError, match=r"does not run|no guest"):
        carried_out(tmp_path, plan)


def test_a_guest_that_is_gone_since_the_plan_gets_no_definition(
    daemon: Daemon, guest: str, image: Path, tmp_path: Path
) -> None:
    goals = (("guest.disk.add", f"{guest}/{image}"), ("guest.autostart", f"{guest}/on"), setting_goal(guest, "vcpus=1"))
    plans = [planned(daemon, goal) for goal in goals]
    daemon.virsh("undefine", guest)
    for plan in plans:
        with pytest.raises(ApplyError, match=r"not as it was|no guest"):
            carried_out(tmp_path, plan)
    assert guest not in daemon.virsh("list", "--all", "--name").stdout
    with pytest.raises(PlanError, match=r"libvirt does not report|no stored definition"):
        planned(daemon, goals[0])


def test_autostart_is_the_daemons_and_comes_back(daemon: Daemon, guest: str, tmp_path: Path) -> None:
    def now() -> bool | None:
        with writable(daemon.uri) as connection:
            return autostarts(connection, guest)

    assert carried_out(tmp_path, planned(daemon, ("guest.autostart", f"{guest}/on"))).state is State.DONE
    assert now() is True and planned(daemon, ("guest.autostart", f"{guest}/on")).steps == ()
    undo(live_target(tmp_path), "1", lambda _: None)
    assert now() is False


@pytest.mark.parametrize(
    "pairs",
    [
        ("memory=64M",), ("vcpus=1",), ("title=a <b> & 'c'", "description=x"), ("ports=6",), ("boot=vda",),
        ("hidden=on", "cpu=maximum", "locked=on"), ("autostart=on", "vcpus=4", "memory=1G"),
    ],
)  # fmt: skip
def test_settings_are_taken_and_taken_back(
    daemon: Daemon, guest: str, image: Path, tmp_path: Path, pairs: tuple[str, ...]
) -> None:
    carried_out(tmp_path, planned(daemon, ("guest.disk.add", f"{guest}/{image}")))
    before = both(daemon)
    plan = planned(daemon, *(setting_goal(guest, pair) for pair in pairs))
    assert carried_out(tmp_path, plan).state is State.DONE
    assert both(daemon) != before or pairs == ("autostart=on",)
    again = planned(daemon, *(setting_goal(guest, pair) for pair in pairs))
    assert again.steps == (), again
    undo(live_target(tmp_path), "2", lambda _: None)
    assert both(daemon) == before


def test_the_schema_takes_a_card_its_boot_order_and_its_being_the_screen(daemon: Daemon, guest: str) -> None:
    """No device of this host is passed: the definition alone is given to libvirt, with its schema."""
    described = attach_host()
    facts, snapshot = facts_of(described), read_config_snapshot(root_of(described))
    more = """<graphics type='spice'/><video><model type='qxl'/></video><input type='tablet' bus='usb'/>
      <hostdev mode='subsystem' type='usb'><source><vendor id='0x1532'/><product id='0x0037'/></source></hostdev>"""
    before = (
        both(daemon)[0].replace("</devices>", f"{more}</devices>").replace("model='none'/>", "model='qemu-xhci'/>", 1)
    )
    snapshot = replace(snapshot, guests={guest: StoredGuest(guest, daemon.uri, before.encode())})
    goals = [
        ("guest.attach", f"{guest}/06:00.0"),
        ("guest.attach", f"{guest}/07:00.0"),
        ("guest.screen", f"{guest}/card"),
    ]
    goals += [setting_goal(guest, pair) for pair in ("boot=06:00.0", "ports=2", "title=x", "description=y")]
    (step,) = make_plan(facts, snapshot, goals).steps
    file = daemon.folder / "card.xml"
    file.write_bytes(step.after or b"")
    daemon.virsh("define", str(file), "--validate")
    stored = both(daemon)[0]
    assert stored.count("<hostdev") == 4 and "<boot order='1'/>" in stored and "spice" not in stored
    assert "function='0x0' multifunction='on'/>" in stored and "<serial type='pty'>" in stored
    again = replace(snapshot, guests={guest: StoredGuest(guest, daemon.uri, stored.encode())})
    # The controllers that libvirt placed have taken ports as well.
    others = [goal for goal in goals if goal[0] != "guest.ports"]
    assert make_plan(facts, again, others).steps == ()
