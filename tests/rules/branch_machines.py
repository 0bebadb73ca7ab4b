"""Machines that a branch of a rule needs, and no other test: variants of those of tests/hosts.

Some are read as a disk that is only mounted, some by a user who is not root.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.hosts import HOSTS
from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, WORDS, gpu
from tests.hosts.dead_words import GRUB, VFIO_CONF, booted
from tests.hosts.guest_texts import cells_xml, changed
from tests.hosts.guests import TWO_NODES
from tests.hosts.odd import ARM, foreign
from tests.machines import facts_of, root_of
from tests.rules.branch_guests import guests
from tests.rules.branch_settings import variants
from vfiotui.demo.build_iommu import table
from vfiotui.demo.builder import build
from vfiotui.demo.description import GuestDesc, Host
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.guest.domain import Virt

CARD, SOUND = "0000:01:00.0", "0000:01:00.1"
IDS = "options vfio-pci ids=10de:13c2,10de:0fbb\n"
LOST = replace(
    CLEAN, pci=(BRIDGE, IGPU, gpu(CARD, 2, driver="nouveau"), replace(AUDIO, driver="snd_hda_intel")), files={}
)
"""The host's drivers have the card."""
RACES = (
    "softdep nouveau vfio-pci\nsoftdep snd_hda_intel pre: i2c_core\n",
    "softdep nouveau post: vfio-pci\n",
    "softdep vfio-pci pre: nouveau\n",
    "softdep nouveau pre: i2c_core\nsoftdep nouveau pre: vfio-pci\n",
    "alias nouveau off\nalias snd_hda_intel on\n",
    "install nouveau /bin/false\nsoftdep nouveau post: i2c_core\n",
    "blacklist nouveau\ninstall snd_hda_intel /bin/false\n",
    "options nouveau modeset=0\n",
)
OWN_MENU = "set default=vfio\nmenuentry Debian --id vfio {\nlinux /vmlinuz-6.12.9-amd64 root=/dev/sda2 ro quiet %s\n}\n"


OWN_NODES = "<memnode cellid='0' mode='strict' nodeset='0'/><memnode cellid='1' mode='strict' nodeset='1'/>"
NO_NODE = "<memory mode='strict' nodeset='7'/>"
UNBOUND = "<memory mode='strict' nodeset='1'/>"
PAGES = "<memoryBacking><hugepages><page size='2048'/></hugepages></memoryBacking>"
FORBID = ("policy='require'", "policy='disable'")
APPLE = (
    "<qemu:commandline><qemu:arg value='-device'/><qemu:arg value='isa-applesmc,osk=x'/><qemu:arg value='-cpu'/>"
    "<qemu:arg value='Penryn,vendor=GenuineIntel'/></qemu:commandline></domain>"
)


def with_files(name: str, files: dict[str, str], **changes: object) -> Host:
    """A machine of tests/hosts with more files."""
    host = HOSTS[name]
    return replace(host, files={**host.files, **files}, **changes)  # type: ignore[arg-type]


def with_words(name: str, running: str, configured: str, **changes: object) -> Host:
    """A machine of tests/hosts with other words."""
    host = HOSTS[name]
    return replace(host, cmdline=f"{WORDS} {running}", default_cmdline=configured, **changes)  # type: ignore[arg-type]


DMAR = "/sys/firmware/acpi/tables/DMAR"


def dmar(flags: int) -> bytes:
    """A DMAR table without units (VT-d specification, chapter 8)."""
    return table("DMAR", 1, bytes([38, flags]) + bytes(10))


def regset(*gsts: int) -> str:
    """Registers of VT-d units as debugfs lists them."""
    units = (
        f"IOMMU: dmar{n} Register Base Address: fed9{n}000\n\nGSTS\t\t0x1c\t\t{v:#018x}\n" for n, v in enumerate(gsts)
    )
    return "\n".join(units)


INTERRUPTS = (
    "     CPU0\n  2: 1  IO-APIC 2-edge timer\n",
    "     CPU0\n  2: 1  IR-IO-APIC 2-edge timer\n 40: 1  PCI-MSI 0-edge nvidia\n",
    "     CPU0\n  9: 1  DMAR-MSI 0-edge dmar0\n",
    "nothing",
)
"""With remapping, with some, without a sign of it, and no table of interrupts."""


def elsewhere() -> Iterator[Host]:
    """Machines with other processors: ACPI tables and device trees of theirs."""
    server = foreign(ARM, {}, remove=())
    yield server
    yield replace(server, files={**server.files, "/sys/firmware/acpi/tables/IORT": ""})
    bridge, mapped = {"pcie@1/device_type": "pci\0"}, {"pcie@1/iommu-map": "\0"}
    for tree in (bridge, {**bridge, "smmu@2/x": ""}, {**bridge, "smmu@2/x": "", **mapped}):
        yield foreign(ARM, tree)
    yield replace(server, remove=("/sys/firmware",))


