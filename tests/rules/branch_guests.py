"""More machines that a branch of a rule needs: one guest, in which a few words are others, and its host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tests.hosts import HOSTS
from tests.hosts.base import CLEAN, WORDS
from tests.hosts.guest_texts import FINE, changed
from tests.hosts.guests import guest
from vfiotui.demo.description import CpuDesc, Host

HOST = HOSTS["guest-fine"]
IPI = "<ipi state='on'/>"
ALL_ON = re.search(r"<relaxed.*<ipi state='on'/>", FINE, re.DOTALL)
ROM = "<rom file='/usr/share/vgabios/card.rom'/>"
HOSTDEV = (
    "<hostdev mode='subsystem' type='pci' managed='yes'><source>"
    "<address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source></hostdev></devices>"
)
OLD_QEMU = "Package: qemu-system-x86\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:5.2+dfsg-11\n"
MODULE = "/etc/modprobe.d/kvmfr.conf"
DEVICE = "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0"


def one(*pairs: tuple[str, str], **changes: object) -> Host:
    """The host in which nothing is wrong, with other words in its guest."""
    return replace(HOST, guests=(changed(*pairs),), **changes)  # type: ignore[arg-type]


def inside(name: str, pattern: str, new: str, **changes: object) -> Host:
    """A machine of tests/hosts with something else in the XML of its guests, which must stand in one of them."""
    host = HOSTS[name]
    assert any(re.search(pattern, guest.xml) for guest in host.guests), pattern
    guests = tuple(replace(g, xml=re.sub(pattern, new, g.xml)) for g in host.guests)
    return replace(host, guests=guests, **changes)  # type: ignore[arg-type]


def qemu(kind: str, *words: str) -> tuple[str, str]:
    """Arguments or variables of QEMU, as attributes."""
    return "</domain>", f"<qemu:commandline>{''.join(f'<qemu:{kind} {w}/>' for w in words)}</qemu:commandline></domain>"


def definitions() -> Iterator[Host]:
    """What stands in the guest's XML."""
    assert ALL_ON is not None
    yield one((IPI, f"{IPI}<vendor_id state='on' value='whatever'/>"))
    yield one((ALL_ON[0], "<vendor_id state='on' value='whatever'/>"))
    yield one(("<vpindex state='on'/>", ""), ("<runtime state='on'/>", ""))
    yield one(qemu("env", "name='MALLOC_ARENA_MAX' value='1'"))
    yield one(qemu("arg", "value='-device'", """value='{"driver":"ivshmem-plain","id":"s","memdev":"g"}'"""))
    yield one(("</devices>", "<audio id='1' type='none'/></devices>"))
    socket = "/run/user/1000/pulse/native"
    audio = f"<audio id='1' type='pulseaudio' serverName='{socket}'/></devices>"
    yield one(("</devices>", audio), files={**HOST.files, socket: ""})
    old = {"/var/lib/dpkg/status": OLD_QEMU}
    for word in (
        qemu("env", "name='QEMU_AUDIO_DRV' value='pa'"),
        qemu("arg", "value='-drive'", "value='if=none,readonly,file=/x'"),
    ):
        yield one(("pc-q35-9.2", "pc-q35-5.2"), word, files={**HOST.files, **old})
    yield one(("placement='static'", "placement='auto'"))
    yield one(("<loader readonly='yes'", "<loader format='qcow2' readonly='yes'"))
    yield one((ROM, "<driver iommufd='yes'/>"), libvirt="11.0.0")
    cdev = "CONFIG_IOMMUFD=m\nCONFIG_VFIO_DEVICE_CDEV=y\n"
    yield one((ROM, "<driver iommufd='yes'/>"), config=HOST.config + cdev)


