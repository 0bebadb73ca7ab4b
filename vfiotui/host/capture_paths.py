"""Which files of a host go into a capture: those that some reader or rule looks at, and their like."""

from __future__ import annotations

PROC = tuple(
    f"/proc/{name}"
    for name in (
        "cpuinfo meminfo cmdline version modules interrupts iomem buddyinfo vmstat zoneinfo mounts swaps fb stat "
        "config.gz bus/pci/devices sys/kernel/osrelease sys/kernel/hostname sys/kernel/sched_rt_runtime_us "
        "sys/kernel/split_lock_mitigate sys/vm/nr_hugepages sys/vm/nr_overcommit_hugepages "
        "sys/vm/compaction_proactiveness "
        "uptime bus/input/devices net/route sys/kernel/dmesg_restrict "
        "irq/default_smp_affinity irq/*/smp_affinity_list irq/*/effective_affinity_list"
    ).split()
)

PCI_FILES = (
    "vendor device subsystem_vendor subsystem_device class revision modalias uevent config resource numa_node "
    "local_cpulist boot_vga driver_override reset reset_method power_state d3cold_allowed enable irq msi_irqs/* "
    "current_link_speed current_link_width max_link_speed max_link_width resource?_resize rom driver iommu_group iommu "
    "subsystem physfn sriov_totalvfs sriov_numvfs sound drm/*/boot_display"
).split()

USB_FILES = (
    "busnum devnum devpath idVendor idProduct manufacturer product speed bDeviceClass version maxchild driver "
    "subsystem bInterfaceClass bInterfaceSubClass bInterfaceProtocol uevent modalias"
).split()

SYS = (
    *(f"/sys/bus/pci/devices/*/{name}" for name in PCI_FILES),
    *(f"/sys/bus/usb/devices/*/{name}" for name in USB_FILES),
    "/sys/bus/pci/drivers/*/module",
    "/sys/bus/event_source/devices/*/cpus",
    "/sys/bus/platform/devices/*framebuffer*/driver",
    "/sys/class/block/*/slaves/*",
    "/sys/class/block/*/dm/name",
    "/sys/class/net/*/device",
    "/sys/class/net/*/operstate",
    "/sys/class/net/*/lower_*",
    "/sys/class/sound/card*/device",
    "/sys/fs/btrfs/*/devices/*",
    "/sys/devices/virtual/workqueue/cpumask",
    "/sys/kernel/iommu_groups/*/type",
    "/sys/kernel/iommu_groups/*/reserved_regions",
    "/sys/kernel/iommu_groups/*/devices/*",
    "/sys/class/iommu/*/intel-iommu/*",
    "/sys/class/iommu/*/amd-iommu/*",
    "/sys/class/iommu/*/devices/*",
    "/sys/class/drm/*/status",
    "/sys/class/drm/*/enabled",
    "/sys/class/drm/card*/device",
    "/sys/class/drm/card*/boot_display",
    "/sys/class/vtconsole/*/name",
    "/sys/class/vtconsole/*/bind",
    "/sys/class/dmi/id/board_vendor",
    "/sys/class/dmi/id/board_name",
    "/sys/class/dmi/id/sys_vendor",
    "/sys/class/dmi/id/product_name",
    "/sys/class/dmi/id/bios_vendor",
    "/sys/class/dmi/id/bios_version",
    "/sys/class/dmi/id/bios_date",
    "/sys/firmware/acpi/tables/DMAR",
    "/sys/firmware/acpi/tables/IVRS",
    "/sys/firmware/efi/fw_platform_size",
    "/sys/firmware/efi/efivars/SecureBoot-*",
    "/sys/firmware/efi/efivars/LoaderInfo-*",
    "/sys/firmware/efi/efivars/LoaderEntrySelected-*",
    "/sys/firmware/efi/efivars/StubInfo-*",
    "/sys/firmware/efi/efivars/BootCurrent-*",
    "/sys/devices/system/cpu/*",
    "/sys/devices/system/cpu/cpu*/online",
    "/sys/devices/system/cpu/cpu*/cpu_capacity",
    "/sys/devices/system/cpu/cpu*/topology/*",
    "/sys/devices/system/cpu/cpu*/cache/index*/*",
    "/sys/devices/system/cpu/cpu*/cpufreq",
    "/sys/devices/system/cpu/cpu*/acpi_cppc/highest_perf",
    "/sys/devices/system/cpu/cpu*/node*",
    "/sys/devices/system/cpu/cpufreq/policy*/*",
    "/sys/devices/system/cpu/smt/*",
    "/sys/devices/system/cpu/intel_pstate/*",
    "/sys/devices/system/cpu/amd_pstate/*",
    "/sys/devices/cpu_*/cpus",
    "/sys/devices/system/node/*",
    "/sys/devices/system/node/node*/cpulist",
    "/sys/devices/system/node/node*/cpumap",
    "/sys/devices/system/node/node*/meminfo",
    "/sys/devices/system/node/node*/distance",
    "/sys/devices/system/node/node*/hugepages/*/*",
    "/sys/kernel/mm/hugepages/*/*",
    "/sys/kernel/mm/transparent_hugepage/*",
    "/sys/kernel/mm/transparent_hugepage/*/*",
    "/sys/kernel/mm/ksm/run",
    "/sys/kernel/security/lockdown",
    "/sys/module/*/parameters/*",
    "/sys/fs/cgroup/cgroup.controllers",
    "/sys/fs/cgroup/cpuset/cpuset.cpus",
    "/sys/fs/cgroup/cpuset.cpus.effective",
    "/sys/fs/cgroup/cpuset.cpus.isolated",
    "/sys/fs/cgroup/machine.slice/cpuset.cpus.effective",
    "/sys/fs/cgroup/system.slice/cpuset.cpus.effective",
    "/sys/devices/system/cpu/cpu*/cpuidle/state*/name",
    "/sys/devices/system/cpu/cpu*/cpuidle/state*/latency",
    "/sys/devices/system/cpu/cpu*/cpuidle/state*/disable",
    "/sys/devices/system/cpu/cpuidle/current_driver",
)

