"""The domain XML of a new guest (libvirt, formatdomain); what is left out libvirt fills in."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.pinning import Shape
from vfiotui.model.guest.new_guest import MIB, SCREEN, NewGuest
from vfiotui.plan.guest.hyperv import RETRIES
from vfiotui.plan.guest_new.system import has_virtio, system_of

OSINFO = "http://libosinfo.org/xmlns/libvirt/domain/1.0"
ENLIGHTENMENTS = (
    *("relaxed", "vapic", "spinlocks", "vpindex", "runtime", "synic", "stimer", "reset", "frequencies", "tlbflush"),
    "ipi",
)
"""Those of QEMU's documentation that every processor of the last ten years can have, in the schema's order."""
AGENT = "org.qemu.guest_agent.0"
GLASS_KIB = 4 << 10


@dataclass(frozen=True, slots=True)
class Build:
    """What was found out on the host for the answers."""

    guest: NewGuest
    vcpus: int
    shape: Shape
    memory: int
    """Bytes."""
    kvm: bool
    """Whether the processor runs the guest's code; else QEMU translates it."""
    devices: tuple[str, ...] = ()
    """Full addresses of every PCI function that it gets."""
    display: str = "window"
    disk: str = ""
    """Path of its disk; empty for none."""
    is_block: bool = False
    disk_format: str = "qcow2"
    huge_pages: bool = False
    uuid: str = ""
    """Empty where libvirt makes one."""


