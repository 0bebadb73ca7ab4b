"""How this host boots: kernel, command line, loader, initramfs tool and its configuration files.

Beside it: built boot images and what they were built from; the boot before this one, what its kernel said at the end,
and whether it was shut down.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why, or_else, then
from vfiotui.model.base.value import dataclass, field
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.guard import Guard
from vfiotui.model.boot.makers import Makers
from vfiotui.model.boot.managed import Managed
from vfiotui.model.boot.path import BootEntry, BootPath
from vfiotui.model.boot.pins import Pin
from vfiotui.model.guest.qemu_conf import QemuConf


@dataclass(frozen=True, slots=True)
class Kernel:
    """One kernel that is installed or running."""

    release: str
    """uname -r."""
    config: Reading[dict[str, str]]
    """X → y, m, n or text for CONFIG_X; only options of IOMMU, VFIO, KVM, pages and framebuffers are kept."""
    builtin: Reading[frozenset[str]]
    """Names of built-in modules with _ for -."""
    config_path: str
    """Where the configuration was read."""
    acs_patch: Reading[bool] = Unread("was not looked at", Why.NOT_HERE)
    """Whether it has the patch for pcie_acs_override=, by the names of its functions."""


@dataclass(frozen=True, slots=True)
class Loader:
    """The boot loader in use, as far as it can be known."""

    name: str
    """grub, grub-bls, systemd-boot, uki, efistub, limine, refind, syslinux, proxmox, kernelstub, rpm-ostree, nixos,
    guix, unknown."""
    sure: bool
    """Whether the evidence leaves no other."""
    evidence: tuple[str, ...]
    """Sentences with the paths that were seen."""
    others: tuple[str, ...] = ()
    """Other loaders that are installed too."""


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file with its text, for the rules that look into it."""

    path: str
    text: str

    def numbered(self) -> list[tuple[int, str]]:
        """Lines with their numbers from 1, without comments and blank ones."""
        return [
            (n, line.strip())
            for n, line in enumerate(self.text.splitlines(), 1)
            if line.strip() and not line.lstrip().startswith("#")
        ]


