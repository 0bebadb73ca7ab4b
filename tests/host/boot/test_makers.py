"""Who makes the boot images: by each tool's own configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from vfiotui.host.boot.boot import read
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.makers import Makers

MID = "0123456789abcdef0123456789abcdef"
ARCH = {
    "usr/bin/mkinitcpio": "#!/bin/bash\n",
    "etc/mkinitcpio.conf": "HOOKS=(base udev modconf)\n",
    "lib/modules/6.12.9-arch1-1/modules.dep": "",
    "usr/lib/modules/6.12.9-arch1-1/vmlinuz": "",
}
PRESET = "ALL_kver=/boot/vmlinuz-linux\nPRESETS=('default')\ndefault_image=/boot/initramfs-linux.img\n"
DRACUT = {"usr/bin/dracut": "#!/bin/bash\n", "lib/modules/6.12.9/modules.dep": ""}


def boot(tmp_path: Path, files: dict[str, str]) -> Boot:
    for path, text in files.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    found = read(Root.mounted(str(tmp_path)))
    assert not isinstance(found, Unread)
    return found


def makers(tmp_path: Path, files: dict[str, str]) -> Makers:
    return boot(tmp_path, files).makers


def test_presets_name_what_is_built_from_what(tmp_path: Path) -> None:
    found = makers(
        tmp_path,
        {
            **ARCH,
            "etc/mkinitcpio.d/linux.preset": PRESET.replace("PRESETS", "ALL_config=/etc/mkinitcpio-vfio.conf\nPRESETS"),
            "etc/mkinitcpio.d/linux-lts.preset": (
                "E=/esp\nALL_kver=/boot/vmlinuz-linux-lts\nPRESETS=(x y)\nx_image=/efi/EFI/arch/initramfs-lts.img\n"
                'y_uki="$E/EFI/y.efi"\ny_options="-S autodetect --cmdline /etc/kernel/cmdline-y"\n'
            ),
            "etc/mkinitcpio.conf.d/10-b.conf": "",
            "etc/mkinitcpio.conf.d/9-a.conf": "",
            "etc/mkinitcpio.conf.d/README": "",
        },
    )
    lts, uki, linux = found.builds
    drop_ins = ("/etc/mkinitcpio.conf", "/etc/mkinitcpio.conf.d/9-a.conf", "/etc/mkinitcpio.conf.d/10-b.conf")
    assert (lts.image, lts.config, lts.kernel) == (
        "/efi/EFI/arch/initramfs-lts.img",
        drop_ins,
        "/boot/vmlinuz-linux-lts",
    )
    assert (uki.unified, uki.words, uki.skips) == ("/esp/EFI/y.efi", ("/etc/kernel/cmdline-y",), ("autodetect",))
    assert (linux.config, linux.name) == (("/etc/mkinitcpio-vfio.conf",), "linux: default")
    assert found.commands == (("mkinitcpio", "-P"),)
    assert {"/efi/EFI/arch/initramfs-lts.img", "/esp/EFI/y.efi", "/boot/initramfs-linux.img"} <= set(found.products)
    assert found.of("/esp/EFI/y.efi") is uki and found.of("") is None


def test_naming_the_default_configuration_leaves_its_drop_ins_out(tmp_path: Path) -> None:
    """`-c` switches the drop-ins off, whatever it names (mkinitcpio)."""
    preset = PRESET.replace("PRESETS", "ALL_config=/etc/mkinitcpio.conf\nPRESETS")
    files = {**ARCH, "etc/mkinitcpio.d/linux.preset": preset, "etc/mkinitcpio.conf.d/a.conf": "MODULES=(x)\n"}
    (build,) = makers(tmp_path, files).builds
    assert build.config == ("/etc/mkinitcpio.conf",)


def test_without_a_preset_somebody_else_has_to_call_mkinitcpio(tmp_path: Path) -> None:
    nobody = makers(tmp_path, ARCH)
    assert nobody.commands == () and "no preset" in nobody.why
    plugged = makers(
        tmp_path, {"usr/bin/kernel-install": "", "usr/lib/kernel/install.d/50-mkinitcpio.install": "", **ARCH}
    )
    image = "/usr/lib/modules/6.12.9-arch1-1/vmlinuz"
    assert plugged.commands == (("kernel-install", "add", "6.12.9-arch1-1", image),)


def test_limine_builds_by_its_own_tool(tmp_path: Path) -> None:
    files = {
        **ARCH,
        "etc/machine-id": MID,
        "usr/bin/limine-mkinitcpio": "",
        "usr/bin/limine-update": "",
        "etc/default/limine": 'ESP_PATH="/boot"\n',
        "boot/limine.conf": "/Linux\nprotocol: linux\nkernel_path: boot():/x\n",
        f"boot/{MID}/linux-cachyos/initramfs-linux-cachyos": "",
    }
    found = makers(tmp_path, files)
    assert found.commands == (("limine-mkinitcpio",),)
    assert f"/boot/{MID}/linux-cachyos/*" in found.images and "/boot/limine.conf" in found.products


@pytest.mark.parametrize("helper", [True, False])
def test_dracut_writes_where_its_folders_are(tmp_path: Path, helper: bool) -> None:
    """dracut.sh takes EFI/MACHINE-ID/RELEASE/initrd where loader/entries and that folder are there."""
    files = {
        **DRACUT,
        "etc/machine-id": MID + "\n",
        f"efi/{MID}/6.12.9/initrd": "",
        "efi/loader/entries/a.conf": "linux /x\n",
        "etc/dracut.conf.d/z.conf": "",
        "etc/dracut.conf.d/vendor.conf": "",
        "etc/dracut.conf.d/ignored": "",
        "usr/lib/dracut/dracut.conf.d/vendor.conf": "",
        "usr/lib/dracut/dracut.conf.d/a.conf": "",
    }
    found = makers(tmp_path, {**files, **({"usr/bin/reinstall-kernels": ""} if helper else {})})
    assert f"/efi/{MID}/6.12.9/initrd" in found.images
    assert found.commands == ((("reinstall-kernels",),) if helper else (("dracut", "-f", "--regenerate-all"),))
    assert found.builds[0].config == (
        "/usr/lib/dracut/dracut.conf.d/a.conf",
        "/etc/dracut.conf.d/vendor.conf",
        "/etc/dracut.conf.d/z.conf",
    )


def test_what_dracut_left_of_initramfs_tools_is_no_tool(tmp_path: Path) -> None:
    """apt removes initramfs-tools and keeps its hook, its configuration and mkinitramfs (initramfs-tools-core)."""
    left = {
        "etc/kernel/postinst.d/initramfs-tools": "",
        "etc/initramfs-tools/initramfs.conf": "",
        "usr/sbin/mkinitramfs": "",
    }
    found = boot(tmp_path, {**left, **DRACUT, "etc/kernel/postinst.d/dracut": ""})
    assert (found.initramfs, found.makers.tool) == ("dracut", "dracut")


def test_a_tool_that_is_gone_builds_nothing(tmp_path: Path) -> None:
    left = {"etc/initramfs-tools/initramfs.conf": "", "usr/sbin/mkinitramfs": "", "lib/modules/6.1/modules.dep": ""}
    found = boot(tmp_path, left)
    assert (found.initramfs, found.makers.commands) == ("none", ()) and found.makers.why


def test_a_damaged_preset_is_missed_and_builds_nothing(tmp_path: Path) -> None:
    preset = tmp_path / "etc/mkinitcpio.d"
    preset.mkdir(parents=True)
    (preset / "a.preset").mkdir()
    (preset / "b.preset").write_bytes(b"\xff\xfe\0PRESETS=(\r\n")
    (preset / "c.preset").write_bytes(b"PRESETS=($(x))\n")
    (preset / "d.preset").symlink_to("/etc/shadow")
    (preset / "e.preset").symlink_to("e.preset")
    (preset / "f.preset").write_bytes(b"#" * (300 << 10))
    (preset / "g.preset").write_text(". /etc/mkinitcpio.d/g.preset\n" + PRESET)
    found = makers(tmp_path, ARCH)
    assert found.builds == () and found.commands == (("mkinitcpio", "-P"),)
    assert {u.path.rpartition("/")[2] for u in found.unread} >= {"c.preset", "f.preset", "g.preset"}


SDBOOT = {
    "usr/sbin/update-initramfs": "",
    "usr/bin/kernel-install": "",
    "etc/machine-id": MID + "\n",
    "lib/modules/6.12.9/modules.dep": "",
    "boot/vmlinuz-6.12.9": "",
    "boot/initrd.img-6.12.9": "",
    "boot/efi/EFI/systemd/systemd-bootx64.efi": "",
    "boot/efi/loader/loader.conf": "timeout 3\n",
}
ADD = ("kernel-install", "add", "6.12.9", "/boot/vmlinuz-6.12.9")
UPDATE = ("update-initramfs", "-u", "-k", "all")
HOOK = "etc/initramfs/post-update.d/systemd-boot"
CALLS = '#!/bin/sh\nbootctl is-installed --quiet || exit 0\nkernel-install add "$1" "$2"\n'


@pytest.mark.parametrize("copy", [f"EFI/Linux/{MID}-6.12.9.efi", f"EFI/Linux/{MID}-6.12.9+3-0.efi", f"{MID}/6.12.9/x"])
def test_a_copy_of_the_initramfs_is_made_again_where_no_hook_does_so(tmp_path: Path, copy: str) -> None:
    """kernel-install puts the initramfs into a unified image or a folder, which update-initramfs does not know."""
    found = makers(tmp_path, {**SDBOOT, f"boot/efi/{copy}": ""})
    assert found.commands == (UPDATE, ADD)
    named = f"/boot/efi/{MID}/6.12.9/initrd*" if copy.endswith("/x") else f"/boot/efi/{copy}"
    assert named in found.images and named in found.products and "/boot/initrd.img-*" in found.images


@pytest.mark.parametrize(
    ("hook", "mode", "called"),
    [
        (CALLS, 0o755, True),
        (CALLS, 0o644, False),
        ("#!/bin/sh\n# kernel-install is not called\nexit 0\n", 0o755, False),
        ("#!/bin/sh\nexec proxmox-boot-tool refresh\n", 0o755, False),
    ],
)
def test_a_hook_that_calls_kernel_install_does_it(tmp_path: Path, hook: str, mode: int, called: bool) -> None:
    place = tmp_path / HOOK
    place.parent.mkdir(parents=True)
    place.write_text(hook)
    place.chmod(mode)
    found = makers(tmp_path, {**SDBOOT, f"boot/efi/EFI/Linux/{MID}-6.12.9.efi": ""})
    assert found.commands == ((UPDATE,) if called else (UPDATE, ADD))


def test_a_hook_that_asks_for_systemd_boot_does_nothing_where_the_firmware_starts_the_images(tmp_path: Path) -> None:
    place = tmp_path / HOOK
    place.parent.mkdir(parents=True)
    place.write_text(CALLS)
    place.chmod(0o755)
    files = {p: t for p, t in SDBOOT.items() if "systemd" not in p and "loader" not in p}
    found = makers(tmp_path, {**files, f"boot/efi/EFI/Linux/{MID}-6.12.9.efi": ""})
    assert found.commands == (UPDATE, ADD)


def test_a_hook_that_is_damaged_counts_for_nothing(tmp_path: Path) -> None:
    place = tmp_path / HOOK
    place.parent.mkdir(parents=True)
    place.write_bytes(b"kernel-install\0\xff\r\n" * 3)
    (place.parent / "folder").mkdir()
    (place.parent / "loop").symlink_to("loop")
    (place.parent / "away").symlink_to("../../../../../../etc/passwd")
    assert makers(tmp_path, {**SDBOOT, f"boot/efi/EFI/Linux/{MID}-6.12.9.efi": ""}).commands == (UPDATE, ADD)


@pytest.mark.parametrize("gone", ["usr/bin/kernel-install", "boot/efi/EFI/Linux"])
def test_without_a_copy_or_kernel_install_the_tool_is_alone(tmp_path: Path, gone: str) -> None:
    other = {"boot/efi/EFI/Linux/other-6.12.9.efi": "", f"boot/efi/EFI/Linux/{MID}-6.12.90.efi": ""}
    files = {p: t for p, t in {**SDBOOT, f"boot/efi/EFI/Linux/{MID}-6.12.9.efi": ""}.items() if not p.startswith(gone)}
    assert makers(tmp_path, {**files, **other}).commands == (UPDATE,)


def test_grub_starts_no_copy_that_kernel_install_left(tmp_path: Path) -> None:
    files = {p: t for p, t in SDBOOT.items() if not p.startswith("boot/efi")}
    grub = {"boot/grub/grub.cfg": "menuentry 'x' {\n linux /boot/vmlinuz-6.12.9 quiet\n}\n", "usr/sbin/update-grub": ""}
    assert makers(tmp_path, {**files, **grub, f"boot/{MID}/6.12.9/initrd": ""}).commands == (UPDATE,)


def test_dracut_alone_leaves_the_unified_images_of_kernel_install(tmp_path: Path) -> None:
    files = {p: t for p, t in SDBOOT.items() if p != "usr/sbin/update-initramfs"}
    found = makers(tmp_path, {**files, **DRACUT, f"boot/efi/EFI/Linux/{MID}-6.12.9.efi": ""})
    assert found.commands == (("dracut", "-f", "--regenerate-all"), ADD)
    assert makers(tmp_path / "b", {**files, **DRACUT}).commands == (("dracut", "-f", "--regenerate-all"),)
