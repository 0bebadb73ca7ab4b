"""Domain XML of libvirt into a Domain; what is damaged in a part leaves that part out, never the guest.

Format: libvirt.org/formatdomain.html. Document types are refused: libvirt writes none, bombs need one.
"""

from __future__ import annotations

from vfiotui.formats.domain_xml.boot import boot_of, firmware_word, os_id
from vfiotui.formats.domain_xml.cpu import clock_of, cpu_of, hidden, hyperv_of, scheduling_of, topology_of
from vfiotui.formats.domain_xml.damage import damage_of
from vfiotui.formats.domain_xml.devices import balloon_of, devices_of, qemu_of
from vfiotui.formats.domain_xml.hostdevs import hostdevs_of, networks_of
from vfiotui.formats.domain_xml.tune import (
    backing_of,
    cells_of,
    enabled_vcpus,
    huge_pages_of,
    iothread_ids,
    memory_kib,
    pins_of,
    shared,
)
from vfiotui.formats.domain_xml.words import attribute, cpuset, number, text_of
from vfiotui.formats.domain_xml.xml_text import Element, XmlText
from vfiotui.model.guest.domain import Domain

MOST = 16384
"""vCPUs and iothreads: as many as libvirt's sets of CPUs have places (VIR_DOMAIN_CPUMASK_LEN)."""


def parse(
    xml: str,
    *,
    source: str,
    state: str = "defined",
    autostart: bool = False,
    persistent: bool = True,
    pid: int | None = None,
) -> Domain:
    """The guest that a domain's XML describes; raises ValueError with a sentence."""
    return _guest(
        XmlText(xml).root, xml, source=source, state=state, autostart=autostart, persistent=persistent, pid=pid
    )


def _guest(
    domain: Element, xml: str, *, source: str, state: str, autostart: bool, persistent: bool = True, pid: int | None
) -> Domain:
    """The guest of a <domain> that was read from a text."""
    if domain.tag != "domain":
        raise ValueError(f"the XML is no domain but <{domain.tag[:40]}>")
    tune, backing, features = domain.find("cputune"), domain.find("memoryBacking"), domain.find("features")
    cpu, vcpu = domain.find("cpu"), domain.find("vcpu")
    vcpus = number(text_of(domain.find("vcpu"))) or 1
    iothreads = number(text_of(domain.find("iothreads"))) or 0
    if max(vcpus, iothreads) > MOST:
        raise ValueError(f"the XML asks for {max(vcpus, iothreads)} threads, and no guest has more than {MOST}")
    current = number(attribute(vcpu, "current"))
    emulator = None if tune is None else tune.find("emulatorpin")
    boot, qemu = boot_of(domain), qemu_of(domain)
    return Domain(
        name="" if (name := domain.find("name")) is None else name.text,
        uuid=text_of(domain.find("uuid")),
        state=state,
        persistent=persistent,
        autostart=autostart,
        domain_type=domain.get("type", ""),
        machine=attribute(domain.find("os/type"), "machine"),
        memory_kib=memory_kib(domain),
        vcpus=vcpus,
        current_vcpus=vcpus if current is None else current,
        vcpu_pins=pins_of(tune, "vcpupin", "vcpu"),
        emulator_pin=None if emulator is None else cpuset(emulator.get("cpuset")),
        iothreads=iothreads,
        iothread_pins=pins_of(tune, "iothreadpin", "iothread"),
        topology=topology_of(cpu),
        cpu_mode=attribute(cpu, "mode"),
        huge_pages=huge_pages_of(backing),
        shared_memory=shared(backing),
        balloon=balloon_of(domain),
        firmware=firmware_word(boot),
        hostdevs=hostdevs_of(domain, qemu.arguments),
        networks=networks_of(domain),
        damage=damage_of(domain),
        qemu_arguments=(*qemu.arguments, *(f"{name}={value}" for name, value in qemu.environment)),
        xml=xml,
        source=source,
        pid=pid,
        os_id=os_id(domain),
        enabled_vcpus=enabled_vcpus(domain),
        placement=attribute(vcpu, "placement"),
        boot=boot,
        cpu=cpu_of(cpu),
        hyperv=hyperv_of(features),
        kvm_hidden=hidden(features),
        clock=clock_of(domain),
        iothread_ids=iothread_ids(domain),
        scheduling=scheduling_of(tune),
        backing=backing_of(domain),
        cells=cells_of(cpu),
        devices=devices_of(domain),
        qemu=qemu,
    )


def parse_status(xml: str, *, source: str, autostart: bool = False) -> Domain:
    """The guest of a status file (/run/libvirt/qemu/NAME.xml): <domstatus state= pid=> around a domain."""
    document = XmlText(xml)
    status = document.root
    domain = status.find("domain")
    if status.tag != "domstatus" or domain is None:
        raise ValueError("the XML is no domain status")
    return _guest(
        domain,
        document.part(domain),
        source=source,
        state=status.get("state", "running"),
        autostart=autostart,
        pid=number(status.get("pid")),
    )
