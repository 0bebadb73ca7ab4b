"""Augeas, a reader of other people's making, sees only the wanted node change in what was edited."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.requirements import need
from vfiotui.formats.initramfs import initramfs_tools, mkinitcpio
from vfiotui.formats.loaders import grub_default
from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.modprobe import modprobe, modules_load
from vfiotui.formats.system import qemu_conf
from vfiotui.formats.system import sysctl as sysctl_format
from vfiotui.formats.system import tmpfiles as tmpfiles_format
from vfiotui.formats.system.tmpfiles import Entry

GRUB = "# a menu\nGRUB_TIMEOUT=5\nexport GRUB_CMDLINE_LINUX_DEFAULT='quiet splash'  # words\nGRUB_CMDLINE_LINUX=\"\"\n"
MKINITCPIO = "MODULES=(btrfs\n  amdgpu)\nHOOKS=(base udev block)\n"
MODPROBE = "# cards\noptions vfio-pci ids=10de:1b80 disable_vga=1\nblacklist nouveau\nsoftdep nouveau pre: vfio-pci\n"
SYSCTL = "# pages\nvm.swappiness = 10\nvm.nr_hugepages=4\n\n; more\nkernel.panic = 1\n"
TMPFILES = "# shm\nf /dev/shm/looking-glass 0660 alice kvm -\nd /run/x 0755 root root 10d\n"
QEMU = '# user\nuser = "root"\n#group = "root"\ncgroup_device_acl = [\n  "/dev/null", "/dev/kvm"\n]\n'
CASES: dict[str, tuple[str, str, str, Callable[[str], str], list[str]]] = {
    "grub": (
        "Shellvars.lns", "/etc/default/grub", GRUB,
        lambda text: grub_default.edit_words(text, WordEdit(add=("iommu=pt",))),
        ["/GRUB_CMDLINE_LINUX_DEFAULT = \"'quiet splash iommu=pt'\""],
    ),
    "mkinitcpio": (
        "Shellvars.lns", "/etc/mkinitcpio.conf", MKINITCPIO,
        lambda text: mkinitcpio.add(text, "MODULES", "vfio_pci"), ['/MODULES/3 = "vfio_pci"'],
    ),
    "modprobe": (
        "Modprobe.lns", "/etc/modprobe.d/vfio.conf", MODPROBE,
        lambda text: modprobe.set_option(text, "vfio_pci", "ids=10de:1b80,10de:10f0"),
        ['/options/ids = "10de:1b80,10de:10f0"'],
    ),
    "modules-load": (
        "Modules.lns", "/etc/modules-load.d/a.conf", "# early\nloop\n\nkvm\n",
        lambda text: modules_load.add(text, "vfio-pci"), ["/vfio-pci"],
    ),
    "initramfs-tools": (
        "Modules.lns", "/etc/initramfs-tools/modules", "# early\nvfio\n", lambda text: initramfs_tools.add(text, "kvm"),
        ["/kvm"],
    ),
    "sysctl": (
        "Sysctl.lns", "/etc/sysctl.d/a.conf", SYSCTL,
        lambda text: sysctl_format.set_value(text, "vm.nr_hugepages", "4096"), ['/vm.nr_hugepages = "4096"'],
    ),
    "tmpfiles": (
        "Tmpfiles.lns", "/etc/tmpfiles.d/a.conf", TMPFILES,
        lambda text: tmpfiles_format.put(text, Entry("f", "/dev/shm/looking-glass", "0660", "bob", "kvm", "-")),
        ['/1/uid = "bob"'],
    ),
    "qemu.conf": (
        "Libvirtd_qemu.lns", "/etc/libvirt/qemu.conf", QEMU,
        lambda text: qemu_conf.add_item(text, "cgroup_device_acl", "/dev/input/event3"),
        ['/cgroup_device_acl/3 = "/dev/input/event3"'],
    ),
}  # fmt: skip


def tree(root: Path, path: str, text: str, lens: str) -> list[str]:
    """The nodes of a text as augtool prints them, without the path; the first of a name has no number."""
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    told = subprocess.run(
        [need("augtool", "augeas-tools"), "--noautoload", "--root", str(root)],
        input=f"transform {lens} incl {path}\nload\nprint /files{path}\nprint /augeas//error\n",
        capture_output=True, text=True, timeout=60, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert told and not any("/error" in line for line in told), told
    start = len(f"/files{path}")
    return [re.sub(r"\[1\]", "", line[start:]) for line in told]


@pytest.mark.parametrize("name", CASES)
def test_only_the_wished_node_is_another_one(name: str, tmp_path: Path) -> None:
    lens, path, text, edit, wanted_words = CASES[name]
    before, after = tree(tmp_path, path, text, lens), tree(tmp_path, path, edit(text), lens)
    assert [line for line in after if line not in before] == wanted_words
    gone = [line for line in before if line not in after]
    assert len(gone) == len(before) + len(wanted_words) - len(after) <= 1
