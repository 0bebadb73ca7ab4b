"""Disks are given to a guest by names that stay, and refused while this host, or a guest that runs, uses them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts.guest_texts import FINE
from tests.plan.guest.definitions import host_of, with_words
from vfiotui.demo.builder import build
from vfiotui.demo.description import GuestDesc
from vfiotui.host.guest import domains
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Node, Symlink
from vfiotui.model.change.plan import Plan
from vfiotui.plan.draft import PlanError
from vfiotui.plan.service import plan_goals
from vfiotui.state.plan_inputs import RootInputs

ID = "/dev/disk/by-id/ata-Games_1"
QCOW2 = b"QFI\xfb\0\0\0\3" + bytes(600)
DISK: dict[str, Node] = {
    "/dev/sdb": File(b""),
    "/dev/sdb1": File(b""),
    ID: Symlink("../../sdb"),
    "/dev/disk/by-id/wwn-0x5": Symlink("../../sdb"),
    "/sys/class/block/sdb/dev": File(b"8:16\n"),
    "/sys/class/block/sdb/sdb1/partition": File(b"1\n"),
    "/sys/class/block/sdb1/dev": File(b"8:17\n"),
    "/srv/data.qcow2": File(QCOW2),
    "/srv/raw.img": File(bytes(4096)),
    "/srv/virtio.iso": File(bytes(64)),
    "/proc/swaps": File(b"Filename Type Size Used Priority\n"),
}
"""A second disk of the host, and images."""
SWAPS = "Filename Type Size Used Priority\n"
ROOT_MOUNT = "/dev/nvme0n1p2 / ext4 rw 0 0\n"


def root(xml: str = FINE, guests: tuple[GuestDesc, ...] = (), **files: str | Node) -> Root:
    """The fine host with a second disk; files by their paths with __ for /."""
    machine = host_of(xml)
    machine = replace(machine, guests=(*machine.guests, *guests))
    more = {name.replace("__", "/"): File(c.encode()) if isinstance(c, str) else c for name, c in files.items()}
    return Root(MemoryTree({**build(machine), **DISK, **more}), Mode.DEMO)


def disk_plan(value: str, where: Root | None = None, verb: str = "add") -> Plan:
    there = where or root()
    inputs = RootInputs(there, lambda: domains.read(there), daemon=False)
    return plan_goals(inputs, [(f"guest.disk.{verb}", f"win/{value}")])


def after(plan: Plan) -> str:
    (step,) = plan.steps
    return (step.after or b"").decode().removesuffix("\n")


@pytest.mark.parametrize("path", ["/dev/sdb", ID])
def test_a_block_device_gets_a_name_that_stays_and_an_iothread(path: str) -> None:
    text = after(disk_plan(path))
    new = (
        "<disk type='block' device='disk'>\n"
        "      <driver name='qemu' type='raw' cache='none' io='native' discard='unmap' iothread='1'/>\n"
        f"      <source dev='{ID}'/>\n      <target dev='vdc' bus='virtio'/>\n    </disk>\n    "
    )
    assert text == FINE.replace("<controller type='pci'", f"{new}<controller type='pci'")


def test_an_image_has_the_format_of_its_first_bytes() -> None:
    assert "type='qcow2'" in after(disk_plan("/srv/data.qcow2")).split("/srv/data.qcow2")[0].rsplit("<disk", 1)[1]
    raw = after(disk_plan("bus=scsi,readonly:/srv/raw.img"))
    assert "<controller type='scsi' index='0' model='virtio-scsi'/>" in raw
    assert "<source file='/srv/raw.img'/>\n      <target dev='sda' bus='scsi'/>\n      <readonly/>" in raw


def test_an_iso_is_a_drive() -> None:
    text = after(disk_plan("/srv/virtio.iso"))
    assert "<disk type='file' device='cdrom'>\n      <driver name='qemu' type='raw'/>" in text
    assert "<target dev='sda' bus='sata'/>\n      <readonly/>" in text


def test_a_drive_of_a_machine_without_sata_is_on_scsi() -> None:
    text = after(disk_plan("/srv/virtio.iso", root(with_words(("pc-q35-9.2", "virt-9.2")))))
    assert "<target dev='sda' bus='scsi'/>" in text and "model='virtio-scsi'" in text
    assert "bus='sata'" in after(disk_plan("/srv/virtio.iso", root(with_words(("pc-q35-9.2", "pc-i440fx-9.2")))))


def test_a_guest_without_iothreads_gets_one_beside_qemus_own_threads() -> None:
    words = with_words(("<iothreads>1</iothreads>\n  ", ""), (" iothread='1'/>", "/>"),
                       ("<iothreadpin iothread='1' cpuset='0,4'/>", ""))  # fmt: skip
    text = after(disk_plan("/srv/raw.img", root(words)))
    assert "<iothreads>1</iothreads>" in text and "<iothreadpin iothread='1' cpuset='0,4'/>" in text
    assert "discard='unmap' iothread='1'/>" in text
    assert "iothread" not in after(disk_plan("iothread=none:/srv/raw.img", root(words)))


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"__proc__mounts": f"{ROOT_MOUNT}/dev/sdb1 /data ext4 rw 0 0\n"}, "mounted at /data"),
        ({"__proc__swaps": f"{SWAPS}/dev/sdb1 partition 9 0 -2\n"}, "swap"),
        ({"__sys__class__block__sdb1__holders__dm-0": ""}, "held by dm-0"),
        ({"__sys__class__block__sdb__holders__md127": ""}, "held by md127"),
        ({"__sys__fs__btrfs__u__devices__sdb1": "", "__sys__fs__btrfs__u__devices__nvme0n1p2": ""}, "a btrfs of 2"),
        ({"__etc__fstab": "/dev/disk/by-uuid/u /late ext4 noauto 0 0\n",
          "__dev__disk__by-uuid__u": Symlink("/dev/sdb1")}, "named in /etc/fstab for /late"),
        ({"__etc__fstab": "/dev/sdb1 none swap sw 0 0\n"}, "named in /etc/fstab for swap"),
        ({"__etc__crypttab": "vault /dev/sdb1 none luks\n"}, "named in /etc/crypttab as vault"),
        ({"__run__udev__data__b8:17": "E:ID_FS_TYPE=zfs_member\nE:ID_FS_LABEL=tank\n",
          "__proc__spl__kstat__zfs__tank__io": ""}, "belongs to the ZFS pool tank"),
        ({"__run__udev__data__b8:16": "E:DM_MULTIPATH_DEVICE_PATH=1\n"}, "a path of a multipath device"),
    ],
)  # fmt: skip
def test_a_disk_that_the_host_uses_is_refused_with_what_uses_it(files: dict[str, str | Node], sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        disk_plan(ID, root(**files))


def test_a_partition_is_refused_where_something_is_built_upon_its_disk() -> None:
    there = root(
        **{
            "__sys__class__block__sdc": Symlink("/sys/block/sdc"),
            "__sys__class__block__sdc1": Symlink("/sys/block/sdc/sdc1"),
            "__sys__block__sdc__sdc1__partition": "1\n",
            "__sys__block__sdc__holders__dm-9": "",
            "__dev__sdc1": "",
            "__dev__disk__by-id__ata-C-part1": Symlink("/dev/sdc1"),
        }
    )
    with pytest.raises(PlanError, match="held by dm-9"):
        disk_plan("/dev/sdc1", there)


def test_what_lies_on_a_disk_and_sleeps_is_a_note() -> None:
    plan = disk_plan(ID, root(**{"__run__udev__data__b8:17": "E:ID_FS_TYPE=LVM2_member\n"}))
    assert plan.steps and any("sdb1: LVM2_member" in note for note in plan.notes)


def test_a_disk_of_another_guest_is_a_note_and_of_one_that_runs_a_refusal() -> None:
    other = FINE.replace("<name>win</name>", "<name>other</name>").replace("/dev/disk/by-id/ata-games", "/dev/sdb")
    plan = disk_plan(ID, root(guests=(GuestDesc("other", other),)))
    assert plan.steps and f"win: {ID} is a disk of other too: never run both at once" in plan.notes
    with pytest.raises(PlanError, match="is a disk of other, which runs"):
        disk_plan(ID, root(guests=(GuestDesc("other", other, pid=77),)))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("/srv/gone.img", "is not there; 'qemu-img create'"),
        ("/srv", "neither a block device nor a file"),
        ("/var/lib/libvirt/images/win.qcow2", "win has /var/lib/libvirt/images/win.qcow2 already"),
        ("relative", "no absolute path"),
        ("", "no absolute path"),
        ("/srv/a\nb", "no absolute path"),
        ("bus=ide:/srv/raw.img", "'bus=ide' says nothing of a disk"),
        ("iothread=7:/srv/raw.img", "no iothread 7"),
        ("bus=sata,iothread=1:/srv/raw.img", "a disk on sata has no iothread"),
        ("target=vda:/srv/raw.img", "has a disk vda already"),
        ("0000:03:00.0", "is a PCI device and no disk: 'vfiotui guest attach'"),
    ],
)
def test_what_cannot_be_a_disk_is_refused(value: str, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        disk_plan(value)


def test_a_controller_is_told_from_its_disk() -> None:
    files = {
        "__dev__nvme7": "",
        "__sys__class__nvme__nvme7__device": Symlink("/sys/devices/pci0000:00/0000:05:00.0"),
        "__sys__devices__pci0000:00__0000:05:00.0__vendor": "0x144d\n",
    }
    with pytest.raises(PlanError, match=r"guest attach win 0000:05:00\.0"):
        disk_plan("/dev/nvme7", root(**files))


@pytest.mark.parametrize("name", ["vdb", "/dev/disk/by-id/ata-games"])
def test_a_disk_is_removed_by_its_name_or_path(name: str) -> None:
    plan = disk_plan(name, verb="remove")
    text = after(plan)
    assert "ata-games" not in text and "win.qcow2" in text and "win: what is on vdb stays as it is" in plan.notes
    with pytest.raises(PlanError, match="win has no disk"):
        disk_plan("/dev/sdq", verb="remove")


def test_an_iothread_that_serves_nothing_then_is_named() -> None:
    notes = disk_plan("vda", verb="remove").notes
    assert any("iothread 1 serves no disk any more" in n for n in notes) and any("starts from" in n for n in notes)


def test_a_host_whose_mounts_are_not_known_gives_no_disk() -> None:
    with pytest.raises(PlanError, match="whether this host uses /dev/disk/by-id/ata-Games_1 is not known"):
        disk_plan(ID, root(__proc__mounts=""))


def test_a_guest_that_does_not_run_takes_nothing_now() -> None:
    with pytest.raises(PlanError, match="win does not run"):
        disk_plan(ID, verb="plug")
