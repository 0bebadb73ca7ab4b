"""The elements and attributes of domain XML that a capture holds, and the words that may stand in them."""

from __future__ import annotations

from vfiotui.host.capture.public_words import words_of

ELEMENTS = """
: type
name: =
uuid: =
metadata:
memory: unit =
currentMemory: unit =
maxMemory: unit slots =
memoryBacking:
memoryBacking/hugepages:
memoryBacking/hugepages/page: size unit nodeset
memoryBacking/nosharepages:
memoryBacking/locked:
memoryBacking/source: type
memoryBacking/access: mode
memoryBacking/allocation: mode threads
memoryBacking/discard:
memtune:
memtune/hard_limit: unit =
vcpu: placement current cpuset =
vcpus:
vcpus/vcpu: id enabled hotpluggable order
iommufd: enabled
iothreads: =
iothreadids:
iothreadids/iothread: id thread_pool_min thread_pool_max
defaultiothread: thread_pool_min thread_pool_max
cputune:
cputune/vcpupin: vcpu cpuset
cputune/emulatorpin: cpuset
cputune/iothreadpin: iothread cpuset
cputune/vcpusched: vcpus scheduler priority
cputune/iothreadsched: iothreads scheduler priority
cputune/emulatorsched: scheduler priority
cputune/shares: =
cputune/period: =
cputune/quota: =
numatune:
numatune/memory: mode nodeset placement
numatune/memnode: cellid mode nodeset
resource:
os: firmware
os/type: arch machine =
os/loader: readonly secure type format stateless =
os/nvram: template templateFormat type format =
os/nvram/source: file
os/firmware:
os/firmware/feature: name enabled
os/boot: dev
os/bootmenu: enable
os/smbios: mode
features:
features/acpi:
features/apic:
features/pae:
features/hyperv: mode
features/hyperv/*: state retries value
features/kvm:
features/kvm/*: state
features/vmport: state
features/smm: state
features/ioapic: driver
features/pvspinlock: state
features/pmu: state
features/msrs: unknown
features/hap: state
cpu: mode match check migratable
cpu/model: fallback =
cpu/vendor: =
cpu/topology: sockets dies clusters cores threads
cpu/cache: mode level
cpu/maxphysaddr: mode bits limit
cpu/feature: policy name
cpu/numa:
cpu/numa/cell: id cpus memory unit memAccess discard
cpu/numa/cell/distances:
cpu/numa/cell/distances/sibling: id value
clock: offset
clock/timer: name present mode tickpolicy frequency
on_poweroff: =
on_reboot: =
on_crash: =
pm:
pm/suspend-to-mem: enabled
pm/suspend-to-disk: enabled
commandline:
devices:
devices/emulator: =
devices/*/rom: bar file enabled
devices/*/address: type domain bus slot function multifunction controller target unit port
devices/disk: type device
devices/disk/driver: name type cache io discard iothread queues
devices/disk/driver/iothreads:
devices/disk/driver/iothreads/iothread: id
devices/disk/source: type file dev startupPolicy managed namespace
devices/disk/source/address: type domain bus slot function
devices/disk/target: dev bus
devices/disk/boot: order
devices/disk/readonly:
devices/disk/shareable:
devices/controller: type index model
devices/controller/driver: iothread queues
devices/controller/driver/iothreads:
devices/controller/driver/iothreads/iothread: id
devices/controller/model: name
devices/controller/target: chassis port busNr
devices/interface: type managed
devices/interface/mac: address
devices/interface/model: type
devices/interface/source: bridge network dev portid
devices/interface/actual: type managed
devices/interface/actual/source: bridge network dev portid
devices/interface/actual/source/address: type domain bus slot function
devices/interface/source/address: type domain bus slot function
devices/interface/driver: name queues
devices/interface/boot: order
devices/hostdev: mode type managed model
devices/hostdev/driver: name iommufd model
devices/hostdev/source: startupPolicy
devices/hostdev/source/address: type domain bus slot function device port uuid
devices/hostdev/source/vendor: id
devices/hostdev/source/product: id
devices/hostdev/boot: order
devices/video:
devices/video/model: type heads primary ram vram vgamem
devices/graphics: type port tlsPort listen socket
devices/graphics/listen: type address socket
devices/console: type tty
devices/console/source: path
devices/input: type bus
devices/input/source: dev grab repeat grabToggle
devices/shmem: name role
devices/shmem/model: type
devices/shmem/size: unit =
devices/audio: id type runtimeDir serverName
devices/sound: model
devices/tpm: model
devices/tpm/backend: type version
devices/memballoon: model autodeflate freePageReporting
devices/memory: model access discard
devices/memory/source:
devices/memory/source/nodemask: =
devices/memory/source/pagesize: unit =
devices/memory/target:
devices/memory/target/size: unit =
devices/memory/target/node: =
devices/iommu: model
devices/iommu/driver: intremap caching_mode eim iotlb aw_bits
devices/rng: model
devices/rng/backend: model =
devices/watchdog: model action
devices/filesystem: type accessmode
devices/filesystem/driver: type queue
devices/panic: model
devices/vsock: model
devices/vsock/cid: auto
devices/redirdev: bus type
launchSecurity: type
"""
"""Path below <domain>: attributes; = where the text inside is kept too, * for any name of an element."""

