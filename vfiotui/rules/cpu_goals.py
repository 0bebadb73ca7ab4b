"""Goals about a guest's processor, where a -cpu of qemu:commandline would undo them."""

from __future__ import annotations

from vfiotui.model.guest.domain import Domain

Goal = tuple[str, str]


def in_xml(domain: Domain, *goals: Goal) -> tuple[Goal, ...]:
    """The goals; before them the one that moves a -cpu into <cpu> and <features>, where the guest has one."""
    return (("domain.qemu.cpu", ""), *goals) if domain.cpu_argument and goals else goals
