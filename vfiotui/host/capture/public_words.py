"""Words that are the same on many hosts, so that they identify none: what a capture may show as it stands.

Each list is one topic. A word that is in none of them is replaced in a capture (host.scrub). Sources: hier(7),
kernel-parameters.txt, the names of modules in the kernel's tree, systemd.directives(7), grub-mkconfig, libvirt's
formatdomain, qemu(1).
"""

from __future__ import annotations

import re
from xml.parsers import expat

PATHS = """
etc usr lib lib64 share local bin sbin log dmesg dmesg.0 misc hwdata boot efi EFI Linux loader entries addons grub grub2
addon dev mapper disk by-id by-uuid by-label by-path by-partuuid by-partlabel vfio devices shm input dri snd kvm iommu
zvol var libvirt images qemu nvram home root srv mnt media run user tmp opt proc sys OVMF AAVMF edk2 x64 aa64 nix
store gnu current-system ostree deploy kernel modprobe.d modules-load.d sysctl.d tmpfiles.d dracut.conf.d
mkinitcpio.conf.d mkinitcpio.d default grub.d cmdline.d initramfs-tools conf.d scripts init-top init-premount
init-bottom local-top local-bottom hooks udev rules.d driverctl.d libvirtd xorg.conf.d X11 kernelstub configuration
limine refind BOOT BOOTX64 BOOTAA64 systemd debian ubuntu fedora redhat centos rocky almalinux arch opensuse proxmox
pop nixos Microsoft shimx64 grubx64 systemd-bootx64 vmlinuz vmlinux initrd initramfs img bzImage linux linux-lts
linux-zen fallback lock OVMF_CODE OVMF_VARS OVMF_CODE_4M OVMF_VARS_4M OVMF_CODE.secboot OVMF_CODE_4M.secboot
OVMF_VARS.ms secboot ms pipewire-0 pulse native looking-glass kvmfr0 scream event mouse keyboard event-kbd
event-mouse qcow2 raw iso rom fd xml conf cfg service socket sh hook json so d modules firmware virtio-win null zero
full tpm0 swap swapfile grub.cfg grubenv install postinst.d kernel-install install.d begin end release prepare
started stopped system passwd group hostname mounts swaps modules.builtin modules.alias modules.order config
os-release machine-id fstab qemu.conf qemu.d booster.yaml dracut.conf initramfs.conf install.conf limine.conf
mkinitcpio.conf sysconfig bootloader irqbalance irqbalance.env sdboot-manage.conf refind_linux.conf NIXOS runlevels
proxmox-boot-uuids initcpio pkgbase pci.ids pciutils plan.json journal reboot-required ostree-booted units libalpm
linux.preset 09vfiotui modules.d networks vfiotui.conf self mountinfo driver gpus guest kmsg autostart undo.sh
before notes sysctl.conf hugepages qemu-kvm cmdline wants requires 95-vfiotui.install 90-vfiotui.conf
09-vfiotui-override.rules bind-vfio README vfio.conf kvm.conf VARS CODE subvol @ @home rootfs changes vfiotui
isolated.json kallsyms System.map machine-qemu machine.slice qemu.slice system.slice user.slice init.scope
modules.dep logind.conf logind.conf.d acpi button lid LID LID0 state logind entry-token systemd-inhibit
handle-lid-switch
extlinux syslinux extlinux.conf syslinux.cfg update-extlinux.conf limine.cfg refind.conf efivars vars crypttab
crypttab.initramfs uki.conf ukify.conf post sbctl sig menu.c32 vesamenu.c32 ldlinux.sys vmlinuz-linux vmlinuz-lts
vmlinuz-linux-lts initramfs-linux.img initramfs-lts arch-limine memtest bootmgfw steamos unraid-version abroot midclt
buildconfig ash take ExecStart Unit Service systemd-udev-trigger systemd-udev-trigger.service sysinit.target.wants
vfiotui-bind-vfio.service 01-dist.conf zz-vfiotui.conf
guard guard.on guard.sh guard.json apt apt.conf.d 99vfiotui-guard postrm.d post-update.d zz-vfiotui-guard
99-vfiotui-guard.install pacman pacman.d zz-vfiotui-guard.hook dnf libdnf5 libdnf5-plugins actions.d actions.so
vfiotui-guard.actions plugins post-transaction-actions.d vfiotui-guard.action post-transaction-actions.conf
dpkg apt-get python3 lib64 mkinitcpio update-initramfs zypper zypp commit vfiotui-guard apk commit_hooks.d kernel.d
post-install post-remove xbps-install emerge urpmi eopkg slackpkg swupd
container host container-manager containerenv dockerenv flatpak-info WSL WSLInterop binfmt_misc fs lxcfs fuse.lxcfs
"""

