"""What this host has for a new guest: memory, processors, devices, network, firmware."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.cpu.pinning import Pinning, Shape
from vfiotui.model.cpu.topology import Topology
from vfiotui.model.facts import Facts
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.new_guest import GIB, MIB, SYSTEMS, NewGuest
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.model.memory.host_memory import Memory
from vfiotui.plan.draft import Draft, PlanError
from vfiotui.plan.guest_new.disk import bridge_path
from vfiotui.plan.guest_new.system import system_of
from vfiotui.plan.isolate.select import Choice, choose
from vfiotui.plan.memory.ask import leave_room_at_start
from vfiotui.plan.pin.placement_context import X86, context_of
from vfiotui.plan.pin.propose import Goal, NoPlacement, propose

MOST_BY_DEFAULT = 16 * GIB
WITHOUT_FACTS = 4 * GIB
NETWORKS = "/etc/libvirt/qemu/networks"
FIRMWARE = "ovmf (Debian, Ubuntu), edk2-ovmf (Fedora, Arch, Gentoo) or qemu-ovmf-x86_64 (openSUSE)"
TPM = ("swtpm", "swtpm_setup")


def memory_for(facts: Facts, guest: NewGuest) -> int:
    """Bytes: the half of the host's memory, at most 16 GiB, unless a person says otherwise.

    PlanError where the host would keep too little.
    """
    memory, least = facts.memory, system_of(guest).least_memory
    size = guest.memory
    if isinstance(memory, Unread):
        return size or max(WITHOUT_FACTS, least)
    if size is None:
        total = 0 if isinstance(memory.meminfo, Unread) else memory.meminfo.get("MemTotal", 0) << 10
        half = min(total // 2, MOST_BY_DEFAULT)
        size = max(half // GIB * GIB or half // (64 * MIB) * (64 * MIB), least) if total else max(WITHOUT_FACTS, least)
    leave_room_at_start(memory, size >> 10)
    return size


def runs_on_kvm(draft: Draft, stored: StoredGuest) -> bool:
    """Whether the processor can run the guest's code; says it where QEMU has to translate it, or nothing is known.

    libvirt's own answer counts: a device that this program can open may be closed to it.
    """
    found: Reading[bool] = draft.facts.kvm_device if stored.kvm is None else stored.kvm
    if found is False:
        why = "libvirt offers no KVM there" if draft.facts.kvm_device is True else "this host has no /dev/kvm"
        draft.note(
            f"{why}: {stored.name} is of the type qemu with the CPU mode maximum, and many times slower; SVM or VT-x "
            "has to be on in the firmware setup, and /dev/kvm open to QEMU's user"
        )
        return False
    if isinstance(found, Unread) and found.why is not Why.FORBIDDEN:
        draft.note(f"not checked whether KVM is there: {found.reason}")
    return True


def must_be_x86(facts: Facts) -> None:
    """PlanError on a host of another architecture."""
    vendor = facts.cpu if isinstance(facts.cpu, Unread) else facts.cpu.vendor
    if isinstance(vendor, str) and vendor not in X86:
        raise PlanError(f"definitions are made for x86-64 hosts, and the processor of this one is of {vendor}")


def placement(draft: Draft, guest: NewGuest, bare: Domain, iothreads: int) -> tuple[int, Shape, Pinning | None]:
    """vCPUs, what the guest sees of them, and the pins where there are some; PlanError for more than the host has."""
    topology = draft.facts.cpu
    if isinstance(topology, Unread):
        count = guest.vcpus or 2
        draft.note(f"its vCPUs are not pinned: {topology.reason}")
        return count, Shape(1, 1, count, 1), None
    online = len(topology.online_cpus)
    if guest.vcpus is not None and guest.vcpus > online:
        raise PlanError(f"{guest.vcpus} vCPUs are more than the {online} CPUs of this host: ask for {online} at most")
    found = _proposed(draft, guest, bare, topology, iothreads)
    if isinstance(found, NoPlacement):
        count = guest.vcpus or max(online - 1, 1)
        draft.note(f"its vCPUs are not pinned: {found.sentence}")
        return count, Shape(1, 1, count, 1), None
    best, shape = found
    if not guest.pin:
        return best.count, Shape(1, 1, best.count, 1), None
    return best.count, shape, best


def _proposed(
    draft: Draft, guest: NewGuest, bare: Domain, topology: Topology, iothreads: int
) -> tuple[Pinning, Shape] | NoPlacement:
    virt = draft.facts.virt
    known = () if isinstance(virt, Unread) or isinstance(virt.domains, Unread) else virt.domains
    unread = () if isinstance(virt, Unread) else virt.not_whole
    context = context_of(bare, topology, draft.facts.pci, known, unread)
    found = propose(Goal(vcpus=guest.vcpus, iothreads=iothreads), context, bare)
    if isinstance(found, NoPlacement):
        return found
    best = found[0]
    for remark in best.remarks if guest.pin else ():
        draft.note(f"pins: {remark}")
    return best.pinning, best.pinning.shape or Shape(1, 1, best.pinning.count, 1)


def free_pages(memory: Reading[Memory], size: int, nodes: Iterable[int]) -> bool:
    """Whether enough huge pages of the default size are free for a guest, on each of its nodes where it is bound."""
    if isinstance(memory, Unread) or isinstance(memory.meminfo, Unread) or isinstance(memory.pools, Unread):
        return False
    page = memory.meminfo.get("Hugepagesize", 0)
    places = tuple(nodes) or (None,)
    # libvirt starts no guest on pages of which no hugetlbfs is mounted.
    if not page or size % (page << 10) or page not in or_else(memory.mounted_kib, ()):
        return False
    found = [p for p in memory.pools if p.size_kib == page and p.node in places]
    free = sum(max(or_else(p.free, 0) - (or_else(p.reserved, 0) if p.node is None else 0), 0) for p in found)
    return free * page << 10 >= size


def chosen_devices(facts: Facts, guest: NewGuest) -> Choice:
    """The devices with those that must go along; PlanError where the host needs one of them."""
    if not guest.devices:
        return Choice((), (), (), ())
    choice = choose(facts, guest.devices)
    if choice.refusals:
        raise PlanError("; ".join(choice.refusals))
    return choice


def display_for(guest: NewGuest, choice: Choice) -> str:
    """monitor, looking-glass or window; PlanError where a card is wanted and none is passed."""
    card = any(d.is_display for d in choice.devices)
    if guest.display in ("monitor", "looking-glass") and not card:
        raise PlanError(f"the display {guest.display} needs a graphics card of the host: name it among the devices")
    return guest.display or ("monitor" if card else "window")


def network_for(draft: Draft, guest: NewGuest, *, session: bool, elsewhere: bool) -> str:
    """The network, chosen where nothing is said; PlanError where it is not there."""
    kind, _, name = guest.network.partition(":")
    if kind == "bridge" and not elsewhere and draft.snapshot.place(bridge_path(name)).is_absent:
        raise PlanError(f"this host has no bridge {name!r}")
    if kind in ("bridge", "user", "none"):
        return guest.network
    if session:
        if guest.network:
            raise PlanError("a session has no networks of the system's libvirt: say network user or bridge:INTERFACE")
        return "user"
    if elsewhere:
        return guest.network or "nat"
    content = draft.snapshot.content(f"{NETWORKS}/{name or 'default'}.xml")
    if not isinstance(content, Unread) or content.why is not Why.ABSENT:
        return guest.network or "nat"
    if guest.network:
        raise PlanError(f"libvirt has no network {name or 'default'!r}: 'virsh net-list --all' names all")
    draft.note(
        'libvirt has no network "default": the guest reaches the network as a user\'s program, and is not reached'
    )
    return "user"


def network_files(guest: NewGuest) -> tuple[str, ...]:
    """The definition of the network that may be used."""
    kind, _, name = guest.network.partition(":")
    return () if kind in ("bridge", "user", "none") else (f"{NETWORKS}/{name or 'default'}.xml",)


def check_firmware(draft: Draft, guest: NewGuest, domain: Domain, *, elsewhere: bool) -> None:
    """PlanError with the package where no firmware of the host fits, or the emulated TPM is not there."""
    secure = system_of(guest).secure
    if elsewhere:
        draft.note("not checked whether its host has EFI firmware: another host")
        return
    lacking = [name for name in TPM if secure and name not in draft.snapshot.programs]
    if lacking:
        raise PlanError(
            f"{SYSTEMS[guest.system]} asks for a TPM 2.0, and {' and '.join(lacking)} "
            f"{'is' if len(lacking) == 1 else 'are'} not installed: install swtpm (and swtpm-tools, where it is apart)"
        )
    files = draft.facts.guest_files
    descriptors = files if isinstance(files, Unread) else files.descriptors
    if isinstance(descriptors, Unread):
        draft.note(f"not checked whether an EFI firmware fits: {descriptors.reason}")
    elif all(d.unfit(domain.boot, "q35") for d in descriptors):
        what = "EFI with secure boot and Microsoft's keys" if secure else "EFI without secure boot"
        raise PlanError(f"no firmware of this host offers {what}: install {FIRMWARE}")