def glass_mib(resolution: str) -> int:
    """The shared memory of Looking Glass for a resolution, in MiB: the larger of what B7 and later clients need.

    >>> [glass_mib(r) for r in ("1920x1080", "2560x1440", "3840x2160", "7680x4320")]
    [32, 64, 128, 512]
    """
    match = SCREEN.fullmatch(resolution)
    width, height = (int(match[1]), int(match[2])) if match else (1920, 1080)
    older = width * height * 4 * 2 + 10 * MIB
    newer = -(-width * 4 // 256) * 256 * height * 3 + 4 * MIB
    need = max(older, newer, 32 * MIB)
    return 1 << (-(-need // MIB) - 1).bit_length()


def domain_xml(build: Build) -> str:
    """The whole definition, without pins."""
    guest = build.guest
    lines = [
        f"<domain type={'kvm' if build.kvm else 'qemu'!r}>",
        f"  <name>{escape(guest.name)}</name>",
        *([f"  <uuid>{build.uuid}</uuid>"] if build.uuid else ()),
        *_metadata(guest),
        f"  <memory unit='KiB'>{build.memory >> 10}</memory>",
        f"  <currentMemory unit='KiB'>{build.memory >> 10}</currentMemory>",
        *(["  <memoryBacking>", "    <hugepages/>", "  </memoryBacking>"] if build.huge_pages else ()),
        f"  <vcpu placement='static'>{build.vcpus}</vcpu>",
        *(["  <iothreads>1</iothreads>"] if build.disk and has_virtio(guest) else ()),
        *_os(guest),
        *_features(build),
        *_cpu(build),
        *_clock(build),
        "  <on_poweroff>destroy</on_poweroff>",
        "  <on_reboot>restart</on_reboot>",
        "  <on_crash>destroy</on_crash>",
        "  <pm>",
        "    <suspend-to-mem enabled='no'/>",
        "    <suspend-to-disk enabled='no'/>",
        "  </pm>",
        "  <devices>",
        *(f"    {line}" for line in _devices(build)),
        "  </devices>",
        "</domain>",
        "",
    ]
    return "\n".join(lines)


def _metadata(guest: NewGuest) -> list[str]:
    os_id = system_of(guest).os_id
    if not os_id:
        return []
    return [
        "  <metadata>",
        f"    <libosinfo:libosinfo xmlns:libosinfo='{OSINFO}'>",
        f"      <libosinfo:os id={quoteattr(os_id)}/>",
        "    </libosinfo:libosinfo>",
        "  </metadata>",
    ]


def _os(guest: NewGuest) -> list[str]:
    """libvirt chooses the firmware by the descriptors of the host."""
    secure = system_of(guest).secure
    features = ["<feature enabled='yes' name='enrolled-keys'/>"] if secure else []
    return [
        "  <os firmware='efi'>",
        "    <type arch='x86_64' machine='q35'>hvm</type>",
        "    <firmware>",
        *(f"      {line}" for line in features),
        f"      <feature enabled={'yes' if secure else 'no'!r} name='secure-boot'/>",
        "    </firmware>",
        "    <bootmenu enable='yes'/>",
        "  </os>",
    ]


def _features(build: Build) -> Iterator[str]:
    yield from ("  <features>", "    <acpi/>", "    <apic/>")
    if build.guest.is_windows and build.kvm:
        yield "    <hyperv mode='custom'>"
        for name in ENLIGHTENMENTS:
            retries = f" retries='{RETRIES}'" if name == "spinlocks" else ""
            yield f"      <{name} state='on'{retries}/>"
        yield "    </hyperv>"
    yield "    <vmport state='off'/>"
    if system_of(build.guest).secure:
        yield "    <smm state='on'/>"
    yield "  </features>"


def _cpu(build: Build) -> Iterator[str]:
    """The host's own processor; what its vendor needs beside it comes with the pins (plan/pin/xml.py)."""
    shape = build.shape
    words = "mode='host-passthrough' check='none' migratable='off'" if build.kvm else "mode='maximum' check='none'"
    dies = f" dies='{shape.dies}'" if shape.dies > 1 else ""
    yield f"  <cpu {words}>"
    yield f"    <topology sockets='{shape.sockets}'{dies} cores='{shape.cores}' threads='{shape.threads}'/>"
    yield "  </cpu>"


def _clock(build: Build) -> Iterator[str]:
    windows = build.guest.is_windows
    yield f"  <clock offset={'localtime' if windows else 'utc'!r}>"
    yield "    <timer name='rtc' tickpolicy='catchup'/>"
    yield "    <timer name='pit' tickpolicy='delay'/>"
    yield "    <timer name='hpet' present='no'/>"
    if windows and build.kvm:
        yield "    <timer name='hypervclock' present='yes'/>"
    yield "  </clock>"


def _devices(build: Build) -> Iterator[str]:
    guest, virtio = build.guest, has_virtio(build.guest)
    if build.disk:
        yield from _disk(build)
    for number, path in enumerate(path for path in (guest.iso, guest.virtio_iso) if path):
        yield from _medium(path, f"sd{'bc'[number]}", boots=bool(guest.iso) and number == 0)
    yield "<controller type='usb' model='qemu-xhci' ports='15'/>"
    if build.disk and guest.is_windows and virtio:
        yield from (
            "<controller type='scsi' index='0' model='virtio-scsi'>",
            "  <driver iothread='1'/>",
            "</controller>",
        )
    yield from _network(guest)
    yield from ("<serial type='pty'/>", "<console type='pty'/>")
    yield from ("<channel type='unix'>", f"  <target type='virtio' name='{AGENT}'/>", "</channel>")
    if system_of(guest).secure:
        yield from ("<tpm model='tpm-crb'>", "  <backend type='emulator' version='2.0'/>", "</tpm>")
    yield from _screen(build)
    for path in guest.evdev:
        grab = " grab='all' grabToggle='ctrl-ctrl' repeat='on'" if path == guest.evdev[0] else ""
        yield from ("<input type='evdev'>", f"  <source dev={quoteattr(path)}{grab}/>", "</input>")
    for bdf in build.devices:
        yield from _passed(bdf)
    yield f"<memballoon model={'none' if build.devices else 'virtio'!r}/>"
    yield from ("<rng model='virtio'>", "  <backend model='random'>/dev/urandom</backend>", "</rng>")


def _disk(build: Build) -> Iterator[str]:
    """cache='none' for a disk that others may not write anyway; native I/O where no write has to make room first."""
    guest, virtio = build.guest, has_virtio(build.guest)
    kind, attribute = ("block", "dev") if build.is_block else ("file", "file")
    name, bus = ("vda", "virtio") if virtio and not guest.is_windows else ("sda", "scsi" if virtio else "sata")
    thread = " iothread='1'" if bus == "virtio" else ""
    io = " io='native'" if build.is_block else ""
    form = "raw" if build.is_block else build.disk_format
    yield f"<disk type='{kind}' device='disk'>"
    yield f"  <driver name='qemu' type='{form}' cache='none'{io} discard='unmap'{thread}/>"
    yield f"  <source {attribute}={quoteattr(build.disk)}/>"
    yield f"  <target dev='{name}' bus='{bus}'/>"
    yield "  <boot order='1'/>"
    yield "</disk>"


def _medium(path: str, name: str, *, boots: bool) -> Iterator[str]:
    yield "<disk type='file' device='cdrom'>"
    yield "  <driver name='qemu' type='raw'/>"
    yield f"  <source file={quoteattr(path)}/>"
    yield f"  <target dev='{name}' bus='sata'/>"
    yield "  <readonly/>"
    if boots:
        yield "  <boot order='2'/>"
    yield "</disk>"


def _network(guest: NewGuest) -> Iterator[str]:
    if guest.network == "none":
        return
    kind, _, name = guest.network.partition(":")
    source = {
        "nat": "<source network='default'/>",
        "network": f"<source network={quoteattr(name)}/>",
        "bridge": f"<source bridge={quoteattr(name)}/>",
        "user": "",
    }[kind]
    yield f"<interface type={'network' if kind == 'nat' else kind!r}>"
    if source:
        yield f"  {source}"
    yield f"  <model type={('virtio' if has_virtio(guest) else system_of(guest).network)!r}/>"
    yield "</interface>"


def _screen(build: Build) -> Iterator[str]:
    """A keyboard is always there; on a passed card no emulated one takes the firmware's screen away."""
    if build.display == "window":
        card = "virtio" if build.guest.system == "linux" else "vga"
        yield from ("<input type='tablet' bus='usb'/>", "<input type='keyboard' bus='usb'/>")
        yield from ("<graphics type='vnc' port='-1' autoport='yes'>", "  <listen type='address'/>", "</graphics>")
        yield from ("<audio id='1' type='none'/>", "<video>", f"  <model type='{card}'/>", "</video>")
        return
    yield from ("<input type='mouse' bus='virtio'/>", "<input type='keyboard' bus='virtio'/>")
    if build.display == "looking-glass":
        yield from ("<channel type='spicevmc'>", "  <target type='virtio' name='com.redhat.spice.0'/>", "</channel>")
        yield from ("<graphics type='spice' port='-1' autoport='yes'>", "  <listen type='address'/>", "</graphics>")
        yield from ("<sound model='ich9'>", "  <audio id='1'/>", "</sound>", "<audio id='1' type='spice'/>")
        yield from (
            "<shmem name='looking-glass'>",
            "  <model type='ivshmem-plain'/>",
            f"  <size unit='M'>{glass_mib(build.guest.resolution)}</size>",
            "</shmem>",
        )
    yield from ("<video>", "  <model type='none'/>", "</video>")


def _passed(bdf: str) -> Iterator[str]:
    """managed: libvirt binds the device where no driver of the guest's holds it yet, and leaves one that does."""
    domain, bus, rest = bdf.split(":")
    slot, function = rest.split(".")
    yield "<hostdev mode='subsystem' type='pci' managed='yes'>"
    yield "  <source>"
    yield f"    <address domain='0x{domain}' bus='0x{bus}' slot='0x{slot}' function='0x{function}'/>"
    yield "  </source>"
    yield "</hostdev>"