PARAMETERS = """
root ro rw quiet splash rootflags rootfstype rootwait rootdelay resume resume_offset noresume init rdinit initrd
BOOT_IMAGE console earlycon earlyprintk loglevel debug nomodeset video consoleblank fbcon vt.global_cursor_default
iommu intel_iommu amd_iommu iommu.passthrough iommu.strict iommu.forcedac intremap nointremap amd_iommu_dump
amd_iommu_intr x2apic_phys nox2apic nosmt nosmp maxcpus nr_cpus possible_cpus isolcpus nohz nohz_full rcu_nocbs
rcu_nocb_poll rcutree rcupdate irqaffinity threadirqs skew_tick tsc clocksource nowatchdog nmi_watchdog hugepages
hugepagesz default_hugepagesz transparent_hugepage hugetlb_cma hugetlb_free_vmemmap mem memmap cma numa
numa_balancing mitigations spectre_v2 spec_store_bypass_disable retbleed l1tf mds tsx tsx_async_abort srbds
split_lock_detect preempt sched_core kernel.split_lock_mitigate watchdog timer_migration lockdown lsm apparmor
selinux security audit enforcing module_blacklist modprobe.blacklist rd.driver.blacklist rd.driver.pre
rd.driver.post initcall_blacklist vfio-pci.ids vfio_pci.ids vfio-pci.disable_vga vfio_pci.disable_vga
vfio-pci.disable_idle_d3 vfio_pci.disable_idle_d3 vfio_iommu_type1.allow_unsafe_interrupts vfio-pci.disable_denylist
vfio_pci.disable_denylist kvm.ignore_msrs kvm.report_ignored_msrs kvm_amd.nested kvm_amd.npt kvm_amd.avic
kvm_intel.nested kvm_intel.ept kvm_intel.emulate_invalid_guest_state kvm.halt_poll_ns kvm_amd.sev pci pcie_aspm
pcie_acs_override pcie_port_pm pcie_ports pci-stub.ids pci_stub.ids intel_idle.max_cstate processor.max_cstate idle
intel_pstate amd_pstate cpufreq.default_governor cpuidle.off cpuidle.governor acpi acpi_osi acpi_enforce_resources
acpi_backlight noapic nolapic efi efifb vesafb simplefb i915 amdgpu nouveau radeon nvidia nvidia-drm.modeset
nvidia_drm.modeset nvidia-drm.fbdev i915.modeset i915.enable_guc i915.max_vfs i915.enable_gvt i915.enable_psr
nouveau.modeset radeon.modeset amdgpu.modeset amdgpu.ppfeaturemask zswap.enabled zswap.compressor net.ifnames
biosdevname ipv6.disable systemd.unified_cgroup_hierarchy systemd.unit systemd.show_status systemd.mask
systemd.wants systemd.restore_state cgroup_enable cgroup_disable cgroup_no_v1 swapaccount usbcore.autosuspend
usbcore.quirks xhci_hcd.quirks snd_hda_intel nvme_core.default_ps_max_latency_us libata.force ahci.mobile_lpm_policy
vfiotui single rescue emergency rd.auto rd.luks rd.lvm rd.md rd.dm rd.systemd.show_status rd.udev.log_level
udev.log_level rd.shell rd.break panic panic_on_oops crashkernel kvm kasan kaslr nokaslr pti nopti mce noibrs
nospectre_v1 nospectre_v2 reboot boot zfs ostree vconsole.keymap vconsole.font locale.LANG LANG KEYTABLE SYSFONT
rhgb plymouth.enable gnu.system gnu.load kernelopts tuned_params xen-pciback.hide dom0_mem drm.edid_firmware
"""

