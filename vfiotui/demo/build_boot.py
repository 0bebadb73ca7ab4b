"""The boot chain of a described machine, and the names of its board and system."""

from __future__ import annotations

from vfiotui.demo.build_memory import choice
from vfiotui.demo.description import Host
from vfiotui.demo.initramfs import initramfs
from vfiotui.demo.tree import TreeBuilder


def build_boot(tree: TreeBuilder, host: Host) -> None:
    """Kernel, loader, initramfs tool and the names of the system."""
    tree.files("/proc", cmdline=host.cmdline, version=f"Linux version {host.release} (builder@demo)")
    tree.files("/proc/sys/kernel", osrelease=host.release, hostname=host.name)
    tree.file("/etc/hostname", host.name)
    tree.file("/etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n')
    tree.file(
        "/etc/default/grub",
        f'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT="{host.default_cmdline}"\nGRUB_CMDLINE_LINUX=""\n',
    )
    tree.file("/boot/grub/grub.cfg", f"linux /vmlinuz-{host.release} {host.cmdline.partition(' ')[2]}")
    tree.file(f"/boot/config-{host.release}", host.config)
    tree.file("/etc/initramfs-tools/initramfs.conf", "MODULES=most\nCOMPRESS=zstd")
    tree.file("/etc/initramfs-tools/modules", "# modules for the initramfs\n")
    tree.file("/usr/sbin/update-initramfs", b"#!/bin/sh\n", 0o755)
    first = f"[    0.000000] Linux version {host.release}\n"
    tree.file("/var/log/dmesg", host.log and first + host.log)
    tree.file("/var/log/dmesg.0", host.last_log and first + host.last_log)
    tree.file(f"/boot/initrd.img-{host.release}", initramfs(host), mtime=host.built)
    tree.files("/proc/sys/kernel", split_lock_mitigate=host.split_lock, sched_rt_runtime_us=950000)
    tree.folder("/run")
    tree.file("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory hugetlb pids")
    tree.file("/sys/kernel/security/lockdown", choice("none integrity confidentiality", host.lockdown))
    tree.files(
        "/sys/class/dmi/id",
        board_vendor="Demo Boards Inc.",
        board_name="AM4 DEMO-A",
        bios_version="F37",
        bios_date="01/02/2026",
    )
    tree.file("/sys/firmware/efi/fw_platform_size", 64)
    tree.file(
        "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
        b"\6\0\0\0" + bytes([host.secure_boot]),
    )
    if host.kvm:
        tree.file("/dev/kvm", b"", 0o666)
    tree.folder("/dev")
