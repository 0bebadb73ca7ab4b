"""Systems whose images and menu a tool of the whole system makes are recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.host.boot.test_loader import Files
from tests.trees import folder_root
from vfiotui.host.boot.loader import find_loader
from vfiotui.host.boot.managed import find_managed, root_is_read_only

GRUB: Files = {"/boot/grub/grub.cfg": "x"}
READ_ONLY: Files = {"/proc/self/mounts": "/dev/sda3 / btrfs ro,relatime 0 0\n"}
WRITABLE: Files = {"/proc/self/mounts": "/dev/sda3 / btrfs rw,relatime 0 0\n"}
MICROOS: Files = {"/etc/os-release": "ID=opensuse-microos\n"}
TOOL: Files = {"/usr/sbin/transactional-update": "x"}


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({}, ""),
        ({"/etc/os-release": "ID=debian\n"}, ""),
        ({"/etc/NIXOS": ""}, "nixos"),
        ({"/etc/os-release": "ID=nixos\n"}, "nixos"),
        ({"/etc/os-release": "ID=guix\n"}, "guix"),
        ({"/gnu/store/x": "", "/run/current-system": ""}, "guix"),
        # Guix as a package manager on another system makes no menu.
        ({"/gnu/store/x": ""}, ""),
        ({"/run/ostree-booted": "", "/usr/bin/rpm-ostree": "x"}, "rpm-ostree"),
        ({"/run/ostree-booted": "", "/usr/bin/bootc": "x"}, "bootc"),
        ({"/run/ostree-booted": "", "/usr/bin/bootc": "x", "/usr/bin/rpm-ostree": "x"}, "rpm-ostree"),
        (MICROOS | READ_ONLY, "transactional-update"),
        (MICROOS | {"/etc/fstab": "UUID=1 / btrfs ro 0 0\n"}, "transactional-update"),
        (MICROOS | WRITABLE, ""),
        (TOOL | READ_ONLY, "transactional-update"),
        (TOOL | WRITABLE, ""),
        (TOOL, ""),
        ({"/etc/os-release": "ID=steamos\nID_LIKE=arch\n"}, "steamos"),
        ({"/etc/os-release": "ID=ubuntu-core\n"}, "ubuntu-core"),
        ({"/proc/cmdline": "snapd_recovery_mode=run quiet"}, "ubuntu-core"),
        ({"/usr/bin/abroot": "x"}, "abroot"),
        ({"/usr/bin/midclt": "x"}, "truenas"),
        ({"/etc/unraid-version": 'version="7.0.0"\n'}, "unraid"),
        ({"/etc/os-release/x": "a folder"}, ""),
        ({"/etc/os-release": b"\xff\0ID=steamos"}, ""),
    ],
)
def test_who_makes_images_and_menu(files: Files, name: str, tmp_path: Path) -> None:
    root = folder_root(tmp_path, GRUB | files)
    found = find_managed(root, find_loader(root))
    assert found.name == name
    assert bool(found.evidence) == bool(name)
    assert not name or found.title


@pytest.mark.parametrize(
    ("files", "is_so"),
    [
        (READ_ONLY, True),
        (WRITABLE, False),
        ({"/proc/self/mountinfo": "20 1 0:18 / / ro,noatime shared:1 - btrfs /dev/sda3 rw\n"}, True),
        ({"/proc/self/mountinfo": "20 1 0:18 / / rw,noatime - btrfs /dev/sda3 rw\n", **READ_ONLY}, False),
        ({"/proc/self/mountinfo": "20\n\n1 2 3 4 5 6\n", **WRITABLE}, False),
        ({}, False),
    ],
)
def test_a_root_that_is_only_read(files: Files, is_so: bool, tmp_path: Path) -> None:
    assert root_is_read_only(folder_root(tmp_path, {"/etc/x": ""} | files)) is is_so
