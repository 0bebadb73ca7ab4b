"""Paths on which the passes of several checks rest, as `gaps.missing` takes them."""

from __future__ import annotations

OPTIONS = ("/proc/cmdline", *(f"{top}/modprobe.d/*" for top in ("/etc", "/run", "/usr/lib", "/usr/local/lib", "/lib")))
"""Where options of modules stand."""
CONFIGURED_LINE = ("/etc/default/grub", "/etc/default/grub.d/*", "/etc/kernel/cmdline", "/etc/cmdline.d/*")
"""Where the next command line is configured in files that every user may read."""
LINES = ("/proc/cmdline", *CONFIGURED_LINE)
"""The running command line and the next one."""
LISTS = (
    "/etc/modules",
    *(f"{top}/modules-load.d/*" for top in ("/etc", "/run", "/usr/lib", "/usr/local/lib", "/lib")),
    "/etc/initramfs-tools/*",
    "/etc/initramfs-tools/conf.d/*",
    "/etc/mkinitcpio.conf",
    "/etc/mkinitcpio.conf.d/*",
    "/etc/mkinitcpio.d/*",
    "/etc/dracut.conf",
    "/etc/dracut.conf.d/*",
    "/etc/booster.yaml",
)
"""Where modules are named that the boot is to load."""
LOG = ("/dev/kmsg", "/var/log/dmesg", "/cmd/dmesg")
"""Where the kernel's messages of this boot are."""
CLASS = "/sys/bus/pci/devices/*/class"
DRIVERS = ("/sys/bus/pci/devices/*/driver", "/sys/bus/pci/devices/*/uevent?")
"""Which driver holds a device."""
GROUPS = ("/sys/kernel/iommu_groups/*/devices", CLASS, "/sys/bus/pci/devices/*/uevent?")
"""Who is in which group, and what it is."""
MEANT = (*OPTIONS, *DRIVERS, "/sys/bus/pci/devices/*/driver_override", CLASS)
"""What makes a device one that is assigned to guests, besides the guests themselves."""
