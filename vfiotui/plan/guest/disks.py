"""Goals about a guest's disks: how QEMU reaches them, on which bus, and what holds them."""

from __future__ import annotations

import re
from itertools import product
from string import ascii_lowercase

from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal, pair

DRIVER = {
    "cache": ("default", "none", "writethrough", "writeback", "directsync", "unsafe"),
    "io": ("threads", "native", "io_uring"),
    "discard": ("unmap", "ignore"),
    "detect_zeroes": ("off", "on", "unmap"),
}
"""Attributes of <driver> and their words (libvirt formatdomain, hard drives)."""
PAST_CACHE = ("none", "directsync")
ONLY_SCSI = ("wwn", "vendor", "product")
"""What libvirt refuses for a virtio disk."""
PREFIX = {"virtio": "vd", "scsi": "sd", "sata": "sd"}
LINKS = "/dev/disk/by-id"
PATH = re.compile(r"/[^\x00-\x1f\x7f]*")


def disk_of(work: Definition, target: str) -> Element:
    """The <disk> of a target name in the present text; PlanError where there is none."""
    for disk in work.xml.devices("disk"):
        found = disk.find("target")
        if found is not None and found.get("dev") == target:
            return disk
    raise PlanError(f"{work.name} has no disk {target!r}")


def free_name(work: Definition, prefix: str, others: frozenset[str] = frozenset()) -> str:
    """The first name of a target that no disk has, and none of `others`; PlanError where there is none.

    vda, …, vdz, vdaa, …
    """
    taken = others | {t.get("dev") for d in work.xml.devices("disk") if (t := d.find("target")) is not None}
    names = (prefix + "".join(letters) for size in (1, 2) for letters in product(ascii_lowercase, repeat=size))
    found = next((name for name in names if name not in taken), None)
    if found is None:
        raise PlanError(f"{work.name} has too many disks for another {prefix} name")
    return found


def _driver(work: Definition, value: str) -> None:
    target, words = pair(value, "TARGET=NAME:WORD,…, such as vda=cache:none,io:native")
    for word in words.split(","):
        name, colon, wanted = word.strip().partition(":")
        if not colon or wanted not in DRIVER.get(name, ()):
            raise PlanError(f"{word!r} is no word of a disk's driver, such as cache:none")
        work.xml.set_driver(disk_of(work, target), name, wanted)
    driver = disk_of(work, target).find("driver")
    if driver is not None and driver.get("io") == "native" and driver.get("cache") not in PAST_CACHE:
        raise PlanError(f"native I/O of {target} needs the cache none or directsync")


def _bus(work: Definition, value: str) -> None:
    target, bus = pair(value, "TARGET=BUS, such as sda=virtio")
    if bus not in PREFIX:
        raise PlanError(f"{bus!r} is none of {', '.join(PREFIX)}")
    disk = disk_of(work, target)
    place = disk.find("target")
    assert place is not None
    if place.get("bus") == bus:
        return
    if disk.get("device", "disk") != "disk":
        raise PlanError(f"{target} is a {disk.get('device')}, which stays on its bus")
    xml = work.xml
    new = free_name(work, PREFIX[bus])
    # Its place on the old bus: libvirt finds one on the new.
    gone = ["address", *(ONLY_SCSI if bus == "virtio" else ())]
    for name in gone:
        if (found := disk_of(work, target).find(name)) is not None:
            xml.remove(found)
    for name in ("removable", "rotation_rate", "tray"):
        if name in _target(work, target).attributes:
            xml.set_on(_target(work, target), name, None)
    xml.set_on(_target(work, target), "bus", bus)
    if not target.startswith(PREFIX[bus]):
        xml.set_on(_target(work, target), "dev", new)
    if bus == "virtio":
        work.note(
            f"the system inside needs virtio's driver before {target} moves: Windows stops at its start without it "
            "(INACCESSIBLE_BOOT_DEVICE), and starts again after an undo"
        )