VALUES = """
on off yes no true false pt nopt force strict lazy auto none never always madvise defer default within_size inherit
advise deny io_page_fault sm_on sm_off igfx_off tboot_noforce nobounce managed_irq domain nohz passive active guided
disable enable disabled enabled downstream multifunction noaer nommconf realloc pcie_bus_safe pcie_bus_perf
pcie_bus_peer2peer nomsi noacs noats assign-busses nocrs use_crs full voluntary performance powersave ondemand
conservative schedutil userspace integrity confidentiality fatal warn ratelimit y n Y N ask balance_performance
balance_power power host tty0 tty1 ttyS0 ttyS1 ttyAMA0 hvc0 uart8250 sysfb_init simple-framebuffer UUID PARTUUID
GOTO IMPORT
LABEL PARTLABEL ID MAC lz4 zstd xz gzip zbud z3fold zsmalloc ext4 xfs btrfs vfat zfs f2fs ntfs swap tmpfs hugetlbfs
cgroup cgroup2 nfs nfs4 cifs fuse squashfs iso9660 devtmpfs sysfs proc overlay efivarfs ramfs reliable unstable poll
halt mwait nomwait hpet acpi_pm kvm-clock low high medium nodev nosuid noexec relatime noatime ro rw defaults noauto
nofail user users uid gid umask mode size pagesize subvol subvolid compress ssd discard legacy private shared slave
errors remount-ro fsck fmask dmask codepage iocharset shortname x-systemd automount
"""

MODULES = """
vfio vfio_pci vfio_pci_core vfio_iommu_type1 vfio_virqfd vfio_platform mdev iommufd kvm kvm_amd kvm_intel kvmfr
nvidia nvidia_drm nvidia_modeset nvidia_uvm nvidia_peermem nvidiafb nouveau nova_core amdgpu radeon i915 xe ast
mgag200 simpledrm simplefb efifb vesafb bochs cirrus qxl virtio virtio_pci virtio_net virtio_blk virtio_scsi
virtio_gpu virtio_balloon virtio_console virtio_rng virtiofs vhost vhost_net vhost_vsock tun tap bridge br_netfilter
veth bonding snd_hda_intel snd_hda_codec snd_hda_core snd_hda_codec_hdmi snd_usb_audio snd_sof snd_sof_pci xhci_hcd
xhci_pci ehci_hcd ehci_pci ohci_hcd ohci_pci uhci_hcd usbhid usb_storage uas hid hid_generic usbcore nvme nvme_core
ahci libahci libata mpt3sas megaraid_sas aacraid hpsa sd_mod sr_mod sg scsi_mod e1000 e1000e igb igc ixgbe ixgbevf
i40e iavf ice r8169 r8125 r8168 tg3 bnx2 bnxt_en mlx4_core mlx5_core cxgb4 qede atlantic alx iwlwifi iwlmvm mac80211
cfg80211 ath9k ath10k_pci ath11k_pci ath12k mt7921e mt7925e rtw88 rtw89 rtl8xxxu brcmfmac btusb bluetooth
i2c_nvidia_gpu ucsi_ccg typec_ucsi i2c_i801 i2c_piix4 i2c_dev spi_intel dm_mod dm_crypt dm_mirror dm_thin_pool raid0
raid1 raid10 raid456 md_mod zfs spl btrfs ext4 xfs vfat fat nls_iso8859_1 nls_utf8 overlay loop fuse nfs nfsd cifs
ksmbd pci_stub pcieport shpchp pci_hyperv vmd mei mei_me thunderbolt intel_lpss idma64 intel_rapl_msr processor
acpi_cpufreq amd_pstate intel_pstate intel_idle coretemp k10temp nct6775 it87 ccp sp5100_tco iTCO_wdt wmi
dm_multipath efivarfs pstore uinput xpad joydev hid_sony hid_logitech_dj evdev drm drm_kms_helper ttm fb fbdev
led_class pcspkr nvmet vendor_reset i2c crc32c_intel aesni_intel snd sound gasket apex v4l2loopback uvcvideo
ddbridge saa7164 cx23885 zenpower ryzen_smu msr cpuid ip_tables x_tables nf_tables iptable_nat nf_conntrack
xt_conntrack wireguard 8021q macvlan macvtap vxlan softdog ipmi_si ipmi_devintf ipmi_msghandler binder_linux
ashmem_linux nbd rbd ceph drbd tcm_loop target_core_mod
"""

