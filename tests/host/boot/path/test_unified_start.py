"""Unified images that the firmware starts itself, the removable path, and images in other folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.host.boot.path.test_systemd_boot import SECURE, SEEN, Files, default_of, path_of, words
from tests.host.boot.test_loader import option
from tests.trees import folder_root
from tests.unified_images import KERNEL, addon, image, pe, systemd_boot
from vfiotui.host.boot.loader import find_loader
from vfiotui.host.boot.loader_firmware import EFIVARS, GLOBAL
from vfiotui.host.boot.path import unified
from vfiotui.model.base.reading import Unread


def firmware(program: str, options: str = "") -> Files:
    return {
        f"{EFIVARS}/BootOrder-{GLOBAL}": b"\6\0\0\0\1\0",
        f"{EFIVARS}/Boot0001-{GLOBAL}": option("Linux", program, options),
        f"{EFIVARS}/BootCurrent-{GLOBAL}": b"\6\0\0\0\1\0",
        **SEEN,
    }


TWO = {"/efi/EFI/Linux/arch-linux.efi": image("normal"), "/efi/EFI/Linux/arch-linux-fallback.efi": image("fallback")}


def test_the_firmware_s_entry_says_which_image_starts(tmp_path: Path) -> None:
    path = path_of(tmp_path, TWO, firmware("\\EFI\\Linux\\arch-linux-fallback.efi"))
    assert path.loader == "uki" and words(path) == "fallback" and default_of(path).unified
    assert "'Linux' (Boot0001)" in default_of(path).why


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ("", "normal"),
        ("mine only", "mine only"),
        ("@0", "normal"),
        ("@0 mine", "mine"),
        ("\1\2", "normal"),
        ("@x", "@x"),
    ],
)
def test_the_words_of_the_firmware_s_entry_take_the_place_of_the_image_s(
    options: str, taken: str, tmp_path: Path
) -> None:
    program = "\\EFI\\Linux\\arch-linux.efi"
    assert words(path_of(tmp_path / "off", TWO, firmware(program, options))) == taken
    kept = words(path_of(tmp_path / "on", TWO, {**firmware(program, options), **SECURE}))
    assert kept == "normal"


def test_without_the_firmware_s_variables_every_image_may_start(tmp_path: Path) -> None:
    path = path_of(tmp_path, TWO, {"/efi/EFI/BOOT/BOOTX64.EFI": image("removable")})
    assert path.default is None and "not visible here" in path.open
    assert [e.source.rpartition("/")[2] for e in path.candidates] == [
        "arch-linux.efi", "arch-linux-fallback.efi", "BOOTX64.EFI",
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["/boot/EFI/BOOT/BOOTX64.EFI", "/efi/EFI/ArchLinux/arch-linux.efi"])
def test_a_single_image_in_any_folder_is_the_one(place: str, tmp_path: Path) -> None:
    path = path_of(tmp_path, {place: image("alone")})
    assert words(path) == "alone" and default_of(path).source == place


def test_the_removable_path_s_systemd_boot_has_its_menu(tmp_path: Path) -> None:
    path = path_of(tmp_path, TWO, {"/efi/EFI/BOOT/BOOTX64.EFI": systemd_boot()})
    assert path.loader == "systemd-boot" and words(path) == "normal"


def test_an_addon_belongs_to_an_image_that_the_firmware_starts_too(tmp_path: Path) -> None:
    more = {
        "/boot/EFI/BOOT/BOOTX64.EFI": image("alone"),
        "/boot/EFI/BOOT/BOOTX64.EFI.extra.d/a.addon.efi": addon("more"),
    }
    assert words(path_of(tmp_path, more)) == "alone more"


def test_loaders_in_other_folders_are_no_images(tmp_path: Path) -> None:
    root = folder_root(
        tmp_path, {"/efi/EFI/debian/grubx64.efi": pe([(".text", "x"), ("mods", "y")]), "/efi/EFI/a/b.efi": "x"}
    )
    assert find_loader(root).name == "unknown"


def test_a_damaged_image_is_named_and_an_image_with_control_characters_is_cleaned(tmp_path: Path) -> None:
    root = folder_root(
        tmp_path, {"/efi/EFI/Linux/a.efi": b"MZ" + bytes(90), "/efi/EFI/Linux/b.efi": image(" a\n\tb \0 c")}
    )
    assert isinstance(unified.read(root, "/efi/EFI/Linux/a.efi"), Unread)
    found = unified.read(root, "/efi/EFI/Linux/b.efi")
    assert not isinstance(found, Unread) and found.profiles[0].words == "a  b"


def test_a_large_image_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    root = folder_root(tmp_path, {"/efi/EFI/Linux/big.efi": pe([(".cmdline", "quiet"), (".linux", KERNEL)])})
    with (tmp_path / "efi/EFI/Linux/big.efi").open("r+b") as file:
        file.truncate(300 << 20)
    taken = []
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, at: taken.append(size) or real(fd, size, at))
    found = unified.read(root, "/efi/EFI/Linux/big.efi")
    assert not isinstance(found, Unread) and found.profiles[0].words == "quiet" and sum(taken) < 1 << 20


@settings(max_examples=60, deadline=None)
@given(noise=st.binary(max_size=400), at=st.integers(0, 5000))
def test_any_bytes_have_an_answer(noise: bytes, at: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    whole = pe([(".osrel", "ID=a\n"), (".cmdline", "x"), (".profile", "ID=y\n"), (".linux", KERNEL)])
    folder = tmp_path_factory.mktemp("noise")
    root = folder_root(folder, {"/efi/EFI/Linux/a.efi": whole[:at] + noise + whole[at + len(noise) :]})
    found = unified.read(root, "/efi/EFI/Linux/a.efi")
    assert isinstance(found, Unread) or found.profiles
