"""Words for SYSLINUX, rEFInd's stanzas, Limine's unified images and Proxmox: in the file that counts, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.host.boot.test_image import efi_program
from tests.host.boot.test_loader import Files
from tests.plan.boot.test_loader_writers import PRESET, commands, looks, planned, tool, written
from vfiotui.plan.draft import PlanError

ADD = ("cmdline.add", "iommu=pt")
MENU = "DEFAULT lts\nLABEL lts\n  LINUX vmlinuz-lts\n  APPEND root=UUID=1 quiet\n"
SETTINGS = 'default_kernel_opts="quiet"\nmodules=sd-mod\n'


def test_alpine_s_settings_are_edited_and_its_menu_made(tmp_path: Path) -> None:
    files: Files = {"/boot/extlinux.conf": MENU, "/etc/update-extlinux.conf": SETTINGS, **tool("update-extlinux")}
    plan = planned(tmp_path, files, ADD)
    assert written(plan) == {"/etc/update-extlinux.conf": SETTINGS.replace("quiet", "quiet iommu=pt")}
    assert commands(plan) == ["update-extlinux"]
    assert looks(plan)["/boot/extlinux.conf"] == (("iommu=pt",), ())


def test_without_the_program_it_is_left_to_a_person(tmp_path: Path) -> None:
    plan = planned(tmp_path, {"/boot/extlinux.conf": MENU, "/etc/update-extlinux.conf": SETTINGS}, ADD)
    assert list(written(plan)) == ["/etc/update-extlinux.conf"]
    assert any("run update-extlinux" in step.why for step in plan.left)


@pytest.mark.parametrize("path", ["/boot/extlinux/extlinux.conf", "/boot/syslinux/syslinux.cfg", "/boot/extlinux.conf"])
def test_a_menu_by_hand_is_edited_itself(path: str, tmp_path: Path) -> None:
    plan = planned(tmp_path, {path: MENU}, ADD)
    assert written(plan) == {path: MENU.replace("quiet", "quiet iommu=pt")}
    assert not commands(plan) and not plan.left


REFIND = "/boot/efi/EFI/refind/refind.conf"
STANZA = 'scanfor manual\nmenuentry "Arch" {\n  loader /vmlinuz-linux\n  options "root=UUID=1 rw"\n}\n'
LINES = '"Standard" "root=UUID=1 rw"\n'


def test_a_stanza_of_refind_that_starts_is_named(tmp_path: Path) -> None:
    files: Files = {"/boot/refind_linux.conf": LINES, REFIND: STANZA}
    with pytest.raises(PlanError, match=rf"starts 'Arch' of {REFIND}:2, .* {REFIND}:4 .*add iommu=pt there"):
        planned(tmp_path, files, ADD)


def test_a_kernel_that_refind_finds_takes_the_words_beside_it(tmp_path: Path) -> None:
    files: Files = {"/boot/refind_linux.conf": LINES, REFIND: "timeout 3\n", "/boot/vmlinuz-linux": "x"}
    assert written(planned(tmp_path, files, ADD)) == {"/boot/refind_linux.conf": LINES.replace("rw", "rw iommu=pt")}


UKI = "/boot/EFI/Linux/a.efi"
IMAGE = efi_program({".linux": b"k", ".cmdline": b"root=UUID=1 quiet"})
EFI = "/A\nprotocol: efi\npath: boot():/EFI/Linux/a.efi\n"


def test_a_unified_image_that_limine_starts_is_built_anew(tmp_path: Path) -> None:
    files: Files = {"/boot/limine.conf": EFI, UKI: IMAGE, "/etc/kernel/cmdline": "root=UUID=1 quiet\n",
                    "/etc/mkinitcpio.conf": "HOOKS=(base)\n", **tool("mkinitcpio"),
                    "/etc/mkinitcpio.d/linux.preset": PRESET.replace("/efi/EFI/Linux/arch-linux.efi", UKI)}  # fmt: skip
    plan = planned(tmp_path, files, ADD)
    assert list(written(plan)) == ["/etc/kernel/cmdline"]
    assert any(c.startswith("mkinitcpio") for c in commands(plan))


def test_words_that_limine_gives_to_a_unified_image_are_edited_there(tmp_path: Path) -> None:
    files: Files = {"/boot/limine.conf": f"{EFI}cmdline: root=UUID=1\n", UKI: IMAGE}
    assert written(planned(tmp_path, files, ADD)) == {"/boot/limine.conf": f"{EFI}cmdline: root=UUID=1 iommu=pt\n"}


def test_proxmox_reads_the_first_line_alone(tmp_path: Path) -> None:
    files: Files = {"/etc/kernel/proxmox-boot-uuids": "A\n", "/etc/kernel/cmdline": "root=ZFS=x\niommu=pt quiet\n",
                    **tool("proxmox-boot-tool")}  # fmt: skip
    assert written(planned(tmp_path, files, ADD))["/etc/kernel/cmdline"] == "root=ZFS=x iommu=pt\niommu=pt quiet\n"
