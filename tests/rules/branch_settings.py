"""More machines that a branch of a rule needs: settings of processors, memory, kernel, services and guests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tests.hosts import HOSTS
from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, INTEL, WORDS, gpu
from tests.hosts.guarded import KEPT, MARKS, PROGRAM, guarded
from vfiotui.demo.description import Host, NetDesc, PciDesc, ScreenDesc

CPUS = "/sys/devices/system/cpu"
CARD = "0000:01:00.0"
NIC = PciDesc("0000:03:00.0", 0x8086, 0x1539, 0x020000, 10, "vfio-pci", "0000:00:01.0", msi=4)
BLACK = replace(
    HOSTS["same-id"],
    builtin=CLEAN.builtin,
    pci=(
        *(replace(d, driver="vfio-pci") if d.boot_vga else d for d in HOSTS["same-id"].pci),
        replace(AUDIO, bdf="0000:02:00.1", device=0x0FBC, group=6, driver="snd_hda_intel", parent="0000:00:01.1"),
    ),
)
"""The id of the guest's card took the boot display, too."""
QEMU_XML = "<vcpusched vcpus='0-1' scheduler='fifo' priority='1'/>"


def words(host: Host, running: str) -> Host:
    """The machine with more words, running and configured."""
    return replace(host, cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS} {running}", default_cmdline=f"quiet {running}")


def files(host: Host, more: dict[str, str], **changes: object) -> Host:
    """The machine with more files."""
    return replace(host, files={**host.files, **more}, **changes)  # type: ignore[arg-type]


def xml(host: Host, pattern: str, new: str) -> Host:
    """The machine with something else in the XML of its guests, which must stand in one of them."""
    assert any(re.search(pattern, guest.xml) for guest in host.guests), pattern
    return replace(host, guests=tuple(replace(g, xml=re.sub(pattern, new, g.xml)) for g in host.guests))


def processors() -> Iterator[Host]:
    """Frequencies, idle states, virtualisation, isolated CPUs."""
    cpu = CLEAN.cpu
    yield replace(INTEL, guests=CLEAN.guests, cpu=replace(INTEL.cpu, max_percent=30, preference=""))
    yield replace(CLEAN, cpu=replace(cpu, governor="performance"))
    yield replace(CLEAN, cpu=replace(cpu, preference=""))
    yield replace(CLEAN, cpu=replace(cpu, idle=()))
    yield replace(CLEAN, cpu=replace(cpu, isolated="2,6"))
    yield replace(CLEAN, remove=(f"{CPUS}/cpufreq",))
    yield replace(CLEAN, remove=(f"{CPUS}/cpufreq/boost",))
    for slow in (8, 2):
        boost = {f"{CPUS}/cpufreq/policy{c}/boost": f"{int(c < slow)}\n" for c in range(cpu.count)}
        yield files(CLEAN, boost, remove=(f"{CPUS}/cpufreq/boost",))
    yield replace(HOSTS["no-virt"], kvm=True)
    yield replace(HOSTS["no-virt"], files={"/dev/kvm": ""}, modes={"/dev/kvm": 0o600}, user=1000)
    yield replace(HOSTS["no-virt"], cpu=replace(cpu, flags="unheard-of"))
    for cpus in ("all", "2-7", "4-7"):
        yield words(CLEAN, f"nohz_full=4-7 rcu_nocbs={cpus}")
    yield words(HOSTS["old-groups"], "isolcpus=2-3 systemd.unified_cgroup_hierarchy=0")
    yield replace(CLEAN, parameters={"kvm.halt_poll_ns": "never"})
    yield replace(CLEAN, modules=())
    yield files(HOSTS["lazy"], {"/etc/systemd/user/default.target.wants/gamemoded.service": ""})
    for config in ("CONFIG_SCHED_CORE=y\n", ""):
        yield replace(HOSTS["odd-qemu-conf"], config=CLEAN.config + config)
    yield files(CLEAN, {"/sys/fs/cgroup/machine.slice/cpuset.cpus.effective": "\n"})


