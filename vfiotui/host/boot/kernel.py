"""The running kernel, or the one that would run: release, configuration, built-in modules."""

from __future__ import annotations

import zlib

from vfiotui.formats.modprobe.kernel_config import parse
from vfiotui.host.boot.acs_patch import read_patch
from vfiotui.host.pci.modules import kernel_release, natural
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else, then
from vfiotui.model.boot.boot import Kernel
from vfiotui.model.boot.path import BootPath

CONFIG_LIMIT = 4 << 20
DEP_LIMIT = 16 << 20


def gunzip(data: bytes) -> Reading[str]:
    """A gzipped text of bounded size."""
    stream = zlib.decompressobj(31)
    try:
        text = stream.decompress(data, CONFIG_LIMIT)
    except zlib.error as error:
        return Unread(f"is no gzip file: {error}", Why.DAMAGED)
    if not stream.eof:
        return Unread("is a gzip file that is cut off or far too long", Why.DAMAGED)
    return text.decode("utf-8", "replace")


def find_config(root: Root, release: str, *, runs: bool = True) -> tuple[Reading[dict[str, str]], str]:
    """The first configuration found, and its path: of the running kernel itself, in /boot, beside its modules."""
    packed = root.bytes("/proc/config.gz", CONFIG_LIMIT) if runs else Unread("runs not", Why.NOT_HERE)
    if not isinstance(packed, Unread):
        text = gunzip(packed)
        if not isinstance(text, Unread):
            return parse(text), "/proc/config.gz"
    plain: Reading[str] = Unread("no configuration", Why.ABSENT)
    for path in (f"/boot/config-{release}", f"/lib/modules/{release}/config", f"/usr/lib/modules/{release}/config"):
        plain = root.text(path, CONFIG_LIMIT)
        if not isinstance(plain, Unread):
            return parse(plain), path
    path = f"/boot/config-{release}"
    return Unread("neither /proc/config.gz nor a config beside the kernel can be read", Why.ABSENT, path), path


def module_names(text: str) -> frozenset[str]:
    """The names of modules.builtin: the file's base name without .ko, with _ for -.

    >>> sorted(module_names("kernel/drivers/vfio/pci/vfio-pci.ko"))
    ['vfio_pci']
    """
    return frozenset(
        line.rpartition("/")[2].partition(".ko")[0].replace("-", "_") for line in text.split("\n") if line.strip()
    )


def read_builtin(root: Root, release: str) -> Reading[frozenset[str]]:
    """Modules that are part of the kernel image."""
    return then(root.text(f"/lib/modules/{release}/modules.builtin"), module_names)


def read_modules(root: Root) -> dict[str, frozenset[str]]:
    """Release → the modules of each installed kernel, built in or not; only kernels whose modules.dep can be read."""
    found = {}
    for release in installed(root):
        data = root.bytes(f"/lib/modules/{release}/modules.dep", DEP_LIMIT)
        if not isinstance(data, Unread):
            found[release] = listed_in(bytes(data)) | or_else(read_builtin(root, release), frozenset())
    return found


def listed_in(dep: bytes) -> frozenset[str]:
    """The modules of modules.dep, with _ for -; a line names a module's file, and behind a colon those that it needs.

    >>> sorted(listed_in(b"kernel/a/vfio-pci.ko.xz: kernel/b/vfio.ko.xz\\nkernel/b/vfio.ko.xz:"))
    ['vfio', 'vfio_pci']
    """
    files = (line.partition(b":")[0].rpartition(b"/")[2] for line in dep.split(b"\n"))
    names = b"\n".join(file.partition(b".ko")[0] for file in files)
    return frozenset(names.replace(b"-", b"_").decode("utf-8", "replace").split("\n")) - {""}


def installed(root: Root) -> tuple[str, ...]:
    """Kernel releases with modules, oldest first."""
    return tuple(sorted(or_else(root.names("/lib/modules"), ()), key=natural))


def read_kernel(root: Root) -> Reading[Kernel]:
    """The running kernel, or the newest installed one."""
    release = kernel_release(root)
    if isinstance(release, Unread):
        return release
    return _read(root, release, runs=True)


def _read(root: Root, release: str, *, runs: bool) -> Kernel:
    config, path = find_config(root, release, runs=runs)
    return Kernel(release, config, read_builtin(root, release), path, read_patch(root, release, runs=runs))


def read_next(root: Root, running: Reading[Kernel], path: Reading[BootPath]) -> tuple[Kernel, ...]:
    """The kernels of the path's candidates, without the one that is read already."""
    own = () if isinstance(path, Unread) else path.own
    known = "" if isinstance(running, Unread) else running.release
    releases = dict.fromkeys(e.release for e in own if isinstance(e.release, str) and e.release != known)
    return tuple(_read(root, release, runs=False) for release in releases if release.strip("./") and "/" not in release)
