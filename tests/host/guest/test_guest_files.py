"""What the host has of the paths that guests name: absence is a fact only where it can be one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts import CLEAN
from tests.machines import root_of
from tests.trees import Link, folder_root
from vfiotui.demo.description import GuestDesc
from vfiotui.host.guest import domains, guest_files
from vfiotui.host.guest.firmware_descriptors import describe
from vfiotui.host.pci.block_use import BlockUse
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.guest.domain import Virt
from vfiotui.model.guest.domain_boot import GuestBoot
from vfiotui.model.guest.guest_files import Descriptor, GuestFiles

XML = """<domain type='kvm'><name>g</name>
<os><loader type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader><nvram template='/gone/VARS.fd'>/var/g.fd</nvram></os>
<devices><disk type='block'><source dev='/dev/disk/by-id/x-part1'/></disk><disk type='file'><source file='/img'/></disk>
<hostdev type='pci'><source><address bus='1' slot='0' function='0'/></source><rom file='/x.rom'/></hostdev>
<shmem name='looking-glass'/></devices></domain>"""
DESCRIPTOR = """{"interface-types": ["uefi", 7], "features": ["secure-boot"], "mapping": {"device": "flash",
"executable": {"filename": "/usr/share/OVMF/OVMF_CODE.fd"}, "nvram-template": {"filename": "/v"}}}"""
FILES: dict[str, str | bytes] = {
    "/etc/libvirt/qemu/g.xml": XML,
    "/usr/share/OVMF/OVMF_CODE.fd": b"\0" * 7,
    "/usr/share/qemu/firmware/40-a.json": DESCRIPTOR,
    "/usr/share/qemu/firmware/50-b.json": "[]",
    "/usr/share/qemu/firmware/60-c.json": DESCRIPTOR,
    "/etc/qemu/firmware/60-c.json": "",
}


def files(root: Root) -> GuestFiles:
    found = guest_files.read(root, domains.read(root))
    assert isinstance(found, GuestFiles)
    return found


def why(found: GuestFiles, path: str) -> Why | None:
    state = found.state(path)
    return state.why if isinstance(state, Unread) else None


def test_a_mounted_disk_tells_what_is_there_and_what_is_not(tmp_path: Path) -> None:
    found = files(folder_root(tmp_path, FILES))
    state = found.state("/usr/share/OVMF/OVMF_CODE.fd")
    assert not isinstance(state, Unread) and state.size == 7 and state.is_file and not state.is_device
    assert found.missing("/gone/VARS.fd") is True and found.missing("/x.rom") is True
    assert found.missing("/usr/share/OVMF/OVMF_CODE.fd") is False
    assert why(found, "/dev/disk/by-id/x-part1") is Why.NOT_HERE
    assert why(found, "/dev/shm/looking-glass") is Why.NOT_HERE
    assert isinstance(found.iommufd, Unread)


def test_a_capture_knows_only_folders_that_it_holds(tmp_path: Path) -> None:
    found = files(folder_root(tmp_path, {**FILES, "/proc/mounts": "", "/usr/share/OVMF/other": ""}))
    assert why(found, "/gone/VARS.fd") is Why.NOT_HERE
    assert found.missing("/usr/share/OVMF/OVMF_CODE.fd") is False
    assert isinstance(found.missing("/gone/VARS.fd"), Unread)


def test_descriptors_shadow_each_other_and_damaged_ones_are_left_out(tmp_path: Path) -> None:
    found = files(folder_root(tmp_path, FILES)).descriptors
    assert not isinstance(found, Unread)
    assert [d.path for d in found] == ["/usr/share/qemu/firmware/40-a.json"]
    assert found[0].executable == "/usr/share/OVMF/OVMF_CODE.fd" and found[0].nvram_template == "/v"
    assert found[0].interfaces == {"uefi"} and found[0].features == {"secure-boot"}
    for text in ("", "{", "7", '{"mapping": 3}', "[" * 100_000):
        assert describe("/x", text) is None


def test_no_usr_is_unknown_not_none(tmp_path: Path) -> None:
    found = files(folder_root(tmp_path, {"/etc/libvirt/qemu/g.xml": XML}))
    assert isinstance(found.descriptors, Unread)


def test_a_disk_is_in_use_through_links_partitions_and_holders(tmp_path: Path) -> None:
    root = folder_root(
        tmp_path,
        {
            "/dev/sda": "",
            "/dev/sda1": "",
            "/dev/sda2": "",
            "/dev/sdb": "",
            "/dev/disk/by-id/x": Link("/dev/sda"),
            "/dev/disk/by-uuid/u": Link("/dev/sda1"),
            "/sys/class/block/sda/sda1/partition": "1\n",
            "/sys/class/block/sda/sda2/partition": "2\n",
            "/sys/class/block/sda/queue/x": "",
            "/sys/class/block/sda2/holders/dm-0": "",
            "/proc/mounts": "/dev/disk/by-uuid/u /mnt/my\\040disk ext4 rw 0 0\nproc /proc proc rw 0 0\n",
            "/proc/swaps": "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n",
        },
    )
    use = BlockUse(root)
    assert use.users("/dev/disk/by-id/x") == ("mounted at /mnt/my disk", "swap", "held by dm-0")
    for table in ("/proc/mounts", "/proc/swaps"):
        for damage in ("", "damaged\n", "/dev/sda / ext4"):
            kept = (tmp_path / table[1:]).read_text()
            (tmp_path / table[1:]).write_text(damage)
            assert isinstance(BlockUse(root).users("/dev/disk/by-id/x"), Unread)
            (tmp_path / table[1:]).write_text(kept)
    assert use.users("/dev/disk/by-uuid/u") == ("mounted at /mnt/my disk",)
    assert use.users("/dev/sdb") == ()
    assert isinstance(use.users("/dev/sdz"), Unread)


def test_without_proc_nobody_knows_what_is_mounted(tmp_path: Path) -> None:
    assert isinstance(BlockUse(folder_root(tmp_path, {"/dev/sda": ""})).users("/dev/sda"), Unread)


def test_guests_of_another_host_have_their_files_there(tmp_path: Path) -> None:
    root = folder_root(tmp_path, FILES)
    virt = domains.read(root)
    assert isinstance(virt, Virt)
    for uri in ("qemu+ssh://root@far/system", "qemu://far/system"):
        assert isinstance(guest_files.read(root, replace(virt, uri=uri)), Unread)
    for uri in ("qemu:///system", "qemu+unix:///system", "test:///tmp/node.xml"):
        assert isinstance(guest_files.read(root, replace(virt, uri=uri)), GuestFiles)


def test_guests_that_are_not_known_leave_the_files_unknown(tmp_path: Path) -> None:
    unread = Unread("needs root", Why.FORBIDDEN)
    assert guest_files.read(folder_root(tmp_path, {"/x": ""}), unread) is unread


def test_hostile_paths_are_only_looked_at() -> None:
    xml = XML.replace("/x.rom", "/../../x\x7f[/dev]").replace("/img", "//" + "a" * 5000)
    found = files(root_of(replace(CLEAN, guests=(GuestDesc("g", xml),)), Mode.CAPTURE))
    assert all(isinstance(found.state(p), Unread) for p in ("/../../x\x7f[/dev]", "//" + "a" * 5000))


SECURE = frozenset({"secure-boot", "requires-smm"})
Q35 = (("x86_64", "pc-q35-*"),)


@pytest.mark.parametrize(
    ("asked", "features", "targets", "machine", "why"),
    [
        ({}, SECURE, Q35, "pc-q35-9.2", ""),
        ({}, SECURE, Q35, "q35", ""),
        ({}, SECURE, Q35, "pc-i440fx-9.2", "not for pc-i440fx-9.2"),
        ({}, SECURE, Q35, "pc", "not for pc"),
        ({}, SECURE, (("aarch64", "virt-*"),), "q35", "not for q35"),
        ({}, SECURE, (), "pc", ""),
        ({"secure-boot": True}, SECURE, Q35, "q35", ""),
        ({"secure-boot": False}, SECURE, Q35, "q35", "has secure-boot"),
        ({"secure-boot": True}, frozenset(), Q35, "q35", "no secure-boot"),
        ({"secure-boot": True, "enrolled-keys": True}, SECURE, Q35, "q35", "no enrolled-keys"),
        ({"secure-boot": True, "enrolled-keys": False}, SECURE | {"enrolled-keys"}, Q35, "q35", "has enrolled-keys"),
    ],
)
def test_a_descriptor_fits_by_machine_and_by_every_feature_that_is_asked_for_or_refused(
    asked: dict[str, bool], features: frozenset[str], targets: tuple[tuple[str, str], ...], machine: str, why: str
) -> None:
    found = Descriptor("/x", "/code", "/vars", features, frozenset({"uefi"}), targets)
    assert found.unfit(GuestBoot(features=tuple(asked.items())), machine) == why
    assert replace(found, interfaces=frozenset({"bios"})).unfit(GuestBoot(), machine) == "no EFI firmware"


def test_targets_are_read_and_nonsense_among_them_is_left_out() -> None:
    text = '{"mapping": {}, "targets": [{"architecture": "x86_64", "machines": ["pc-q35-*", 7]}, 5, {"machines": "x"}]}'
    found = describe("/x", text)
    assert found is not None and found.targets == (("x86_64", "pc-q35-*"),)
