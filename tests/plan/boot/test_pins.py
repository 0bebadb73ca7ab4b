"""A plan that breaks a pin renews it by its own tool, says what is asked at the next boots, or is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.formats.records.test_luks_header import RECOVERY, SYSTEMD, clevis, header
from tests.host.boot.test_image import efi_program
from tests.host.boot.test_loader import Files
from tests.host.boot.test_pins import CRYPTTAB, DISK, HASH, SECURE, SIGNED
from tests.plan.boot.test_loader_writers import DEFAULT, MENU, PRESET, UKI, commands, planned, tool
from vfiotui.plan.draft import PlanError

IMAGE = efi_program({".linux": b"k", ".cmdline": b"root=UUID=1 rw quiet splash"})
ADD = ("cmdline.add", "iommu=pt")
GRUB: Files = {"/boot/grub/grub.cfg": MENU, "/etc/default/grub": DEFAULT, **tool("update-grub")}
BUILT: Files = {
    "/etc/initramfs-tools/modules": "",
    "/usr/sbin/update-initramfs": "x",
    "/etc/kernel/postinst.d/initramfs-tools": "x",
    "/lib/modules/6.1/modules.dep": "kernel/drivers/vfio/pci/vfio-pci.ko:\n",
    "/boot/vmlinuz-6.1": "x",
}


def test_files_that_grub_checks_are_not_rewritten(tmp_path: Path) -> None:
    files = GRUB | SIGNED
    with pytest.raises(PlanError, match=r"check_signatures=enforce, /boot/grub/grub.cfg:2.*gpg --detach-sign"):
        planned(tmp_path, files, ADD)


def limine(hash_: str = HASH) -> Files:
    text = f"/A\nprotocol: linux\npath: boot():/vmlinuz-6.1\nmodule_path: boot():/initrd.img-6.1#{hash_}\ncmdline: a\n"
    return {"/boot/limine.conf": text, "/boot/initrd.img-6.1": "x", **BUILT}


MODULE = ("initramfs.module", "vfio_pci")


def test_a_hash_that_nothing_renews_refuses_the_build(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"/boot/limine.conf:4 pins the hash of /boot/initrd.img-6.1"):
        planned(tmp_path, limine(), MODULE)


def test_a_hash_is_renewed_by_its_own_tool(tmp_path: Path) -> None:
    files = limine() | {"/etc/default/limine": 'KERNEL_CMDLINE[default]="a"\n', **tool("limine-update")}
    plan = planned(tmp_path, files, MODULE)
    assert commands(plan)[-1] == "limine-update"
    assert any("limine-update writes the new one" in note for note in plan.notes)


def test_other_words_leave_the_hashes_alone(tmp_path: Path) -> None:
    assert planned(tmp_path, limine(), ADD).steps


SIGNED_UKI: Files = {
    **UKI, **SECURE, "/etc/mkinitcpio.conf": "HOOKS=(base)\n", "/etc/mkinitcpio.d/linux.preset": PRESET,
    "/efi/limine.conf": "/A\nprotocol: efi\npath: boot():/EFI/Linux/arch-linux.efi\n", **tool("mkinitcpio"),
    "/efi/EFI/Linux/arch-linux.efi": IMAGE,
}  # fmt: skip
SIGNED_UKI = {k: v for k, v in SIGNED_UKI.items() if "StubInfo" not in k}


def test_an_image_that_nothing_signs_is_not_built_under_secure_boot(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"nothing was found that signs /efi/EFI/Linux/arch-linux.efi.*sbctl"):
        planned(tmp_path, SIGNED_UKI, ADD)
    signs: Files = {"/usr/bin/sbctl": "x", "/usr/lib/initcpio/post/sbctl": "x"}
    plan = planned(tmp_path / "2", SIGNED_UKI | signs, ADD)
    assert any("sbctl (/usr/lib/initcpio/post/sbctl) signs" in note for note in plan.notes)


def tpm(token: object, *more: object, slots: int = 2) -> Files:
    return {**DISK, "/dev/sda3": header(token, *more, slots=slots), "/etc/crypttab": CRYPTTAB}


BOUND = {**SYSTEMD, "keyslots": ["0"], "tpm2-pcrs": [8, 9], "tpm2_pubkey_pcrs": []}


def test_a_volume_without_another_way_refuses_what_moves_its_registers(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"while PCR 8, 9 stay as they are.*moves 8, 9: no passphrase.*--recovery-key"):
        planned(tmp_path, GRUB | tpm(BOUND, slots=1), ADD)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            tpm(BOUND),
            "asked at every boot until 'systemd-cryptenroll --wipe-slot=tpm2 --tpm2-device=auto --tpm2-pcrs=8+9",
        ),
        (tpm(BOUND, RECOVERY, slots=3), "its passphrase or recovery key is asked at every boot"),
        (tpm(clevis({"pin": "tpm2", "tpm2": {"pcr_ids": "8"}})), "clevis luks regen -d /dev/disk/by-uuid/1-2 -s SLOT"),
        (tpm({**BOUND, "tpm2_pcrlock": True}), "'systemd-pcrlock make-policy'"),
        (tpm({**BOUND, "tpm2-pcrs": [7], "tpm2_pubkey_pcrs": [9]}), "a signature allows the values of PCR 9"),
        ({"/etc/crypttab": CRYPTTAB}, "what it is bound to cannot be read here, and this change moves PCR 8, 9"),
    ],
)
def test_what_is_asked_at_the_next_boots_is_said(files: Files, words: str, tmp_path: Path) -> None:
    notes = planned(tmp_path, GRUB | files, ADD).notes
    assert any(words in note for note in notes), notes


def test_registers_that_do_not_move_need_no_word(tmp_path: Path) -> None:
    plan = planned(tmp_path, GRUB | tpm({**BOUND, "tpm2-pcrs": [7]}, slots=1), ADD)
    assert not any("TPM" in note or "PCR" in note for note in plan.notes)


def test_a_plan_that_touches_no_boot_file_moves_nothing(tmp_path: Path) -> None:
    plan = planned(tmp_path, GRUB | tpm(BOUND, slots=1), ("sysctl.set", "vm.swappiness=10"))
    assert plan.steps and not any("PCR" in note for note in plan.notes)


def test_a_verified_root_is_not_changed_from_inside(tmp_path: Path) -> None:
    files = limine("") | {"/boot/limine.conf": "/A\nprotocol: linux\npath: boot():/k\ncmdline: roothash=ab\n"}
    with pytest.raises(PlanError, match="checked against a hash on the command line"):
        planned(tmp_path, files, MODULE)