def memory() -> Iterator[Host]:
    """Memory that is shared, and more than there is."""
    shared = "<shmem name='looking-glass'><model type='ivshmem-plain'/><size unit='M'>64</size></shmem></devices>"
    yield one(("</devices>", shared))
    glass = HOSTS["guest-glass"]
    yield replace(glass, files={**glass.files, "/dev/shm/looking-glass": bytes(16 << 20)})
    kvmfr = '{"qom-type":"memory-backend-file","id":"g","mem-path":"/dev/kvmfr0","size":33554432,"share":true}'
    yield one(
        qemu("arg", "value='-object'", f"value='{kvmfr}'"),
        files={**HOST.files, MODULE: "options kvmfr static_size_mb=32\n"},
    )
    yield one(("<hugepages/><nosharepages/>", "<nosharepages/>"), ("<memory unit='GiB'>4<", "<memory unit='GiB'>30<"))
    yield replace(CLEAN, cmdline=f"{WORDS} hugepagesz=1G quiet", default_cmdline="quiet hugepagesz=1G")
    sizes = HOSTS["guest-sizes"]
    builds = dict.fromkeys(("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE.fd"), "x")
    yield replace(sizes, files={**sizes.files, **builds})


def pins() -> Iterator[Host]:
    """CPUs of vCPUs."""
    every = (("0", "1", "0"), ("1", "5", "1"), ("3", "6", "3"))
    yield one(*((f"vcpu='{v}' cpuset='{old}'", f"vcpu='{v}' cpuset='{new}'") for v, old, new in every))
    yield inside("guest-spread", "cpuset='9'", "cpuset='1'")
    yield inside("guest-spread", "cpuset='9'", "cpuset='99'")
    yield inside("guest-hybrid", "(vcpupin vcpu='1' cpuset=')[0-9]+'", r"\g<1>99'")
    yield inside("guest-near", "mode='strict'", "mode='preferred'")
    yield inside("guest-near", "</devices>", HOSTDEV)
    near = HOSTS["guest-near"]
    yield inside("guest-near", "</devices>", HOSTDEV, pci=tuple(replace(d, node=1) for d in near.pci))
    caches = CpuDesc(l3_per_package=2, cores_per_l3=2)
    yield replace(CLEAN, cpu=caches, guests=(guest("wide", (1, 5, 2, 6, 3, 7), 100, emulator="0"),))
    yield replace(HOSTS["guest-spread"], remove=(*HOSTS["guest-spread"].remove, "/sys/devices/system/cpu/cpu1/cache"))
    slices = HOSTS["narrow-slice"]
    limit = "/sys/fs/cgroup/machine.slice/cpuset.cpus.effective"
    yield replace(slices, remove=(*slices.remove, limit), files={p: c for p, c in slices.files.items() if p != limit})
    # Whether its guests run is not shown.
    yield replace(HOSTS["bad-pins"], remove=(*HOSTS["bad-pins"].remove, "/run/libvirt"))


def hardware() -> Iterator[Host]:
    """Devices whose attributes are strange or closed, and a loader that nobody knows."""
    yield replace(HOST, files={**HOST.files, f"{DEVICE}/power_state": "D7\n"})
    for name in ("rom-none", "rom-copy"):
        yield replace(HOSTS[name], guests=HOST.guests)
    odd = HOSTS["odd-qemu-conf"]
    yield replace(odd, files={**odd.files, "/etc/libvirt/qemu.conf": 'user = "libvirt-qemu"\n'})
    for name in ("boot_vga", "reset_method", "resource"):
        yield replace(HOST, modes={f"{DEVICE}/{name}": 0}, user=1000)
    yield replace(HOST, domain_type="weird-kind")
    lines = HOSTS["second-line"]
    gone = ("/efi", "/boot", "/etc/kernel/proxmox-boot-uuids", "/usr/sbin/proxmox-boot-tool")
    yield replace(lines, remove=(*lines.remove, *gone))


def guests() -> Iterator[Host]:
    """All of them."""
    for made in (definitions, memory, pins, hardware):
        yield from made()
