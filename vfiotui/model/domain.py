"""A guest as its libvirt XML describes it, and what the hypervisor says of it."""

from __future__ import annotations

from dataclasses import dataclass

from vfiotui.model.reading import Reading

CpuSet = frozenset[int]


@dataclass(frozen=True, slots=True)
class Hostdev:
    """A PCI or USB device that the guest is given."""

    kind: str
    """pci or usb."""
    address: str
    """PCI: full BDF. USB: "bus-port", "bus:device" or "vendor:product"."""
    managed: bool
    guest_address: str = ""
    rom_file: str = ""
    rom_bar: bool = True


@dataclass(frozen=True, slots=True)
class HugePages:
    """One <page> of memoryBacking/hugepages; size 0 is the default size."""

    size_kib: int
    nodeset: str = ""


@dataclass(frozen=True, slots=True)
class Domain:
    """One libvirt domain."""

    name: str
    uuid: str
    state: str
    """running, paused, shut off, crashed, pm suspended, unknown, or "defined" where no daemon was asked."""
    persistent: bool
    autostart: bool
    domain_type: str
    """kvm, qemu, test, …"""
    machine: str
    memory_kib: int
    vcpus: int
    """Maximum."""
    current_vcpus: int
    vcpu_pins: tuple[tuple[int, CpuSet], ...]
    emulator_pin: CpuSet | None
    iothreads: int
    iothread_pins: tuple[tuple[int, CpuSet], ...]
    topology: tuple[int, int, int, int] | None
    """sockets, dies, cores, threads of cpu/topology."""
    cpu_mode: str
    huge_pages: tuple[HugePages, ...]
    """Empty: none asked for."""
    shared_memory: bool
    """memfd or access shared: transparent huge pages then follow shmem_enabled."""
    balloon: str
    """Model of memballoon, "none" included."""
    firmware: str
    """bios, efi or the loader's path."""
    hostdevs: tuple[Hostdev, ...]
    qemu_arguments: tuple[str, ...]
    """qemu:commandline arguments and NAME=VALUE environment."""
    xml: str
    """The XML that this was read from."""
    source: str
    """Connection URI or path inside the root."""
    pid: int | None = None
    """QEMU's process, where known."""

    @property
    def running(self) -> bool:
        """Whether it has a process: running or paused."""
        return self.state in ("running", "paused", "pm suspended")

    @property
    def pinned_cpus(self) -> CpuSet:
        """All host CPUs that some vCPU is pinned to."""
        return frozenset(c for _, cpus in self.vcpu_pins for c in cpus)


@dataclass(frozen=True, slots=True)
class Virt:
    """libvirt as it is reached."""

    uri: str
    connected: bool
    detail: str
    """Version sentence, or why there is no connection and what to do."""
    libvirt_version: str
    hypervisor_version: str
    domains: Reading[tuple[Domain, ...]]
