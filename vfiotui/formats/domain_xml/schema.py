"""All declared elements of domain XML by their paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vfiotui.formats.domain_xml.declared import Part
from vfiotui.formats.domain_xml.elements import (
    address,
    clock,
    commandline,
    cpu,
    cputune,
    devices,
    displays,
    domain,
    features,
    hostdev,
    memory,
    os,
    vcpu,
)
from vfiotui.formats.domain_xml.xml_text import Element

FILES = (domain, memory, vcpu, cputune, os, features, cpu, clock, devices, displays, address, hostdev, commandline)
PARTS: Mapping[str, type[Part]] = {
    part.path: part
    for file in FILES
    for part in vars(file).values()
    if isinstance(part, type) and issubclass(part, Part) and "path" in vars(part) and part.__module__ == file.__name__
}
"""By path; * stands for any name."""
JUDGED: dict[str, list[tuple[str, type[Part]]]] = {}
"""Elements with words that can make no sense: by the first name of their path, with the rest of it."""
for _path, _part in PARTS.items():
    if _part.judged or issubclass(_part, address.PassedAddress):
        JUDGED.setdefault(_path.partition("/")[0], []).append((_path.partition("/")[2], _part))
CROWD = 64
"""Elements of a kind whose sets of CPUs are counted before they are held."""
MOST_CPUS = 1 << 20
"""1024 vCPUs that may run on 1024 CPUs each."""
LONGEST = 40
"""Characters of a damaged word that are shown."""


def order_of(path: str) -> tuple[str, ...]:
    """The order of the children of an element in what libvirt writes; empty where it does not matter."""
    return PARTS[path].order if path in PARTS else ()


def damage_of(domain: Element) -> tuple[str, ...]:
    """Words that libvirt would refuse, each as a sentence fragment; empty for all that libvirt writes.

    What is read around them says too little of the guest. Raises ValueError where the sets of CPUs do not fit into
    memory; it holds none of them.
    """
    said = []
    for first, parts in JUDGED.items():
        for top in domain.named(first):
            for path, part in parts:
                found = top.all(path) if path else (top,)
                if len(found) > CROWD:
                    _count_cpus(part, found)
                for element in found:
                    for name, word in part.damage(element):
                        said.append(f"{name or 'the text'} of <{element.tag}> makes no sense: {word[:LONGEST]!r}")
    return tuple(said)


def _count_cpus(part: type[Part], found: Iterable[Element]) -> None:
    """Raises ValueError where the sets of some elements are too much to hold, or too much to read."""
    left = MOST_CPUS
    for element in found:
        left -= part.cpus_in(element)
        if left < 0:
            raise ValueError(f"the sets of CPUs in <{element.tag}> are too many and too large, or damaged")
