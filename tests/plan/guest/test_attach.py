"""A device is passed with all that belongs to it and nothing else, keeps its place, and is refused where needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts.base import gpu
from tests.hosts.guest_texts import FINE
from tests.hosts.guests import FINE_HOST
from tests.machines import facts_of, root_of
from tests.plan.guest.definitions import host_of, planned, with_words
from vfiotui.demo.description import GuestDesc, Host, PciDesc
from vfiotui.demo.rom_image import card_rom
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import define_domain
from vfiotui.model.change.journal import ChangeRecord, Progress, State
from vfiotui.model.change.plan import Plan
from vfiotui.model.facts import Facts
from vfiotui.model.guest.domain import Virt
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.model.pci.host_use import DiskUse, HostUse, Keyboard, NetworkUse
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan

SECOND = (
    gpu("0000:06:00.0", 12, driver="nouveau"),
    PciDesc("0000:06:00.1", 0x10DE, 0x0FBB, 0x040300, 12, "snd_hda_intel", "0000:00:01.0", msi=1),
)
NIC = PciDesc("0000:07:00.0", 0x8086, 0x1521, 0x020000, 13, "igb", "0000:00:01.0", msi=1)
NICS = (
    NIC,
    replace(NIC, bdf="0000:07:00.1", group=14),
    replace(NIC, bdf="0000:08:00.0", group=15, reset="bus"),
    replace(NIC, bdf="0000:08:00.1", group=16, reset="bus"),
)
NVME = PciDesc("0000:09:00.0", 0x144D, 0xA808, 0x010802, 20, "nvme", "0000:00:01.0", msi=1)
BARE = with_words(
    (
        FINE[
            FINE.index("    <hostdev mode='subsystem' type='pci'") : FINE.index(
                "    <hostdev mode='subsystem' type='usb'"
            )
        ],
        "",
    )
)
"""The fine guest without its card; the port of bus 6 is free."""


def host(xml: str = BARE, *guests: GuestDesc, pci: tuple[PciDesc, ...] = (), **files: str) -> Host:
    machine = host_of(xml)
    more = {name.replace("__", "/"): text for name, text in files.items()}
    return replace(
        machine,
        pci=(*machine.pci, *SECOND, *NICS, NVME, *pci),
        guests=(*machine.guests, *guests),
        files={**machine.files, **more},
    )


def after(plan: Plan) -> str:
    (step,) = plan.steps
    return (step.after or b"").decode().removesuffix("\n")


def attached(value: str, machine: Host | None = None) -> Plan:
    return planned(machine or host(), ("guest.attach", f"win/{value}"))


def hostdevs(xml: str) -> list[str]:
    return [part.partition("</hostdev>")[0] for part in xml.split("<hostdev ")[1:] if "type='pci'" in part]


def test_a_card_comes_with_all_its_functions_on_one_slot() -> None:
    plan = attached("06:00.0")
    first, second = hostdevs(after(plan))
    assert "managed='yes'" in first and "bus='0x06' slot='0x00' function='0x0'" in first
    place = "<address type='pci' domain='0x0000' bus='0x06' slot='0x00' function='0x{}'{}/>"
    assert place.format(0, " multifunction='on'") in first and place.format(1, "") in second
    assert any("0000:06:00.1 is passed too: " in n for n in plan.notes)
    assert planned(host(after(plan)), ("guest.attach", "win/0000:06:00.0")).steps == ()


def test_a_function_that_resets_alone_comes_alone_and_one_that_does_not_brings_its_slot() -> None:
    assert len(hostdevs(after(attached("07:00.0")))) == 1
    assert len(hostdevs(after(attached("08:00.0")))) == 2


SOUND = "<sound model='ich9'><address type='pci' domain='0' bus='6' slot='0' function='0'/></sound>"


def test_without_a_free_port_the_card_gets_one() -> None:
    text = after(attached("06:00.0", host(BARE.replace("<memballoon", f"{SOUND}<memballoon"))))
    assert "<controller type='pci' index='7' model='pcie-root-port'/>" in text and "bus='0x07' slot='0x00'" in text


def test_on_a_pc_the_card_gets_a_free_slot_of_its_one_bus() -> None:
    text = after(attached("06:00.0", host(BARE.replace("pc-q35-9.2", "pc-i440fx-9.2"))))
    assert "bus='0x00' slot='0x10' function='0x0' multifunction='on'" in text


def test_what_is_bound_at_boot_is_not_managed_by_libvirt() -> None:
    for first in hostdevs(after(attached("01:00.0"))):
        assert "managed='no'" in first
    dynamic = replace(host(), files={k: v for k, v in host().files.items() if k != "/etc/modprobe.d/vfio.conf"})
    assert all("managed='yes'" in d for d in hostdevs(after(attached("01:00.0", dynamic))))


def test_a_device_comes_back_to_the_place_that_the_journal_remembers() -> None:
    facts = facts_of(host())
    before = FINE.encode()
    record = ChangeRecord(
        1, "x", State.DONE, "t", "/j", Progress(State.DONE), Plan("t", (define_domain("win", before, b"<x/>", "w"),))
    )
    facts = replace_facts(facts, changes=(record,))
    snapshot = read_config_snapshot(root_of(host()))
    snapshot = replace_snapshot(snapshot, StoredGuest("win", "", BARE.encode(), "/etc/libvirt/qemu/win.xml"))
    text = after(make_plan(facts, snapshot, [("guest.attach", "win/0000:01:00.0")]))
    first, second = hostdevs(text)
    assert "<rom file='/usr/share/vgabios/card.rom'/>" in first
    assert "bus='0x06' slot='0x00' function='0x0' multifunction='on'" in first and "function='0x1'/>" in second
    taken = BARE.replace("<memballoon", f"{SOUND}<memballoon")
    snapshot = replace_snapshot(snapshot, StoredGuest("win", "", taken.encode(), "/etc/libvirt/qemu/win.xml"))
    first = hostdevs(after(make_plan(facts, snapshot, [("guest.attach", "win/0000:01:00.0")])))[0]
    assert "card.rom" in first and "bus='0x06' slot" not in first


def replace_facts(facts: Facts, **parts: object) -> Facts:
    from vfiotui.model.base.value import replace as with_parts

    return with_parts(facts, **parts)


def replace_snapshot(snapshot, guest: StoredGuest):  # type: ignore[no-untyped-def]
    from vfiotui.model.base.value import replace as with_parts

    return with_parts(snapshot, guests={"win": guest})


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("00:02.0", "0000:00:02.0 is the boot display, which the host drives with i915"),
        ("00:01.0", "is a bridge"),
        ("0a:00.0", "there is no device at 0000:0a:00.0"),
        ("xyz", "'xyz' is no PCI address"),
        ("", "'' is no PCI address"),
        ("06:00.0,../etc", "no PCI address"),
    ],
)
def test_what_cannot_be_passed_is_refused_with_the_reason(value: str, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        attached(value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"disks": (DiskUse(NVME.bdf, "nvme1n1p1", "/home"),)}, r"0000:09:00\.0 holds /home .*unmount it"),
        ({"disks": (DiskUse(NVME.bdf, "nvme1n1p1", "/"),)}, r"0000:09:00\.0 holds / .*the host needs it"),
        ({"networks": (NetworkUse(NVME.bdf, "eth0", True, True, ""),)}, r"carries the default route \(eth0\)"),
        ({"networks": (NetworkUse(NVME.bdf, "eth0", True, False, "10.0.0.9"),)}, "your own connection from"),
        ({"keyboards": (Keyboard("Model M", NVME.bdf),)}, "the host's last keyboard"),
    ],
)
def test_what_the_host_needs_is_refused(change: dict[str, object], sentence: str) -> None:
    facts, snapshot = running(FINE)
    use = HostUse(**{"disks": (), "networks": (), "keyboards": (), "unseen": (), **change})  # type: ignore[arg-type]
    for goal in ("guest.attach", "guest.plug"):
        with pytest.raises(PlanError, match=sentence):
            make_plan(replace_facts(facts, host_use=use), snapshot, [(goal, f"win/{NVME.bdf}")])  # type: ignore[arg-type]


def test_a_guest_of_another_host_is_not_given_devices_of_this_one() -> None:
    snapshot = read_config_snapshot(root_of(host()))
    snapshot = replace_snapshot(snapshot, StoredGuest("win", "qemu+ssh://far/system", BARE.encode()))
    with pytest.raises(PlanError, match="the guest is on another host"):
        make_plan(facts_of(host()), snapshot, [("guest.attach", "win/06:00.0")])


def test_a_device_of_another_guest_is_a_note() -> None:
    other = GuestDesc("other", FINE.replace("<name>win</name>", "<name>other</name>"))
    plan = attached("01:00.0", host(BARE, other))
    assert "win: other has 0000:01:00.0 too: only one can run with it" in plan.notes


def test_a_thousand_guests_with_the_device_are_one_note() -> None:
    many = [
        GuestDesc(f"g{i}", f"<domain type='kvm'><name>g{i}</name>{FINE[FINE.index('<memory ') :]}") for i in range(1000)
    ]
    notes = attached("01:00.0", host(BARE, *many)).notes
    assert "win: g0, g1, g10 and 997 more have 0000:01:00.0 too: only one can run with it" in notes and len(notes) < 6


def test_detaching_takes_the_whole_card_and_nothing_else() -> None:
    plan = planned(host(FINE), ("guest.detach", "win/01:00.1"))
    assert after(plan) == BARE
    assert any("0000:01:00.0 is taken too" in n for n in plan.notes) and any(
        "has no screen then" in n for n in plan.notes
    )


def test_a_device_that_is_gone_from_the_host_is_detached() -> None:
    machine = replace(host(FINE), pci=FINE_HOST.pci[:2], usb=())
    assert after(planned(machine, ("guest.detach", "win/01:00.0"))) == BARE
    with pytest.raises(PlanError, match=r"no element of win passes 0000:06:00\.0"):
        planned(machine, ("guest.detach", "win/06:00.0"))


def test_a_rom_file_is_taken_where_it_fits_the_card() -> None:
    files = {"/r/good.rom": card_rom(0x10DE, 0x13C2), "/r/other.rom": card_rom(0x1002, 0x67DF), "/r/bad.rom": b"x"}
    machine = host(FINE)
    machine = replace(machine, files={**machine.files, **files})
    assert "<rom file='/r/good.rom'/>" in after(planned(machine, ("guest.rom", "win/01:00.0=/r/good.rom")))
    for file in ("other", "bad", "gone"):
        with pytest.raises(PlanError, match=rf"/r/{file}\.rom"):
            planned(machine, ("guest.rom", f"win/01:00.0=/r/{file}.rom"))


def running(domain_xml: str, stored: str = BARE) -> tuple[Facts, object]:
    """The guest runs with one XML and is stored with another, by a daemon."""
    machine = replace(host(), guests=(GuestDesc("win", domain_xml, pid=70),))
    facts = facts_of(machine)
    assert isinstance(facts.virt, Virt)
    snapshot = read_config_snapshot(root_of(machine))
    return facts, replace_snapshot(snapshot, StoredGuest("win", "qemu:///system", stored.encode(), running={}))


def test_a_running_guest_gets_each_function_as_a_device_and_both_sides_one_place() -> None:
    ports = "".join(f"<controller type='pci' index='{n}' model='pcie-root-port'/>" for n in (7, 8))
    facts, snapshot = running(BARE.replace("<memballoon", f"{ports}<memballoon"), FINE)
    plan = make_plan(facts, snapshot, [("guest.plug", "win/06:00.0")])  # type: ignore[arg-type]
    assert [(s.kind, s.subject, s.where, s.before) for s in plan.steps] == [
        ("device", "win", "qemu:///system", None)
    ] * 2
    assert all(
        b"multifunction" not in (s.after or b"") and (s.after or b"").startswith(b"<hostdev") for s in plan.steps
    )
    (one, _) = make_plan(facts, snapshot, [("guest.plug", "win/01:00.0")]).steps  # type: ignore[arg-type]
    assert b"card.rom" in (one.after or b"") and b"bus='0x06' slot='0x00' function='0x0'" in (one.after or b"")


def test_a_running_guest_without_free_ports_is_told_what_to_do() -> None:
    facts, snapshot = running(BARE)
    with pytest.raises(
        PlanError, match="runs with 1 free PCIe ports, and 2 are needed: 'vfiotui guest set win ports=2'"
    ):
        make_plan(facts, snapshot, [("guest.plug", "win/06:00.0")])  # type: ignore[arg-type]


def test_a_device_leaves_a_running_guest() -> None:
    facts, snapshot = running(FINE)
    plan = make_plan(facts, snapshot, [("guest.unplug", "win/01:00.0")])  # type: ignore[arg-type]
    assert len(plan.steps) == 2 and all(s.after is None and s.kind == "device" for s in plan.steps)


def test_both_at_once_say_nothing_of_a_next_start() -> None:
    facts, snapshot = running(FINE, FINE)
    plan = make_plan(facts, snapshot, [("guest.unplug", "win/01:00.0"), ("guest.detach", "win/01:00.0")])  # type: ignore[arg-type]
    assert [s.kind for s in plan.steps] == ["device", "device", "domain"]
    assert not any("runs on as it is" in n for n in plan.notes)


def test_autostart_is_a_link_on_a_system_that_does_not_run() -> None:
    link = "/etc/libvirt/qemu/autostart/win.xml"
    (step,) = planned(host(), ("guest.autostart", "win/on")).steps
    assert (step.kind, step.subject, step.before, step.after) == ("link", link, None, b"/etc/libvirt/qemu/win.xml")
    starts = replace(host(), guests=(GuestDesc("win", BARE, autostart=True),))
    (back,) = planned(starts, ("guest.autostart", "win/off")).steps
    assert back.after is None and (back.before or b"").endswith(b"/etc/libvirt/qemu/win.xml")
    assert planned(starts, ("guest.autostart", "win/on")).steps == ()
    for value in ("win/maybe", "gone/on"):
        with pytest.raises(PlanError, match=r"neither on nor off|no stored definition"):
            planned(host(), ("guest.autostart", value))


def test_autostart_is_asked_of_a_daemon_that_runs() -> None:
    facts, snapshot = running(BARE)
    (step,) = make_plan(facts, snapshot, [("guest.autostart", "win/on")]).steps  # type: ignore[arg-type]
    assert (step.kind, step.subject, step.before, step.after, step.where) == (
        "autostart", "win", b"off", b"on", "qemu:///system",
    )  # fmt: skip
    assert make_plan(facts, snapshot, [("guest.autostart", "win/off")]).steps == ()  # type: ignore[arg-type]


def test_a_guest_that_could_not_be_read_is_refused_by_every_goal() -> None:
    facts, snapshot = running(BARE)
    unread = replace_snapshot(snapshot, Unread("it is damaged"))  # type: ignore[arg-type]
    for goal in ("guest.attach", "guest.plug", "guest.detach", "guest.autostart"):
        with pytest.raises(PlanError, match="it is damaged"):
            make_plan(facts, unread, [(goal, "win/on" if goal.endswith("start") else "win/06:00.0")])
