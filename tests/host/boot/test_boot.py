"""The boot chain: which loader, which initramfs tool, what the next boot will be given."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from tests.hosts import TOWER
from tests.machines import known_facts
from tests.trees import Link, folder_root
from vfiotui.formats.modprobe import modprobe
from vfiotui.host.boot import boot, kernel, kernel_log, modules
from vfiotui.host.boot import config_snapshot as snapshot
from vfiotui.host.root import config_files
from vfiotui.host.root.config_files import ConfigFiles
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.boot import Boot, Modules
from vfiotui.model.boot.cmdline import CommandLine

GRUB_CFG = "/boot/grub/grub.cfg"
ENTRY = "title x\nlinux /vmlinuz\noptions root=UUID=1 rw quiet\n"


def uki_image(words: str) -> bytes:
    """A PE file with one section, as pe_image reads it: header, table, words."""
    data = words.encode() + b"\0"
    head = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0"
    head += bytes(2) + (1).to_bytes(2, "little") + bytes(12) + (0).to_bytes(2, "little") + bytes(2)
    numbers = (len(data), 0x1000, len(data), len(head) + 40)
    return head + b".cmdline" + b"".join(n.to_bytes(4, "little") for n in numbers) + bytes(16) + data


def read(tmp_path: Path, **files: str | bytes) -> Boot:
    found = boot.read(folder_root(tmp_path, files))
    assert isinstance(found, Boot)
    return found


@pytest.mark.parametrize(
    ("files", "line"),
    [
        (
            {GRUB_CFG: "x", "/etc/default/grub": 'GRUB_CMDLINE_LINUX="a=1"\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n'},
            "a=1 quiet",
        ),
        (
            {
                GRUB_CFG: "x",
                "/etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\r\n',
                "/etc/default/grub.d/x.cfg": 'GRUB_CMDLINE_LINUX_DEFAULT+=" iommu=pt"',
            },
            "quiet iommu=pt",
        ),
        ({GRUB_CFG: "x", "/etc/default/grub": 'GRUB_CMDLINE_LINUX="$(cat /x)"\n'}, None),
        ({"/efi/loader/loader.conf": "", "/efi/loader/entries/a.conf": ENTRY}, "root=UUID=1 rw quiet"),
        ({"/efi/EFI/Linux/a.efi": "MZ", "/etc/kernel/cmdline": "root=UUID=2\nrw\n"}, "root=UUID=2 rw"),
        ({"/boot/limine.conf": "/x\n protocol: linux\n cmdline: rw quiet\n"}, "rw quiet"),
        ({"/boot/refind_linux.conf": '"Boot" "rw quiet"\n"Single" "single"\n'}, "rw quiet"),
        ({"/boot/refind_linux.conf": "Boot rw quiet\n"}, ""),
        ({"/etc/kernelstub/configuration": '{"user": {"kernel_options": ["quiet"]}}'}, "quiet"),
        ({"/etc/kernelstub/configuration": "[1]"}, None),
        ({"/efi/EFI/Linux/a.efi": uki_image("root=UUID=1 quiet"), "/etc/kernel/cmdline": "newer"}, "root=UUID=1 quiet"),
        (
            {
                "/efi/EFI/Linux/a.efi": uki_image("")[:70],
                "/etc/cmdline.d/a.conf": "rw\n# x\n",
                "/etc/kernel/cmdline": "b",
            },
            "rw",
        ),
        # The newest by number, of this system only, and no entry that starts something else.
        (
            {
                "/etc/machine-id": "a" * 32,
                "/efi/loader/loader.conf": "",
                "/efi/loader/entries/6.9.conf": ENTRY.replace("quiet", "old") + "version 6.9\n",
                "/efi/loader/entries/6.10.conf": ENTRY + "version 6.10\n",
                "/efi/loader/entries/other.conf": ENTRY.replace("quiet", "other")
                + f"version 7\nmachine-id {'b' * 32}\n",
                "/efi/loader/entries/windows.conf": "title W\nefi /w.efi\nversion 11\noptions x\n",
            },
            "root=UUID=1 rw quiet",
        ),
    ],
)
def test_the_next_boots_command_line(files: dict[str, str | bytes], line: str | None, tmp_path: Path) -> None:
    found = read(tmp_path, **files).configured
    if line is None:
        assert isinstance(found, Unread) and found.reason
    else:
        assert isinstance(found, CommandLine) and found.text == line


@pytest.mark.parametrize(
    ("files", "tool"),
    [
        ({"/usr/bin/mkinitcpio": "", "/usr/bin/dracut": "", "/etc/kernel/postinst.d/dracut": ""}, "dracut"),
        (
            {"/usr/sbin/update-initramfs": "", "/usr/bin/dracut": "", "/etc/kernel/postinst.d/initramfs-tools": ""},
            "initramfs-tools",
        ),
        ({"/usr/bin/mkinitcpio": ""}, "mkinitcpio"),
        ({"/etc/dracut.conf": ""}, "dracut"),
        ({"/usr/bin/ls": ""}, "none"),
    ],
)  # fmt: skip
def test_the_initramfs_tool_is_the_one_that_is_wired(files: dict[str, str], tool: str, tmp_path: Path) -> None:
    assert boot.find_tool(folder_root(tmp_path, files)) == tool


def test_nothing_visible_is_unknown(tmp_path: Path) -> None:
    assert isinstance(boot.find_tool(folder_root(tmp_path, {"/etc/x": ""})), Unread)


def test_a_file_in_etc_hides_its_namesake(tmp_path: Path) -> None:
    root = folder_root(
        tmp_path,
        {
            "/usr/lib/modprobe.d/b.conf": "theirs",
            "/etc/modprobe.d/b.conf": "ours",
            "/usr/lib/modprobe.d/a.conf": "first",
            "/etc/modprobe.d/note.txt": "no configuration",
        },
    )
    found = ConfigFiles(root).layered("modprobe.d")
    assert [(f.path, f.text) for f in found] == [
        ("/usr/lib/modprobe.d/a.conf", "first"),
        ("/etc/modprobe.d/b.conf", "ours"),
    ]


def test_a_masked_file_is_read_as_empty(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/usr/lib/modprobe.d/b.conf": "x", "/etc/modprobe.d/b.conf": Link("/dev/null")})
    assert [f for f in ConfigFiles(root).layered("modprobe.d") if f.text] == []


def test_the_running_kernels_own_configuration_wins(tmp_path: Path) -> None:
    packed = gzip.compress(b"CONFIG_VFIO_PCI=y\n")
    root = folder_root(tmp_path, {"/proc/config.gz": packed, "/boot/config-6.1": "CONFIG_VFIO_PCI=m\n"})
    assert kernel.find_config(root, "6.1") == ({"VFIO_PCI": "y"}, "/proc/config.gz")
    root = folder_root(tmp_path / "b", {"/proc/config.gz": packed[:9], "/boot/config-6.1": "CONFIG_VFIO_PCI=m\n"})
    assert kernel.find_config(root, "6.1")[0] == {"VFIO_PCI": "m"}
    missing, _ = kernel.find_config(folder_root(tmp_path / "c", {"/etc/x": ""}), "6.1")
    assert isinstance(missing, Unread) and missing.why is Why.ABSENT


def test_kernels_sort_by_number_not_by_letter(tmp_path: Path) -> None:
    files = {f"/lib/modules/{r}/modules.builtin": "" for r in ("6.9.1", "6.12.3", "6.10.0-rc1")}
    assert kernel.installed(folder_root(tmp_path, files)) == ("6.9.1", "6.10.0-rc1", "6.12.3")


def test_the_tower_boots_as_described() -> None:
    found = known_facts("tower").boot
    assert isinstance(found, Boot)
    assert isinstance(found.cmdline, CommandLine) and found.cmdline.text == TOWER.cmdline
    assert found.loader.name == "grub" and found.initramfs == "initramfs-tools"
    assert found.hostname == "tower"
    assert "/etc/modprobe.d/vfio.conf" in [f.path for f in found.modprobe]


def test_a_disk_without_run_does_not_tell_of_a_reboot(tmp_path: Path) -> None:
    found = read(tmp_path, **{"/etc/hostname": "x # y\n", "/boot/x": ""})
    assert isinstance(found.reboot_required, Unread)
    assert found.hostname == "x"


def test_an_update_under_the_running_kernel_needs_a_reboot(tmp_path: Path) -> None:
    files = {"/run/x": "", "/proc/sys/kernel/osrelease": "6.1.0\n", "/lib/modules/6.2.0/modules.builtin": ""}
    assert read(tmp_path, **files).reboot_required is True


def test_module_parameters(tmp_path: Path) -> None:
    files = {
        "/proc/modules": "kvm_amd 1 0 - Live 0x0\nkvm 1 1 kvm_amd, Live 0x0\n",
        "/sys/module/kvm/parameters/halt_poll_ns": "200000\n",
        "/sys/module/snd/parameters/x": "1\n",
    }
    found = modules.read(folder_root(tmp_path, files))
    assert isinstance(found, Modules) and found.loaded == {"kvm_amd", "kvm"}
    assert found.parameters == {"kvm.halt_poll_ns": "200000"}


def test_records_of_the_kernels_ring() -> None:
    line = kernel_log.parse_record(b"6,1,5140900,-;vfio-pci 0000:01:00.0: x\n SUBSYSTEM=pci\n")
    assert line is not None and line.at == 5.1409 and line.text == "vfio-pci 0000:01:00.0: x"
    for damaged in (b"", b"x", b"6,1;x", b";"):
        assert kernel_log.parse_record(damaged) is None
    assert kernel_log.parse_record(b"6,1,never,-;x").at is None  # type: ignore[union-attr]


def test_a_saved_log_keeps_what_touches_passthrough() -> None:
    found = kernel_log.parse_dmesg("[    1.500000] DMAR: IOMMU enabled\n[    2.0] usb 1-1: new\nAMD-Vi: bare\n")
    assert [(line.at, line.text) for line in found] == [(1.5, "DMAR: IOMMU enabled"), (None, "AMD-Vi: bare")]


def test_the_running_kernels_log_is_read_or_says_why() -> None:
    found = kernel_log.read(Root.live())
    assert found.reason if isinstance(found, Unread) else isinstance(found, tuple)


def test_what_may_not_be_looked_into_leaves_no_file_missing(tmp_path: Path) -> None:
    """Only the folder that is refused: what lies in others is judged on."""
    (tmp_path / "etc/libvirt/hooks").mkdir(parents=True)
    (tmp_path / "etc/modprobe.d").symlink_to("modprobe.d")
    root = Root.mounted(str(tmp_path))
    files, others = ConfigFiles(root), ConfigFiles(root)
    assert files.folder("/etc/modprobe.d") == ()
    assert isinstance(files.seen, Unread) and files.seen.path == "/etc/modprobe.d"
    assert others.folder("/etc/libvirt/hooks") == others.folder("/etc/absent") == () and others.seen is True
    assert isinstance(ConfigFiles(Root.mounted(str(tmp_path / "etc/libvirt"))).seen, Unread)


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"blacklist x\r\n", True),
        (b"blacklist x \xff\n", True),
        (b"blacklist x\0\0", True),
        (b"blacklist\0 x\n", False),
        (b"# x\n" * 70_000, False),
    ],
    ids=["CRLF", "no UTF-8", "padded", "NUL inside", "too long"],
)
def test_a_file_that_cannot_be_read_as_text_is_not_seen(content: bytes, seen: bool, tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/etc/modprobe.d/a.conf": content, "/etc/modprobe.d/b.conf": "ours"})
    files = ConfigFiles(root)
    assert len(files.layered("modprobe.d")) == 1 + seen
    assert (files.seen is True) == seen
    assert seen or (isinstance(files.seen, Unread) and files.seen.path == "/etc/modprobe.d/a.conf")


def test_pipes_and_folders_are_no_files_and_more_than_can_be_read_is_said(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {f"/etc/modprobe.d/{n}.conf": "" for n in range(config_files.COUNT_LIMIT)})
    (tmp_path / "etc/modprobe.d/d.conf").mkdir()
    files = ConfigFiles(root)
    files.layered("modprobe.d")
    assert isinstance(files.seen, Unread) and str(config_files.COUNT_LIMIT) in files.seen.reason
    (tmp_path / "etc/libvirt").mkdir()
    os.mkfifo(tmp_path / "etc/libvirt/hook")
    pipe = ConfigFiles(root)
    assert pipe.one("/etc/libvirt/hook") == () and isinstance(pipe.seen, Unread)
    folder = ConfigFiles(root)
    assert folder.one("/etc/libvirt") == () and folder.seen is True


def test_modprobe_d_is_read_with_the_line_ends_that_kmod_sees(tmp_path: Path) -> None:
    (file,) = ConfigFiles(folder_root(tmp_path, {"/etc/modprobe.d/a.conf": b"options a x=1 \\\r\n y=2\r\n"})).layered(
        "modprobe.d"
    )
    assert modprobe.options(file.text, "a") == ("x=1",)


def test_a_plan_knows_of_files_that_were_too_many_to_read(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {f"/etc/modprobe.d/{n:05}.conf": "" for n in range(snapshot.COUNT_LIMIT + 1)})
    files = snapshot.read_config_snapshot(root).files
    last = files[f"/etc/modprobe.d/{snapshot.COUNT_LIMIT:05}.conf"]
    assert isinstance(last, Unread) and last.why is Why.TOO_BIG
    assert isinstance(files["/etc/modprobe.d/00000.conf"], bytes)
