"""What a capture may hold: files by pattern, each with its reader's reduction and what stays of it; nothing else.

A file that readers look at and that no pattern names is left out; so is one that cannot be parsed.
"""

from __future__ import annotations

import gzip
import re
from functools import cache

from vfiotui.host.boot import acs_patch, modules
from vfiotui.host.boot.kernel import gunzip
from vfiotui.host.capture import (
    reduce_changes,
    reduce_domain,
    reduce_guard,
    reduce_host_kind,
    reduce_image,
    reduce_kernel,
    reduce_script,
    reduce_shell,
    reduce_text,
)
from vfiotui.host.capture.allowed import IMAGE_LIMIT, Allowed, below, data_rules, text_rules
from vfiotui.host.capture.allowed_loaders import loaders
from vfiotui.host.capture.scrub import Scrubber
from vfiotui.host.pci.smbios import ENTRIES, TABLE
from vfiotui.model.base.reading import Unread


def _kernel(text: str, scrub: Scrubber) -> str:
    return scrub.kernel(text)


def _plain(text: str, scrub: Scrubber) -> str:
    return scrub.text(text)


def _presence(data: bytes, scrub: Scrubber) -> bytes:
    return b""


def _alias_lines(text: str, scrub: Scrubber) -> str:
    return "".join(f"{m[0]}\n" for m in re.finditer(r"^alias pci:[\w*\[\]?-]+ [\w-]+$", text, re.MULTILINE | re.ASCII))


def _module_lines(text: str, scrub: Scrubber) -> str:
    kept = re.finditer(r"^[\w./-]+\.ko(?:\.\w{1,4})?:?$", text, re.MULTILINE | re.ASCII)
    return "".join(f"{m[0]}\n" for m in kept)


def _dep_lines(text: str, scrub: Scrubber) -> str:
    kept = re.finditer(
        r"^[\w./+-]+\.ko(?:\.\w{1,4})?:(?: [\w./+-]+\.ko(?:\.\w{1,4})?)*$", text, re.MULTILINE | re.ASCII
    )
    return "".join(f"{m[0]}\n" for m in kept)


def _config_lines(text: str, scrub: Scrubber) -> str:
    kept = re.finditer(
        r"^(?:CONFIG_\w+=(?:[ymn]|-?\d{1,20}|0x[0-9a-f]{1,16})|# CONFIG_\w+ is not set|(CONFIG_CMDLINE=)\"(.*)\")$",
        text, re.MULTILINE,
    )  # fmt: skip
    return "".join(f'{m[1]}"{reduce_text.kernel_words(m[2], scrub)}"\n' if m[1] else f"{m[0]}\n" for m in kept)


def _config_gz(data: bytes, scrub: Scrubber) -> bytes | None:
    text = gunzip(data)
    return None if isinstance(text, Unread) else gzip.compress(_config_lines(text, scrub).encode(), mtime=0)


def _machine_id(text: str, scrub: Scrubber) -> str:
    return scrub.text(text)


FIGURES = "numbers and words of the kernel"
INET6 = ("/proc/net/if_inet6", "/proc/net/ipv6_route")
PCI = "/sys/bus/pci/devices/*"
USB = "/sys/bus/usb/devices/*"
CPU = "/sys/devices/system/cpu"
NODE = "/sys/devices/system/node"
INITCPIO = "/etc/initcpio/vfiotui"
LISTS = (
    "/etc/modules /etc/modules-load.d/* /run/modules-load.d/* /usr/lib/modules-load.d/* /usr/local/lib/modules-load.d/*"
    " /lib/modules-load.d/* /etc/initramfs-tools/modules"
).split()


