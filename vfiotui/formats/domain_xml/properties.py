"""A domain's XML as declared properties, read and set one by one: `DomainXml(text).emulator_pin = frozenset({0, 6})`.

A property that is set to None goes away, and an element that it leaves bare goes with it. Setting what is there
already changes no byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vfiotui.formats.domain_xml.edit import DomainEdit, plain
from vfiotui.formats.domain_xml.words import cpuset, number
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.topology import CpuSet


class Attribute:
    """A word in an attribute."""

    def __init__(self, path: str, name: str) -> None:
        self.path = path
        self.name = name

    def __get__(self, domain: DomainEdit, _: type) -> str | None:
        element = domain.root.find(self.path) if self.path else domain.root
        return None if element is None else element.attributes.get(self.name)

    def __set__(self, domain: DomainEdit, value: str | None) -> None:
        domain.set_attribute(self.path, self.name, value)


class NumberAttribute:
    """A number in an attribute."""

    def __init__(self, path: str, name: str) -> None:
        self._word = Attribute(path, name)

    def __get__(self, domain: DomainEdit, kind: type) -> int | None:
        return number(self._word.__get__(domain, kind))

    def __set__(self, domain: DomainEdit, value: int | None) -> None:
        if value is None or value != self.__get__(domain, type(domain)):
            self._word.__set__(domain, None if value is None else str(value))


class Cpus:
    """A set of CPUs in an attribute."""

    def __init__(self, path: str, name: str) -> None:
        self._word = Attribute(path, name)

    def __get__(self, domain: DomainEdit, kind: type) -> CpuSet | None:
        return cpuset(self._word.__get__(domain, kind))

    def __set__(self, domain: DomainEdit, value: CpuSet | None) -> None:
        if value is None or value != self.__get__(domain, type(domain)):
            self._word.__set__(domain, None if value is None else format_list(value))


class Number:
    """A number inside an element."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __get__(self, domain: DomainEdit, _: type) -> int | None:
        element = domain.root.find(self.path)
        return None if element is None else number(element.text)

    def __set__(self, domain: DomainEdit, value: int | None) -> None:
        if value is None or value != self.__get__(domain, type(domain)):
            domain.set_text(self.path, None if value is None else str(value))