OPTIONS = """
ids disable_vga disable_idle_d3 enable_sriov nointxmask disable_denylist allow_unsafe_interrupts nested npt avic ept
halt_poll_ns ignore_msrs report_ignored_msrs enable_apicv static_size_mb modeset fbdev softdep pre post options
install remove blacklist alias enable_guc max_vfs enable_gvt power_save runpm si_support cik_support index model
enable_psr dmi NVreg_EnableGpuFirmware NVreg_PreserveVideoMemoryAllocations NVreg_UsePageAttributeTable
NVreg_DynamicPowerManagement NVreg_RegistryDwords zfs_arc_max zfs_arc_min hard soft static dynamic nx_huge_pages
emulate_invalid_guest_state vmlinux hpmemsize hpbussize resource_alignment quirks autosuspend
"""

USERS = """
root daemon bin sys nobody nogroup libvirt libvirtd libvirt-qemu libvirt-dnsmasq qemu kvm disk video render audio
input adm sudo wheel users plugdev cdrom dialout tty systemd-journal systemd-network messagebus polkitd sshd
www-data ntp libvirt-admin vfio dynamic_ownership none dac selinux apparmor
"""

PROGRAMS = """
start stop restart shutdown destroy suspend resume attach-device detach-device nodedev-detach nodedev-reattach
dumpxml enable disable domstate list all sh bash dash env python3 qemu qemu-system-x86_64 qemu-system-x86
qemu-system-aarch64 qemu-kvm kvm virsh virt-manager virt-install virtqemud libvirtd chrt taskset numactl nice ionice
plink sshpass ssh modprobe insmod rmmod driverctl setpci lspci systemctl systemd-run loginctl service killall pkill
echo cat sleep tee grep sed awk cut test exit exec then else elif fi if case esac in for do done while until
function return export source set unset local shift true false cpupower cpufreq-set cset swtpm Xorg X gnome-shell
kwin_wayland kwin_x11 plasmashell sddm gdm lightdm mutter sway hyprland weston pipewire wireplumber pulseaudio
nvidia-persistenced nvidia-smi fwupd boltd irqbalance tuned power-profiles-daemon auto-cpufreq tlp thermald
gamemoded steam firefox chrome Xwayland systemd systemd-logind udevd systemd-udevd NetworkManager sshd dropbear
tailscaled getty bluetoothd cpufrequtils looking-glass-client scream update-grub grub-mkconfig grub2-mkconfig
grub-reboot grub2-reboot grub-editenv grub2-editenv grubby bootctl kernel-install proxmox-boot-tool rpm-ostree
limine-update limine-mkinitcpio limine-entry-tool update-extlinux transactional-update
sdboot-manage sdbootutil update-initramfs mkinitcpio booster ukify sysctl isolate dracut kernelstub
asusd tccd tuned-ppd tlp-pd system76-power com.system76.PowerDaemon snap.auto-cpufreq.service
supergfxd.conf optimus-manager optimus-manager.conf
supergfxd nvidia-powerd throttled cpufreqd laptop-mode ksmtuned numad multi-user invocation multi-user.target.wants
graphical default network basic sysinit sockets timers target wants ondemand performance supergfxctl lvm docker
inhibit systemd-inhibit nosleep no-sleep what who why mode infinity serial-getty
"""

