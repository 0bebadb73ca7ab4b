"""What stands below <devices> and is the guest's own: disks, controllers, screens, sound, a TPM, the balloon."""

from __future__ import annotations

from vfiotui.formats.domain_xml.declared import TEXT, Amount, Number, Part, Switch, Word
from vfiotui.formats.domain_xml.elements.displays import consoles_of, displays_of
from vfiotui.formats.domain_xml.words import number
from vfiotui.model.guest import domain_devices as model


class Devices(Part):
    """All devices."""

    path = "devices"


class Disk(Part):
    """A disk or a drive."""

    path = "devices/disk"
    device = Word("device", "disk, lun, cdrom or floppy", "disk")
    type = Word("type", "file, block, network, volume, nvme, …", "file")


class DiskDriver(Part):
    """How QEMU reaches a disk."""

    path = "devices/disk/driver"
    type = Word("type", "raw, qcow2, …")
    cache = Word("cache", "none, writeback, writethrough, directsync, unsafe")
    io = Word("io", "native, threads or io_uring")
    discard = Word("discard", "unmap or ignore")
    iothread = Word("iothread", "number of the iothread that serves it")


class DiskSource(Part):
    """What holds a disk."""

    path = "devices/disk/source"
    dev = Word("dev", "path of a block device")
    file = Word("file", "path of a file")
    type = Word("type", "pci: an NVMe drive of the host that QEMU itself drives")
    managed = Switch("managed", "of pci: whether libvirt takes it from its driver and gives it back", "yes", "no")
    startup_policy = Word("startupPolicy", "mandatory, requisite or optional: whether the guest starts without it")


class DiskTarget(Part):
    """What the guest sees of a disk."""

    path = "devices/disk/target"
    dev = Word("dev", "its name to libvirt: vda, sdb, …")
    bus = Word("bus", "virtio, sata, scsi, …")


class DiskThread(Part):
    """One of several iothreads that serve a disk."""

    path = "devices/disk/driver/iothreads/iothread"
    id = Word("id", "its number")


class Controller(Part):
    """A bus of the guest."""

    path = "devices/controller"
    type = Word("type", "pci, usb, scsi, sata, virtio-serial, …")
    index = Number("index", "its number among those of its type")
    model = Word("model", "pcie-root-port, qemu-xhci, virtio-scsi, …")


class ControllerDriver(Part):
    """How QEMU serves a controller."""

    path = "devices/controller/driver"
    iothread = Word("iothread", "number of the iothread that serves it")


class ControllerThread(Part):
    """One of several iothreads that serve a controller."""

    path = "devices/controller/driver/iothreads/iothread"
    id = Word("id", "its number")


class VideoModel(Part):
    """A graphics card that QEMU makes up."""

    path = "devices/video/model"
    type = Word("type", "virtio, qxl, vga, ramfb, none, …")


class Video(Part):
    """A graphics card of the guest."""

    path = "devices/video"


class Shmem(Part):
    """Memory that programs of the host share with the guest."""

    path = "devices/shmem"
    name = Word("name", "of the memory: looking-glass, …")


class ShmemModel(Part):
    """How the guest sees shared memory."""

    path = "devices/shmem/model"
    type = Word("type", "ivshmem-plain or ivshmem-doorbell")


class ShmemSize(Part):
    """How much memory is shared."""

    path = "devices/shmem/size"
    size = Amount(TEXT, "its size", "bytes")


class Audio(Part):
    """Where the guest's sound goes."""

    path = "devices/audio"
    type = Word("type", "pipewire, pulseaudio, spice, none, …")
    runtime_dir = Word("runtimeDir", "the folder with PipeWire's socket")
    server_name = Word("serverName", "the server of PulseAudio")


class Tpm(Part):
    """A trusted platform module."""

    path = "devices/tpm"
    model = Word("model", "tpm-crb or tpm-tis")


class TpmBackend(Part):
    """What is behind the TPM."""

    path = "devices/tpm/backend"
    type = Word("type", "emulator, passthrough or external")
    version = Word("version", "1.2 or 2.0")


class Input(Part):
    """A keyboard, a mouse, a tablet."""

    path = "devices/input"
    type = Word("type", "keyboard, mouse, tablet, passthrough or evdev")


class InputSource(Part):
    """The host's device behind an input."""

    path = "devices/input/source"
    dev = Word("dev", "its path below /dev/input")


class Memballoon(Part):
    """What takes memory back from the guest; libvirt adds a virtio one where nothing is said."""

    path = "devices/memballoon"
    model = Word("model", "virtio or none", "virtio")


def _threads(
    driver: DiskDriver | ControllerDriver, listed: type[DiskThread] | type[ControllerThread]
) -> frozenset[int]:
    """Numbers of the iothreads that serve a device."""
    if not driver.given:
        return frozenset()
    return frozenset(n for n in map(number, (driver.iothread, *(t.id for t in listed.each(driver)))) if n is not None)


def _disk(disk: Disk) -> model.Disk:
    driver, source, target = DiskDriver.of(disk), DiskSource.of(disk), DiskTarget.of(disk)
    return model.Disk(
        device=disk.device,
        kind=disk.type,
        source=source.dev or source.file,
        target=target.dev,
        bus=target.bus,
        format=driver.type,
        cache=driver.cache,
        io=driver.io,
        discard=driver.discard,
        iothreads=_threads(driver, DiskThread),
        startup_policy=source.startup_policy,
    )


def _controller(controller: Controller) -> model.Controller:
    threads = _threads(ControllerDriver.of(controller), ControllerThread)
    return model.Controller(controller.type, controller.index, controller.model, threads)


def devices_of(domain: Part) -> model.GuestDevices:
    """Everything below <devices> that something is said of here, but for the host's own devices."""
    devices = Devices.of(domain)
    backends = ((t, TpmBackend.of(t)) for t in Tpm.each(devices))
    return model.GuestDevices(
        disks=tuple(map(_disk, Disk.each(devices))),
        controllers=tuple(map(_controller, Controller.each(devices))),
        videos=tuple(VideoModel.of(v).type for v in Video.each(devices)),
        displays=displays_of(devices),
        consoles=consoles_of(devices),
        shmems=tuple(model.Shmem(s.name, ShmemModel.of(s).type, ShmemSize.of(s).size) for s in Shmem.each(devices)),
        audios=tuple(model.Audio(a.type, a.runtime_dir, a.server_name) for a in Audio.each(devices)),
        tpms=tuple(model.Tpm(t.model, b.type, b.version) for t, b in backends),
        evdev=tuple(InputSource.of(i).dev for i in Input.each(devices) if i.type == "evdev"),
    )


def balloon_of(domain: Part) -> str:
    """The model of the balloon."""
    return Memballoon.of(domain).model