def described() -> Iterator[Host]:
    """Every variant of a description."""
    for lines in RACES:
        yield replace(LOST, files={VFIO_CONF: IDS + lines})
    for words in ("nomodeset", "modprobe.blacklist=nouveau", "module_blacklist=vfio_pci"):
        yield replace(LOST, files={VFIO_CONF: IDS}, default_cmdline=f"quiet {words}", cmdline=f"{WORDS} {words}")
    for name in ("clean", "intel"):
        if name in HOSTS:
            for words in ("intremap=off", "nointremap", "intremap=nosid,off", "intremap=on"):
                yield with_words(name, words, f"quiet {words}")
            for log in ("DMAR-IR: not enabled\n", "Failed to enable irq remapping\n", ""):
                yield replace(HOSTS[name], log=log)
            for lines in INTERRUPTS:
                for log in ("DMAR-IR: Not enabling interrupt remapping\n", HOSTS[name].log, ""):
                    yield with_files(name, {"/proc/interrupts": lines}, log=log)
            yield replace(HOSTS[name], remove=("/proc/cmdline",))
            for gsts in ((0xC7000000,), (0xC0000000,), (0xC7000000, 0xC0000000)):
                yield with_files(name, {"/sys/kernel/debug/iommu/intel/iommu_regset": regset(*gsts)})
            yield with_files(name, {"/sys/class/iommu/smmu3.0x00000000fa000000/uevent": ""}, iommu="")
            yield with_files(name, {DMAR: dmar(0), "/proc/interrupts": INTERRUPTS[0]})
    for words in ("amd_iommu=on", "isolcpus=2-3", "iommu=pt", "video=efifb:off", "intel_iommu=on,igfx_off"):
        yield with_words("clean", words, "quiet")
        yield with_words("clean", words, f"quiet {words}", release="4.9.0-amd64")
        yield with_files("clean", {"/boot/grub/grub.cfg": OWN_MENU % words}, cmdline=f"{WORDS} {words}")
        yield with_words("clean", words, "quiet", menu_cmdline=f"quiet {words}")
    yield replace(HOSTS["starved"], cpu=replace(HOSTS["starved"].cpu, isolated="6-7"))
    yield booted("video=vesafb:off", "quiet")
    card = replace(gpu(CARD, 2), driver="nouveau")
    yield replace(HOSTS["blacklisted"], files={VFIO_CONF: IDS, "/etc/modprobe.d/bad.conf": "blacklist i915\n"})
    yield replace(HOSTS["same-id-softdep"], guests=(), pci=(BRIDGE, IGPU, card), files={VFIO_CONF: RACES[3]})
    yield replace(HOSTS["old-guide"], guests=(), files={VFIO_CONF: "install vfio-pci /x.sh\n"})
    yield replace(HOSTS["noisy"], cpu=replace(CLEAN.cpu, offline=frozenset({0, 1, 2, 3, 6, 7})))
    yield replace(HOSTS["greedy"], guests=())
    yield with_files("iommu-off", {}, tables=CLEAN.tables)
    unsafe = {"/etc/modprobe.d/v.conf": "options vfio_iommu_type1 allow_unsafe_interrupts=1\n"}
    yield with_files("lazy", unsafe)
    yield with_files("clean", {"/proc/interrupts": INTERRUPTS[0], **unsafe})
    yield replace(HOSTS["xorg-wrong"], pci=(BRIDGE, gpu(CARD, 2), AUDIO))
    for pins, inside in (((1, 5), ""), ((5, 1), OWN_NODES), ((1, 5), OWN_NODES), ((1, 5), UNBOUND), ((1, 5), NO_NODE)):
        cells = GuestDesc("cells", cells_xml("cells", pins, f"<numatune>{inside}</numatune>{PAGES}"))
        yield replace(CLEAN, nodes=2, cpu=TWO_NODES, huge_2m=(1024, 512), guests=(cells,))
        yield replace(CLEAN, nodes=2, cpu=TWO_NODES, huge_2m=(1030, 1030), guests=(cells,))
    yield replace(HOSTS["guest-fine"], guests=(changed(("' name='topoext'", "' name='hypervisor'"), FORBID),))
    yield replace(HOSTS["guest-fine"], guests=(changed(("</domain>", APPLE)),))
    ballots = "/etc/default/irqbalance"
    for name in ("tower", "clean"):
        if name in HOSTS:
            for line in ("IRQBALANCE_BANNED_CPULIST=$(cat /x)", "IRQBALANCE_BANNED_CPULIST=0-63", "IRQBALANCE_ARGS=x"):
                yield with_files(name, {ballots: f"{line}\n"}, enabled=("ssh", "irqbalance"))
    for release in ("6.12.9-amd64", "5.10.0-amd64"):
        gone = ("/proc/sys/kernel/split_lock_mitigate",)
        yield replace(HOSTS["bad-log"], remove=(*HOSTS["bad-log"].remove, *gone), release=release)
    yield replace(HOSTS["bad-log"], split_lock=0)
    yield with_files("guest-devices", {"/etc/supergfxd.conf": '{"mode": "Integrated"}\n'})
    yield with_files("guest-devices", {"/etc/supergfxd.conf": '{"mode": "Hybrid"}\n'})
    for key in ('KERNEL=="0000:*"', 'KERNEL=="0000:ff:1f.7"', 'ATTR{vendor}=="0x10de"'):
        rule = f'ACTION=="add", SUBSYSTEM=="pci", {key}, ATTR{{remove}}="1"\n'
        yield with_files("guest-devices", {"/etc/udev/rules.d/50-remove.rules": rule})
    yield with_files("second-line", {"/etc/kernel/cmdline": "root=ZFS=rpool/ROOT/pve-1 boot=zfs\n"})
    yield replace(CLEAN, remove=(*CLEAN.remove, "/boot", GRUB, "/efi"))
    for name in ("stale-menu", "wrong-file"):
        yield with_files(name, {"/etc/os-release": "ID=steamos\n"})
        yield replace(HOSTS[name], remove=(*HOSTS[name].remove, "/usr/sbin/update-grub", "/usr/sbin/grub-mkconfig"))
    signed = "set check_signatures=enforce\n"
    yield with_files("stale-menu", {"/boot/grub/grub.cfg": signed + OWN_MENU % "", "/boot/grub/grub.cfg.sig": "x"})


