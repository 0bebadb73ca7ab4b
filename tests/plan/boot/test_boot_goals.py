"""Goals for the boot chain over described roots of every loader: what is edited, what runs, in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trees import folder_root
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.gather import gather
from vfiotui.model.change.plan import Plan
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan, reads

GRUB = {"/etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n', "/boot/grub/grub.cfg": "linux /vmlinuz quiet\n"}
ENTRY = "title Arch\nlinux /vmlinuz\noptions root=UUID=1 rw\n"
TOOLS = {"/usr/sbin/update-grub": "", "/usr/sbin/update-initramfs": "", "/etc/initramfs-tools/modules": ""}
LOADERS = {
    "grub": ({**GRUB, "/usr/sbin/update-grub": ""}, ["/etc/default/grub", "update-grub", "/boot/grub/grub.cfg"]),
    "systemd-boot": (
        {"/boot/loader/loader.conf": "", "/boot/loader/entries/arch.conf": ENTRY},
        ["/boot/loader/entries/arch.conf"],
    ),
    "kernel-install": (
        {"/efi/loader/loader.conf": "", "/efi/loader/entries/a.conf": ENTRY, "/etc/kernel/cmdline": "rw\n"},
        ["/efi/loader/entries/a.conf", "/etc/kernel/cmdline"],
    ),
    "limine": ({"/boot/limine.conf": "/Arch\n  protocol: linux\n  cmdline: rw\n"}, ["/boot/limine.conf"]),
    "refind": ({"/boot/refind_linux.conf": '"Boot"  "root=UUID=1 rw"\n'}, ["/boot/refind_linux.conf"]),
}


def planned(folder: Path, files: dict[str, str], *goals: tuple[str, str]) -> Plan:
    root = folder_root(folder, {"/etc/machine-id": "0" * 32 + "\n", **files})
    return make_plan(gather(root), read_config_snapshot(root, reads(goals)), goals)


@pytest.mark.parametrize("name", LOADERS)
def test_a_word_reaches_every_loader(tmp_path: Path, name: str) -> None:
    files, subjects = LOADERS[name]
    plan = planned(tmp_path, files, ("cmdline.add", "iommu=pt"))
    assert [s.subject for s in plan.steps if s.kind != "path"] == subjects
    for step in plan.steps:
        if step.kind == "file":
            assert step.after is not None and b"iommu=pt" in step.after
            (tmp_path / step.subject.lstrip("/")).write_bytes(step.after)
    for menu in tmp_path.glob("boot/grub/grub.cfg"):
        menu.write_text("linux /vmlinuz quiet iommu=pt\n")
    root = folder_root(tmp_path, {})
    again = make_plan(gather(root), read_config_snapshot(root), (("cmdline.add", "iommu=pt"),))
    assert again.steps == (), "what is as it is wanted needs no step"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({**GRUB, "/etc/NIXOS": ""}, r'boot.kernelParams = \[ "iommu=pt" \];'),
        ({**GRUB, "/ostree/x": ""}, "rpm-ostree kargs --append-if-missing=iommu=pt"),
        ({"/etc/hostname": "x"}, "were not found"),
        (
            {**GRUB, "/etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="$(cat /etc/words)"\n'},
            r"/etc/default/grub:1: GRUB_CMDLINE_LINUX_DEFAULT=\"\$\(cat /etc/words\)\": ",
        ),
        (
            {**GRUB, "/etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT=""\nunset GRUB_CMDLINE_LINUX_DEFAULT\n'},
            "/etc/default/grub:2: unset GRUB_CMDLINE_LINUX_DEFAULT: 'unset' may change",
        ),
        (
            {**GRUB, "/etc/default/grub.d/9.cfg": "unset GRUB_CMDLINE_LINUX_DEFAULT\n"},
            "/etc/default/grub.d/9.cfg:1: unset GRUB_CMDLINE_LINUX_DEFAULT: 'unset' may change",
        ),
        (
            {**GRUB, "/etc/default/grub.d/9.cfg": ". /etc/words\n"},
            "/etc/default/grub.d/9.cfg:1: . /etc/words: '.' may change",
        ),
        (
            {**GRUB, "/etc/fstab": "UUID=1 /boot ext4 defaults 0 2\n"},
            "/boot of /etc/fstab is not mounted: 'mount UUID=1 ",
        ),
    ],
    ids=["nixos", "ostree", "none", "computed", "unset", "unset-by-drop-in", "sourced-by-drop-in", "unmounted"],
)
def test_what_cannot_be_edited_is_refused_with_what_to_do(tmp_path: Path, files: dict[str, str], sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        planned(tmp_path, files, ("cmdline.add", "iommu=pt"))


def test_steps_come_in_a_safe_order_and_commands_once(tmp_path: Path) -> None:
    plan = planned(
        tmp_path,
        {**GRUB, **TOOLS},
        ("cmdline.add", "iommu=pt"),
        ("cmdline.add", "amd_iommu=on"),
        ("initramfs.module", "vfio_pci"),
        ("modprobe.option", "vfio-pci disable_idle_d3=1"),
    )
    assert [s.subject for s in plan.steps] == [
        "/etc/modprobe.d/vfiotui.conf",
        "/etc/initramfs-tools/modules",
        "update-initramfs",
        "/boot/initrd.img-*",
        "/etc/default/grub",
        "update-grub",
        "/boot/grub/grub.cfg",
        "the next boot",
    ]
    assert plan.steps[-2].wants == ("iommu=pt", "amd_iommu=on")


@pytest.mark.parametrize(
    ("name", "argument", "sentence"),
    [
        ("initramfs.module", "../vfio", "is no name of a module"),
        ("initramfs.module", "a;b", "is no name of a module"),
        ("modules.remove", "vfio vfio_pci", "is no name of a module"),
        ("modprobe.option", "vfio.conf:vfio-pci ids=1:2", r"is no \[FILE:\]MODULE OPTION"),
        ("modprobe.option", "/etc/modprobe.d/../passwd:vfio-pci ids=1:2", r"is no /etc/modprobe.d/NAME.conf"),
        ("modprobe.option", "/etc/modprobe.d/vfio:vfio-pci ids=1:2", r"is no /etc/modprobe.d/NAME.conf"),
    ],
)
def test_only_modules_have_options_and_only_in_files_that_are_read(
    tmp_path: Path, name: str, argument: str, sentence: str
) -> None:
    with pytest.raises(PlanError, match=sentence):
        planned(tmp_path, TOOLS, (name, argument))
