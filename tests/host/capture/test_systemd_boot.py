"""The boot path of systemd-boot and of unified images is the same in a capture, with pseudonyms."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.host.boot.path.test_systemd_boot import MACHINE, base, entry, three
from tests.host.boot.test_loader import loader_var
from tests.host.capture.captures import captured
from tests.trees import folder_root
from tests.unified_images import addon, image, pe, systemd_boot
from vfiotui.host.boot.loader import find_loader
from vfiotui.host.boot.path.resolve import find_path

GENERATED = {
    f"/efi/loader/entries/{MACHINE}-6.12.9-arch1-1.conf": entry("quiet", "sort-key arch", "version 6.12.9-arch1-1"),
    f"/efi/loader/entries/{MACHINE}-6.9.1-arch1-1+3.conf": entry("splash", "sort-key arch", "version 6.9.1-arch1-1"),
}
IMAGES = {
    "/efi/EFI/Linux/arch-linux.efi": image("root=UUID=1 quiet"),
    "/efi/EFI/Linux/zwetschke.efi": pe(
        [(".osrel", "ID=arch\n"), (".cmdline", "iommu=pt"), (".initrd", ""), (".linux", bytes(90)),
         (".profile", "ID=main\n"), (".profile", "ID=debug\n"), (".cmdline", "debug")]
    ),
    "/efi/loader/addons/geheim.addon.efi": addon("vfio-pci.ids=10de:13c2"),
    "/efi/EFI/Linux/zwetschke.efi.extra.d/x.addon.efi": addon("quiet"),
    "/efi/EFI/systemd/systemd-bootx64.efi": systemd_boot("257.9-1"),
}  # fmt: skip


@pytest.mark.parametrize(
    "files",
    [
        {**base("default arch-lts*"), **three()},
        {**base("default zz-vfio.conf"), **three()},
        {**base("default @saved"), **three(), **loader_var("LoaderEntryLastBooted", "zz-vfio.conf")},
        {**base(f"default {MACHINE}*"), **GENERATED},
        {**base(), **GENERATED},
        {**base("default zwetschke*"), **IMAGES},
        {**base("default zwetschke.efi@debug"), **IMAGES, **three()},
        {**base(), **IMAGES},
        {"/boot/EFI/BOOT/BOOTX64.EFI": image("quiet"), "/etc/machine-id": MACHINE},
        {"/efi/EFI/ArchLinux/a.efi": image("quiet"), "/etc/machine-id": MACHINE},
    ],
)
def test_the_path_in_a_capture_is_the_host_s(files: dict[str, str | bytes], tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/sys/power/state": "mem\n", "/proc/version": "Linux version 6.12.9\n", **files})
    opened, renamed = captured(root)
    here, there = (repr(find_path(r, find_loader(r))) for r in (root, opened))
    assert renamed(there) == renamed(here)
    assert "zwetschke" not in there and "geheim" not in there
