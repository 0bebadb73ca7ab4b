"""An image whose init is systemd is read in a capture as on its host."""

from __future__ import annotations

from vfiotui.formats.initramfs.boot_image import early_boot
from vfiotui.formats.initramfs.cpio import TRAILER
from vfiotui.host.boot.image import read_bytes
from vfiotui.host.capture.reduce_image import archive, initramfs
from vfiotui.host.capture.scrub import Scrubber
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.early_boot import EarlyBoot, Moment
from vfiotui.model.pci.selection import Chosen
from vfiotui.plan.isolate.early_script import UNIT_NAME, UNIT_TEXT, unit_script_text

CARD = Chosen("0000:01:00.0", "10de", "13c2", "", "", "")
FILES = (
    ("buildconfig", 0o100644, b""),
    ("init", 0o120777, b"usr/lib/systemd/systemd"),
    ("etc/modules-load.d/MODULES.conf", 0o100644, b"vfio_pci\n"),
    (f"etc/systemd/system/{UNIT_NAME}", 0o100644, UNIT_TEXT.encode()),
    (f"etc/systemd/system/sysinit.target.wants/{UNIT_NAME}", 0o120777, f"../{UNIT_NAME}".encode()),
    ("usr/lib/vfiotui/bind-vfio", 0o100755, unit_script_text((CARD,)).encode()),
    ("etc/systemd/system/secret.service", 0o100644, b"[Service]\nExecStart=/bin/unlock --key hunter2\n"),
)


def read(data: bytes) -> EarlyBoot:
    image = read_bytes(data, "/boot/initramfs-linux.img")
    assert not isinstance(image, Unread) and not image.fault
    return early_boot(image)


def test_a_unit_that_binds_is_seen_in_a_capture() -> None:
    whole = archive(iter(FILES))
    assert TRAILER in whole
    reduced = initramfs(whole, Scrubber(()))
    assert reduced is not None and b"hunter2" not in reduced and b"unlock" not in reduced
    before, after = read(whole), read(reduced)
    assert before.early_at is after.early_at is Moment.COLDPLUG and before.early == after.early
    assert [(s.path, s.before_udev) for s in before.scripts] == [("/usr/lib/vfiotui/bind-vfio", True)]
    assert [(s.path, s.before_udev) for s in after.scripts] == [("/usr/lib/vfiotui/bind-vfio", True)]
    assert "0000:01:00.0" in after.scripts[0].text