def _target(work: Definition, target: str) -> Element:
    found = disk_of(work, target).find("target")
    assert found is not None
    return found


def _source(work: Definition, value: str) -> None:
    target, path = pair(value, "TARGET=PATH, such as vda=/dev/disk/by-id/ata-…")
    if not PATH.fullmatch(path):
        raise PlanError(f"{path!r} is no absolute path")
    disk = disk_of(work, target)
    name = {"block": "dev", "file": "file"}.get(disk.get("type", "file"))
    if name is None:
        raise PlanError(f"{target} is a disk of the type {disk.get('type')}, which has no path")
    work.xml.set_below(disk, "source", name, path, ("driver", "auth", "source"))


def _by_id(work: Definition, value: str) -> None:
    disk = disk_of(work, value)
    source = disk.find("source")
    path = "" if source is None else source.get("dev")
    if not path:
        raise PlanError(f"{value} is no block device of this host")
    work.xml.set_below(disk, "source", "dev", lasting(work, LINKS, path), ("driver", "auth", "source"))


def lasting(work: Definition, folder: str, path: str) -> str:
    """The link below a folder that leads to a device; PlanError where none does. A link stays what it is."""
    return lasting_name(work.snapshot, folder, path)


def lasting_name(snapshot: ConfigSnapshot, folder: str, path: str) -> str:
    """The same for a guest that may be new."""
    links = snapshot.links.get(folder, Unread("was not looked at"))
    if isinstance(links, Unread):
        raise PlanError(f"{folder} cannot be read ({links.reason}): look there on the running host")
    if path in links:
        return path
    found = sorted((_rank(link.rpartition("/")[2]), link) for link, real in links.items() if real == path)
    if not found:
        raise PlanError(f"no link below {folder} leads to {path}: name it by another link of /dev that does not change")
    return found[0][1]


def _rank(name: str) -> tuple[bool, int]:
    """Names that a person can read come first, the shortest of them at the top."""
    return name.startswith(("wwn-", "nvme-eui.", "nvme-uuid.", "lvm-", "scsi-3", "scsi-S")), len(name)


def _eject(work: Definition, value: str) -> None:
    disk = disk_of(work, value)
    if disk.get("device") not in ("cdrom", "floppy"):
        raise PlanError(f"{value} is no drive with a medium: domain.disk.drop={work.name}/{value} takes the disk away")
    if (source := disk.find("source")) is not None:
        work.xml.remove(source)
    disk = disk_of(work, value)
    if disk.get("type", "file") not in ("file", "block"):
        # A drive on the network is never empty.
        work.xml.set_on(disk, "type", "file")


def _drop(work: Definition, value: str) -> None:
    work.xml.remove(disk_of(work, value))
    work.note(f"the guest starts without {value}; what is on the disk stays as it is")


PLANNERS = (
    definition_goal(
        "domain.disk.driver",
        "TARGET=NAME:WORD,…",
        "set attributes of a disk's <driver>: cache, io, discard, …",
        "disk {2}",
        _driver,
    ),
    definition_goal(
        "domain.disk.bus", "TARGET=BUS", "attach a disk to another bus: virtio, sata, scsi, usb", "disk bus {2}", _bus
    ),
    definition_goal(
        "domain.disk.source", "TARGET=PATH", "use another file or block device for a disk", "disk source {2}", _source
    ),
    definition_goal(
        "domain.disk.by-id",
        "TARGET",
        "name a block device by /dev/disk/by-id, which stays the same after a reboot",
        "{2} by its id",
        _by_id,
        (LINKS,),
    ),
    definition_goal(
        "domain.disk.eject", "TARGET", "eject the medium of a CD-ROM or floppy drive", "no medium in {2}", _eject
    ),
    definition_goal("domain.disk.drop", "TARGET", "detach a disk; its file stays", "no disk {2}", _drop),
)