class Flag:
    """An element that says something by being there."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __get__(self, domain: DomainEdit, _: type) -> bool:
        return domain.root.find(self.path) is not None

    def __set__(self, domain: DomainEdit, value: bool) -> None:
        element = domain.root.find(self.path)
        if value and element is None:
            domain.made(self.path)
        elif not value and element is not None:
            domain.remove(element)


class Pins:
    """Sets of CPUs by a number: vCPUs, iothreads."""

    def __init__(self, path: str, key: str) -> None:
        self.path = path
        self.key = key

    def __get__(self, domain: DomainEdit, _: type) -> Mapping[int, CpuSet]:
        found = {}
        for element in domain.root.all(self.path):
            index, cpus = number(element.attributes.get(self.key)), cpuset(element.attributes.get("cpuset"))
            if index is not None and cpus is not None:
                found[index] = cpus
        return found

    def __set__(self, domain: DomainEdit, value: Mapping[int, CpuSet]) -> None:
        wanted = {str(i): format_list(cpus) for i, cpus in sorted(value.items())}
        domain.set_keyed(self.path, self.key, "cpuset", wanted)


class Keyed:
    """Words by a name: the policies of CPU features."""

    def __init__(self, path: str, key: str, name: str) -> None:
        self.path = path
        self.key = key
        self.name = name

    def __get__(self, domain: DomainEdit, _: type) -> Mapping[str, str]:
        return {
            plain(e.attributes.get(self.key, "")): e.attributes.get(self.name, "") for e in domain.root.all(self.path)
        }

    def __set__(self, domain: DomainEdit, value: Mapping[str, str]) -> None:
        domain.set_keyed(self.path, self.key, self.name, value)


class DomainXml(DomainEdit):
    """What vfiotui reads and sets in a domain."""

    vcpus = Number("vcpu")
    placement = Attribute("vcpu", "placement")
    current_vcpus = NumberAttribute("vcpu", "current")
    vcpu_cpus = Cpus("vcpu", "cpuset")
    iothreads = Number("iothreads")
    vcpu_pins = Pins("cputune/vcpupin", "vcpu")
    emulator_pin = Cpus("cputune/emulatorpin", "cpuset")
    iothread_pins = Pins("cputune/iothreadpin", "iothread")
    cpu_mode = Attribute("cpu", "mode")
    cpu_check = Attribute("cpu", "check")
    cpu_migratable = Attribute("cpu", "migratable")
    sockets = NumberAttribute("cpu/topology", "sockets")
    dies = NumberAttribute("cpu/topology", "dies")
    clusters = NumberAttribute("cpu/topology", "clusters")
    cores = NumberAttribute("cpu/topology", "cores")
    threads = NumberAttribute("cpu/topology", "threads")
    cache_mode = Attribute("cpu/cache", "mode")
    cache_level = NumberAttribute("cpu/cache", "level")
    cpu_features = Keyed("cpu/feature", "name", "policy")
    memory_nodes = Cpus("numatune/memory", "nodeset")
    memory_mode = Attribute("numatune/memory", "mode")
    memory_placement = Attribute("numatune/memory", "placement")
    huge_pages = Flag("memoryBacking/hugepages")
    no_same_pages = Flag("memoryBacking/nosharepages")
    locked = Flag("memoryBacking/locked")
    memory_source = Attribute("memoryBacking/source", "type")
    memory_access = Attribute("memoryBacking/access", "mode")
    allocation_mode = Attribute("memoryBacking/allocation", "mode")
    allocation_threads = NumberAttribute("memoryBacking/allocation", "threads")
    hyperv_mode = Attribute("features/hyperv", "mode")
    relaxed = Attribute("features/hyperv/relaxed", "state")
    vapic = Attribute("features/hyperv/vapic", "state")
    spinlocks = Attribute("features/hyperv/spinlocks", "state")
    spinlock_retries = NumberAttribute("features/hyperv/spinlocks", "retries")
    vpindex = Attribute("features/hyperv/vpindex", "state")
    synic = Attribute("features/hyperv/synic", "state")
    stimer = Attribute("features/hyperv/stimer", "state")
    vendor_id = Attribute("features/hyperv/vendor_id", "value")
    vendor_id_state = Attribute("features/hyperv/vendor_id", "state")
    kvm_hidden = Attribute("features/kvm/hidden", "state")
    balloon = Attribute("devices/memballoon", "model")

    def devices(self, kind: str) -> tuple[Element, ...]:
        """The devices of a kind (hostdev, disk, controller, shmem, audio, …) in the present text, in their order."""
        return tuple(self.root.all(f"devices/{kind}"))

    def set_driver(self, device: Element, name: str, value: str | None) -> None:
        """Sets an attribute of a device's <driver>, which is made if need be; None takes the attribute away."""
        driver = device.find("driver")
        edits: list[Any] = []
        if driver is not None:
            edits = [self.document.attribute_edit(driver, name, value)]
            if value is None and list(driver.attributes) == [name]:
                edits = list(self.document.remove_edits([driver]))
        elif value is not None:
            quote = self.document.quote
            edits = [self.document.insert_edit(device, [f"<driver {name}={quote}{value}{quote}/>"], ("driver",))]
        self.document.edit(e for e in edits if e is not None)

    @property
    def thread_users(self) -> tuple[Element, ...]:
        """What an iothread can serve: virtio disks and virtio-scsi controllers (formatdomain, iothreads)."""
        disks = [d for d in self.devices("disk") if (t := d.find("target")) and t.attributes.get("bus") == "virtio"]
        scsi = [
            c
            for c in self.devices("controller")
            if c.attributes.get("type") == "scsi" and c.attributes.get("model", "").startswith("virtio-")
        ]
        return (*disks, *scsi)
