"""What is right in the cases of `boot_cases.py`, as far as a machine can check it: one predicate for each case."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.prediction import Forecast
from vfiotui.model.finding.finding import Finding
from vfiotui.model.pci.binding_state import BindingState

CARD, SOUND, HOST = "0000:01:00.0", "0000:01:00.1", "0000:00:02.0"
IDS = "vfio-pci.ids=10de:13c2,10de:0fbb"


@dataclass(frozen=True, slots=True)
class Answer:
    """What vfiotui says of one case."""

    loader: str
    entry: str
    """The entry that boots next, its candidates joined with "or"; in brackets why it is not known."""
    configured: str
    on_disk: str
    kernel: str
    image: str
    columns: dict[str, BindingState]
    forecasts: dict[str, Forecast]
    findings: tuple[Finding, ...]
    """Those that failed."""
    plan: str
    """What a plan to isolate the card says of its next boot, or why there is none."""

    def next(self, bdf: str = CARD) -> str:
        """The forecast of a device in words; empty where there is none."""
        return self.forecasts[bdf].text if bdf in self.forecasts else ""

    def configured_for(self, bdf: str = CARD) -> str:
        """How a device is configured for vfio-pci; empty where it is not, or where that is not known."""
        return self.columns[bdf].configured if bdf in self.columns else ""

    def on_disk_for(self, bdf: str = CARD) -> str:
        """The same of what lies on the disk."""
        found = self.columns[bdf].on_disk if bdf in self.columns else ""
        return "" if isinstance(found, Unread) else found

    def says(self, *parts: str) -> bool:
        """Whether one finding, with its fix, has all these parts of sentences."""
        texts = [f"{f.code} {f.sentence} {f.fix.text if f.fix else ''}" for f in self.findings]
        return any(all(part in text for part in parts) for text in texts)

    def codes(self) -> frozenset[str]:
        """The codes of what failed."""
        return frozenset(f.code for f in self.findings)


def _next(*drivers: str) -> Callable[[Answer], bool]:
    """The card ends with one of these, and the forecast names no other."""
    return lambda a: a.next() == " or ".join(drivers)


def _fires(*codes: str) -> Callable[[Answer], bool]:
    return lambda a: set(codes) <= a.codes()


def _silent(*codes: str) -> Callable[[Answer], bool]:
    return lambda a: not set(codes) & a.codes()


RIGHT: dict[str, Callable[[Answer], bool]] = {
    # Where words are read, and which entry has them.
    "after-dashes": lambda a: a.next() == "nouveau" and not a.configured_for() and not a.on_disk_for(),
    "config-cmdline": lambda a: "amd_iommu=off" in a.on_disk and "IOMMU-DISABLED" in a.codes(),
    "extlinux": lambda a: a.loader == "syslinux",
    "fedora-saved": lambda a: "6.12.9" in a.kernel and "6.15" not in a.kernel,
    "grub-acpi-osi-b": _silent("CMDLINE-NOT-IN-MENU", "CMDLINE-PENDING"),
    "grub-acpi-osi-c": _silent("CMDLINE-NOT-IN-MENU", "CMDLINE-PENDING"),
    "grub-arch-dropin": lambda a: not a.configured_for() and IDS not in a.configured,
    "grub-custom-other": lambda a: a.entry == "Debian" and a.next() == "nouveau",
    "grub-dollar": _silent("CMDLINE-NOT-IN-MENU"),
    "grub-dropin-override": lambda a: a.configured.startswith("quiet splash"),
    "grub-dropin-self": lambda a: (
        "ids" in a.configured_for() and a.next() == "nouveau" and a.says("CMDLINE-NOT-IN-MENU", IDS)
    ),
    "grub-env-extra": lambda a: "amd_iommu=off" in a.configured and "amd_iommu=off" in a.on_disk,
    "grub-quoted-word": lambda a: a.configured_for() == a.on_disk_for() == "ids",
    "grub-stale": lambda a: a.next() == "nouveau" and a.says("CMDLINE-NOT-IN-MENU", IDS, "run the generator"),
    "grub-stale2": lambda a: a.next() == "nouveau" and a.says("CMDLINE-NOT-IN-MENU", IDS, "run the generator"),
    "kernel-update": lambda a: a.kernel == "6.15.0-amd64" and a.next() == "nouveau",
    "limine-default-entry": lambda a: a.on_disk_for() == "ids",
    "limine-efi-cmdline": lambda a: "ids" in a.on_disk_for() and "limine.conf" in a.on_disk,
    "pve-grub-zfs": lambda a: "/etc/default/grub" in a.configured,
    "sd-efivar": lambda a: a.loader == "systemd-boot" and not a.entry.startswith("("),
    "uki-addon": lambda a: "ids" in a.on_disk_for(),
    "uki-and-entry": lambda a: ".efi" in a.on_disk,
    "uki-espdir": lambda a: a.loader == "uki",
    # What the boot does with the card.
    "alias-off": _next("nouveau"),
    "install-false": _next("vfio-pci"),
    "it-short-bind": lambda a: a.next() == "no driver" and a.next(HOST) == "i915",
    "kubevirt45": _next("vfio-pci"),
    "mk-dropin-replaces": _next("nouveau"),
    "mk-softdep-kms": _next("nouveau"),
    "nomodeset": _next("vfio-pci"),
    "nouveau-modeset0": _next("vfio-pci"),
    "pci-stub-bound": lambda a: a.next() == "pci-stub",
    "pop968": _next("vfio-pci"),
    "pop968-builtin": _next("no driver"),
    "rd-blacklist": _next("vfio-pci", "nouveau"),
    "rd-blacklist-nothing": _next("nouveau"),
    "supergfxd-vfio": lambda a: "vfio-pci" in a.next(),
    "twin-rule-kernel": lambda a: a.next() in ("nouveau or no driver", "nouveau", "no driver"),
    # Systems whose menu is made elsewhere, and rules that must be silent.
    "intel-v2-line": _silent("IOMMU-INTEL-DEFAULT"),
    "nixos": lambda a: a.loader == "nixos" and "boot." in a.plan,
    "sriov-nic": _silent("IOMMU-INTEL-DEFAULT"),
    "twin-ids": _fires("ISO-SAME-ID"),
    "egpu-unplugged": _fires("ISO-MOVED"),
    "ubuntu-core": lambda a: "snap set system" in a.plan,
    "virqfd-everywhere": _fires("MODULES-VFIO-VIRQFD"),
}
"""Case -> whether the answer is right. Cases that are not named need a person, or are changed (`apply-*`)."""
