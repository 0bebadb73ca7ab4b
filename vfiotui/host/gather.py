"""The whole machine as one frozen Facts value; slow parts are read side by side."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from vfiotui.host import changes
from vfiotui.host.boot import boot, host_kind, images, kernel_log, last_boot, modules, services
from vfiotui.host.cpu import interrupts, isolation, kvm, limits, power
from vfiotui.host.cpu import topology as cpu
from vfiotui.host.guest import access, guest_files, usb_follow
from vfiotui.host.memory import host_memory as memory
from vfiotui.host.pci import firmware, holders, host_use, iommu, screens, selection, usb, xorg
from vfiotui.host.pci import functions as pci
from vfiotui.host.root.root import Root
from vfiotui.model.base.gaps import Gaps
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.facts import Facts
from vfiotui.model.guest.domain import Virt

READERS: dict[str, Callable[[Root], Any]] = {
    "cpu": cpu.read,
    "pci": pci.read,
    "iommu": iommu.read,
    "firmware": firmware.read,
    "usb": usb.read,
    "usb_follows": usb_follow.read,
    "memory": memory.read,
    "boot": boot.read,
    "modules": modules.read,
    "kernel_log": kernel_log.read,
    "kvm_device": kvm.read,
    "changes": changes.read,
    "power": power.read,
    "limits": limits.read,
    "isolation": isolation.read,
    "interrupts": interrupts.read,
    "screens": screens.read,
    "host_use": host_use.read,
    "services": services.read,
    "xorg": xorg.read,
    "images": images.read,
    "holders": holders.read,
    "last_boot": last_boot.read,
    "selection": selection.read,
    "host_kind": host_kind.read,
}
"""One reader for each part of Facts that comes from the root; libvirt's part is handed in."""

SLOW = frozenset({"holders", "last_boot"})
"""Parts that walk over processes or ask the journal: a console shows the others first."""

WORKERS = 4
"""Threads that read side by side: a part that waits for a sick device or the journal holds up no other."""

SKIPPED = Unread("was not asked for", Why.NOT_HERE)


class Part(NamedTuple):
    """A part of the facts, with what could not be read for it."""

    value: Any
    gaps: tuple[Unread, ...] = ()


def _read(root: Root, reader: Callable[[], Any]) -> Part:
    def guarded() -> Any:
        try:
            return reader()
        except Exception as error:
            return Unread(f"the reading itself failed ({type(error).__name__}: {error})", Why.DAMAGED)

    return Part(*root.noted(guarded))


def part(root: Root, name: str) -> Part:
    """One part of the facts, read now; a reader that breaks is a part that is unread, never the end of the others."""
    return _read(root, lambda: READERS[name](root))


def files_of(root: Root, virt: Reading[Virt]) -> Part:
    """What the guests name, looked at now; like `part` it is unread where the reader breaks."""
    return _read(root, lambda: guest_files.read(root, virt))


def ways(root: Root, virt: Reading[Virt]) -> Part:
    """The part that follows the guests: who runs QEMU, and whether it reaches their files."""
    return _read(root, lambda: access.read(root, virt))


def with_parts(parts: Mapping[str, Part], gaps: Gaps | None = None) -> dict[str, Any]:
    """The fields of Facts for some parts; `gaps` are those of the other parts."""
    found = {name: p.gaps for name, p in parts.items() if p.gaps}
    kept = {name: g for name, g in (gaps or {}).items() if name not in parts}
    return {**{name: p.value for name, p in parts.items()}, "gaps": {**kept, **found}}


def gather(
    root: Root,
    virt: Reading[Virt] | None = None,
    only: Iterable[str] | None = None,
    told: Callable[[frozenset[str]], None] | None = None,
) -> Facts:
    """Reads every part, or only the named ones; what is not read says so.

    `virt` is what libvirt said (virt.link or host.domains); it is only passed through. `told` hears, from several
    threads, which parts are still being read, each time one is done.
    """
    wanted = set(READERS if only is None else only) & READERS.keys()
    parts = {name: Part(SKIPPED) for name in READERS if name not in wanted}
    todo = [name for name in reversed(READERS) if name in wanted]

    def work() -> None:
        while todo:
            try:
                name = todo.pop()
            except IndexError:
                return
            parts[name] = part(root, name)
            if told is not None:
                told(frozenset(wanted - parts.keys()))

    # The pool of the standard library does the same, and costs more to load than all processors take to read.
    workers = [threading.Thread(target=work, name="gather") for _ in range(min(WORKERS, len(todo)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    parts["virt"] = Part(SKIPPED if virt is None else virt)
    parts["guest_files"] = Part(SKIPPED) if virt is None else files_of(root, virt)
    parts["access"] = Part(SKIPPED) if virt is None else ways(root, virt)
    said = root.said
    return Facts(
        # A mounted disk is judged as one from its capture too: nothing runs on it.
        mode=Mode.ROOT if root.origin is Mode.ROOT else root.mode,
        label=root.label,
        privileged=os.geteuid() == 0 if said is None else said.privileged,
        **with_parts(parts),
    )
