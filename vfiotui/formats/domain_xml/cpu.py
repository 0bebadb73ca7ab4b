"""Processor, enlightenments, clock and scheduling of domain XML."""

from __future__ import annotations

from vfiotui.formats.domain_xml.words import attribute, cpuset, number, text_of
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.guest.domain_cpu import Clock, GuestCpu, Hyperv, Scheduling, Timer


def topology_of(cpu: Element | None) -> tuple[int, int, int, int] | None:
    """Sockets, dies, cores, threads; None where they are not given or damaged."""
    element = None if cpu is None else cpu.find("topology")
    if element is None:
        return None
    parts = [number(element.get(k, "1")) for k in ("sockets", "dies", "cores", "threads")]
    known = [p for p in parts if p is not None]
    return (known[0], known[1], known[2], known[3]) if len(known) == 4 else None


def cpu_of(cpu: Element | None) -> GuestCpu:
    """Model, features, cache, address width."""
    if cpu is None:
        return GuestCpu()
    width = cpu.find("maxphysaddr")
    return GuestCpu(
        model=text_of(cpu.find("model")),
        features=tuple((f.get("name", ""), f.get("policy", "require")) for f in cpu.all("feature")),
        cache_mode=attribute(cpu.find("cache"), "mode"),
        clusters=number(attribute(cpu.find("topology"), "clusters", "1")) or 1,
        address_mode=attribute(width, "mode"),
        address_bits=number(attribute(width, "bits")),
        address_limit=number(attribute(width, "limit")),
    )


def hyperv_of(features: Element | None) -> Hyperv:
    """The enlightenments that are on."""
    element = None if features is None else features.find("hyperv")
    if element is None:
        return Hyperv()
    on = frozenset(child.tag for child in element.children if child.get("state") == "on")
    vendor = element.find("vendor_id")
    return Hyperv(
        mode=element.get("mode", "custom"),
        on=on,
        vendor_id=attribute(vendor, "value") if "vendor_id" in on else None,
    )


def hidden(features: Element | None) -> bool:
    """Whether KVM hides its signature."""
    return features is not None and attribute(features.find("kvm/hidden"), "state") == "on"


def clock_of(domain: Element) -> Clock:
    """Offset and timers."""
    clock = domain.find("clock")
    if clock is None:
        return Clock()
    known = {"yes": True, "no": False}
    timers = tuple(
        Timer(t.get("name", ""), known.get(t.get("present", "")), t.get("mode", "")) for t in clock.all("timer")
    )
    return Clock(clock.get("offset", ""), timers)


def scheduling_of(tune: Element | None) -> tuple[Scheduling, ...]:
    """Scheduling classes of vCPUs, iothreads and the emulator."""
    found = []
    for who, key in (("vcpu", "vcpus"), ("iothread", "iothreads"), ("emulator", "")):
        for element in [] if tune is None else tune.all(f"{who}sched"):
            which = cpuset(element.get(key)) or frozenset()
            found.append(Scheduling(who, which, element.get("scheduler", ""), number(element.get("priority"))))
    return tuple(found)