LOG = """
DMAR AMD-Vi IOMMU VFIO vfio-pci pci PCI BAR mem io can can't cannot reserve Enabled enabled disabled IRQ remapping
Interrupt interrupt DMA Read Write NO_PASID fault addr reason status reg PTE is not set Firmware Bug Event logged
IO_PAGE_FAULT device address flags Completion-Wait loop timed out waiting for pending transaction ready after reset
FLR resume bus failed to Unable change power state from inaccessible giving up D0 D3hot D3cold AER Corrected
Uncorrected Fatal Non-Fatal error errors message received multiple severity type Data Link Layer Physical
Transaction Receiver ID Transmitter Requester PCIe Bus Error Recovery recovery Timeout BadTLP BadDLLP first No
support this platform required requires have a 1:1 mapping has requested that be firmware ineligible domain attach
due by group NVRM GPU at fallen off the Xid pid amdgpu ring gfx timeout PSP tmr took split_lock bus_lock trap AC DB
apparmor audit DENIED operation open profile name comm requested_mask denied_mask avc denied scontext tcontext
tclass libvirt qemu qemu-system-x86 svirt virt-aa-helper Kernel panic soft lockup hard LOCKUP blocked more than
seconds Out of memory Killed process Linux version Invalid ROM contents expecting got signature ACS override vgaarb
setting as boot VGA changed decodes olddecodes owns x86 PAT efifb framebuffer using simpledrm Initialized minor fb0
frame buffer switching dummy colour iommu Adding default Translated Passthrough mode HugeTLB registered pages kvm
SVM VMX AVIC NPT x2APIC x2apic INTR-REMAP Blocked an attempt unaligned drhd ecap cap base dmar0 BIOS and Subsystem
interrupts on into DRHD handling request Request Present bit in context entry clear aliasing ENTRY
ILLEGAL_DEV_TABLE_ENTRY port pcieport downstream root link down hotplug Overriding quirk quirks applied disabling
enabling controller host hcd usb USB task locked CPU stuck RIP watchdog hung vendor_reset AMD POLARIS10 VEGA NAVI
bridge window pref 64bit 32bit size resource fault_addr Intel-IOMMU Host width Directed I/O RMRR Setting identity
Queued invalidation Virtualization Technology PMR GART perf IVRS ivhd Extended features Lazy TLB flushing invalidate
Initialising Page table allocator initialized pgt overrides Warning may allow peer-to-peer expects within specified
aperture vmd nvme snd xhci_hcd igb ixgbe e1000e r8169 sata ahci ata tty console serial ttyS
"""

HARDWARE = """
AMD Intel NVIDIA ATI ASUSTeK ASUS Gigabyte ASRock MSI Micro-Star Dell HP Lenovo Supermicro QEMU Standard PC Q35 ICH9
Ryzen Core Xeon EPYC Threadripper GenuineIntel AuthenticAMD Genuine Processor pc q35 i440fx virt pc-q35 pc-i440fx
x86_64 i686 aarch64 amd64 arm64 riscv64 loongarch64 generic lts zen hardened pve cachyos MANJARO default PREEMPT
PREEMPT_DYNAMIC SMP rt bpo rc fc el deb deb12u deb13u u gcc GNU ld Debian Ubuntu Fedora Arch NixOS Proxmox CentOS
Rocky AlmaLinux openSUSE SUSE Gentoo Void Alpine EndeavourOS Manjaro Pop Mint Tumbleweed Leap Bazzite Nobara
bookworm trixie sid noble jammy GNU/Linux rhel opensuse gentoo endeavouros manjaro linuxmint keyboard mouse Keyboard
Mouse AT Translated Set 2 Power Button Sleep Video Bus Lid Switch Speaker microsoft standard WSL2
"""