def boots() -> Iterator[Host]:
    """Words, options, lists and the guard."""
    vfio = "/etc/modprobe.d/vfio.conf"
    yield files(HOSTS["odd-ids"], {"/etc/modprobe.d/more.conf": "options vfio-pci disable_denylist=1\n"})
    yield replace(HOSTS["odd-ids"], release="5.4.0-amd64")
    force = "modules_force_load: vfio_pci,vfio,vfio_iommu_type1\n"
    yield files(HOSTS["booster"], {"/etc/booster.yaml": force})
    twin = (gpu("0000:02:00.0", 12), replace(AUDIO, bdf="0000:02:00.1", group=12))
    yield replace(HOSTS["chosen-card"], pci=(*CLEAN.pci, *twin))
    builtin = ("kernel/drivers/vfio/pci/vfio-pci.ko",)
    yield replace(CLEAN, builtin=builtin)
    yield replace(CLEAN, builtin=builtin, pci=(*CLEAN.pci, *twin))
    yield files(HOSTS["same-id"], {vfio: "options vfio-pci ids=10de:13c2\n"})
    yield files(
        CLEAN,
        {"/etc/mkinitcpio.conf": "MODULES=(vfio_pci vfio vfio_virqfd)\nHOOKS=(base udev)\n", "/usr/bin/mkinitcpio": ""},
        remove=("/etc/initramfs-tools", "/usr/sbin/update-initramfs"),
    )
    yield guarded(replace(KEPT, unknown=("the menu cannot be read",)))
    yield replace(
        guarded(KEPT), remove=(PROGRAM,), files={k: v for k, v in guarded(KEPT).files.items() if k not in MARKS}
    )
    for options in ("kvm_amd npt=0", "kvm_amd npt=1", "kvm_intel ept=N"):
        for release in (CLEAN.release, "4.9.0-amd64"):
            yield files(CLEAN, {"/etc/modprobe.d/kvm.conf": f"options {options}\n"}, release=release)
    yield words(CLEAN, "kvm_amd.npt=0")
    yield words(CLEAN, "vfio_iommu_type1.allow_unsafe_interrupts=1")
    yield replace(CLEAN, parameters={"vfio_iommu_type1.allow_unsafe_interrupts": "Y"})
    yield words(CLEAN, "pci=noaer")
    yield replace(CLEAN, log="[    0.400000] pci 0000:00:00.2: AMD-Vi: IOMMU performance counters supported\n")
    yield replace(HOSTS["bad-firmware"], release="4.19.0-amd64")
    off = HOSTS["intel-default-off"]
    for config in ("CONFIG_VFIO_PCI=m\n", f"{off.config}CONFIG_INTEL_IOMMU_DEFAULT_ON_INTGPU_OFF=y\n"):
        yield replace(off, config=config)
    yield words(off, "intel_iommu=off")
    yield words(HOSTS["igpu-bypassed"], "intel_iommu=on")
    yield replace(HOSTS["locked"], modules=(*CLEAN.modules, "kvmfr"))
    yield replace(CLEAN, remove=("/boot/grub", "/etc/default/grub", "/boot/loader"), files={vfio: ""})
    yield replace(HOSTS["greedy"], huge_1g=(4, 4), remove=("/sys/kernel/mm/hugepages/hugepages-1048576kB",))


def devices() -> Iterator[Host]:
    """Hosts with a card that is no VGA device, with none, and with others of their devices assigned."""
    only_nic = {"/etc/modprobe.d/vfio.conf": "options vfio-pci ids=8086:1539\n"}
    yield replace(CLEAN, pci=(BRIDGE, IGPU, NIC), files=only_nic)
    yield replace(CLEAN, pci=(BRIDGE, NIC), files=only_nic)
    compute = gpu(CARD, 2, driver="vfio-pci", class_code=0x030200, boot_vga=None)
    yield replace(CLEAN, pci=(BRIDGE, IGPU, compute, AUDIO))
    yield BLACK
    given = HOSTS["gives-all-away"]
    yield replace(given, networks=(NetDesc(given.networks[0].bdf, "enp4s0"),))
    yield replace(given, usb=(), remove=("/sys/bus/usb",))
    yield words(HOSTS["single-gpu"], "console=tty0 console=ttyS0,115200")
    for device in ("efi-framebuffer.0", "vesafb.0"):
        yield replace(HOSTS["dark-card"], screen=ScreenDesc(CARD, device=device))
    yield files(HOSTS["awake-not"], {"/etc/libvirt/hooks/qemu.d/x": "#!/bin/sh\n"}, user=1000,
                modes={"/etc/libvirt/hooks/qemu.d/x": 0o700})  # fmt: skip


def guests() -> Iterator[Host]:
    """Definitions with a part that the others have not, and libvirts of long ago."""
    yield xml(CLEAN, r"<topology[^>]*/>", "")
    yield xml(CLEAN, r"</cputune>", f"{QEMU_XML}</cputune>")
    yield xml(CLEAN, r"<vcpupin vcpu='0' cpuset='2'/>", "<vcpupin vcpu='0' cpuset='99'/>")
    yield xml(
        xml(CLEAN, r"</vcpu>", "</vcpu><iothreads>1</iothreads>"),
        r"</cputune>",
        "<iothreadpin iothread='1' cpuset='2'/></cputune>",
    )
    yield xml(CLEAN, r"(?s)<disk .*?</disk>", "")
    whole = "".join(f"<vcpupin vcpu='{v}' cpuset='{v}'/>" for v in range(8))
    yield xml(CLEAN, r"(?s)<cputune>.*?</cputune>", f"<cputune>{whole}</cputune>")
    pages = "<memoryBacking><hugepages><page size='4' unit='KiB'/></hugepages></memoryBacking><vcpu "
    yield xml(CLEAN, r"<vcpu ", pages)
    yield xml(HOSTS["guest-qemu"], r"readonly\b(?!=)", "readonly=on")
    yield replace(HOSTS["guest-qemu"], libvirt="5.0.0")


def variants() -> Iterator[Host]:
    """All of them."""
    for kind in (processors, boots, devices, guests):
        yield from kind()
