"""Domain XML of libvirt into a Domain; what is damaged in a part leaves that part out, never the guest.

Format: libvirt.org/formatdomain.html. Document types are refused: libvirt writes none, bombs need one.
"""

from __future__ import annotations

from vfiotui.formats.domain_xml.cpu_argument import with_argument
from vfiotui.formats.domain_xml.elements import domain as top
from vfiotui.formats.domain_xml.elements.clock import clock_of
from vfiotui.formats.domain_xml.elements.commandline import qemu_of
from vfiotui.formats.domain_xml.elements.cpu import Cpu, cells_of, cpu_of, topology_of
from vfiotui.formats.domain_xml.elements.cputune import (
    EmulatorPin,
    iothread_pins,
    scheduling_of,
    vcpu_pins,
)
from vfiotui.formats.domain_xml.elements.devices import balloon_of, devices_of
from vfiotui.formats.domain_xml.elements.features import Features, hidden, hyperv_of
from vfiotui.formats.domain_xml.elements.hostdev import Iommufd, hostdevs_of, networks_of
from vfiotui.formats.domain_xml.elements.memory import MemoryBacking, backing_of, huge_pages_of, memory_kib, shared
from vfiotui.formats.domain_xml.elements.os import OsType, boot_of, firmware_word
from vfiotui.formats.domain_xml.elements.vcpu import Iothreads, Vcpu, cpuset_of, enabled_vcpus, iothread_ids
from vfiotui.formats.domain_xml.schema import damage_of
from vfiotui.formats.domain_xml.words import MOST_CPUS, number
from vfiotui.formats.domain_xml.xml_text import Element, XmlText
from vfiotui.model.guest.domain import Domain


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
    root: Element, xml: str, *, source: str, state: str, autostart: bool, persistent: bool = True, pid: int | None
) -> Domain:
    """The guest of a <domain> that was read from a text."""
    if root.tag != "domain":
        raise ValueError(f"the XML is no domain but <{root.tag[:40]}>")
    damage = damage_of(root)
    domain = top.Domain(root)
    vcpu, cpu = Vcpu.of(domain), Cpu.of(domain)
    backing, features = MemoryBacking.of(domain), Features.of(domain)
    vcpus, current = vcpu.count or 1, vcpu.current
    iothreads = Iothreads.of(domain).count or 0
    if max(vcpus, iothreads) > MOST_CPUS:
        raise ValueError(f"the XML asks for {max(vcpus, iothreads)} threads, and no guest has more than {MOST_CPUS}")
    ids = iothread_ids(domain)
    boot, qemu = boot_of(domain), qemu_of(domain)
    found = Domain(
        name=top.Name.of(domain).value,
        uuid=top.Uuid.of(domain).value,
        state=state,
        persistent=persistent,
        autostart=autostart,
        domain_type=domain.type,
        machine=OsType.of(domain).machine,
        memory_kib=memory_kib(domain),
        vcpus=vcpus,
        current_vcpus=vcpus if current is None else current,
        vcpu_pins=vcpu_pins(domain),
        emulator_pin=EmulatorPin.of(domain).cpuset,
        iothreads=len(ids),
        iothread_pins=iothread_pins(domain),
        topology=topology_of(cpu),
        cpu_mode=cpu.mode,
        huge_pages=huge_pages_of(backing),
        shared_memory=shared(backing),
        balloon=balloon_of(domain),
        firmware=firmware_word(boot),
        hostdevs=hostdevs_of(domain, qemu.arguments),
        iommufd=Iommufd.of(domain).enabled is True,
        networks=networks_of(domain),
        damage=damage,
        qemu_arguments=(*qemu.arguments, *(f"{name}={value}" for name, value in qemu.environment)),
        xml=xml,
        source=source,
        pid=pid,
        os_id=top.os_id(domain),
        enabled_vcpus=enabled_vcpus(domain),
        placement=vcpu.placement,
        vcpu_cpuset=cpuset_of(vcpu),
        boot=boot,
        cpu=cpu_of(cpu),
        hyperv=hyperv_of(features),
        kvm_hidden=hidden(features),
        clock=clock_of(domain),
        iothread_ids=ids,
        scheduling=scheduling_of(domain),
        backing=backing_of(domain, backing),
        cells=cells_of(cpu),
        devices=devices_of(domain),
        qemu=qemu,
    )
    return with_argument(found) if qemu.arguments else found


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
