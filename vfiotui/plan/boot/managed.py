"""Systems whose images and menu are made elsewhere: the native command, or the text to add, and no step without effect.

Sources: nixos.org/manual/nixos/stable (options boot.kernelParams, boot.initrd.kernelModules, boot.extraModprobeConfig);
the Guix manual, "operating-system Reference"; rpm-ostree(1) kargs, initramfs; containers.github.io/bootc, "kernel
arguments"; transactional-update(8); snapcraft.io/docs, system options; docs.vanillaos.org, abroot(1).
"""

from __future__ import annotations

import shlex

from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.managed import Managed

EARLY = ("vfio_pci", "vfio_iommu_type1")
SNAP = "system.kernel.dangerous-cmdline-append"


@dataclass(frozen=True, slots=True)
class Isolation:
    """What binds devices to vfio-pci, whatever the system."""

    ids: str
    """The comma list of ids; empty where only addresses tell the devices from others."""
    addresses: tuple[str, ...]
    rivals: tuple[str, ...]
    """Modules that could claim the devices first."""


def quoted(words: tuple[str, ...]) -> str:
    """Words as strings of Nix and Scheme."""
    return " ".join('"' + w.replace("\\", "\\\\").replace('"', '\\"') + '"' for w in words)


def _sentence(new: tuple[str, ...], gone: tuple[str, ...], add: str, take: str) -> str:
    return " and ".join([add] * bool(new) + [take] * bool(gone))


def words_text(managed: Managed, new: tuple[str, ...], gone: tuple[str, ...]) -> str:
    """How words of the command line are added and taken out on such a system."""
    words, old = " ".join(new), " ".join(gone)
    add, take = f"add {words}", f"take {old} out"
    match managed.name:
        case "nixos":
            what = _sentence(new, gone, f"add boot.kernelParams = [ {quoted(new)} ]; to /etc/nixos/configuration.nix",
                             f"take {quoted(gone)} out of boot.kernelParams")  # fmt: skip
            return f"NixOS makes its boot files itself: {what}, then run 'nixos-rebuild boot'"
        case "guix":
            what = _sentence(
                new, gone,
                f"add (kernel-arguments (append '({quoted(new)}) %default-kernel-arguments)) to the operating-system",
                f"take {quoted(gone)} out of its kernel-arguments",
            )  # fmt: skip
            return f"Guix makes its boot files itself: {what}, then run 'guix system reconfigure'"
        case "rpm-ostree" | "ostree":
            options = [f"--append-if-missing={w}" for w in new] + [f"--delete-if-present={w}" for w in gone]
            return f"ostree keeps the command line: run 'rpm-ostree kargs {' '.join(options)}'"
        case "bootc":
            toml = f"write {toml_words(new)} into /usr/lib/bootc/kargs.d/50-vfio.toml"
            what = _sentence(new, gone, toml, f"take {quoted(gone)} out of /usr/lib/bootc/kargs.d")
            return f"bootc takes the command line from its image: there {what}, build it, then 'bootc upgrade'"
        case "transactional-update":
            what = _sentence(new, gone, add, take)
            return (
                f"/ is only read, and transactional-update makes the menu in a new snapshot: {what} in "
                "GRUB_CMDLINE_LINUX_DEFAULT of /etc/default/grub, then run 'transactional-update grub.cfg' and reboot "
                "(with systemd-boot or BLS entries: in /etc/kernel/cmdline, then 'sdbootutil update-all-entries')"
            )
        case "steamos":
            what = _sentence(new, gone, add, take)
            return (
                f"SteamOS's root is only read, and the next update of the system replaces it: run 'steamos-readonly "
                f"disable', {what} in GRUB_CMDLINE_LINUX_DEFAULT of /etc/default/grub, run 'update-grub', then "
                "'steamos-readonly enable'; after each update of the system do it again"
            )
        case "ubuntu-core":
            what = f"run 'snap set system {SNAP}={shlex.quote(words)}'" if new else ""
            less = f"take {old} out of the value that 'snap get system {SNAP}' shows" if gone else ""
            return (
                f"the kernel's words are an option of the system here: {' and '.join(w for w in (what, less) if w)}; "
                f"it replaces what was set there before, and 'snap get system {SNAP}' shows it"
            )
        case "abroot":
            what = _sentence(new, gone, add, take)
            return f"ABRoot keeps the command line for both roots: run 'abroot kargs edit', {what}, and reboot"
        case "truenas":
            what = _sentence(new, gone, add, take)
            return (
                f"TrueNAS writes the menu from its settings: {what} in kernel_extra_options, which 'midclt call "
                "system.advanced.config' shows and 'midclt call system.advanced.update' sets"
            )
    what = _sentence(new, gone, add, take)
    return (
        f"{managed.title} starts from its USB disk: {what} in the append line of /boot/syslinux/syslinux.cfg "
        "(Main, Flash, Syslinux Configuration)"
    )