@dataclass(frozen=True, slots=True)
class Boot:
    """The boot chain."""

    cmdline: Reading[CommandLine]
    """What the running kernel was given (/proc/cmdline); Unread on a mounted disk."""
    configured: Reading[CommandLine]
    """What the generators would make of their sources, whether or not they ran since; of entries that nothing makes,
    their own words."""
    kernel: Reading[Kernel]
    """The running kernel; on a mounted disk the newest installed one."""
    installed: tuple[str, ...]
    """Releases under /lib/modules."""
    os_name: Reading[str]
    """PRETTY_NAME of os-release."""
    os_id: Reading[str]
    """ID and ID_LIKE of os-release, blank-separated."""
    loader: Loader
    initramfs: Reading[str]
    """mkinitcpio, dracut, initramfs-tools, booster or none."""
    hostname: Reading[str]
    modprobe: tuple[ConfigFile, ...] = ()
    """modprobe.d files in force (a file in /etc shadows its namesake in /usr/lib)."""
    initramfs_config: tuple[ConfigFile, ...] = ()
    loader_config: tuple[ConfigFile, ...] = ()
    """/etc/default/grub, /etc/kernel/cmdline, loader entries, …"""
    modules_load: tuple[ConfigFile, ...] = ()
    sysctl: tuple[ConfigFile, ...] = ()
    hooks: tuple[ConfigFile, ...] = ()
    """libvirt's hook scripts for QEMU guests."""
    scripts: tuple[ConfigFile, ...] = ()
    """Local start scripts that name qemu."""
    binders: tuple[ConfigFile, ...] = ()
    """Configurations, units, scripts and udev rules that bind or remove devices at run time."""
    qemu_conf: Reading[QemuConf] = QemuConf()
    lockdown: Reading[str] = ""
    """none, integrity or confidentiality; empty where the kernel has none."""
    cgroup_v2: Reading[bool] = False
    reboot_required: Reading[bool] = False
    seen: Reading[bool] = True
    """Whether modprobe.d could be read as a whole; Unread where "no file says so" would be no knowledge."""
    lists_seen: Reading[bool] = True
    """The same of the lists of modules: `modules_load` and `initramfs_config`."""
    hooks_seen: Reading[bool] = True
    """The same of libvirt's hooks."""
    scripts_seen: Reading[bool] = True
    """The same of the places of start scripts."""
    misnamed: tuple[ConfigFile, ...] = ()
    """Files in folders of configuration whose names lack the suffix without which their program passes them over."""
    driverctl: tuple[ConfigFile, ...] = ()
    """driverctl's stored overrides: one file for each address, which holds the driver."""
    ukify: tuple[ConfigFile, ...] = ()
    """uki.conf of kernel-install's plugin 60-ukify."""
    path: Reading[BootPath] = Unread("was not looked for", Why.NOT_HERE)
    """What the next boot will really load, by what lies on the disk."""
    next_kernels: tuple[Kernel, ...] = ()
    """The kernels of the path's candidates that are another than `kernel`."""
    makers: Makers = Makers()
    """How the boot images are made."""
    pins: tuple[Pin, ...] = ()
    """What binds a hash, a signature or a TPM's policy to what the next boot loads."""
    managed: Managed = Managed()
    """Which tool of the whole system makes images and menu, where one does."""
    guard: Guard = Guard()
    """Whether hooks look at the next boot after updates, and what the last look found."""

    def kernel_of(self, entry: BootEntry) -> Reading[Kernel]:
        """The kernel of a candidate of the path; Unread where its release is not known."""
        if isinstance(entry.release, Unread):
            return entry.release
        known = (*self.next_kernels, *(() if isinstance(self.kernel, Unread) else (self.kernel,)))
        found = next((k for k in known if k.release == entry.release), None)
        return Unread(f"kernel {entry.release} was not looked at", Why.NOT_HERE) if found is None else found

    @property
    def next_kernel(self) -> Reading[Kernel]:
        """The kernel of the next boot; `kernel` where entries are not followed, Unread where it is open."""
        if isinstance(self.path, Unread) or not self.path.own:
            return self.kernel
        found = [self.kernel_of(entry) for entry in self.path.own]
        if all(kernel == found[0] for kernel in found):
            return found[0]
        return Unread(self.path.open or "several entries may be started, with different kernels", Why.NOT_HERE)

    @property
    def on_disk(self) -> Reading[CommandLine]:
        """The words of the entry that the next boot starts, by what lies on the disk."""
        return then(self.path, lambda path: path.words)

    @property
    def next_lines(self) -> Reading[tuple[CommandLine, ...]]:
        """The words that the next boot may have: one line, or one for each candidate where their words differ.

        They are those on the disk; the configured ones where the loader's entries are not followed, or where another
        system starts. The source of each tells which.
        """
        if isinstance(self.path, Unread) or not self.path.own:
            return then(self.configured, lambda line: (line,))
        return self.path.lines

    @property
    def next_line(self) -> Reading[CommandLine]:
        """The words of the next boot; Unread where they could not be read, or where candidates have different ones."""
        found = self.next_lines
        if isinstance(found, Unread):
            return found
        return found[0] if len(found) == 1 else self.on_disk

    @property
    def lines(self) -> tuple[CommandLine, ...]:
        """The running command line and every next one, as far as they could be read."""
        return tuple(line for line in (self.cmdline, *or_else(self.next_lines, ())) if isinstance(line, CommandLine))


@dataclass(frozen=True, slots=True)
class Modules:
    """Loaded modules and the parameters of those that matter here."""

    loaded: Reading[frozenset[str]]
    parameters: dict[str, str]
    """ "kvm.halt_poll_ns" → text, for kvm*, vfio* and friends."""
    unread: dict[str, Unread] = field(default_factory=dict)
    """What of them could not be read: a parameter, a module, or "" for all."""

    def parameter(self, name: str) -> Reading[str | None]:
        """The value of a parameter such as "kvm.halt_poll_ns"; None where the running kernel has none of this name."""
        for part in (name, name.partition(".")[0], ""):
            if part in self.unread:
                return self.unread[part]
        return self.parameters.get(name)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One kernel message."""

    at: float | None
    """Seconds since boot."""
    text: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file and when it was changed last."""

    path: str
    mtime: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Images:
    """The initramfs of the kernel that would run, and its sources."""

    built: tuple[Stamp, ...]
    sources: tuple[Stamp, ...]
    """modprobe.d and the initramfs tool's configuration."""


@dataclass(frozen=True, slots=True)
class LastBoot:
    """The previous boot; of a mounted disk, its last one."""

    lines: tuple[LogLine, ...]
    """Kernel messages about passthrough, oldest first."""
    shut_down: Reading[bool]
    """Whether it ended with an orderly shutdown."""
    source: str
    """Path or command that told it."""
