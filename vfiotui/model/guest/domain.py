"""A guest as its libvirt XML describes it, and what the hypervisor says of it."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.model.base.reading import Reading, Unread, Why, or_else, then
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.guest.domain_boot import GuestBoot
from vfiotui.model.guest.domain_cpu import Clock, GuestCpu, Hyperv, Scheduling
from vfiotui.model.guest.domain_devices import GuestDevices, Hostdev, QemuLine, Shmem
from vfiotui.model.guest.domain_memory import Cell, HugePages, MemoryBacking
from vfiotui.model.guest.host_network import GuestNetwork, HostNetwork
from vfiotui.model.guest.versions import Versions, version

__all__ = ["Domain", "Hostdev", "HugePages", "UnreadGuest", "Virt"]

CpuSet = frozenset[int]
NO_THREADS = Unread("the CPUs of its threads were not read", Why.NOT_HERE)


@dataclass(frozen=True, slots=True)
class Domain:
    """One libvirt domain."""

    name: str
    uuid: str
    state: str
    """running, paused, shut off, crashed, pm suspended, unknown, or "defined" on a mounted disk, where nothing runs."""
    persistent: bool
    autostart: bool
    domain_type: str
    """kvm, qemu, test, …"""
    machine: str
    memory_kib: int
    """What QEMU gives it in all, with memory devices; 0 where the XML does not say it."""
    vcpus: int
    """Maximum."""
    current_vcpus: int
    vcpu_pins: tuple[tuple[int, CpuSet], ...]
    emulator_pin: CpuSet | None
    iothreads: int
    """How many there are; `iothread_ids` are their numbers."""
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
    os_id: str = ""
    """What libosinfo calls the system inside: "http://microsoft.com/win/10"; empty where it is not given."""
    enabled_vcpus: CpuSet | None = None
    """Numbers of the vCPUs that <vcpus> switches on; None where it is left to their count: then the first ones are."""
    placement: str = ""
    """Of <vcpu>: static or auto."""
    vcpu_cpuset: CpuSet | None = None
    """Host CPUs of every thread without a pin of its own (vcpu/@cpuset); None: any."""
    boot: GuestBoot = GuestBoot()
    cpu: GuestCpu = GuestCpu()
    cpu_argument: str = ""
    """The -cpu of qemu:commandline, which takes the place of <cpu> but for its topology: all else here is by it."""
    hyperv: Hyperv = Hyperv()
    kvm_hidden: bool = False
    clock: Clock = Clock()
    iothread_ids: tuple[int, ...] = ()
    """Numbers of the iothreads that there are."""
    scheduling: tuple[Scheduling, ...] = ()
    backing: MemoryBacking = MemoryBacking()
    cells: tuple[Cell, ...] = ()
    devices: GuestDevices = GuestDevices()
    qemu: QemuLine = QemuLine()
    iommufd: bool = False
    """Whether all its devices of the host use iommufd that do not say otherwise."""
    networks: tuple[GuestNetwork, ...] = ()
    """Networks that decide at its start what its interfaces are."""
    damage: tuple[str, ...] = ()
    """Words of its XML that make no sense, as sentence fragments: what is read of it may be too little."""
    owner: str = ""
    """The user to whose session it belongs; empty for guests of the system."""
    affinities: Reading[tuple[tuple[str, CpuSet], ...]] = NO_THREADS
    """Where the kernel lets each of its threads run, by their names in a pinning (v0, emu, io1)."""
    from_next_start: Domain | None = None
    """The stored definition of a running guest where it holds other pins than those that it runs with."""

    @property
    def unsound(self) -> Unread | None:
        """Why not all of it is known; None where all of its XML makes sense."""
        if not self.damage:
            return None
        more = f" (and {len(self.damage) - 1} more)" if len(self.damage) > 1 else ""
        return Unread(f"{self.damage[0]}{more}", Why.DAMAGED, self.source)

    @property
    def running(self) -> bool:
        """Whether it has a process: running or paused."""
        return self.state in ("running", "paused", "pm suspended")

    @property
    def uses_kvm(self) -> bool:
        """Whether KVM runs it; guests of libvirt's test driver stand for such."""
        return self.domain_type in ("kvm", "test")

    @property
    def pci_hostdevs(self) -> tuple[Hostdev, ...]:
        """The PCI devices of the host that it is given, whichever element names them."""
        return tuple(h for h in self.hostdevs if h.kind == "pci")

    @property
    def pci_pool(self) -> tuple[str, ...]:
        """Addresses of which it gets some at its start, as far as its networks are known."""
        known = (n.network for n in self.networks)
        return tuple(a for n in known if not isinstance(n, Unread) and n.passes for a in n.addresses)

    @property
    def takes_pci(self) -> Reading[bool]:
        """Whether VFIO pins its memory for a PCI function or a mediated device; Unread where a network must tell."""
        if any(h.kind in ("pci", "mdev") for h in self.hostdevs):
            return True
        passes = [then(n.network, lambda network: network.passes) for n in self.networks]
        unread = next((p for p in passes if isinstance(p, Unread)), None)
        return True if any(or_else(p, False) for p in passes) else False if unread is None else unread

    @property
    def is_windows(self) -> bool:
        """Whether Windows runs in it: by libosinfo's word; without one, by its enlightenments or its local clock."""
        if self.os_id:
            return "microsoft.com/win" in self.os_id
        if self.is_macos:
            return False
        return bool(self.hyperv.mode) or self.clock.offset == "localtime"

    @property
    def is_macos(self) -> bool:
        """Whether macOS runs in it: by libosinfo's word, or by the chip without which it does not start."""
        return "apple.com/macos" in self.os_id or any("isa-applesmc" in a for a in self.qemu.arguments)

    @property
    def looking_glass(self) -> Shmem | None:
        """The shared memory of Looking Glass."""
        return next((s for s in self.devices.shmems if "looking-glass" in s.name), None)

    def is_on(self, vcpu: int) -> bool:
        """Whether a vCPU is switched on when the guest starts."""
        if self.enabled_vcpus is not None:
            return vcpu in self.enabled_vcpus
        return vcpu < self.current_vcpus

    @property
    def vcpus_on(self) -> int:
        """How many vCPUs are switched on when the guest starts."""
        return self.current_vcpus if self.enabled_vcpus is None else len(self.enabled_vcpus)

    @property
    def fixed_pins(self) -> dict[int, int]:
        """The host CPU of each vCPU that is on and pinned to exactly one."""
        return {vcpu: min(cpus) for vcpu, cpus in self.vcpu_pins if len(cpus) == 1 and self.is_on(vcpu)}

    @property
    def pinned_cpus(self) -> CpuSet:
        """All host CPUs that some vCPU is pinned to."""
        return frozenset(c for _, cpus in self.vcpu_pins for c in cpus)

    @property
    def vcpu_cpus(self) -> tuple[CpuSet, ...]:
        """Where its vCPUs may run: the pin of each, and the CPUs of <vcpu> where some vCPU that is on has none."""
        pinned = {vcpu for vcpu, _ in self.vcpu_pins}
        own = tuple(cpus for _, cpus in self.vcpu_pins)
        loose = self.vcpu_cpuset is not None and any(self.is_on(v) and v not in pinned for v in range(self.vcpus))
        return (*own, self.vcpu_cpuset) if loose and self.vcpu_cpuset is not None else own

    @property
    def emulator_cpus(self) -> CpuSet | None:
        """Where QEMU's own threads may run: their pin, else the CPUs of <vcpu>; None: anywhere."""
        return self.vcpu_cpuset if self.emulator_pin is None else self.emulator_pin

    @property
    def iothread_cpus(self) -> dict[int, CpuSet]:
        """Where each iothread may run: its pin, else the CPUs of <vcpu>; one that may run anywhere is left out."""
        pins = dict(self.iothread_pins)
        return {i: cpus for i in self.iothread_ids if (cpus := pins.get(i, self.vcpu_cpuset)) is not None}


