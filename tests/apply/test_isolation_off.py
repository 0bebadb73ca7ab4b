"""Isolations made by hand are taken off a mounted system: the next boot has host drivers, and the undo is whole."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.apply.systems import disk, with_busybox
from tests.hosts.base import CLEAN
from tests.plan.isolate.boots import CARD, SOUND
from tests.plan.isolate.test_off import IDS, LONG, SOFTDEP, USB, host, unit
from tests.requirements import need
from tests.tree_on_disk import write
from vfiotui.apply.guard import PARTS
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.boot.next_image import read_boots
from vfiotui.host.gather import gather
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.plan.isolate.forecasts import forecasts

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="entering a mounted system needs root: run make test as root")
MODPROBE, LIST = "/etc/modprobe.d/vfio.conf", "/etc/initramfs-tools/modules"
RULES, UNIT = "/etc/udev/rules.d/10-vfio.rules", "/etc/systemd/system/gpu-bind.service"
LIMINE = "/boot/limine.conf"
BUILDER = f"""#!/bin/sh
# Stands for update-initramfs: the lists and modprobe.d as they are now, in an archive that is not packed.
set -e
drivers=usr/lib/modules/{CLEAN.release}/kernel/drivers/vfio
rm -rf /tmp/image && mkdir /tmp/image && cd /tmp/image && mkdir -p conf etc $drivers/pci
cp /etc/initramfs-tools/modules /etc/initramfs-tools/initramfs.conf conf/
[ ! -d /etc/modprobe.d ] || cp -r /etc/modprobe.d etc/
[ ! -d /usr/lib/modprobe.d ] || cp -r /usr/lib/modprobe.d usr/lib/
for name in vfio vfio_iommu_type1 pci/vfio-pci-core pci/vfio-pci; do : >$drivers/$name.ko; done
find . -type f | sed 's,^./,,' | sort | cpio -o -H newc >/boot/initrd.img-{CLEAN.release} 2>/dev/null
cd / && rm -rf /tmp/image
"""
MENU = """#!/bin/sh
# Stands for update-grub.
set -e
. /etc/default/grub
sed -i "s,\\\\(linux.* ro\\\\) .*,\\\\1 $GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT," /boot/grub/grub.cfg
"""
SERVED = {LIST: "vfio_pci\n"}
INSTALL = """#!/bin/sh
for i in /sys/bus/pci/devices/*/boot_vga; do echo vfio-pci > "$i/driver_override"; done
modprobe -i vfio-pci
"""


def rule(*bdfs: str) -> str:
    return "# mine\n" + "".join(f'KERNEL=="{bdf}", ATTR{{driver_override}}="vfio-pci"\n' for bdf in bdfs)


MACHINES: dict[str, tuple[Mapping[str, str], dict[str, object]]] = {
    "modprobe.d": ({MODPROBE: f"options vfio-pci ids={IDS} disable_vga=1\n{SOFTDEP}", **SERVED}, {}),
    "two lines": ({MODPROBE: f"options vfio-pci ids=1b21:1242\noptions vfio-pci ids={IDS}\n{SOFTDEP}", **SERVED}, {}),
    "others stay": ({MODPROBE: f"options vfio-pci ids={LONG}\n{SOFTDEP}", **SERVED}, {}),
    "list of initramfs-tools": ({LIST: f"vfio-pci ids={LONG} disable_vga=1\nusbhid\n"}, {}),
    "package's file": ({"/usr/lib/modprobe.d/vfio.conf": f"options vfio-pci ids={IDS}\n", **SERVED}, {}),
    "blacklist": (
        {MODPROBE: f"options vfio-pci ids={IDS}\nblacklist nouveau\nblacklist snd_hda_intel\n", **SERVED},
        {},
    ),
    "words": (
        {MODPROBE: SOFTDEP, **SERVED},
        {"default_cmdline": f"quiet vfio-pci.ids={IDS}", "cmdline": f"BOOT_IMAGE=/v ro quiet vfio-pci.ids={IDS}"},
    ),
    "udev rule": ({RULES: rule(CARD, SOUND), **SERVED}, {}),
    "driverctl": ({f"/etc/driverctl.d/pci-{b}": "vfio-pci\n" for b in (CARD, SOUND)}, {}),
    "install line": (
        {"/usr/local/bin/over.sh": INSTALL, MODPROBE: f"install vfio-pci /usr/local/bin/over.sh\n{SOFTDEP}", **SERVED},
        {},
    ),
    "unit": ({UNIT: unit(CARD, SOUND)}, {"enabled": (*CLEAN.enabled, "gpu-bind")}),
}
"""What binds the card → files, and other parts of the host."""


LATE = ("driverctl", "unit", "udev rule")
"""They bind when the initramfs has loaded the host's driver already, or leave it open who comes first."""


def machine(folder: Path, name: str) -> Path:
    """The machine as a system that can be entered."""
    files, more = MACHINES[name]
    write(build(replace(host(files), **more)), str(folder))  # type: ignore[arg-type]
    with_busybox(folder, need("busybox", "busybox-static"))
    (folder / "bin/cpio").symlink_to("busybox")
    for path, text in (("usr/sbin/update-initramfs", BUILDER), ("usr/sbin/update-grub", MENU)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
        (folder / path).chmod(0o755)
    subprocess.run(["chroot", str(folder), "/usr/sbin/update-initramfs", "-u"], check=True, timeout=60)
    return folder


def drivers(folder: Path) -> dict[str, tuple[str, ...]]:
    """The drivers of the next boot, as an empty plan would have them."""
    root = Root.mounted(str(folder))
    facts = gather(root, only=PARTS)
    assert not isinstance(facts.boot, Unread)
    told = forecasts(facts, read_config_snapshot(root), read_boots(root, facts.boot.path))
    assert not isinstance(told, Unread)
    return {one.bdf: one.outcomes for one in told}


@pytest.mark.parametrize("name", MACHINES)
def test_off_and_back(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    root = machine(tmp_path / "root", name)
    before, bound = disk(root), drivers(root)
    assert any("vfio-pci" in bound[bdf] for bdf in (CARD, SOUND)) or name in LATE
    words = ["--root", str(root), "isolate", CARD, SOUND, "--off", "--apply", "--yes", "--run-its-programs"]
    code = main(words)
    said = capsys.readouterr()
    assert code == Exit.FINE, said.out + said.err
    after = drivers(root)
    assert (after[CARD], after[SOUND]) == (("nouveau",), ("snd_hda_intel",))
    assert after[USB.bdf] == bound[USB.bdf] or name == "two lines"
    assert disk(root) != before, "something was taken off"
    if name == "driverctl":
        script = next((root / "var/lib/vfiotui/changes").glob("0001-*/undo.sh"))
        inside = ["chroot", str(root), "/bin/sh", f"/{script.relative_to(root)}"]
        done = subprocess.run(inside, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    else:
        assert main(["--root", str(root), "undo", "1", "--yes"]) == Exit.FINE
    assert disk(root) == before and drivers(root) == bound
