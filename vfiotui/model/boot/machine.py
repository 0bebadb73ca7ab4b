"""What kind of machine is judged: a real one or a virtual one, and how old its kernel and its libvirt are."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import ByHand
from vfiotui.model.guest.versions import at_least

OWN_PORT = "give the card a root port of its own, on the host that runs this virtual machine"


def inside_machine(facts: Facts) -> bool:
    """Whether another system is seen to run this host: it has no slots and no firmware setup of its own."""
    return not isinstance(facts.host_kind, Unread) and facts.host_kind.is_inside


def by_whom(facts: Facts, where: ByHand) -> ByHand:
    """Where a person acts on a machine that is real, or else the host that runs this virtual one."""
    return ByHand.OUTER_HOST if inside_machine(facts) else where


def has(facts: Facts, part: Part) -> bool:
    """Whether a host has a part, as far as its kind is known."""
    return isinstance(facts.host_kind, Unread) or not facts.host_kind.lack((part,))


def in_firmware(facts: Facts, setting: str, outside: str) -> str:
    """Where a person switches something on: in the firmware setup, or, for a host that is a virtual machine itself,
    on the host that runs it. Machines that a device tree describes have no setup."""
    if inside_machine(facts):
        return outside
    setup = has(facts, Part.SETUP)
    return f"{setting} in the {'firmware setup' if setup else 'kernel or the device tree: there is no firmware setup'}"


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
