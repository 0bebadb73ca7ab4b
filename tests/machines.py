"""Roots and facts of described machines."""

from __future__ import annotations

from functools import cache

from tests.hosts import HOSTS
from vfiotui.demo.builder import build
from vfiotui.demo.description import Host
from vfiotui.demo.figures import moving_figures
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.facts import Facts, Mode


def root_of(host: Host, mode: Mode = Mode.CAPTURE) -> Root:
    """The machine's tree, held in memory; with moving figures as the demo."""
    moving = moving_figures(host) if mode is Mode.DEMO else None
    return Root(MemoryTree(build(host)), mode, "", moving)


def facts_of(host: Host) -> Facts:
    """Everything that can be read of the machine."""
    root = root_of(host)
    return gather(root, domains.read(root))


@cache
def known_facts(name: str) -> Facts:
    """The facts of a machine of tests/hosts."""
    return facts_of(HOSTS[name])
