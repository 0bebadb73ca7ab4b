"""Which modules an installed kernel has, from the lists that depmod writes beside them."""

from __future__ import annotations

from vfiotui.host.boot.kernel import installed, module_names, read_builtin
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, or_else

LIMIT = 16 << 20
"""Bytes of modules.dep; a distribution's has less than one million."""


def with_modules(root: Root) -> tuple[str, ...]:
    """The installed kernels, oldest first: those with a modules.dep, which an abandoned folder has not (depmod(8)).

    Where no kernel has one, every folder counts.
    """
    names = installed(root)
    return tuple(r for r in names if root.exists(f"/lib/modules/{r}/modules.dep") is True) or names


def read_loadable(root: Root, release: str) -> Reading[frozenset[str]]:
    """The modules of a kernel that are files, their names with _ for -."""
    text = root.text(f"/lib/modules/{release}/modules.dep", LIMIT)
    if isinstance(text, Unread):
        return text
    return module_names("\n".join(line.partition(":")[0] for line in text.split("\n")))


def is_builtin(root: Root, release: str, module: str) -> bool:
    """Whether a module is known to be part of a kernel."""
    return module in or_else(read_builtin(root, release), frozenset())


def lacks(root: Root, release: str, module: str) -> bool:
    """Whether a kernel is known to have a module neither as a file nor as a part of itself."""
    files = read_loadable(root, release)
    return not isinstance(files, Unread) and module not in files and not is_builtin(root, release, module)