def isolation_text(managed: Managed, wanted: Isolation) -> str:
    """How devices are bound to vfio-pci at boot on such a system."""
    if not wanted.ids and managed.name not in ("nixos", "truenas", "unraid"):
        where = ", ".join(wanted.addresses)
        return (
            f"{managed.title} makes the initramfs itself, and other devices have the ids of {where}: by address a "
            "script in its image would have to bind them, for which it has no setting; choose isolate.dynamic, where "
            "libvirt binds them when the guest starts"
        )
    ids = f"vfio-pci.ids={wanted.ids}"
    early = " ".join(EARLY)
    softdeps = tuple(f"softdep {m} pre: vfio-pci" for m in wanted.rivals)
    match managed.name:
        case "nixos":
            return _nixos(wanted, ids, softdeps)
        case "guix":
            return (
                "Guix makes the initramfs itself: add to the operating-system (initrd-modules (append "
                f"'({quoted(EARLY)}) %base-initrd-modules)) and (kernel-arguments (append '({quoted((ids,))}) "
                "%default-kernel-arguments)), then run 'guix system reconfigure'"
            )
        case "rpm-ostree" | "ostree":
            return (
                f"ostree makes the initramfs itself: run 'rpm-ostree kargs --append-if-missing={ids} "
                "--append-if-missing=rd.driver.pre=vfio-pci', then 'rpm-ostree initramfs --enable --arg=--add-drivers "
                f"--arg={shlex.quote(early)}', and reboot; 'rpm-ostree rollback' goes back"
            )
        case "bootc":
            return (
                f"bootc takes the initramfs from the image: in its Containerfile write {toml_words((ids,))} into "
                f"/usr/lib/bootc/kargs.d/50-vfio.toml and 'force_drivers+=\" {early} \"' into "
                "/usr/lib/dracut/dracut.conf.d/50-vfio.conf, run dracut there, build it, then 'bootc upgrade'"
            )
        case "transactional-update":
            return (
                f"/ is only read, and transactional-update makes the initramfs in a new snapshot: write "
                f"'options vfio-pci ids={wanted.ids}' into /etc/modprobe.d/vfio.conf and 'force_drivers+=\" {early} "
                "\"' into /etc/dracut.conf.d/vfio.conf, then run 'transactional-update initrd' and reboot"
            )
        case "steamos":
            return (
                "SteamOS's root is only read, and the next update of the system replaces it: after 'steamos-readonly "
                f"disable' write 'options vfio-pci ids={wanted.ids}' into /etc/modprobe.d/vfio.conf and put {early} "
                "first in MODULES of /etc/mkinitcpio.conf, run 'mkinitcpio -P' and 'steamos-readonly enable'; after "
                "each update of the system do it again"
            )
        case "ubuntu-core":
            return (
                f"the initramfs is part of the kernel's snap: run 'snap set system {SNAP}={ids}' (it replaces what was "
                "set there); the host's driver may still come first, as no module can be loaded early there"
            )
        case "abroot":
            return (
                f"ABRoot makes the initramfs itself: run 'abroot kargs edit', add {ids} rd.driver.pre=vfio-pci, and "
                "reboot; whether its image holds vfio-pci shows with lsinitramfs"
            )
        case "truenas":
            devices = ", ".join(f'"{a}"' for a in wanted.addresses)
            value = f'{{"isolated_gpu_pci_ids": [{devices}]}}'
            return (
                "TrueNAS binds devices by its own settings: System, Advanced, Isolated GPU Devices, or 'midclt call "
                f"system.advanced.update {shlex.quote(value)}', and reboot"
            )
    bind = " ".join(wanted.addresses)
    return (
        f"{managed.title} binds devices by its own settings: Tools, System Devices, or the line BIND={bind} in "
        "/boot/config/vfio-pci.cfg, and reboot"
    )


def toml_words(words: tuple[str, ...]) -> str:
    """The kernel words as a file of kargs.d has them."""
    return f"kargs = [{', '.join(quoted((w,)) for w in words)}]"


def _nixos(wanted: Isolation, ids: str, softdeps: tuple[str, ...]) -> str:
    if not wanted.ids:
        lines = "; ".join(
            f"echo vfio-pci > /sys/bus/pci/devices/{a}/driver_override" for a in wanted.addresses
        )  # fmt: skip
        return (
            "NixOS makes the initramfs itself: add to /etc/nixos/configuration.nix boot.initrd.kernelModules = "
            f"[ {quoted(EARLY)} ]; and boot.initrd.preDeviceCommands = ''{lines}; modprobe -i vfio-pci'';, then run "
            "'nixos-rebuild boot'"
        )
    more = f" boot.extraModprobeConfig = ''{'; '.join(softdeps)}'';" if len(softdeps) == 1 else ""
    if len(softdeps) > 1:
        joined = "\\n".join(softdeps)
        more = f' boot.extraModprobeConfig = "{joined}";'
    return (
        "NixOS makes the initramfs itself: add to /etc/nixos/configuration.nix boot.initrd.kernelModules = "
        f"[ {quoted(EARLY)} ]; boot.kernelParams = [ {quoted((ids,))} ];{more}, then run 'nixos-rebuild boot'"
    )


def image_text(managed: Managed) -> str:
    """Why no step builds the images of such a system, and what does."""
    commands = {
        "nixos": "add what they need to /etc/nixos/configuration.nix (boot.initrd.kernelModules, "
        "boot.extraModprobeConfig) and run 'nixos-rebuild boot'",
        "guix": "add what they need to the operating-system (initrd-modules) and run 'guix system reconfigure'",
        "rpm-ostree": "run 'rpm-ostree initramfs --enable --arg=…', and 'rpm-ostree initramfs-etc --track=…' for files "
        "of /etc",
        "ostree": "run 'rpm-ostree initramfs --enable --arg=…'",
        "bootc": "change the container image, build it, and run 'bootc upgrade'",
        "transactional-update": "write the files, then run 'transactional-update initrd' and reboot",
        "steamos": "run 'steamos-readonly disable', then 'mkinitcpio -P'; after each update of the system do it again",
        "ubuntu-core": "they are part of the kernel's snap and cannot be changed here",
        "abroot": "run 'abroot update-initramfs'",
        "truenas": "TrueNAS makes them from its own settings",
        "unraid": "Unraid starts from the image on its USB disk",
    }
    return f"{managed.title} makes the boot images of this system: {commands[managed.name]}"