WORDS = words_of("""
kvm qemu xen test hvm KiB MiB GiB TiB bytes static auto fd fifo rr batch idle memfd anonymous file shared private
immediate ondemand strict preferred interleave restrictive efi bios pflash rom stateless hd cdrom network fdd
hostdev sysinfo host-passthrough host-model custom maximum exact minimum full partial none passthrough emulate
disable optional force forbid require requireVmx utc localtime timezone variable absolute hpet hypervclock kvmclock
tsc pit rtc delay catchup merge discard destroy restart preserve rename-restart coredump-destroy native threads
io_uring writeback writethrough directsync unsafe default unmap ignore detect-zeroes block volume dir nvme vhostuser
disk lun floppy pty unix tcp udp socket address virtio virtio-scsi virtio-non-transitional virtio-transitional scsi
sata ide usb sd fdc vda vdb vdc vdd sda sdb sdc sdd hda hdb hdc hdd pci pcie-root pcie-root-port
pcie-switch-upstream-port
pcie-switch-downstream-port pcie-to-pci-bridge dmi-to-pci-bridge pci-root pci-bridge pcie-expander-bus
pci-expander-bus qemu-xhci nec-xhci piix3-uhci piix4-uhci ich9-ehci1 ich9-uhci1 ich9-uhci2 ich9-uhci3 lsilogic
lsisas1068 megasas virtio-serial ccid isa bridge user direct ethernet vdpa e1000 e1000e rtl8139 vhost subsystem
capabilities mdev vfio-pci vfio-ap mandatory requisite vga qxl cirrus bochs ramfb vmvga vbox gop spice vnc sdl rdp
dbus egl-headless tablet mouse keyboard evdev ps2 all scrolllock ctrl-ctrl alt-alt ivshmem-plain ivshmem-doorbell
ivshmem peer master alsa oss coreaudio pipewire pulseaudio jack ich6 ich7 ich9 ac97 es1370 sb16 tpm-crb tpm-tis
tpm-spapr emulator external 2.0 1.2 dimm nvdimm virtio-mem virtio-pmem sgx-epc intel smmuv3 random egd builtin
i6300esb itco ib700 diag288 reset shutdown poweroff pause dump inject-nmi mount memory-backend-file
memory-backend-memfd memory-backend-ram readonly snapshot if format cache -cpu -drive -device -object -netdev
-global -machine -fw_cfg -smbios -acpitable -rtc -overcommit -set -trace -m -smp -name -chardev -audiodev -spice
-vnc -display -vga -usb -nic -net -boot -bios -append -kernel -initrd -D -d -msg -sandbox -mem-path mapped squash
handle path virtiofs spicevmc sev sev-snp tdx s390-pv enrolled-keys secure-boot topoext invtsc vmx svm hypervisor
kvm_pv_unhalt kvm-hint-dedicated pdpe1gb x2apic ibpb md-clear ssbd stibp arch-capabilities aes avx avx2 avx512f pcid
spec-ctrl monitor umip xsaves tsc_adjust tsc-deadline amd-ssbd amd-stibp virt-ssbd clflushopt cmp_legacy
perfctr_core wbnoinvd lbrv npt nrip-save vgif flushbyasid decodeassists pause-filter tsc-scale v-vmsave-vmload rdpid
Skylake-Client Skylake-Server Cascadelake-Server Icelake-Server Haswell Broadwell EPYC EPYC-Rome EPYC-Milan
EPYC-Genoa Penryn Nehalem Westmere SandyBridge IvyBridge Opteron_G5 qemu64 kvm64 core2duo max host base Intel AMD
Hygon noTSX IBRS isa-applesmc
""")
OPTION_KEYS = words_of("""
driver qom-type id size share mem-path memdev bus addr host sysfsdev romfile rombar x-vga x-no-mmap x-igd-opregion
x-igd-gms multifunction iommufd max-bytes period chardev audiodev type kvm hv_vendor_id hv_relaxed hv_vapic
hv_spinlocks hv_time hv_vpindex hv_synic hv_stimer hv_frequencies hv_passthrough hv-vendor-id hv-passthrough vendor
hv_runtime hv_tlbflush hv_ipi hv_reset hv_reenlightenment hv_evmcs hv_avic hv-relaxed hv-vapic hv-spinlocks hv-time
hv-vpindex hv-synic hv-stimer hv-frequencies hv-runtime hv-tlbflush hv-ipi hv-reset hv-reenlightenment hv-evmcs hv-avic
phys-bits host_phys_bits
vmware-cpuid-freq hypervisor topoext host-phys-bits host-phys-bits-limit host-cache-info l3-cache invtsc migratable
pmu check property value tb-size thread accel kernel_irqchip kernel-irqchip smm vmport usb dump-guest-core base
clock driftfix grab_all repeat grab-toggle evdev version gic-version prealloc policy host-nodes merge dump
pcie-pci-hole64-size pci-hole64-size out.mixing-engine in.mixing-engine out.frequency model_id
""")


NETWORK_ELEMENTS = """
:
name: =
forward: mode managed
forward/driver: name
forward/pf: dev
forward/address: type domain bus slot function
"""
"""The same for <network>."""


def _table(elements: str) -> dict[str, tuple[frozenset[str], bool]]:
    rows = (line.partition(":") for line in elements.strip().split("\n"))
    return {path: (frozenset(words.split()) - {"="}, "=" in words.split()) for path, _, words in rows}


TABLE = _table(ELEMENTS)
NETWORK_TABLE = _table(NETWORK_ELEMENTS)
