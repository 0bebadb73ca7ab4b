"""Hashes, signatures, Secure Boot, TPM-bound volumes and verified roots are found on a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.formats.records.test_luks_header import RECOVERY, SYSTEMD, header
from tests.host.boot.test_image import efi_program
from tests.host.boot.test_loader import Files
from tests.trees import Link, folder_root
from vfiotui.formats.system.crypttab import parse
from vfiotui.host.boot.boot import read
from vfiotui.host.boot.loader_firmware import EFIVARS, GLOBAL
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.pins import Pin, PinKind

HASH = "ab" * 64
LIMINE = f"/A\nprotocol: linux\npath: boot():/vmlinuz-6.1#{HASH}\nmodule_path: boot():/initrd#{HASH}\ncmdline: a\n"
SECURE: Files = {f"{EFIVARS}/SecureBoot-{GLOBAL}": b"\6\0\0\0\1"}
UKI = efi_program({".linux": b"k", ".cmdline": b"root=UUID=1"})
UNIFIED: Files = {
    "/boot/limine.conf": "/A\nprotocol: efi\npath: boot():/EFI/Linux/a.efi\n",
    "/boot/EFI/Linux/a.efi": UKI,
}
SIGNED: Files = {
    "/boot/grub/grub.cfg": "set timeout=5\nset check_signatures=enforce\n",
    "/boot/grub/grub.cfg.sig": "x",
    "/boot/initrd.img-6.1.sig": "x",
    "/boot/initrd.img-6.1": "x",
}


def words(line: str) -> str:
    return LIMINE.replace(f"#{HASH}", "").replace("cmdline: a", f"cmdline: {line}")


def pins(files: Files, folder: Path) -> tuple[Pin, ...]:
    boot = read(folder_root(folder, files))
    assert not isinstance(boot, Unread)
    return boot.pins


def test_hashes_of_limine_are_found_with_their_lines(tmp_path: Path) -> None:
    found = pins({"/boot/limine.conf": LIMINE, "/boot/initrd": "x"}, tmp_path)
    assert found == (
        Pin(PinKind.LIMINE_HASH, "/vmlinuz-6.1", "/boot/limine.conf:3"),
        Pin(PinKind.LIMINE_HASH, "/boot/initrd", "/boot/limine.conf:4"),
    )
    more = pins({"/boot/limine.conf": LIMINE, "/usr/bin/limine-update": "x"}, tmp_path / "tool")
    assert {p.renewed_by for p in more} == {"limine-update"}


@pytest.mark.parametrize(
    ("files", "targets"),
    [
        (SIGNED, {"/boot/initrd.img-6.1", "/boot/grub/grub.cfg"}),
        ({"/boot/grub/grub.cfg": 'set check_signatures="enforce"\n'}, {"/boot/grub/grub.cfg"}),
        ({**SIGNED, "/boot/grub/grub.cfg": "# set check_signatures=enforce\n"}, set()),
        ({**SIGNED, "/boot/grub/grub.cfg": "set check_signatures=no\n"}, set()),
    ],
)
def test_signatures_count_where_grub_checks_them(files: Files, targets: set[str], tmp_path: Path) -> None:
    assert {p.target for p in pins(files, tmp_path) if p.kind is PinKind.GRUB_SIGNATURE} == targets


@pytest.mark.parametrize(
    ("more", "signer"),
    [
        ({}, ""),
        ({"/usr/bin/sbctl": "x"}, ""),
        ({"/usr/bin/sbctl": "x", "/usr/lib/initcpio/post/sbctl": "x"}, "sbctl (/usr/lib/initcpio/post/sbctl)"),
        ({"/etc/initcpio/post/sign": "x"}, "/etc/initcpio/post/sign"),
        ({"/etc/kernel/uki.conf": "[UKI]\nSecureBootPrivateKey = /k\n"}, "ukify (/etc/kernel/uki.conf)"),
        ({"/etc/kernel/uki.conf": "#SecureBootPrivateKey=/k\n"}, ""),
        ({"/etc/dracut.conf.d/s.conf": 'uefi_secureboot_key="/k"\n'}, "dracut (/etc/dracut.conf.d/s.conf)"),
    ],
)
def test_what_signs_unified_images_is_named(more: Files, signer: str, tmp_path: Path) -> None:
    found = pins(UNIFIED | SECURE | more, tmp_path)
    assert [(p.kind, p.target, p.renewed_by) for p in found] == [
        (PinKind.SIGNED_IMAGE, "/boot/EFI/Linux/a.efi", signer)
    ]


def test_without_secure_boot_no_signature_is_needed(tmp_path: Path) -> None:
    assert pins(UNIFIED, tmp_path) == ()


GRUB: Files = {"/boot/grub/grub.cfg": "x"}
CRYPTTAB = "root UUID=1-2 none tpm2-device=auto,discard\n"
DISK: Files = {"/dev/disk/by-uuid/1-2": Link("../../sda3")}


def test_a_volume_whose_header_is_read_tells_its_registers(tmp_path: Path) -> None:
    disk: Files = {**DISK, "/dev/sda3": header({**SYSTEMD, "keyslots": ["0"]}, RECOVERY, slots=3)}
    found = pins(GRUB | disk | {"/etc/crypttab": CRYPTTAB}, tmp_path)
    assert [(p.target, p.maker, p.pcrs, p.signed_pcrs, p.others) for p in found] == [
        ("/dev/disk/by-uuid/1-2", "systemd", frozenset({4, 7}), frozenset({11}), 2)
    ]


def test_a_volume_of_clevis_needs_no_option(tmp_path: Path) -> None:
    from tests.formats.records.test_luks_header import clevis

    disk: Files = {**DISK, "/dev/sda3": header(clevis({"pin": "tpm2", "tpm2": {"pcr_ids": "9"}}))}
    (found,) = pins(GRUB | disk | {"/etc/crypttab": "root UUID=1-2 none luks\n"}, tmp_path)
    assert (found.maker, found.pcrs, found.others) == ("clevis", frozenset({9}), 1)


@pytest.mark.parametrize(
    ("files", "target"),
    [
        ({"/etc/crypttab": CRYPTTAB}, "/dev/disk/by-uuid/1-2"),
        ({"/etc/crypttab.initramfs": "root /dev/sda3 - tpm2-device=auto\n"}, "/dev/sda3"),
        ({"/etc/crypttab": CRYPTTAB, "/etc/crypttab.initramfs": CRYPTTAB}, "/dev/disk/by-uuid/1-2"),
        ({"/boot/limine.conf": words("rd.luks.uuid=1-2 rd.luks.options=tpm2-device=auto")}, "/dev/disk/by-uuid/1-2"),
        ({"/boot/limine.conf": words("rd.luks.options=1-2=tpm2-device=auto")}, "/dev/disk/by-uuid/1-2"),
        ({"/boot/limine.conf": words("rd.luks.options=tpm2-device=auto")}, "the root volume"),
    ],
)  # fmt: skip
def test_a_header_that_cannot_be_read_leaves_the_default(files: Files, target: str, tmp_path: Path) -> None:
    (found,) = pins((GRUB if "/boot/limine.conf" not in files else {}) | files, tmp_path)
    assert (found.kind, found.target, found.pcrs, found.others) == (PinKind.TPM, target, frozenset({7}), None)


def test_volumes_that_a_person_opens_are_no_pins(tmp_path: Path) -> None:
    files: Files = {"/etc/crypttab": "root UUID=1-2 none luks\n", **DISK, "/dev/sda3": header(slots=1)}
    assert pins(GRUB | files, tmp_path) == ()


def test_a_verified_root_is_named(tmp_path: Path) -> None:
    text = "/A\nprotocol: linux\npath: boot():/k\ncmdline: roothash=ab systemd.verity=1\n"
    (found,) = pins({"/boot/limine.conf": text}, tmp_path)
    assert (found.kind, found.source) == (PinKind.VERITY, "/boot/limine.conf:4")


@pytest.mark.parametrize(
    "text", ["", "\0", "root\n", "root UUID= none tpm2-device\n" * 500, "# x\n\n", "a ../../x - tpm2-device"]
)
def test_damaged_tables_give_an_answer(text: str, tmp_path: Path) -> None:
    assert all(isinstance(v.path, str) for v in parse(text))
    assert all(p.kind is PinKind.TPM for p in pins(GRUB | {"/etc/crypttab": text}, tmp_path))


def test_a_folder_in_the_place_of_a_volume_is_no_header(tmp_path: Path) -> None:
    (found,) = pins(GRUB | {"/etc/crypttab": "a /dev/sda3 - tpm2-device=auto\n", "/dev/sda3/x": ""}, tmp_path)
    assert found.others is None
