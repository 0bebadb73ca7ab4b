"""What kind of machine is judged: a real one or a virtual one, and how old its kernel and its libvirt are."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.facts import Facts
from vfiotui.model.guest.versions import at_least

OWN_PORT = "give the card a root port of its own, on the host that runs this virtual machine"
MAKERS = ("QEMU", "KVM", "VMware", "VirtualBox", "innotek", "Xen", "Bochs", "Parallels", "Google Compute Engine")
"""What the DMI table of a virtual machine names as its vendor or product."""


def inside_machine(facts: Facts) -> bool:
    """Whether the host is seen to be a virtual machine itself: it has no slots and no firmware setup of its own."""
    flags = None if isinstance(facts.cpu, Unread) else facts.cpu.flags
    if isinstance(flags, frozenset) and "hypervisor" in flags:
        return True
    dmi = () if isinstance(facts.firmware, Unread) else (facts.firmware.vendor, facts.firmware.product)
    return any(isinstance(word, str) and word.startswith(MAKERS) for word in dmi)


def in_firmware(facts: Facts, setting: str, outside: str) -> str:
    """Where a person switches something on: in the firmware setup, or, for a host that is a virtual machine itself,
    on the host that runs it."""
    return outside if inside_machine(facts) else f"{setting} in the firmware setup"


def kernel_since(facts: Facts, first: tuple[int, int]) -> Reading[bool]:
    """Whether the kernel is the first with something, or a later one; Unread where its version is not known."""
    if isinstance(facts.boot, Unread):
        return facts.boot
    kernel = facts.boot.kernel
    return kernel if isinstance(kernel, Unread) else at_least(kernel.release, first, "the kernel")


def libvirt_since(facts: Facts, first: tuple[int, int]) -> Reading[bool]:
    """Whether libvirt is the first with something, or a later one; Unread where its version is not known."""
    if isinstance(facts.virt, Unread):
        return facts.virt
    return facts.virt.versions.libvirt_is(first)