ETC = (
    "/etc/os-release",
    "/usr/lib/os-release",
    "/etc/hostname",
    "/etc/NIXOS",
    "/etc/default/grub",
    "/etc/default/grub.d/*",
    "/etc/default/irqbalance",
    "/etc/sysconfig/irqbalance",
    "/etc/irqbalance.env",
    "/etc/defaults/grub",
    "/etc/systemd/system/*.wants/*",
    "/run/systemd/units/*",
    "/etc/default/limine",
    "/etc/sdboot-manage.conf",
    "/etc/kernel/*",
    "/etc/cmdline.d/*",
    "/etc/kernelstub/configuration",
    "/etc/modprobe.d/*",
    "/run/modprobe.d/*",
    "/usr/lib/modprobe.d/*",
    "/etc/modules",
    "/etc/modules-load.d/*",
    "/etc/initramfs-tools/*",
    "/etc/initramfs-tools/conf.d/*",
    "/etc/initramfs-tools/scripts/*/*",
    "/etc/mkinitcpio.conf",
    "/etc/mkinitcpio.conf.d/*",
    "/etc/mkinitcpio.d/*",
    "/etc/dracut.conf",
    "/etc/dracut.conf.d/*",
    "/etc/booster.yaml",
    "/etc/sysctl.conf",
    "/etc/sysctl.d/*",
    "/etc/tmpfiles.d/*",
    "/etc/udev/rules.d/*vfio*",
    "/etc/driverctl.d/*",
    "/etc/libvirt/qemu.conf",
    "/etc/libvirt/qemu/*.xml",
    "/etc/libvirt/qemu/autostart/*",
    "/etc/libvirt/qemu/networks/*.xml",
    "/etc/X11/xorg.conf",
    "/etc/X11/xorg.conf.d/*.conf",
    "/etc/libvirt/hooks/*",
    "/etc/libvirt/hooks/qemu.d/*",
    "/run/libvirt/qemu/*.xml",
    "/etc/qemu/firmware/*",
    "/usr/share/qemu/firmware/*",
    "/usr/share/OVMF/*",
    "/usr/share/edk2/*/*",
    "/run/reboot-required",
    "/run/ostree-booted",
    "/boot/config-*",
    "/boot/grub/grub.cfg",
    "/boot/grub2/grub.cfg",
    "/boot/loader/loader.conf",
    "/boot/loader/entries/*",
    "/boot/efi/loader/loader.conf",
    "/boot/efi/loader/entries/*",
    "/efi/loader/loader.conf",
    "/efi/loader/entries/*",
    "/boot/limine.conf",
    "/boot/limine/limine.conf",
    "/boot/refind_linux.conf",
    "/lib/modules/*/modules.builtin",
    "/lib/modules/*/modules.alias",
    "/lib/modules/*/modules.builtin.modinfo",
    "/usr/local/bin/*",
    "/usr/sbin/update-initramfs",
    "/usr/bin/dracut",
    "/usr/bin/mkinitcpio",
    "/usr/bin/booster",
    "/dev",
    "/dev/kvm",
    "/var/log/dmesg",
    "/etc/vfiotui/isolated.json",
    "/boot/grub/grubenv",
    "/boot/grub2/grubenv",
    "/var/lib/vfiotui/changes/*/journal",
    "/var/log/dmesg.0",
    "/var/lib/vfiotui/changes/*/plan.json",
)

ALL = (*PROC, *SYS, *ETC)

PRESENCE_ONLY = ("/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/dev/")
"""Below these a file's presence matters, and its content only where it is a script that starts a guest."""

SLOW = ("/config",)
"""Names behind which a sick device may hang."""

LEFT_OUT = ("/rom", ".fd")
"""Read only on demand, or too large: presence is kept, content is not."""
