"""What planners stand on: the files that a plan may edit, to the byte, and the programs that it may run."""

from __future__ import annotations

from collections.abc import Mapping

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass, field
from vfiotui.model.boot.guard import GuardProgram
from vfiotui.model.guest.disk_source import DiskSource
from vfiotui.model.guest.guest_files import NOT_LOOKED
from vfiotui.model.guest.named_place import NamedPlace
from vfiotui.model.guest.stored_guest import StoredGuest


@dataclass(frozen=True, slots=True)
class ConfigSnapshot:
    """A survey of one root at one moment."""

    files: Mapping[str, Reading[bytes]]
    """Configuration files by path; a path that is not in it was not there, if it lies in a surveyed place."""
    programs: Mapping[str, str] = field(default_factory=dict)
    """Programs that planners know how to use → their path inside the root."""
    machine: str = ""
    """The fingerprint of the machine, as apply compares it."""
    not_mounted: Mapping[str, str] = field(default_factory=dict)
    """Mount points of /etc/fstab without their file systems, each with the command that mounts it."""

    guests: Mapping[str, Reading[StoredGuest]] = field(default_factory=dict)
    """The guests that were asked for by name, each with its stored definition."""

    disks: Mapping[str, Reading[DiskSource]] = field(default_factory=dict)
    """What the paths hold that were asked for as disks of guests."""
    places: Mapping[str, NamedPlace] = field(default_factory=dict)
    """Paths of this host that the goals name for guests."""

    links: Mapping[str, Reading[Mapping[str, str]]] = field(default_factory=dict)
    """Folders of lasting names that were asked for → each link with the device that it leads to."""

    kernels: Mapping[str, str] = field(default_factory=dict)
    """Releases → the kernel's file."""
    unified: tuple[str, ...] = ()
    """Unified kernel images on the boot partitions."""
    enrolled: tuple[str, ...] = ()
    """Loader programs that refuse a configuration whose checksum is not enrolled in them."""

    grub_drop_ins: bool = True
    """Whether this system's grub-mkconfig reads /etc/default/grub.d."""
    grub_sourced: tuple[str, ...] = ()
    """Files beside /etc/default/grub that it sources, in order."""

    modules: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Releases → the kernel's modules, built in or not, with _ for -; only kernels whose modules.dep could be read."""

    not_executable: frozenset[str] = frozenset()
    """Boot scripts of initramfs-tools that lack the executable bit: they are taken along and never run."""

    unit_links: Mapping[str, bytes] = field(default_factory=dict)
    """Links below /etc/systemd/system by which targets want or require services that lie there → their targets."""

    systemd: bool = False
    """Whether systemd starts the services of this system, by its folder of units and no runlevels of OpenRC."""

    own_program: Reading[GuardProgram] = Unread("was not looked for", Why.NOT_HERE)
    """How a hook of this system can start vfiotui; looked for where a plan wants it."""

    def without_module(self, module: str) -> bool | None:
        """Whether no installed kernel has a module; None where that is not known."""
        name = module.replace("-", "_")
        return all(name not in has for has in self.modules.values()) if self.modules else None

    def place(self, path: str) -> NamedPlace:
        """What is at a path that a goal names for a guest."""
        return self.places.get(path, NamedPlace(path, NOT_LOOKED))

    def content(self, path: str) -> Reading[bytes]:
        """The bytes of a file, or why there are none."""
        return self.files.get(path, Unread("is not there", Why.ABSENT, path))

    def text(self, path: str) -> str:
        """A file as text, each byte that is no UTF-8 as a surrogate; empty where it is not there or cannot be read."""
        content = self.content(path)
        return "" if isinstance(content, Unread) else content.decode("utf-8", "surrogateescape")

    def below(self, folder: str, suffix: str = "") -> tuple[str, ...]:
        """The surveyed files of a folder, sorted."""
        inside = folder.rstrip("/") + "/"
        return tuple(
            sorted(p for p in self.files if p.startswith(inside) and "/" not in p[len(inside) :] and p.endswith(suffix))
        )

    def links_of(self, unit: str) -> tuple[tuple[str, bytes], ...]:
        """The links that have a service started at boot, each with its target."""
        name = unit.rpartition("/")[2]
        return tuple((path, to) for path, to in sorted(self.unit_links.items()) if path.rpartition("/")[2] == name)

    def unmounted_at(self, path: str) -> str | None:
        """The mount point that a path needs and that is not mounted; None where it lies on what is mounted."""
        return next((p for p in sorted(self.not_mounted) if path == p or path.startswith(f"{p}/")), None)
