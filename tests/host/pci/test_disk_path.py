"""Which PCI functions carry a file system: through multipath, NVMe subsystems and VMD; the host keeps them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from tests.host.capture.test_capture import compared
from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, gpu
from tests.machines import facts_of, root_of
from vfiotui.demo.description import Host, MountDesc, PciDesc
from vfiotui.demo.tree import TreeBuilder
from vfiotui.host.pci import host_use
from vfiotui.host.pci.disk_path import disk_paths
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import Node
from vfiotui.model.facts import Facts
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.group_why import why_shared
from vfiotui.model.pci.host_use import HostUse, host_loses
from vfiotui.model.pci.iommu import Iommu
from vfiotui.plan.isolate.select import choose

VMD = PciDesc("0000:00:0e.0", 0x8086, 0x467F, 0x010400, 8, "vmd", reset="")
PORT = PciDesc("10000:e0:06.0", 0x8086, 0x464D, 0x060400, 8, "pcieport", VMD.bdf, express=4, bars=())
NVME = PciDesc("10000:e1:00.0", 0x144D, 0xA80A, 0x010802, 8, "nvme", PORT.bdf, msi=1, flr=True)
SECOND = tuple(
    replace(d, bdf=bdf, group=9, parent=parent)
    for d, bdf, parent in (
        (VMD, "0000:3a:05.5", ""),
        (PORT, "10001:00:02.0", "0000:3a:05.5"),
        (NVME, "10001:01:00.0", "10001:00:02.0"),
    )
)
ROOT_DISK = MountDesc(NVME.bdf, "nvme0n1p2", "/")
BEHIND = replace(
    CLEAN,
    pci=(BRIDGE, IGPU, gpu("0000:01:00.0", 2, driver="vfio-pci"), AUDIO, VMD, PORT, NVME, *SECOND),
    mounts=(ROOT_DISK,),
)
HBA = PciDesc("0000:03:00.0", 0x1000, 0x0097, 0x010700, 10, "mpt3sas", BRIDGE.bdf, msi=1, flr=True)
HBAS = (HBA, replace(HBA, bdf="0000:04:00.0", group=11))


@cache
def behind() -> Facts:
    return facts_of(BEHIND)


def device(facts: Facts, bdf: str) -> tuple[PciDevice, PciBus]:
    assert isinstance(facts.pci, PciBus)
    found = facts.pci.get(bdf)
    assert found is not None
    return found, facts.pci


def lost(facts: Facts, bdf: str) -> tuple[str, ...]:
    found, bus = device(facts, bdf)
    return host_loses(found, bus, facts.usb, facts.host_use)


def test_a_disk_behind_vmd_is_lost_with_the_controller() -> None:
    assert lost(behind(), NVME.bdf) == ("/ on nvme0n1p2",)
    assert lost(behind(), VMD.bdf) == ("/ on nvme0n1p2, behind this VMD controller",)
    assert choose(behind(), (VMD.bdf,)).refusals == (
        "0000:00:0e.0 holds / (nvme0n1p2, behind this VMD controller): the host needs it",
    )


def test_a_device_behind_vmd_is_never_given_by_itself() -> None:
    refusals = choose(behind(), (SECOND[2].bdf,)).refusals
    assert refusals == (
        "10001:01:00.0 is behind the VMD controller 3a:05.5 and uses its address: it cannot be passed through by"
        " itself, unless VMD is switched off for it in the firmware setup",
    )


def test_a_vmd_controller_whose_disks_the_host_does_not_use_goes_alone() -> None:
    """Its disks leave with it: a driver of theirs is not bound, and their ids are given to nobody."""
    choice = choose(behind(), (SECOND[0].bdf,))
    assert choice.refusals == () and [d.bdf for d in choice.devices] == [SECOND[0].bdf]
    assert lost(behind(), SECOND[0].bdf) == ("the disks behind it, none of them mounted",)


def test_the_group_of_a_vmd_controller_is_explained_by_it() -> None:
    facts = behind()
    assert isinstance(facts.iommu, Iommu) and isinstance(facts.iommu.groups, tuple)
    _, bus = device(facts, VMD.bdf)
    words = {g.number: why_shared(g, bus) for g in facts.iommu.groups}
    assert words[8] == ("all that is behind the VMD controller 00:0e.0 uses its address",)
    assert words[9] == ("all that is behind the VMD controller 3a:05.5 uses its address",)


def test_where_the_way_up_is_not_shown_the_domain_tells_of_vmd() -> None:
    facts = facts_of(replace(BEHIND, pci=(BRIDGE, IGPU, replace(NVME, parent="")), mounts=()))
    assert choose(facts, (NVME.bdf,)).refusals[0].startswith("10000:e1:00.0 is behind a VMD controller and uses")


def tree(*more: tuple[str, str | bytes], links: tuple[tuple[str, str], ...] = ()) -> Root:
    builder = TreeBuilder()
    for path, content in more:
        builder.file(path, content)
    for path, target in links:
        builder.link(path, target)
    nodes: dict[str, Node] = builder.nodes
    return Root(MemoryTree(nodes), Mode.CAPTURE)


SUBSYSTEM = "/sys/devices/virtual/nvme-subsystem/nvme-subsys3"
CTL = "/sys/devices/pci0000:00/0000:00:01.{}/0000:0{}:00.0/nvme/nvme{}"
FABRIC = "/sys/devices/virtual/nvme-fabrics/ctl/nvme7"


def subsystem(*controllers: tuple[int, str], place: str = SUBSYSTEM) -> Root:
    """A namespace of a subsystem, on controllers with these names of a path to it."""
    links = [("/sys/class/block/nvme3n1p2", f"{place}/nvme3n1/nvme3n1p2")]
    files = [(f"{place}/nvme3n1/nvme3n1p2/partition", "2")]
    for number, path in controllers:
        folder = FABRIC if number == 7 else CTL.format(number, number, number)
        files.append((f"{folder}/{path or 'cntlid'}", ""))
        links.append((f"{place}/nvme{number}", folder))
    return tree(*files, links=tuple(links))


def carried(root: Root) -> list[tuple[str, str]]:
    return [(p.bdf, p.way) for p in disk_paths(root, "nvme3n1p2")]


@pytest.mark.parametrize(
    ("controllers", "expected"),
    [
        (((1, "nvme3c1n1"),), [("0000:01:00.0", "")]),
        (((1, "nvme3c1n1"), (2, "nvme3c2n1")), ["0000:01:00.0", "0000:02:00.0"]),
        (((1, "nvme3c1n1"), (2, "nvme3c2n9")), [("0000:01:00.0", "")]),
        (((1, "nvme3c1n1"), (2, "nvme30c2n1")), [("0000:01:00.0", "")]),
        (((1, ""), (2, "")), ["0000:01:00.0", "0000:02:00.0"]),
        (((7, "nvme3c7n1"),), []),
        ((), []),
    ],
    ids=["one path", "two paths", "another namespace", "another subsystem", "no paths shown", "fabrics", "none"],
)
def test_a_namespace_lies_on_the_controllers_with_a_path_to_it(
    controllers: tuple[tuple[int, str], ...], expected: list[tuple[str, str] | str]
) -> None:
    two = ", an NVMe namespace with 2 paths"
    assert carried(subsystem(*controllers)) == [e if isinstance(e, tuple) else (e, two) for e in expected]


@pytest.mark.parametrize(
    "place", ["/sys/devices/virtual/nvme-subsystem/nvme-subsys" + "9" * 40, "/elsewhere/nvme-subsys3"]
)
def test_what_is_no_subsystem_leads_nowhere(place: str) -> None:
    assert carried(subsystem((1, "nvme3c1n1"), place=place)) == []


def test_a_loop_of_layers_ends() -> None:
    root = tree(
        ("/sys/class/block/dm-0/slaves/dm-0/x", ""), ("/sys/class/block/dm-0/dm/uuid", "mpath-\0\xff"),
        ("/sys/class/block/dm-0/dm/name", "a"),
    )  # fmt: skip
    assert disk_paths(root, "dm-0") == ()


def multipath(uuid: str) -> HostUse:
    """A volume on a mapped device of two disks, each on a host bus adapter of its own."""
    builder = TreeBuilder()
    for disk, hba in (("sda", HBAS[0]), ("sdb", HBAS[1])):
        folder = f"/sys/devices/pci0000:00/0000:00:01.0/{hba.bdf}/host0/target0:0:0/0:0:0:0/block/{disk}"
        builder.file(f"{folder}/size", 1)
        builder.link(f"/sys/class/block/{disk}", folder)
        builder.link(f"/sys/devices/virtual/block/dm-0/slaves/{disk}", folder)
    for number, name, dm in ((0, "mpatha", uuid), (1, "vg-root", "LVM-x")):
        builder.files(f"/sys/devices/virtual/block/dm-{number}/dm", name=name, uuid=dm)
        builder.link(f"/sys/class/block/dm-{number}", f"/sys/devices/virtual/block/dm-{number}")
    builder.link("/sys/devices/virtual/block/dm-1/slaves/dm-0", "/sys/devices/virtual/block/dm-0")
    builder.file("/proc/mounts", "/dev/mapper/vg-root / ext4 rw 0 0")
    builder.file("/proc/swaps", "Filename Type Size Used Priority")
    found = host_use.read(Root(MemoryTree(builder.nodes), Mode.CAPTURE))
    assert isinstance(found, HostUse)
    return found


@pytest.mark.parametrize(
    ("uuid", "way"), [("mpath-36001405", ", a path of the multipath device mpatha"), ("LVM-y", ""), ("", "")]
)
def test_a_multipath_device_is_named_and_each_of_its_paths_is_the_hosts(uuid: str, way: str) -> None:
    disks = multipath(uuid).disks
    assert isinstance(disks, tuple)
    assert {(d.bdf, d.disk, d.place, d.way) for d in disks} == {
        (HBAS[0].bdf, "sda", "/", way),
        (HBAS[1].bdf, "sdb", "/", way),
    }


MAPPED = MountDesc(HBA.bdf, "sda2", "/", "mpatha", multipath=True)


@pytest.mark.parametrize(
    "host",
    [BEHIND, replace(CLEAN, pci=(*CLEAN.pci, HBA), mounts=(MAPPED,))],
    ids=["vmd", "multipath"],
)
def test_a_capture_has_the_same_paths(host: Host) -> None:
    host_said, capture_said = compared(root_of(host))
    assert capture_said == host_said
