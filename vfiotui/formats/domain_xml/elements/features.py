"""<features>: what a guest is told of its hypervisor."""

from __future__ import annotations

from vfiotui.formats.domain_xml.declared import Number, Part, Switch, Word
from vfiotui.model.guest.domain_cpu import Hyperv as Enlightenments


class Features(Part):
    """What the machine and its hypervisor offer beside the processor."""

    path = "features"
    order = (
        *("pae", "acpi", "apic", "viridian", "privnet", "hap", "pvspinlock", "pmu", "vmport", "gic", "smm", "ioapic"),
        *("hyperv", "kvm"),
    )


class Hyperv(Part):
    """The enlightenments of a Windows guest."""

    path = "features/hyperv"
    order = (
        *("relaxed", "vapic", "spinlocks", "vpindex", "runtime", "synic", "stimer", "reset", "vendor_id"),
        *("frequencies", "reenlightenment", "tlbflush", "ipi", "evmcs", "avic"),
    )
    mode = Word("mode", "custom: those that are on; passthrough, host-model: what the host offers", "custom")


class Enlightenment(Part):
    """One enlightenment, by the name of its element."""

    path = "features/hyperv/*"
    state = Switch("state", "whether it is on")


class Spinlocks(Enlightenment):
    """How long a vCPU spins before the hypervisor runs another."""

    path = "features/hyperv/spinlocks"
    retries = Number("retries", "tries before that")


class VendorId(Enlightenment):
    """What the hypervisor calls itself."""

    path = "features/hyperv/vendor_id"
    value = Word("value", "up to 12 characters")


class KvmHidden(Part):
    """Whether KVM hides its signature."""

    path = "features/kvm/hidden"
    state = Switch("state", "whether it does")


def hyperv_of(features: Features) -> Enlightenments:
    """The enlightenments that are on."""
    hyperv = Hyperv.of(features)
    if hyperv.element is None:
        return Enlightenments()
    on = frozenset(child.tag for child in hyperv.element.children if Enlightenment(child).state)
    return Enlightenments(hyperv.mode, on, VendorId.of(hyperv).value if "vendor_id" in on else None)


def hidden(features: Features) -> bool:
    """Whether KVM hides its signature."""
    return KvmHidden.of(features).state is True