MOUNTED = (
    "clean",
    "tower",
    "guest-devices",
    "lost-race",
    "stale-menu",
    "second-line",
    "odd-module",
    "dark-card",
    "same-id-softdep",
    "old-guide",
    "container-podman",
)
"""Machines that are read as a mounted disk too."""
CONFIG = "/boot/config-6.12.9-amd64"
NEITHER = "# CONFIG_AMD_IOMMU is not set\n# CONFIG_INTEL_IOMMU is not set\n"
STARTS = (
    ("CONFIG_INTEL_IOMMU=y\nCONFIG_AMD_IOMMU=y\n# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set\n", "quiet"),
    ("CONFIG_INTEL_IOMMU=y\nCONFIG_AMD_IOMMU=y\nCONFIG_INTEL_IOMMU_DEFAULT_ON=y\n", "quiet iommu=off"),
    ("CONFIG_KVM=m\n", "quiet"),
    (NEITHER, "quiet"),
)
"""The configuration of a mounted disk's kernel, and the words of its entry."""
UNPRIVILEGED = ("clean", "tower", "guest-devices", "lost-race", "dark-card", "bad-log", "guest-fine")
"""Machines that a user who is not root looks at too."""


def on_disk(host: Host) -> Facts:
    """What a mounted disk tells: nothing of /proc, /sys and /run."""
    nodes = {p: n for p, n in build(host).items() if not p.startswith(("/proc", "/sys", "/run", "/dev"))}
    root = Root(MemoryTree(nodes), Mode.ROOT)
    return gather(root, domains.read(root))


def partly_read() -> Iterator[Facts]:
    """Guests that cannot be read, or are those of a session."""
    yield replace(facts_of(HOSTS["greedy"]), virt=Unread("no connection", Why.FORBIDDEN))
    facts = facts_of(HOSTS["awake-not"])
    assert isinstance(facts.virt, Virt) and not isinstance(facts.virt.domains, Unread)
    yield replace(facts, virt=replace(facts.virt, domains=tuple(replace(d, owner="me") for d in facts.virt.domains)))


def machines() -> Iterator[Facts]:
    """The facts of all of them, one after the other."""
    yield from partly_read()
    for host in (*described(), *elsewhere(), *variants(), *guests()):
        yield facts_of(host)
    for name in MOUNTED:
        yield on_disk(HOSTS[name])
    for config, words in STARTS:
        yield on_disk(with_files("clean", {CONFIG: config}, default_cmdline=words, menu_cmdline=words))
    # A mounted disk into which /proc and /sys of the running system are mounted, as before a chroot.
    root = root_of(CLEAN, Mode.ROOT)
    yield gather(root, domains.read(root))
    for name in UNPRIVILEGED:
        yield facts_of(replace(HOSTS[name], user=1000))