@dataclass(frozen=True, slots=True)
class UnreadGuest:
    """A guest that is defined or runs, and whose description could not be read."""

    name: str
    """The name of its file without the ending, where only the file is known."""
    source: str
    """Connection URI or path inside the root."""
    why: Unread


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
    """The guests that could be read."""
    unread: tuple[UnreadGuest, ...] = ()
    """The others."""
    installed: Versions = Versions()
    """What is installed, where no daemon said its version."""

    @property
    def versions(self) -> Versions:
        """Of libvirt and QEMU: by the daemon's word, else by what is installed."""
        return Versions(
            version(self.libvirt_version) or self.installed.libvirt,
            version(self.hypervisor_version) or self.installed.qemu,
        )

    @property
    def not_whole(self) -> tuple[UnreadGuest, ...]:
        """The guests of which not all is known: those that were not read, and those whose XML is damaged in a part."""
        domains = () if isinstance(self.domains, Unread) else self.domains
        unsound = (UnreadGuest(d.name, d.source, why) for d in domains if (why := d.unsound) is not None)
        return (*self.unread, *unsound)

    @property
    def all_domains(self) -> Reading[tuple[Domain, ...]]:
        """Every guest; Unread where one of them could not be read, because then nothing is known of all of them."""
        if isinstance(self.domains, Unread):
            return self.domains
        if not self.not_whole:
            return self.domains
        first = self.not_whole[0]
        more = f" and {len(self.not_whole) - 1} more" if len(self.not_whole) > 1 else ""
        words = f"the guest {first.name}{more} could not be read: {first.why.reason}"
        return Unread(words, first.why.why, first.source)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all guests, the unread ones included; none where the guests are not known at all."""
        read = () if isinstance(self.domains, Unread) else self.domains
        return tuple(sorted((*(d.name for d in read), *(g.name for g in self.unread))))


def with_networks(domains: tuple[Domain, ...], find: Callable[[str], Reading[HostNetwork]]) -> tuple[Domain, ...]:
    """The guests, each with what `find` knows of the networks that it names; every network is looked up once."""
    known = {name: find(name) for name in dict.fromkeys(n.name for d in domains for n in d.networks)}
    return tuple(
        replace(d, networks=tuple(GuestNetwork(n.name, known[n.name]) for n in d.networks)) if d.networks else d
        for d in domains
    )
