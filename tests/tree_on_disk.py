"""Lays a tree of nodes out on a disk, for programs that read a system below a folder."""

from __future__ import annotations

import os

from vfiotui.model.base.nodes import File, Nodes, Symlink


def write(nodes: Nodes, folder: str) -> None:
    """Writes every node below `folder`, which may be empty or absent; modes are kept, owners and times are not.

    Raises OSError where something is in the way. Links are written as they are and may lead out of the folder.
    """
    for path in sorted(nodes):
        node, place = nodes[path], os.path.join(folder, path.lstrip("/"))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        if isinstance(node, Symlink):
            os.symlink(node.target, place)
        elif isinstance(node, File):
            with open(place, "xb") as file:
                file.write(node.data)
            os.chmod(place, node.mode)
        else:
            os.makedirs(place, exist_ok=True)
