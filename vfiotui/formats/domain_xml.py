"""Domain XML of libvirt into a Domain; what is damaged in a part leaves that part out, never the guest.

Format: libvirt.org/formatdomain.html. Document types are refused: libvirt writes none, bombs need one.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from vfiotui.model.cpuset import parse_list
from vfiotui.model.domain import Domain, Hostdev, HugePages
from vfiotui.model.reading import Unread
from vfiotui.model.topology import CpuSet

LIMIT = 4 << 20
QEMU = "{http://libvirt.org/schemas/domain/qemu/1.0}"
UNITS = {
    "b": 1,
    "bytes": 1,
    "kb": 1000,
    "k": 1 << 10,
    "kib": 1 << 10,
    "mb": 10**6,
    "m": 1 << 20,
    "mib": 1 << 20,
    "gb": 10**9,
    "g": 1 << 30,
    "gib": 1 << 30,
    "tb": 10**12,
    "t": 1 << 40,
    "tib": 1 << 40,
}


def number(text: str | None) -> int | None:
    """A number as libvirt reads it: 0x hexadecimal, 0 octal, else decimal.

    >>> number("0x0a"), number("010"), number("10"), number("ten")
    (10, 8, 10, None)
    """
    word = (text or "").strip()
    if len(word) > 20:
        return None
    try:
        if re.fullmatch(r"0[xX][0-9a-fA-F]+", word):
            return int(word, 16)
        if re.fullmatch(r"0[0-7]+", word):
            return int(word, 8)
        return int(word) if re.fullmatch(r"[0-9]+", word) else None
    except ValueError:
        return None


def kib(element: ET.Element | None) -> int:
    """The KiB of an element such as <memory unit='KiB'>; 0 where it is missing or damaged."""
    value = number(element.text) if element is not None else None
    if value is None or element is None:
        return 0
    return value * UNITS.get(element.get("unit", "KiB").lower(), 1024) // 1024


def pci_address(element: ET.Element | None) -> str | None:
    """The full address of an <address> with domain, bus, slot, function."""
    if element is None:
        return None
    parts = [number(element.get(k, "0" if k == "domain" else None)) for k in ("domain", "bus", "slot", "function")]
    known = [p for p in parts if p is not None]
    if len(known) < 4 or known[1] > 0xFF or known[2] > 0x1F or known[3] > 7 or known[0] > 0xFFFFFFFF:
        return None
    return f"{known[0]:04x}:{known[1]:02x}:{known[2]:02x}.{known[3]}"


def cpuset(text: str | None) -> CpuSet | None:
    """The CPUs of a cpuset attribute, or None where it is missing or damaged."""
    cpus = parse_list(text) if text else None
    return None if cpus is None or isinstance(cpus, Unread) else cpus


def _hostdev(element: ET.Element) -> Hostdev | None:
    source = element.find("source")
    if source is None:
        return None
    managed = element.get("managed") == "yes"
    kind = element.get("type")
    if kind == "pci":
        address = pci_address(source.find("address"))
        rom = element.find("rom")
        return (
            None
            if address is None
            else Hostdev(
                "pci",
                address,
                managed,
                pci_address(element.find("address")) or "",
                "" if rom is None else rom.get("file", ""),
                rom is None or rom.get("bar") != "off",
            )
        )
    if kind == "usb":
        place = source.find("address")
        if place is not None:
            return Hostdev("usb", f"{place.get('bus', '?')}:{place.get('device') or place.get('port') or '?'}", managed)
        ids = [number(e.get("id")) if (e := source.find(k)) is not None else None for k in ("vendor", "product")]
        return None if None in ids else Hostdev("usb", f"{ids[0]:04x}:{ids[1]:04x}", managed)
    return None


def _pins(tune: ET.Element | None, name: str, key: str) -> tuple[tuple[int, CpuSet], ...]:
    found = []
    for element in [] if tune is None else tune.findall(name):
        index, cpus = number(element.get(key)), cpuset(element.get("cpuset"))
        if index is not None and cpus is not None:
            found.append((index, cpus))
    return tuple(sorted(found, key=lambda pin: pin[0]))


def _topology(element: ET.Element | None) -> tuple[int, int, int, int] | None:
    if element is None:
        return None
    parts = [number(element.get(k, "1")) for k in ("sockets", "dies", "cores", "threads")]
    known = [p for p in parts if p is not None]
    return (known[0], known[1], known[2], known[3]) if len(known) == 4 else None


def _huge_pages(backing: ET.Element | None) -> tuple[HugePages, ...]:
    pages = None if backing is None else backing.find("hugepages")
    if pages is None:
        return ()
    found = []
    for page in pages.findall("page"):
        size = number(page.get("size"))
        factor = UNITS.get(page.get("unit", "KiB").lower(), 1024)
        found.append(HugePages(0 if size is None else size * factor // 1024, page.get("nodeset", "")))
    return tuple(found) or (HugePages(0),)


def _firmware(os_element: ET.Element | None) -> str:
    if os_element is None:
        return "bios"
    loader = os_element.find("loader")
    if os_element.get("firmware"):
        return os_element.get("firmware", "efi")
    if loader is not None and loader.get("type") == "pflash":
        return (loader.text or "efi").strip()
    return "bios"


def _arguments(domain: ET.Element) -> tuple[str, ...]:
    line = domain.find(f"{QEMU}commandline")
    if line is None:
        return ()
    words = [e.get("value", "") for e in line.findall(f"{QEMU}arg")]
    return (*words, *(f"{e.get('name', '')}={e.get('value', '')}" for e in line.findall(f"{QEMU}env")))


def parse_element(xml: str) -> ET.Element:
    """The root element of a document; raises ValueError with a sentence."""
    if len(xml) > LIMIT:
        raise ValueError(f"the XML is longer than {LIMIT >> 20} MiB")
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        raise ValueError("the XML has a document type, which libvirt never writes")
    try:
        return ET.fromstring(xml)  # noqa: S314 - entities were refused above
    except (ET.ParseError, ValueError, RecursionError) as error:
        raise ValueError(f"the XML is damaged: {error}") from error


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
    domain = parse_element(xml)
    if domain.tag != "domain":
        raise ValueError(f"the XML is no domain but <{domain.tag[:40]}>")
    tune = domain.find("cputune")
    backing = domain.find("memoryBacking")
    os_element = domain.find("os")
    kind = None if os_element is None else os_element.find("type")
    cpu = domain.find("cpu")
    vcpu = domain.find("vcpu")
    vcpus = number(vcpu.text if vcpu is not None else None) or 1
    current = number(vcpu.get("current")) if vcpu is not None else None
    emulator = None if tune is None else tune.find("emulatorpin")
    balloon = domain.find("devices/memballoon")
    access = None if backing is None else backing.find("access")
    memory_source = None if backing is None else backing.find("source")
    return Domain(
        name=domain.findtext("name") or "",
        uuid=(domain.findtext("uuid") or "").strip(),
        state=state,
        persistent=persistent,
        autostart=autostart,
        domain_type=domain.get("type", ""),
        machine="" if kind is None else kind.get("machine", ""),
        memory_kib=kib(domain.find("memory")),
        vcpus=vcpus,
        current_vcpus=vcpus if current is None else current,
        vcpu_pins=_pins(tune, "vcpupin", "vcpu"),
        emulator_pin=None if emulator is None else cpuset(emulator.get("cpuset")),
        iothreads=number(domain.findtext("iothreads")) or 0,
        iothread_pins=_pins(tune, "iothreadpin", "iothread"),
        topology=_topology(None if cpu is None else cpu.find("topology")),
        cpu_mode="" if cpu is None else cpu.get("mode", ""),
        huge_pages=_huge_pages(backing),
        shared_memory=(access is not None and access.get("mode") == "shared")
        or (memory_source is not None and memory_source.get("type") == "memfd"),
        balloon="virtio" if balloon is None else balloon.get("model", "virtio"),
        firmware=_firmware(os_element),
        hostdevs=tuple(h for h in map(_hostdev, domain.findall("devices/hostdev")) if h is not None),
        qemu_arguments=_arguments(domain),
        xml=xml,
        source=source,
        pid=pid,
    )


def parse_status(xml: str, *, source: str, autostart: bool = False) -> Domain:
    """The guest of a status file (/run/libvirt/qemu/NAME.xml): <domstatus state= pid=> around a domain."""
    status = parse_element(xml)
    domain = status.find("domain")
    if status.tag != "domstatus" or domain is None:
        raise ValueError("the XML is no domain status")
    inner = ET.tostring(domain, encoding="unicode")
    return parse(
        inner,
        source=source,
        state=status.get("state", "running"),
        autostart=autostart,
        pid=number(status.get("pid")),
    )
