"""Modules that newer kernels do not have any more."""

from __future__ import annotations

GONE = {"vfio_virqfd": (6, 2)}
"""Module → the first kernel without it. vfio_virqfd became a part of vfio (commit e2d55709398e of Linux 6.2)."""


def is_gone(module: str, release: str) -> bool:
    """Whether a kernel of this release (uname -r) is too new to have a module.

    >>> is_gone("vfio_virqfd", "6.12.9-amd64"), is_gone("vfio_virqfd", "6.1.0-28"), is_gone("vfio_virqfd", "linux")
    (True, False, False)
    """
    numbers = [int(p) for p in release.replace("-", ".").split(".")[:2] if p.isdigit()]
    return module in GONE and len(numbers) == 2 and (numbers[0], numbers[1]) >= GONE[module]
