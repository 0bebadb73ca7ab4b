"""An undo that runs a generator again is judged by the images too: they must not isolate what nothing asks for."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.apply.systems import RISKS, enterable, plan, quiet
from tests.hosts.base import INTEL
from tests.tree_on_disk import write
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.demo.builder import build
from vfiotui.demo.description import PciDesc
from vfiotui.host.root.root import Root
from vfiotui.model.change.change import look_at_next_boot, run_command, write_file
from vfiotui.model.change.journal import State

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="entering a system needs root: run make test as root")
NIC = "0000:02:00.0"
MACHINE = replace(INTEL, pci=(PciDesc(NIC, 0x8086, 0x1539, 0x020000, 1, "igb", msi=1),), guests=())
MODPROBE = "/etc/modprobe.d/vfiotui.conf"
IDS = b"options vfio-pci ids=8086:1539\nsoftdep igb pre: vfio-pci\n"
IMAGE = "boot/initrd.img-6.12.9"
BUILD = f"""#!/bin/sh
# Stands for update-initramfs: an image with modprobe.d, and the modules by name.
rm -rf /work; mkdir -p /work/conf /work/etc/modprobe.d /work/lib/modules/6.12.9
: >/work/conf/initramfs.conf; : >/work/lib/modules/6.12.9/vfio-pci.ko; : >/work/lib/modules/6.12.9/igb.ko
for file in /etc/modprobe.d/*.conf /stale/*.conf; do [ ! -e "$file" ] || cp "$file" /work/etc/modprobe.d/; done
cd /work && find . | cpio -o -H newc >/{IMAGE}.new && mv /{IMAGE}.new /{IMAGE}
rm -rf /work
"""
MENU = "menuentry 'Debian' {\n linux /boot/vmlinuz-6.12.9 root=/dev/sda1 quiet\n initrd /boot/initrd.img-6.12.9\n}\n"
STEPS = (
    write_file(MODPROBE, None, IDS, "bind by ids", **RISKS),  # type: ignore[arg-type]
    run_command(("update-initramfs",), "build", products=("/boot/initrd.img-*",), **RISKS),  # type: ignore[arg-type]
    look_at_next_boot((f"vfio {NIC}",), (), "vfio-pci gets it"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A system with a network card, whose image is made by a stand-in."""
    made = enterable(tmp_path)
    write({path: node for path, node in build(MACHINE).items() if path.startswith("/sys/")}, str(made))
    files = {
        "usr/sbin/update-initramfs": BUILD,
        "etc/initramfs-tools/initramfs.conf": "MODULES=most\n",
        "boot/vmlinuz-6.12.9": "kernel",
        "boot/grub/grub.cfg": MENU,
        IMAGE: "",
        "lib/modules/6.12.9/modules.dep": "kernel/igb.ko:\nkernel/vfio-pci.ko:\n",
        "lib/modules/6.12.9/modules.alias": "alias pci:v00008086d00001539sv*sd*bc*sc*i* igb\n",
        "lib/modules/6.12.9/modules.builtin": "",
    }
    for name, text in files.items():
        place = made / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (made / "usr/sbin/update-initramfs").chmod(0o755)
    (made / "etc/modprobe.d").mkdir(exist_ok=True)
    return made


def at(folder: Path) -> Target:
    return Target(Root.mounted(str(folder)))


def somebody_builds(folder: Path) -> None:
    """An image that is another one than the change left: the undo has to make it anew."""
    (folder / IMAGE).write_bytes((folder / IMAGE).read_bytes() + b"\0" * 512)


def test_an_image_that_still_isolates_is_no_undo(folder: Path) -> None:
    outcome = apply(at(folder), plan(*STEPS), quiet)
    assert (outcome.state, outcome.word) == (State.DONE, "")
    somebody_builds(folder)
    (folder / "stale").mkdir()
    (folder / "stale/old.conf").write_bytes(IDS)
    with pytest.raises(ApplyError, match=f"what starts next still isolates {NIC}"):
        undo(at(folder), "1", quiet)
    (folder / "stale/old.conf").unlink()
    assert "made anew since" in undo(at(folder), "1", quiet).word
    assert IDS not in (folder / IMAGE).read_bytes()


def test_what_was_isolated_before_the_change_is_no_fault_of_its_undo(folder: Path) -> None:
    (folder / "etc/modprobe.d/hand.conf").write_bytes(IDS)
    assert apply(at(folder), plan(*STEPS), quiet).state is State.DONE
    somebody_builds(folder)
    assert "made anew since" in undo(at(folder), "1", quiet).word
    assert IDS in (folder / IMAGE).read_bytes()
