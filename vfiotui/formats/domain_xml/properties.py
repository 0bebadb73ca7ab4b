"""A domain's XML as declared properties, read and set one by one: `DomainXml(text).emulator_pin = frozenset({0, 6})`.

A property that is set to None goes away, and an element that it leaves bare goes with it. Setting what is there
already changes no byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from vfiotui.formats.domain_xml.declared import Attribute, Part, Written
from vfiotui.formats.domain_xml.edit import DomainEdit, plain
from vfiotui.formats.domain_xml.elements.cpu import Cache, Cpu, Feature, Topology
from vfiotui.formats.domain_xml.elements.cputune import EmulatorPin, IothreadPin, VcpuPin, scheduling_of
from vfiotui.formats.domain_xml.elements.devices import Memballoon, devices_of
from vfiotui.formats.domain_xml.elements.domain import Domain
from vfiotui.formats.domain_xml.elements.features import Enlightenment, Hyperv, KvmHidden, Spinlocks, VendorId
from vfiotui.formats.domain_xml.elements.memory import (
    Access,
    Allocation,
    CellMemory,
    HugePages,
    Locked,
    NodeMemory,
    NoSharePages,
    Source,
)
from vfiotui.formats.domain_xml.elements.vcpu import IothreadId, Iothreads, Vcpu, iothread_ids
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.cpu.topology import CpuSet

T = TypeVar("T")


class First(Generic[T]):
    """A declared word of the first element at its path; None where it is missing or damaged."""

    def __init__(self, attribute: Written[T], name: str = "") -> None:
        """`name` is the element's where it is declared for any."""
        self._attribute = attribute
        self._path = attribute.path.replace("*", name)

    def __get__(self, domain: DomainEdit, _: type) -> T | None:
        element = domain.root.find(self._path) if self._path else domain.root
        if element is None or self._attribute.word(element) is None:
            return None
        return self._attribute.read(element)

    def __set__(self, domain: DomainEdit, value: T | None) -> None:
        if value is None or value != self.__get__(domain, type(domain)):
            word = None if value is None else self._attribute.spelled(value)
            if self._attribute.name:
                domain.set_attribute(self._path, self._attribute.name, word)
            else:
                domain.set_text(self._path, word)


class Flag:
    """An element that says something by being there."""

    def __init__(self, part: type[Part]) -> None:
        self._path = part.path

    def __get__(self, domain: DomainEdit, _: type) -> bool:
        return domain.root.find(self._path) is not None

    def __set__(self, domain: DomainEdit, value: bool) -> None:
        element = domain.root.find(self._path)
        if value and element is None:
            domain.made(self._path)
        elif not value and element is not None:
            domain.remove(element)


class Pins:
    """Sets of CPUs by a number: vCPUs, iothreads."""

    def __init__(self, key: Written[int | None], cpus: Written[CpuSet | None]) -> None:
        self._key = key
        self._cpus = cpus

    def __get__(self, domain: DomainEdit, _: type) -> Mapping[int, CpuSet]:
        read = ((self._key.read(e), self._cpus.read(e)) for e in domain.root.all(self._key.path))
        return {index: cpus for index, cpus in read if index is not None and cpus is not None}

    def __set__(self, domain: DomainEdit, value: Mapping[int, CpuSet]) -> None:
        wanted = {self._key.spelled(i): self._cpus.spelled(cpus) for i, cpus in sorted(value.items())}
        domain.set_keyed(self._key.path, self._key.name, self._cpus.name, wanted)


class Words:
    """Words by a name: the policies of CPU features."""

    def __init__(self, key: Attribute[str], value: Attribute[str]) -> None:
        self._key = key
        self._value = value

    def __get__(self, domain: DomainEdit, _: type) -> Mapping[str, str]:
        name = self._value.name
        return {plain(self._key.read(e)): e.get(name) for e in domain.root.all(self._key.path)}

    def __set__(self, domain: DomainEdit, value: Mapping[str, str]) -> None:
        domain.set_keyed(self._key.path, self._key.name, self._value.name, value)


class DomainXml(DomainEdit):
    """What vfiotui reads and sets in a domain."""

    vcpus = First(Vcpu.count)
    placement = First(Vcpu.placement)
    current_vcpus = First(Vcpu.current)
    vcpu_cpus = First(Vcpu.cpuset)
    iothread_count = First(Iothreads.count)
    vcpu_pins = Pins(VcpuPin.vcpu, VcpuPin.cpuset)
    emulator_pin = First(EmulatorPin.cpuset)
    iothread_pins = Pins(IothreadPin.iothread, IothreadPin.cpuset)
    memory_cells = Pins(CellMemory.cell, CellMemory.nodeset)
    cpu_mode = First(Cpu.mode)
    cpu_check = First(Cpu.check)
    cpu_migratable = First(Cpu.migratable)
    sockets = First(Topology.sockets)
    dies = First(Topology.dies)
    clusters = First(Topology.clusters)
    cores = First(Topology.cores)
    threads = First(Topology.threads)
    cache_mode = First(Cache.mode)
    cache_level = First(Cache.level)
    cpu_features = Words(Feature.name, Feature.policy)
    memory_nodes = First(NodeMemory.nodeset)
    memory_mode = First(NodeMemory.mode)
    memory_placement = First(NodeMemory.placement)
    huge_pages = Flag(HugePages)
    no_same_pages = Flag(NoSharePages)
    locked = Flag(Locked)
    memory_source = First(Source.type)
    memory_access = First(Access.mode)
    allocation_mode = First(Allocation.mode)
    allocation_threads = First(Allocation.threads)
    hyperv_mode = First(Hyperv.mode)
    relaxed = First(Enlightenment.state, "relaxed")
    vapic = First(Enlightenment.state, "vapic")
    spinlocks = First(Spinlocks.state, "spinlocks")
    spinlock_retries = First(Spinlocks.retries)
    vpindex = First(Enlightenment.state, "vpindex")
    synic = First(Enlightenment.state, "synic")
    stimer = First(Enlightenment.state, "stimer")
    vendor_id = First(VendorId.value)
    vendor_id_state = First(VendorId.state, "vendor_id")
    kvm_hidden = First(KvmHidden.state)
    balloon = First(Memballoon.model)

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
    def iothread_ids(self) -> tuple[int, ...]:
        """Numbers of the iothreads, ascending."""
        return iothread_ids(Domain(self.root))

    @iothread_ids.setter
    def iothread_ids(self, wanted: tuple[int, ...]) -> None:
        named = self.root.all(IothreadId.path)
        for number in [n for e in named if (n := IothreadId(e).id) is not None and n not in wanted]:
            self.remove(next(e for e in self.root.all(IothreadId.path) if IothreadId(e).id == number))
        self.iothread_count = len(wanted) or None
        # Numbers without a name are the lowest free ones.
        for number in sorted(set(wanted) - set(self.iothread_ids)):
            quote = self.document.quote
            self.add("iothreadids", f"<iothread id={quote}{number}{quote}/>")

    @property
    def used_iothreads(self) -> frozenset[int]:
        """Numbers of the iothreads that a disk, a controller or a scheduling class names."""
        domain = Domain(self.root)
        named = (s.which for s in scheduling_of(domain) if s.who == "iothread")
        return devices_of(domain).used_iothreads.union(*named)

    @property
    def scheduled_vcpus(self) -> frozenset[int]:
        """Numbers of the vCPUs that a scheduling class names."""
        return frozenset().union(*(s.which for s in scheduling_of(Domain(self.root)) if s.who == "vcpu"))

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
