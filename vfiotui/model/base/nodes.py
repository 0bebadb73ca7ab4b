"""A file system as plain data: what the demo builder makes, what a capture file holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """A regular file."""

    data: bytes
    mode: int = 0o644
    mtime: float = 0.0


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symbolic link; its text may be absolute, relative, or lead nowhere."""

    target: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A directory that may be empty; directories above other nodes need not be named."""

    mode: int = 0o755


Node: TypeAlias = File | Symlink | Folder
Nodes: TypeAlias = Mapping[str, Node]
"""Absolute, normalised path ("/sys/class/iommu") → node."""