GRUB = """
menuentry submenu linux linuxefi linux16 initrd initrdefi insmod set default timeout search no-floppy fs-uuid label
hint load_env save_env saved_entry next_entry prev_saved_entry boot_once env_block blscfg gfxmode gfxpayload keep
terminal_output terminal_input if then else fi function load_video recordfail class gnu-linux gnu os unrestricted
part_gpt part_msdos ext2 xfs btrfs fat gzio chainloader configfile multiboot source export feature_menuentry_id id
hd0 gpt1 gpt2 gpt3 gnulinux simple advanced recovery mode Advanced options for with on BEGIN END GRUB_CMDLINE_LINUX
GRUB_CMDLINE_LINUX_DEFAULT GRUB_DEFAULT GRUB_TIMEOUT GRUB_SAVEDEFAULT GRUB_ENABLE_BLSCFG GRUB_DISTRIBUTOR
GRUB_DISABLE_RECOVERY GRUB_DISABLE_OS_PROBER GRUB_TERMINAL saved menu hidden countdown 00_header 05_debian_theme
10_linux 20_linux_xen 30_os-prober 30_uefi-firmware 40_custom 41_custom 42_vfiotui title version machine-id sort-key
architecture devicetree uki efi loader tries vfiotui vfiotui_trial armed running failed console-mode editor protocol
kernel_path module_path cmdline kernel_cmdline image_path comment path entry remember_last_entry default_entry
interface_branding wallpaper Boot fallback minimal single-user standard
"""

CONFIG = """
user group cgroup_device_acl cgroup_controllers security_driver nvram hugetlbfs_mount sched_core namespaces
clear_emulator_capabilities seccomp_sandbox remember_owner max_locked_memory security_default_confined
modules_force_load MODULES HOOKS FILES BINARIES COMPRESSION base udev autodetect modconf kms keymap consolefont
block filesystems fsck encrypt lvm2 resume sd-vconsole sd-encrypt microcode plymouth add_drivers force_drivers
add_dracutmodules install_items hostonly omit_drivers dep most list BUSYBOX COMPRESS KEYMAP FSTYPE ALL_config
ALL_kver PRESETS default_image fallback_image default_uki fallback_uki default_options fallback_options
default_config default_kver ALL_cmdline Device Section Identifier Driver BusID EndSection Screen Option ServerLayout
PCI card0 SUBSYSTEM SUBSYSTEMS KERNEL KERNELS ACTION ATTR ATTRS ENV RUN OWNER GROUP MODE TAG uaccess add change bind
driver_override vendor device subsystem_vendor subsystem_device class PCI_SLOT_NAME drivers_probe modprobe kmod load
vm kernel nr_hugepages nr_overcommit_hugepages swappiness compaction_proactiveness sched_rt_runtime_us
split_lock_mitigate sched_autogroup_enabled hugetlb_shm_group overcommit_memory zone_reclaim_mode stat_interval
IRQBALANCE_BANNED_CPUS IRQBALANCE_BANNED_CPULIST IRQBALANCE_ARGS OPTIONS ENABLED NAME PRETTY_NAME ID ID_LIKE
VERSION_ID VERSION VERSION_CODENAME LOADER_TYPE kernel_options force_update user_kernel_options efi_path
TARGET_OS_NAME ESP_PATH KERNEL_CMDLINE LINUX_OPTIONS LINUX_FALLBACK_OPTIONS layout uki bls initrd_generator
uki_generator f w L d D z Z m hugepages-64kB hugepages-2048kB hugepages-16384kB hugepages-32768kB
hugepages-524288kB hugepages-1048576kB hugepages-16777216kB node node0 free_hugepages defrag enabled uefi
bios acpi-s3 acpi-s4 amd-sev amd-sev-es amd-sev-snp intel-tdx secure-boot enrolled-keys requires-smm verbose-dynamic
verbose-static openfirmware uboot ksm transparent_hugepage machine state power suspend hibernate freeze mem disk
"""


