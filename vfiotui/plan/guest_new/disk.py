"""The disk and the media of a new guest: what may be taken, and the image that is made."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.base.value import dataclass
from vfiotui.model.change.change import Change, make_image
from vfiotui.model.guest.disk_source import BLOCK
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.named_place import NamedPlace
from vfiotui.model.guest.new_guest import GIB, NewGuest, default_disk
from vfiotui.plan.draft import Draft, PlanError
from vfiotui.plan.guest.disk_change import unused
from vfiotui.plan.guest.disks import LINKS, lasting_name
from vfiotui.plan.guest_new.system import system_of

RAW = (".raw", ".img")
LASTS = re.compile(r"/dev/(disk/by-[^/]+|mapper|zvol|[^/]+)/.+")
"""Names of a block device that mean the same one after a boot: udev's links, and those of volumes."""


@dataclass(frozen=True, slots=True)
class ChosenDisk:
    """The disk of a new guest."""

    path: str = ""
    """Empty for none."""
    is_block: bool = False
    form: str = "qcow2"
    step: Change | None = None
    """What makes it, where it is an image."""


def chosen_disk(draft: Draft, guest: NewGuest, others: tuple[Domain, ...], *, session: bool) -> ChosenDisk:
    """The disk; PlanError where it may not be taken, or where that is not known."""
    if guest.disk == "none":
        if guest.disk_size is not None:
            raise PlanError("disk none has no size: leave the one or the other out")
        return ChosenDisk()
    if not guest.disk and session:
        raise PlanError("name the image of a session's guest (disk), in a folder of its user: or say disk none")
    path = guest.disk or default_disk(guest.name)
    place = draft.snapshot.place(path)
    if place.is_block or path.startswith("/dev/"):
        return _block(draft, guest, path, others)
    return _image(draft, guest, path, place)


def _other_guests(draft: Draft, names: set[str], path: str, others: tuple[Domain, ...]) -> None:
    for domain in others:
        if any(d.source in names for d in domain.devices.disks):
            if domain.running:
                raise PlanError(f"{path} is a disk of {domain.name}, which runs: both writing to it destroys it")
            draft.note(f"{path} is a disk of {domain.name} too: never run both at once")


def _block(draft: Draft, guest: NewGuest, path: str, others: tuple[Domain, ...]) -> ChosenDisk:
    found = unused(draft.snapshot.disks.get(path, Unread("was not looked at")), path, guest.name)
    if found.kind != BLOCK:
        raise PlanError(f"{path} is no block device")
    if guest.disk_size is not None:
        raise PlanError(f"{path} is a block device, which has the size that it has: leave disk-size out")
    _other_guests(draft, {path, found.real}, path, others)
    lasting = path if LASTS.fullmatch(path) else lasting_name(draft.snapshot, LINKS, found.real)
    signs = f" ({', '.join(found.signs)})" if found.signs else ""
    draft.note(
        f"what is on {lasting} now{signs} is overwritten when the system is installed: an undo does not bring it back"
    )
    return ChosenDisk(lasting, True, "raw")


def _image(draft: Draft, guest: NewGuest, path: str, place: NamedPlace) -> ChosenDisk:
    if not isinstance(place.state, Unread):
        what = "a file" if place.is_file else "something that is no file"
        raise PlanError(
            f"there is {what} at {path} already: name another path, or make the guest with disk none and add it then"
        )
    if place.state.why is not Why.ABSENT and draft.facts.mode in ("LIVE", "ROOT"):
        raise PlanError(f"whether there is something at {path} is not known: {place.state}")
    if draft.facts.mode == "ROOT":
        raise PlanError(f"qemu-img makes {path} on the running system only: boot it, or say disk none")
    if "qemu-img" not in draft.snapshot.programs:
        raise PlanError("qemu-img is not installed: install it (Debian: qemu-utils), or say disk none")
    folder = path.rpartition("/")[0] or "/"
    if draft.snapshot.place(folder).is_absent:
        raise PlanError(f"the folder {folder} is not there: make it, or name the disk's path")
    draft.on_what_is_mounted(path)
    size = guest.disk_size or system_of(guest).disk_size
    free = place.free_bytes
    if not isinstance(free, Unread) and size > free:
        have = f"{free / GIB:.1f} GiB"
        raise PlanError(
            f"an image of {size / GIB:g} GiB does not fit into {folder}, which has {have} free: say disk-size"
        )
    form = "raw" if path.endswith(RAW) else "qcow2"
    return ChosenDisk(path, False, form, make_image(path, form, size, f"make the disk of {guest.name}"))


def check_media(draft: Draft, guest: NewGuest) -> None:
    """PlanError where a medium or an input device is not there; one that cannot be looked at is noted."""
    for what, path in (("iso", guest.iso), ("virtio-iso", guest.virtio_iso), *(("evdev", p) for p in guest.evdev)):
        if not path:
            continue
        place = draft.snapshot.place(path)
        if place.is_absent:
            raise PlanError(f"{what}: there is nothing at {path}")
        if isinstance(place.state, Unread):
            draft.note(f"not checked whether {what} {path} is there: {place.state.reason}")
        elif what != "evdev" and not (place.is_file or place.is_block):
            raise PlanError(f"{what}: {path} is neither a file nor a drive")
        elif what == "evdev" and not place.state.is_device:
            raise PlanError(f"{what}: {path} is no input device")


def disk_path(guest: NewGuest) -> tuple[str, ...]:
    """The path that may be a block device."""
    return () if guest.disk in ("", "none") else (guest.disk,)


def named_paths(guest: NewGuest) -> tuple[str, ...]:
    """Every path of the host that is looked at for the answers."""
    found = [*guest.paths]
    if guest.disk != "none":
        found.append((guest.disk or default_disk(guest.name)).rpartition("/")[0] or "/")
    kind, _, name = guest.network.partition(":")
    if kind == "bridge":
        found.append(bridge_path(name))
    return tuple(dict.fromkeys(found))


def bridge_path(name: str) -> str:
    """The folder that a bridge has in sysfs, and no other interface."""
    return f"/sys/class/net/{name}/bridge"