@cache
def allowed() -> tuple[Allowed, ...]:
    """The whole list, in order; the first pattern that fits a path counts."""
    return (
        *text_rules(reduce_kernel.cpuinfo, "models, flags and topology of CPUs; no serial numbers", ["/proc/cpuinfo"]),
        *text_rules(reduce_text.kernel_words, "public parameters with scrubbed values", ["/proc/cmdline"]),
        *text_rules(reduce_kernel.version, "the kernel's release", ["/proc/version"]),
        *text_rules(reduce_kernel.release, "the kernel's release", ["/proc/sys/kernel/osrelease"]),
        *text_rules(reduce_text.hostname, "that there is a name", ["/proc/sys/kernel/hostname", "/etc/hostname"]),
        *text_rules(reduce_text.mounts, "device, place, type, page size", ["/proc/mounts", "/proc/self/mounts"]),
        *text_rules(reduce_text.swaps, "device and kind", ["/proc/swaps"]),
        *text_rules(_plain, "pseudonym of the boot", ["/proc/sys/kernel/random/boot_id"]),
        *text_rules(reduce_kernel.numbers, "a user's number", ["/proc/self/loginuid"]),
        *data_rules(reduce_kernel.page_size, "the size of a page", ["/proc/self/auxv"]),
        *text_rules(reduce_kernel.input_devices, "ids, place and kind; names as a whole", ["/proc/bus/input/devices"]),
        *text_rules(reduce_kernel.route, "interfaces and default routes; networks renumbered", ["/proc/net/route"]),
        *text_rules(
            reduce_kernel.connections, "connections to port 22, with pseudonyms", ["/proc/net/tcp", "/proc/net/tcp6"]
        ),
        *text_rules(reduce_kernel.inet6, "interfaces; addresses replaced", list(INET6)),
        *text_rules(
            reduce_kernel.sockets, "how many sockets of TCP", ["/proc/net/sockstat", "/proc/net/sockstat6"]
        ),
        *data_rules(_config_gz, "options that are y, m, n or numbers", ["/proc/config.gz"]),
        *text_rules(
            _kernel, FIGURES,
            below("/proc", "meminfo iomem buddyinfo pagetypeinfo vmstat zoneinfo fb stat uptime"
                   " softirqs loadavg sys/kernel/sched_rt_runtime_us sys/kernel/split_lock_mitigate"
                   " sys/kernel/dmesg_restrict sys/kernel/sched_autogroup_enabled"
                   " sys/kernel/nmi_watchdog sys/kernel/watchdog sys/kernel/timer_migration sys/kernel/numa_balancing"
                   " sys/vm/* irq/default_smp_affinity irq/*/smp_affinity_list irq/*/effective_affinity_list"
                   " driver/nvidia/gpus/*/information"),
        ),
        *text_rules(reduce_kernel.interrupts, "counts and drivers", ["/proc/interrupts"]),
        *text_rules(reduce_kernel.modules, "names and users of modules", ["/proc/modules"]),
        *text_rules(
            reduce_kernel.process_name, "names of well-known programs", ["/proc/*/comm", "/proc/*/task/*/comm"]
        ),
        *text_rules(reduce_kernel.numbers, "how many use it", ["/sys/module/kvm*/refcnt"]),
        *data_rules(reduce_kernel.arguments, "of QEMU: the guest and its memory", ["/proc/*/cmdline"]),
        *(Allowed(*one) for one in (*reduce_host_kind.LIST, *reduce_guard.LIST)),
        *text_rules(reduce_kernel.control_groups, "of QEMU: its groups", ["/proc/*/cgroup"]),
        *text_rules(
            reduce_kernel.numbers, "numbers of processes",
            [f"/sys/fs/cgroup{'/*' * depth}/cgroup.procs" for depth in range(1, 9)],
        ),
        *text_rules(
            reduce_kernel.figures("VmRSS|HugetlbPages|VmLck|VmPin|RssAnon|RssFile|RssShmem"),
            "amounts of memory", ["/proc/*/status"],
        ),
        *text_rules(reduce_kernel.allowed_cpus, "where threads may run", ["/proc/*/task/*/status"]),
        *text_rules(reduce_kernel.rollup, "amounts of memory", ["/proc/*/smaps_rollup"]),
        *text_rules(
            reduce_kernel.figures("anon_thp|shmem_thp|file_thp|rss_huge"), "huge pages of a guest",
            [f"/sys/fs/cgroup{'/*' * depth}/memory.stat" for depth in range(1, 9)],
        ),
        *text_rules(
            _kernel, FIGURES,
            [f"/sys/fs/cgroup{'/*' * depth}/hugetlb.*.numa_stat" for depth in range(1, 9)],
        ),
        *text_rules(reduce_kernel.uevent, "driver, ids and place", [f"{PCI}/uevent", f"{USB}/uevent"]),
        Allowed(f"{PCI}/config", "registers without the serial number", reduce_kernel.config_space, slow=True),
        *data_rules(_presence, "that it is there", [f"{PCI}/rom", f"{PCI}/reset"]),
        *text_rules(
            _kernel, FIGURES,
            below(PCI, "vendor device subsystem_vendor subsystem_device class revision modalias resource numa_node"
                   " local_cpulist boot_vga driver_override reset_method power_state d3cold_allowed enable irq"
                   " current_link_speed current_link_width max_link_speed max_link_width resource?_resize"
                   " sriov_totalvfs sriov_numvfs msi_irqs/* drm/*/boot_display power/* vpd_present vfio-dev/*/dev"),
        ),
        *text_rules(reduce_kernel.label, "one pseudonym for each name", [f"{USB}/manufacturer", f"{USB}/product"]),
        *text_rules(
            _kernel, FIGURES,
            below(USB, "busnum devnum devpath idVendor idProduct speed bDeviceClass version maxchild bInterfaceClass"
                   " bInterfaceSubClass bInterfaceProtocol modalias"),
        ),
        *text_rules(_plain, "pseudonym of the volume", ["/sys/class/block/*/dm/name"]),
        *text_rules(reduce_kernel.mapper, "whether it is a multipath device", ["/sys/class/block/*/dm/uuid"]),
        *text_rules(
            _kernel, FIGURES,
            (
                "/sys/bus/pci/slots/*/address /sys/bus/event_source/devices/*/cpus"
                " /sys/class/net/*/operstate /sys/devices/virtual/workqueue/cpumask"
                " /sys/class/block/*/*/partition /sys/kernel/iommu_groups/*/type"
                " /sys/kernel/iommu_groups/*/reserved_regions /sys/class/iommu/*/*-iommu/*"
                " /sys/class/drm/*/status /sys/class/drm/*/enabled /sys/class/drm/*/boot_display"
                " /sys/class/vtconsole/*/name"
                " /sys/class/vtconsole/*/bind /sys/class/dmi/id/board_vendor /sys/class/dmi/id/board_name"
                " /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name /sys/class/dmi/id/bios_vendor"
                " /sys/class/dmi/id/bios_version /sys/class/dmi/id/bios_date /sys/firmware/efi/fw_platform_size"
                " /sys/devices/cpu_*/cpus /sys/kernel/mm/hugepages/*/* /sys/kernel/mm/transparent_hugepage/*"
                " /sys/kernel/mm/transparent_hugepage/*/* /sys/kernel/mm/ksm/* /sys/kernel/security/lockdown"
                " /sys/kernel/security/lsm /sys/power/mem_sleep /sys/power/state"
                " /sys/firmware/acpi/platform_profile* /sys/class/platform-profile/*/* /sys/class/power_supply/*/type"
                " /sys/class/power_supply/*/scope /sys/class/power_supply/*/online /sys/class/power_supply/*/status"
                " /sys/class/thermal/cooling_device*/type /sys/class/thermal/cooling_device*/*_state"
                " /sys/class/powercap/*/name /sys/class/powercap/*/enabled /sys/class/powercap/*/constraint_0_*"
                " /proc/acpi/button/lid/*/state"
                " /sys/fs/cgroup/cgroup.controllers /sys/fs/cgroup/cpuset/cpuset.cpus"
                " /sys/fs/cgroup/cpuset.cpus.effective"
                " /sys/fs/cgroup/cpuset.cpus.isolated /sys/fs/cgroup/*/cpuset.cpus.effective"
                " /sys/fs/cgroup/cpuset/cpuset.effective_cpus /sys/fs/cgroup/cpuset/*/cpuset.effective_cpus"
            ).split(),
        ),
        *text_rules(
            _kernel, FIGURES,
            below(CPU, "* cpu*/online cpu*/cpu_capacity cpu*/topology/* cpu*/cache/index*/* cpu*/acpi_cppc/*"
                   " cpu*/regs/identification/* cpu*/cpuidle/state*/* cpuidle/* cpu*/cpufreq/* cpufreq/*"
                   " cpufreq/policy*/* cpu*/thermal_throttle/* smt/* intel_pstate/* amd_pstate/* vulnerabilities/*"),
        ),
        *text_rules(
            _kernel,
            FIGURES,
            below(NODE, "* node*/cpulist node*/cpumap node*/meminfo node*/distance node*/hugepages/*/*")
        ),
        *text_rules(
            reduce_kernel.switch, "switches, numbers and public words",
            below("/sys/module", "kvm/parameters/* kvm_amd/parameters/* kvm_intel/parameters/* vfio/parameters/*"
                   " vfio_pci/parameters/* vfio_iommu_type1/parameters/* kvmfr/parameters/* intel_iommu/parameters/*"
                   " amd_iommu/parameters/* pcie_aspm/parameters/* workqueue/parameters/* intel_idle/parameters/*"
                   " processor/parameters/* nvidia_drm/parameters/* rcutree/parameters/* snd_hda_intel/parameters/*"),
        ),
        *text_rules(
            reduce_kernel.switch, "switches, numbers and public words",
            (f"/sys/module/{kind}/parameters/*" for kind in modules.TOLD),
        ),
        *text_rules(reduce_kernel.registers, "each unit's status", ["/sys/kernel/debug/iommu/intel/iommu_regset"]),
        *data_rules(reduce_kernel.dmar, "the table", ["/sys/firmware/acpi/tables/DMAR"]),
        *data_rules(reduce_kernel.ivrs, "the table", ["/sys/firmware/acpi/tables/IVRS"]),
        *data_rules(reduce_kernel.system_slots, "addresses and names of slots", [f"{ENTRIES}/9-*/raw", TABLE]),
        *text_rules(reduce_shell.os_release, "name and version", ["/etc/os-release", "/usr/lib/os-release"]),
        *text_rules(_machine_id, "a pseudonym", ["/etc/machine-id"]),
        *text_rules(
            reduce_shell.irqbalance, "banned CPUs",
            ["/etc/default/irqbalance", "/etc/sysconfig/irqbalance", "/etc/irqbalance.env"],
        ),
        *loaders(),
        *text_rules(
            reduce_text.modprobe, "options, blacklist, softdep, alias, install, remove",
            ["/etc/modprobe.d/*", "/run/modprobe.d/*", "/usr/lib/modprobe.d/*", "/lib/modprobe.d/*",
             "/usr/local/lib/modprobe.d/*"],
        ),
        *text_rules(reduce_text.words, "names of modules", LISTS),
        *text_rules(
            reduce_shell.initramfs_tools, "MODULES and packing",
            ["/etc/initramfs-tools/initramfs.conf", "/etc/initramfs-tools/conf.d/*"],
        ),
        *data_rules(
            reduce_script.file, "lines that a check looks for",
            ["/etc/initramfs-tools/scripts/*/*", "/etc/initramfs-tools/hooks/*", "/etc/initcpio/hooks/*",
             "/etc/initcpio/install/*", "/usr/lib/dracut/modules.d/09vfiotui/*", f"{INITCPIO}/usr/lib/vfiotui/*"],
        ),
        *text_rules(
            reduce_shell.mkinitcpio, "MODULES, HOOKS, FILES", ["/etc/mkinitcpio*.conf", "/etc/mkinitcpio.conf.d/*"]
        ),
        *text_rules(reduce_script.unit, "order and program", [f"{INITCPIO}/etc/systemd/system/*"]),
        *text_rules(reduce_shell.mkinitcpio_preset, "images and kernel words", ["/etc/mkinitcpio.d/*"]),
        *text_rules(
            reduce_shell.dracut, "drivers and kernel words",
            ["/etc/dracut.conf", "/etc/dracut.conf.d/*", "/usr/lib/dracut/dracut.conf.d/*"],
        ),
        *text_rules(
            reduce_text.keyed(("modules", "modules_force_load", "universal", "compression")), "modules",
            ["/etc/booster.yaml"],
        ),
        *text_rules(
            reduce_text.sysctl, "settings of vm and kernel",
            ["/etc/sysctl.conf", *(f"{d}/sysctl.d/*" for d in ("/etc", "/run", "/usr/lib", "/usr/local/lib", "/lib"))],
        ),
        *text_rules(reduce_text.words, "type, path, mode and value", ["/etc/tmpfiles.d/*"]),
        *text_rules(reduce_text.logind, "what closing the lid does", reduce_text.LOGIND),
        *text_rules(
            reduce_text.udev, "rules that bind or remove devices",
            ["/etc/udev/rules.d/*", "/run/udev/rules.d/*", "/usr/lib/udev/rules.d/*", "/lib/udev/rules.d/*"],
        ),
        *text_rules(reduce_text.supergfxd, "its mode", ["/etc/supergfxd.conf"]),
        *text_rules(
            reduce_text.keyed(("pci_remove", "pci_power_control")), "whether it removes the card",
            ["/etc/optimus-manager/optimus-manager.conf"],
        ),
        *text_rules(
            reduce_text.unit, "own scripts, and what binds devices", ["/etc/systemd/system/*.service", "/etc/rc.local"]
        ),
        *text_rules(reduce_text.driver_name, "a driver's name", ["/etc/driverctl.d/*"]),
        *text_rules(reduce_text.words, "device, place and type", ["/etc/fstab"]),
        *text_rules(reduce_text.passwd, "numbers; people by pseudonym", ["/etc/passwd", "/etc/group"]),
        *text_rules(reduce_text.qemu_conf, "user, devices, firmware, security", ["/etc/libvirt/qemu.conf"]),
        *data_rules(
            reduce_domain.network_file, "name and passed devices", ["/etc/libvirt/qemu/networks/*.xml"]
        ),
        *data_rules(reduce_domain.domain_file, "the elements that are read", ["/etc/libvirt/qemu/*.xml"]),
        *data_rules(reduce_domain.status_file, "the elements that are read", ["/run/libvirt/qemu/*.xml"]),
        *data_rules(
            reduce_domain.domain_file, "of sessions: the elements that are read",
            ["/home/*/.config/libvirt/qemu/*.xml", "/root/.config/libvirt/qemu/*.xml"],
        ),
        *data_rules(
            reduce_domain.status_file, "of sessions: the elements that are read",
            ["/run/user/*/libvirt/qemu/run/*.xml"],
        ),
        *data_rules(
            reduce_script.file, "lines that a check looks for",
            ["/etc/libvirt/hooks/qemu", "/etc/libvirt/hooks/qemu.d/*"],
        ),
        *data_rules(
            reduce_script.file, "of scripts that start QEMU: lines that a check looks for",
            ["/usr/local/bin/*", "/usr/local/sbin/*", "/root/*.sh", "/home/*/*.sh"], 64 << 10,
        ),
        *text_rules(reduce_text.xorg, "drivers and BusIDs", ["/etc/X11/xorg.conf", "/etc/X11/xorg.conf.d/*"]),
        *text_rules(
            reduce_text.descriptor, "images and features", ["/etc/qemu/firmware/*", "/usr/share/qemu/firmware/*"]
        ),
        *text_rules(reduce_script.usb_follows, "ports, ids and guests that follow them", ["/etc/vfiotui/usb.conf"]),
        *text_rules(reduce_text.selection, "addresses and ids of devices", ["/etc/vfiotui/isolated.json"]),
        *text_rules(
            _config_lines, "options that are y, m, n or numbers",
            ["/boot/config-*", "/lib/modules/*/config", "/usr/lib/modules/*/config"],
        ),
        *data_rules(
            reduce_kernel.functions, "whether the ACS patch is there",
            ["/proc/kallsyms", "/boot/System.map-*", "/lib/modules/*/System.map"], acs_patch.LIMIT,
        ),
        *text_rules(_alias_lines, "patterns of PCI ids", ["/lib/modules/*/modules.alias"], 16 << 20),
        *text_rules(_dep_lines, "names of modules", ["/lib/modules/*/modules.dep"], 16 << 20),
        *text_rules(_plain, "name of the entries", ["/etc/kernel/entry-token"]),
        *text_rules(
            _module_lines, "names of modules", ["/lib/modules/*/modules.builtin", "/lib/modules/*/modules.order"]
        ),
        *text_rules(_plain, "name of the package", ["/usr/lib/modules/*/pkgbase"]),
        *data_rules(
            reduce_image.initramfs, "modules by name, lists and rules about devices",
            ["/boot/init*", "/boot/booster*", "/boot/*/*/init*"], IMAGE_LIMIT,
        ),
        *text_rules(reduce_kernel.kernel_log, "lines that a check looks for", ["/var/log/dmesg", "/var/log/dmesg.0"]),
        *data_rules(reduce_changes.journal, "events and states", ["/var/lib/vfiotui/changes/*/journal"]),
        *text_rules(
            reduce_changes.plan, "title, steps and prediction; no contents", ["/var/lib/vfiotui/changes/*/plan.json"]
        ),
    )  # fmt: skip


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")


@cache
def _fitting() -> re.Pattern[str]:
    return re.compile("|".join(f"({_expression(a.pattern)})" for a in allowed()))


def rule_for(path: str) -> Allowed | None:
    """The first pattern of the list that a path fits, or None."""
    match = _fitting().fullmatch(path)
    return allowed()[match.lastindex - 1] if match and match.lastindex else None


def rom_rule() -> Allowed:
    """What holds for ROM files, which guests name anywhere."""
    return Allowed("", "headers and checksums", reduce_image.option_rom, 16 << 20, True)