OWN = """
ADDRESS Add At BDF Bind Binds CMA CMDLINE CONFIG COUNT CPUs Compact ConditionPathExists DEFAULT DIGITS DISABLE
Default Description Do Drop FILE Free GHz GOTO GRUB GiB Give Guix IMAGE INSTALL Is Isolate It JSON KEY KIB Keep KiB
LINUX Let Limine Load MODULE Made MiB NUMA Name OF OPTION Overcommit PATH PREREQ Pages Pin RECOVERY ROOT Release
Reserve SIZE SMT SUBMENU Secure THP Transparent Try Unit VALUE VFIOTUI about addresses affinity again against ahead
all alone along already also although among anew another answer any anywhere apart append apply are arguments aside
asks available away back bad become becomes before begins begun behind belongs below beside best between binary
binding binds blocks boots both bound bridges bring build builder builds built but bytes cache caches came can card
cards carries character check checks checksum choice choose chosen claims cleared closed come comes comma command
compact compacted condition config configured confirm connection continue control copies copy core cores costs could
create crossing damaged define definition degraded delete demand deployment did die dies differ difference differs
digits disks display doctor does driver drivers drop each early earlyhook edit edited editenv effect efibootmgr
elements elsewhere emulator ended ends enroll every everything exist fails faster fewer file files find
finds floats folder forbid forecast format found fragmented free fstab functions gave gb get gets give given gives
go goes gone groups grow gt guess guest guests guix had half hand hands happens head health healthy held help here
hold holders holds hostdev how huge hugetlb igfx image impossible inside inst installed instead intel iothread
iothreads isolated isolates isolation it its itself journal kargs keeps kept kernelParams kernels key kind kinds
know known knows larger last lasts least leave leaves left less let lets letters lie lies limits line lines lists
little live ln loaded loads login look looked looks lose loses ls made make makes managed many map matches may meant
meanwhile meminfo missing mixed mkconfig mkdir mkrlconf moddir module moment mount mounted move much multi must
mv names need needed needs neither new newest newline next nodeN nodes nor noted nothing now nowhere nproc nr number
numbers obeys objcopy objects offers offline once one ones only operating option or order ordered other others
overcommit overwrite own pair pairs part partition partitions passthrough pdpe pieces pin pinned pinning pins place
plan planned plugged points pool pools prereqs press printf probe probed processors procfs program propose protect
put puts rd read readlink reads rebuild reconfigure refresh refuses regular reload remember removed report reported
rest restart resumed rm rolled room route rpm rule rules runs runscript safe said same save say says sbctl scarce
script section secureboot see seen seldom serve sets settle several sfn shall shape shares should show shown shows
shut siblings sign signed signs simplest since slot some something sort split stanza start starting starts
stay stays stdin stdout step still stop stored subsystem such sum sure surplus switches symbolic system tail take
taken takes tasks tell text texts their them there these they those though threads through time today together
told too tool tools top torn touched tr transparent trial tried try two udevadm uefi unbind undefine undo undoes
undone unequal unicode unified unit unknown update usable use uses vCPU vCPUs value vcpus wait waits wander was way
well were what whatever when whenever where whether which who whole wholly why will without word words
work works would write writes written yet your
"""
"""Words of this program's own sentences: titles of plans, and why a step failed."""

XML = """
XML domstatus column type never libvirt instead status inside end domain network codec can't decode byte bytes
position invalid start continuation data unexpected truncated illegal encoding ordinal range surrogate character maps
undefined encode declared utf-8 utf-16 utf-16-le utf-16-be us-ascii ascii iso-8859-1 iso-8859-15 latin-1 windows-1252
"""
"""Words of the sentences about XML that is damaged: of Python's codecs, and beside them all those of expat."""


def words_of(*topics: str) -> frozenset[str]:
    """The words of some topics."""
    return frozenset(word for topic in topics for word in topic.split())


KERNEL_PARAMETERS = words_of(PARAMETERS)
MODULE_NAMES = frozenset(word.replace("-", "_") for word in words_of(MODULES))
USER_NAMES = words_of(USERS)
PUBLIC = words_of(PATHS, PARAMETERS, VALUES, MODULES, OPTIONS, USERS, PROGRAMS, LOG, HARDWARE, GRUB, CONFIG)
"""Every word of the lists above."""
OWN_SENTENCES = PUBLIC | words_of(OWN, re.sub("[()]", " ", " ".join(expat.errors.codes)), XML)
"""What stays of a sentence that this program or the parser of XML wrote."""
