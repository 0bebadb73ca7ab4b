"""Words go where the image or the entry of the next boot gets them from, or the plan is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.host.boot.path.test_systemd_boot import SEEN, entry
from tests.host.boot.test_loader import Files
from tests.plan.boot.test_loader_writers import ID, commands, looks, planned, written
from tests.unified_images import addon, image
from vfiotui.plan.draft import PlanError

LINE = "root=UUID=1 rw quiet"
GOAL = ("cmdline.add", "iommu=pt")


def preset(uki: str, options: str = "", more: str = "", names: str = "'default'") -> Files:
    text = f"ALL_kver='/boot/vmlinuz-linux'\nPRESETS=({names})\ndefault_uki=\"{uki}\"\n{options}\n{more}"
    return {
        "/etc/mkinitcpio.d/linux.preset": text, "/usr/bin/mkinitcpio": "",
        "/etc/mkinitcpio.conf": "HOOKS=(base udev)\n",
        "/etc/kernel/cmdline": f"{LINE}\n", "/boot/vmlinuz-linux": b"MZ", "/etc/os-release": "ID=arch\n",
        uki: image(LINE), **SEEN,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("uki", "options", "file"),
    [
        ("/boot/EFI/Linux/arch-linux.efi", "", "/etc/kernel/cmdline"),
        ("/boot/EFI/BOOT/BOOTX64.EFI", 'default_options="--cmdline /etc/kernel/cmdline"', "/etc/kernel/cmdline"),
        ("/efi/EFI/ArchLinux/arch.efi", "", "/etc/kernel/cmdline"),
        ("/boot/efi/EFI/Linux/a.efi", 'default_options="-S autodetect --cmdline /etc/kernel/mine"', "/etc/kernel/mine"),
        ("/efi/EFI/Linux/a.efi", 'default_options="--cmdline /etc/kernel/words.d"', "/etc/kernel/words.d/9-last.conf"),
    ],
)
def test_the_words_go_into_what_the_image_s_preset_reads(uki: str, options: str, file: str, tmp_path: Path) -> None:
    more: Files = {"/etc/kernel/mine": f"{LINE}\n", "/etc/kernel/words.d/1-first.conf": "root=UUID=1\n",
                   "/etc/kernel/words.d/9-last.conf": "rw quiet\n"}  # fmt: skip
    plan = planned(tmp_path, {**preset(uki, options), **(more if options else {})}, GOAL)
    assert list(written(plan)) == [file] and written(plan)[file].split()[-1] == "iommu=pt"
    assert commands(plan) == ["mkinitcpio -P"] and list(looks(plan)) == [uki]


@pytest.mark.parametrize(
    ("goal", "word"),
    [
        (("cmdline.remove", "quiet"), ""),
        (("cmdline.remove", "iommu=pt"), "iommu=pt"),
        (("cmdline.remove", "ids=1:2"), ""),
        (("cmdline.set", "vfio-pci.ids=3:4"), "vfio-pci.ids=1:2"),
        (("cmdline.add", "amd_iommu=on"), ""),
    ],
    ids=" ".join,
)
def test_a_word_of_an_addon_is_taken_out_by_no_builder(goal: tuple[str, str], word: str, tmp_path: Path) -> None:
    place = "/efi/loader/addons/vfio.addon.efi"
    files = {**preset("/efi/EFI/Linux/arch-linux.efi"), place: addon("iommu=pt vfio-pci.ids=1:2 quiets")}
    if word:
        with pytest.raises(PlanError, match=f"{word} stands in the addon {place}"):
            planned(tmp_path, files, goal)
    else:
        assert not any(place in note for note in planned(tmp_path, files, goal).notes)


def test_an_entry_that_is_left_over_gets_no_words_where_an_image_starts(tmp_path: Path) -> None:
    files = {
        **preset("/boot/EFI/Linux/arch-linux.efi"), "/boot/loader/loader.conf": "default arch-linux.efi\n",
        "/boot/loader/entries/arch.conf": entry("left over"),
    }  # fmt: skip
    plan = planned(tmp_path, files, GOAL)
    assert list(written(plan)) == ["/etc/kernel/cmdline"] and commands(plan) == ["mkinitcpio -P"]


def test_an_image_beside_the_entry_that_starts_is_not_built(tmp_path: Path) -> None:
    files = {
        **preset("/boot/EFI/Linux/arch-linux.efi"), "/boot/loader/loader.conf": "default arch.conf\n",
        "/boot/loader/entries/arch.conf": entry(LINE),
    }  # fmt: skip
    plan = planned(tmp_path, files, GOAL)
    assert "/boot/loader/entries/arch.conf" in written(plan) and commands(plan) == []


def test_a_fallback_image_with_words_of_its_own_is_not_asked_for_them(tmp_path: Path) -> None:
    more = (
        "fallback_uki=/efi/EFI/Linux/arch-linux-fallback.efi\n"
        'fallback_options="-S autodetect --cmdline /etc/kernel/cmdline-fallback"\n'
    )
    files = {
        **preset("/efi/EFI/Linux/arch-linux.efi", "", more, "'default' 'fallback'"),
        "/efi/EFI/Linux/arch-linux-fallback.efi": image("root=UUID=1 rw"),
        "/etc/kernel/cmdline-fallback": "root=UUID=1 rw\n",
    }
    plan = planned(tmp_path, files, GOAL)
    assert list(written(plan)) == ["/etc/kernel/cmdline"]
    assert list(looks(plan)) == ["/efi/EFI/Linux/arch-linux.efi"]
    assert any("not visible here" in note for note in plan.notes)


def test_an_image_that_no_preset_makes_is_named(tmp_path: Path) -> None:
    files = {
        **preset("/boot/EFI/Linux/arch-linux.efi"), "/boot/loader/loader.conf": "default mine.efi\n",
        "/boot/EFI/Linux/mine.efi": image(LINE),
    }  # fmt: skip
    with pytest.raises(PlanError, match=r"starts /boot/EFI/Linux/mine.efi, which no preset"):
        planned(tmp_path, files, GOAL)


def test_another_system_s_entry_is_not_edited(tmp_path: Path) -> None:
    other = "f" * 32
    files = {
        "/efi/loader/loader.conf": f"default {other}*\n", "/efi/vmlinuz-linux": b"MZ", **SEEN,
        f"/efi/loader/entries/{other}-6.1.conf": entry("theirs"), f"/efi/loader/entries/{ID}-6.1.conf": entry("mine"),
    }  # fmt: skip
    with pytest.raises(PlanError, match=r"the next boot starts another system, 'theirs'"):
        planned(tmp_path, files, GOAL)


def test_words_in_uki_conf_are_said_to_have_no_effect(tmp_path: Path) -> None:
    files = {
        "/etc/kernel/install.conf": "layout=uki\n", "/etc/kernel/uki.conf": f"[UKI]\nCmdline={LINE}\n",
        "/usr/bin/kernel-install": "", "/boot/EFI/Linux/a-6.12.9.efi": image(LINE), **SEEN,
    }  # fmt: skip
    with pytest.raises(PlanError, match=r"Cmdline= in /etc/kernel/uki.conf has no effect"):
        planned(tmp_path, files, GOAL)
