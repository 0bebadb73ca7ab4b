"""Words of domain XML that libvirt would refuse: what is read around them says too little of the guest."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vfiotui.formats.domain_xml.words import cpuset, number, pci_address, scaled
from vfiotui.formats.domain_xml.xml_text import Element

NUMBER_TEXTS = ("vcpu", "iothreads")
NUMBERS = (
    ("vcpu", "current"),
    ("vcpus/vcpu", "id"),
    ("iothreadids/iothread", "id"),
    *(("cpu/topology", name) for name in ("sockets", "dies", "clusters", "cores", "threads")),
    *(("cpu/maxphysaddr", name) for name in ("bits", "limit")),
    ("cpu/numa/cell", "id"),
    ("cputune/vcpupin", "vcpu"),
    ("cputune/iothreadpin", "iothread"),
    ("devices/controller", "index"),
)
SETS = (
    ("vcpu", "cpuset"),
    *((f"cputune/{name}", "cpuset") for name in ("vcpupin", "emulatorpin", "iothreadpin")),
    *((f"cputune/{name}sched", f"{name}s") for name in ("vcpu", "iothread")),
    ("numatune/memory", "nodeset"),
    ("memoryBacking/hugepages/page", "nodeset"),
    ("cpu/numa/cell", "cpus"),
)
AMOUNT_TEXTS = ("memory", "currentMemory", "memtune/hard_limit", "devices/memory/target/size", "devices/shmem/size")
AMOUNTS = (("memoryBacking/hugepages/page", "size"), ("cpu/numa/cell", "memory"))
LONGEST = 40


def _is_number(element: Element, word: str) -> bool:
    return number(word) is not None


def _is_set(element: Element, word: str) -> bool:
    return cpuset(word) is not None


def _is_amount(element: Element, word: str) -> bool:
    return scaled(word, element.get("unit", "KiB")) is not None


def _words(domain: Element) -> Iterator[tuple[str, str, str, bool]]:
    """Path, attribute, word, and whether it is what it should be."""
    kinds: tuple[tuple[Callable[[Element, str], bool], tuple[str, ...], tuple[tuple[str, str], ...]], ...] = (
        (_is_number, NUMBER_TEXTS, NUMBERS),
        (_is_set, (), SETS),
        (_is_amount, AMOUNT_TEXTS, AMOUNTS),
    )
    for fits, texts, attributes in kinds:
        for path in texts:
            for element in domain.all(path):
                yield path, "", (word := element.text), fits(element, word)
        for path, name in attributes:
            for element in domain.all(path):
                given = element.attributes.get(name)
                if given is not None:
                    yield path, name, given, fits(element, given)
    devices = domain.find("devices")
    for element in [] if devices is None else [a for d in devices.children for a in d.all("source/address")]:
        if element.get("type", "pci") == "pci" and {"bus", "slot"} <= element.attributes.keys():
            words = ":".join(element.get(name, "") for name in ("domain", "bus", "slot", "function"))
            yield "devices/source/address", "", words, pci_address(element) is not None


def damage_of(domain: Element) -> tuple[str, ...]:
    """What is wrong, each as a sentence fragment; empty for all that libvirt writes."""
    return tuple(
        f"{name or 'the text'} of <{path.rpartition('/')[2]}> makes no sense: {word[:LONGEST]!r}"
        for path, name, word, fits in _words(domain)
        if not fits
    )
