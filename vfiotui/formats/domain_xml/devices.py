"""Devices of domain XML."""

from __future__ import annotations

from vfiotui.formats.domain_xml.words import amount, attribute, number
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.guest.domain_devices import Audio, Controller, Disk, GuestDevices, QemuLine, Shmem, Tpm

QEMU = "{http://libvirt.org/schemas/domain/qemu/1.0}"


def _iothreads(driver: Element | None) -> frozenset[int]:
    if driver is None:
        return frozenset()
    named = [driver.get("iothread"), *(t.get("id") for t in driver.all("iothreads/iothread"))]
    return frozenset(n for n in map(number, named) if n is not None)


def _disk(element: Element) -> Disk:
    driver, source, target = element.find("driver"), element.find("source"), element.find("target")
    return Disk(
        device=element.get("device", "disk"),
        kind=element.get("type", "file"),
        source=attribute(source, "dev") or attribute(source, "file"),
        target=attribute(target, "dev"),
        bus=attribute(target, "bus"),
        format=attribute(driver, "type"),
        cache=attribute(driver, "cache"),
        io=attribute(driver, "io"),
        discard=attribute(driver, "discard"),
        iothreads=_iothreads(driver),
        startup_policy=attribute(source, "startupPolicy"),
    )


def _controller(element: Element) -> Controller:
    return Controller(
        element.get("type", ""),
        number(element.get("index")),
        element.get("model", ""),
        _iothreads(element.find("driver")),
    )


def devices_of(domain: Element) -> GuestDevices:
    """Everything below <devices> that something is said of here, but for the host's own devices."""
    devices = domain.find("devices")
    if devices is None:
        return GuestDevices()
    return GuestDevices(
        disks=tuple(map(_disk, devices.all("disk"))),
        controllers=tuple(map(_controller, devices.all("controller"))),
        videos=tuple(attribute(v.find("model"), "type") for v in devices.all("video")),
        graphics=tuple(g.get("type", "") for g in devices.all("graphics")),
        shmems=tuple(
            Shmem(s.get("name", ""), attribute(s.find("model"), "type"), amount(s.find("size"), "bytes"))
            for s in devices.all("shmem")
        ),
        audios=tuple(
            Audio(a.get("type", ""), a.get("runtimeDir", ""), a.get("serverName", "")) for a in devices.all("audio")
        ),
        tpms=tuple(
            Tpm(t.get("model", ""), attribute(t.find("backend"), "type"), attribute(t.find("backend"), "version"))
            for t in devices.all("tpm")
        ),
        evdev=tuple(attribute(i.find("source"), "dev") for i in devices.all("input") if i.get("type") == "evdev"),
    )


def qemu_of(domain: Element) -> QemuLine:
    """What is handed to QEMU past libvirt."""
    line = domain.find(f"{QEMU}commandline")
    unnamed = domain.find("commandline") is not None
    if line is None:
        return QemuLine(unnamed=unnamed)
    return QemuLine(
        tuple(e.get("value", "") for e in line.all(f"{QEMU}arg")),
        tuple((e.get("name", ""), e.get("value", "")) for e in line.all(f"{QEMU}env")),
        unnamed,
    )


def balloon_of(domain: Element) -> str:
    """The model of the balloon: libvirt adds a virtio one where nothing is said."""
    return attribute(domain.find("devices/memballoon"), "model", "virtio")
