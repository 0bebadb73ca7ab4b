"""The machine that boots: an emulated IOMMU, cards behind root ports, twins with the same ids, a conventional bridge.

QEMU emulates it in software; one CPU is the quickest there. No device's place or ids come from the program under test.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.requirements import need

GPU, SOUND, NIC, NVME = "0000:01:00.0", "0000:01:00.1", "0000:02:00.0", "0000:04:00.0"
TWIN, OLD_NIC, AC97 = "0000:03:00.0", "0000:06:01.0", "0000:06:02.0"
GPU_IDS, NIC_IDS, OLD_NIC_IDS = "1013:00b8,8086:2668", "8086:10d3", "8086:100e"
LIMIT = 3600


def _port(number: int) -> list[str]:
    return ["-device", f"pcie-root-port,id=p{number},bus=pcie.0,addr={number + 1:#x},chassis={number},slot={number}"]


def _devices() -> list[str]:
    words = []
    for number in range(1, 6):
        words += _port(number)
    for device in (
        "cirrus-vga,bus=p1,addr=0.0,multifunction=on,vgamem_mb=8",
        "intel-hda,id=hda,bus=p1,addr=0.1",
        "hda-output,bus=hda.0,audiodev=snd",
        "e1000e,bus=p2,netdev=n1,romfile=",
        "e1000e,bus=p3,netdev=n2,romfile=",
        "nvme,bus=p4,drive=nvme,serial=N0",
        "pcie-pci-bridge,id=bridge,bus=p5",
        "e1000,bus=bridge,addr=1,netdev=n3,romfile=",
        "AC97,bus=bridge,addr=2,audiodev=snd",
        "VGA,bus=pcie.0,addr=0x8,vgamem_mb=8",
        "qemu-xhci,bus=pcie.0,addr=0x9",
    ):
        words += ["-device", device]
    for number in range(1, 4):
        words += ["-netdev", f"user,id=n{number},restrict=on"]
    return words


@dataclass(frozen=True, slots=True)
class Started:
    """What a boot left behind."""

    drivers: dict[str, str]
    """Address → driver, "" for none, as sysfs has it when the basic system is up."""
    words: str
    """/proc/cmdline."""
    log: str
    """Everything that the serial line gave."""


def start(disk: Path, kernel: Path, initrds: list[Path], words: str, out: Path, dump: Path | None = None) -> Started:
    """The machine from power-on until it switches itself off; the disk stays as it is.

    `dump` is a file that gets the machine's /sys as a tar archive.
    """
    initrd = out / "initrd"
    initrd.write_bytes(b"".join(path.read_bytes() for path in initrds))
    nvme, log, report = out / "nvme.img", out / "serial.log", dump or out / "dump"
    for file, size in ((nvme, 16 << 20), (report, 256 << 20)):
        with file.open("wb") as opened:
            opened.truncate(size)
    command = [
        need("qemu-system-x86_64", "qemu-system-x86"), "-nodefaults", "-no-user-config", "-display", "none",
        "-machine", "q35,hpet=off,smm=off", "-accel", "tcg,thread=single,tb-size=256", "-m", "1024",
        # The guest's clock counts its instructions: no timer in it runs out because this host is busy.
        "-icount", "shift=1,sleep=off",
        "-cpu", "Westmere,-vmx", "-device", "intel-iommu,intremap=on,caching-mode=on", "-audiodev", "none,id=snd",
        "-no-reboot", "-serial", f"file:{log}", "-drive", f"if=none,id=nvme,format=raw,file={nvme}",
        "-drive", f"if=none,id=root,format=raw,file={disk},snapshot=on",
        "-device", "virtio-blk-pci,bus=pcie.0,addr=0x10,drive=root",
        "-drive", f"if=none,id=report,format=raw,file={report}",
        "-device", "virtio-blk-pci,bus=pcie.0,addr=0x11,drive=report",
        "-kernel", str(kernel), "-initrd", str(initrd), "-append", words, *_devices(),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=LIMIT, stdin=subprocess.DEVNULL)
    text = log.read_text(errors="replace")
    found = list(re.findall(r"^driver (\S+) (\S*)\r?$", text, re.MULTILINE))
    said = re.search(r"^words (.*?)\r?$", text, re.MULTILINE)
    assert found and said and "report ends" in text, f"the machine did not come up: {text[-3000:]}"
    return Started(dict(found), said[1], text)


INIT = r"""#!/bin/sh
# Says on the serial line what the kernel did, then switches off. An image without systemd starts it as init: then it
# loads modules-load.d and starts udev as systemd's units do. An image with systemd goes on with the root's systemd.
exec >/dev/ttyS0 2>&1
if [ $$ = 1 ]; then
  mountpoint -q /proc || mount -t proc proc /proc
  mountpoint -q /sys || mount -t sysfs sysfs /sys
  mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
  mountpoint -q /run || mount -t tmpfs tmpfs /run
  /usr/lib/systemd/systemd-modules-load
  /usr/lib/systemd/systemd-udevd --daemon
  # Only what has a driver of PCI, for each event costs; the image's own udev takes all devices, as it does anywhere.
  udevadm trigger --type=devices --action=add --subsystem-match=pci
fi
udevadm settle --timeout=300
echo
echo "words $(cat /proc/cmdline)"
for d in /sys/bus/pci/devices/*; do
  driver=$(readlink "$d/driver") || driver=
  echo "driver ${d##*/} ${driver##*/}"
done
case $(cat /proc/cmdline) in *lab.dump*)
  mkdir /run/dump && cd / &&
  find sys/devices/pci* sys/bus/pci/devices sys/kernel/iommu_groups sys/class/iommu sys/class/drm sys/class/net \
    sys/devices/virtual/iommu \
    \( -type l -o -name class -o -name vendor -o -name device -o -name subsystem_vendor -o -name subsystem_device \
    -o -name revision -o -name modalias -o -name boot_vga -o -name irq -o -name numa_node -o -name reset_method \
    -o -name driver_override -o -name enable -o -name resource -o -name config -o -name type -o -name uevent \) \
    -print0 | xargs -0 cp -a --parents -t /run/dump
  tar -C /run/dump -cf /dev/vdb . ;;
esac
echo "report ends"
exec busybox poweroff -f
"""
UNIT = """[Unit]
Description=Say what the kernel did, and switch off
DefaultDependencies=no
After=systemd-udev-trigger.service systemd-modules-load.service
Wants=systemd-udevd.service systemd-udev-trigger.service systemd-modules-load.service
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/report
"""
"""The system's default target where systemd goes on from the image: nothing else of it is started."""
