"""The made-up machines by name."""

from __future__ import annotations

from vfiotui.demo.broken import BROKEN
from vfiotui.demo.builder import build
from vfiotui.demo.description import Host
from vfiotui.demo.figures import Moving, moving_figures
from vfiotui.demo.host_tasks import add_host_tasks
from vfiotui.demo.hostile import hostile_host
from vfiotui.demo.scale import scale_host
from vfiotui.demo.tower import TOWER
from vfiotui.model.base.nodes import Nodes

NAMES = ("tower", "scale", "hostile")
"""A desktop to look at; a very large machine; one whose names try to break the terminal."""


def names() -> tuple[str, ...]:
    """All machines: the three, and the desktop broken in one way for each symptom, by the symptom's name."""
    return (*NAMES, *BROKEN)


def machine(name: str = "tower") -> Host:
    """The description of a machine; raises KeyError for a name that none has."""
    if name in BROKEN:
        return BROKEN[name]
    return {"tower": lambda: TOWER, "scale": scale_host, "hostile": hostile_host}[name]()


def demo_root_parts(name: str = "tower") -> tuple[Nodes, Moving]:
    """What a demo root is made of: the tree, and the files that move."""
    host = machine(name)
    nodes, tasks = add_host_tasks(build(host), host)
    return nodes, {**moving_figures(host), **tasks}
