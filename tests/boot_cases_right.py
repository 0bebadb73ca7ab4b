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
    passed: frozenset[str]
    """The codes of checks that passed."""
    plan: str
    """What a plan to isolate the card says of its next boot, or why there is none."""
    goal: Callable[[str, str], str]
    """The same of any goal and its argument; lines that a step adds to a file stand in brackets behind it."""

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

    def isolates(self, *parts: str) -> bool:
        """Whether the plan gives the card to vfio-pci, and says all this."""
        return self.plan.startswith("next boot vfio-pci: ") and all(part in self.plan for part in parts)

    def refuses(self, *parts: str) -> bool:
        """Whether there is no plan for the card, and the reason says all this."""
        return self.plan.startswith("refused: ") and all(part in self.plan for part in parts)

    def codes(self) -> frozenset[str]:
        """The codes of what failed."""
        return frozenset(f.code for f in self.findings)


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did to a case."""

    done: bool
    """Whether it said that it is done."""
    said: str
    words: str
    """Those of the entry that boots next after the change."""
    files: frozenset[str]
    """What differs from before the change, outside of our own journal."""
    undone: bool
    """Whether the undo gave every byte and mode back."""


def _next(*drivers: str) -> Callable[[Answer], bool]:
    """The card ends with one of these, and the forecast names no other."""
    return lambda a: a.next() == " or ".join(drivers)


def _fires(*codes: str) -> Callable[[Answer], bool]:
    return lambda a: set(codes) <= a.codes()


def _silent(*codes: str) -> Callable[[Answer], bool]:
    return lambda a: not set(codes) & a.codes()


def _says(*parts: str) -> Callable[[Answer], bool]:
    return lambda a: a.says(*parts)


WORD = "iommu.passthrough=1"
"""A word that no case has."""


def _adds(answer: Answer, *parts: str) -> bool:
    """Whether a plan adds the word to the kernel's line, by way of all these."""
    told = answer.goal("cmdline.add", WORD)
    return not told.startswith("refused") and WORD in told and all(part in told for part in parts)


def _refuses_word(answer: Answer, *parts: str) -> bool:
    told = answer.goal("cmdline.add", WORD)
    return told.startswith("refused: ") and all(part in told for part in parts)


def _done(*files: str, word: str = "iommu=pt") -> Callable[[Changed], bool]:
    """The word is there at the next boot, these files changed among others, and the undo is true."""
    return lambda c: c.done and word in c.words.split() and set(files) <= c.files and c.undone


def _not_done(*parts: str) -> Callable[[Changed], bool]:
    """It does not say that it is done, gives the reason, and nothing is left of it."""
    return lambda c: not c.done and not c.files and c.undone and all(part in c.said for part in parts)


def _image(path: str) -> Callable[[Changed], bool]:
    """The image that boots was built anew and looked into, and the undo gives the old one back."""
    return lambda c: c.done and path in c.files and "open the built images" in c.said and c.undone


RIGHT: dict[str, Callable[[Answer], bool]] = {
    # Where words are read, and which entry has them.
    "after-dashes": lambda a: a.next() == "nouveau" and not a.configured_for() and not a.on_disk_for(),
    "config-cmdline": lambda a: "amd_iommu=off" in a.on_disk and "IOMMU-DISABLED" in a.codes(),
    "extlinux": lambda a: a.loader == "syslinux" and _adds(a, "update-extlinux"),
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
    "uki-addon": lambda a: a.configured_for() == a.on_disk_for() == "ids" and "CMDLINE-NOT-IN-MENU" not in a.codes(),
    "uki-and-entry": lambda a: ".efi" in a.on_disk and _adds(a, "mkinitcpio -P", "look /boot/EFI/Linux/arch-linux.efi"),
    "uki-espdir": lambda a: a.loader == "uki" and _adds(a, "/efi/EFI/ArchLinux/arch-linux.efi"),
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
    "amd-bios-off": lambda a: (
        a.says("IOMMU-FIRMWARE", "in the firmware setup")
        and a.says("CMDLINE-AMD-IOMMU-ON", "no effect")
        and not a.says("stays on")
    ),
    "arm-acpi": lambda a: not {"IOMMU-FIRMWARE", "IOMMU-OFF", "IOMMU-DISABLED"} & a.codes(),
    "arm-dt": lambda a: not {"IOMMU-FIRMWARE", "IOMMU-OFF", "IOMMU-DISABLED"} & a.codes(),
    "xen-dom0": lambda a: (
        a.refuses("Xen owns the IOMMU", "xl pci-assignable-add") and not a.says("IOMMU", "in the firmware setup")
    ),
    "vmd-root": lambda a: (
        a.goal("isolate.auto", "10000:e1:00.0").startswith("refused: ")
        and "the host needs it" in a.goal("isolate.auto", "0000:00:0e.0")
    ),
    "intremap-dash": _says("IOMMU-INTERRUPT-REMAP", "nointremap"),
    "intremap-off": _says("IOMMU-INTERRUPT-REMAP", "intremap=off"),
    # Words, lines and files that nobody reads as they were meant.
    "bare-unsafe": _says("CMDLINE-BARE-OPTION", "vfio_iommu_type1.allow_unsafe_interrupts=1"),
    "cmdline-nodot": _says("CMDLINE-MISSPELT", "vfio-pci.ids=10de:13c2,10de:0fbb"),
    "comment-backslash": lambda a: a.says("MODPROBE-VERB", "backslash", "options vfio-pci") and not a.configured_for(),
    "dracut-glue": lambda a: (
        a.says("DRACUT-BLANKS", "vfio_pci") and a.isolates('[force_drivers+=" vfio vfio_iommu_type1 "]')
    ),
    "dracut-misspelt": lambda a: (
        a.says("MODULES-UNKNOWN", "vfio_virtqfd")
        and a.isolates('[force_drivers+=" vfio_pci vfio vfio_iommu_type1 "]', "dracut -f")
    ),
    "dracut-no-suffix": _says("CONFIG-FILE-NAME", "/etc/dracut.conf.d/vfio.conf"),
    "dracut-noblank": lambda a: a.says("DRACUT-BLANKS", "add_drivers") and "MODULES-VFIO-VIRQFD" in a.codes(),
    "driverctl-gone": _says("DRIVERCTL-GONE", "0000:05:00.0"),
    "etc-modules-options": lambda a: a.says("MODULES-LINE", "vfio_pci is not loaded") and not a.configured_for(),
    "fedora-wrongfile": lambda a: (
        a.says("CMDLINE-WRONG-FILE", "vfio-pci.ids") and not a.configured_for() and _adds(a, "grubby")
    ),
    "grub-newline": lambda a: (
        a.says("GRUB-QUOTES", "line break", "iommu=pt")
        and _refuses_word(a, "line break")
        and '[GRUB_CMDLINE_LINUX_DEFAULT="quiet splash intel_iommu=on iommu=pt"]'
        in a.goal("config.repair", "quotes:/etc/default/grub")
    ),
    "grub-signed": lambda a: a.refuses("check_signatures", "gpg --detach-sign") and _refuses_word(a, "gpg"),
    "grub-typo": _says("GRUB-VARIABLE", "GRUB_CMDLINE_LINUX_DEFUALT"),
    "grub-unquoted": _says("GRUB-QUOTES", '"quiet iommu=pt"'),
    "ids-blank": lambda a: a.says("MODPROBE-OPTIONS", "blank") and not a.configured_for(SOUND),
    "ids-equals": lambda a: a.says("MODPROBE-OPTIONS", "'='") and not a.configured_for(),
    "ids-option-singular": lambda a: a.says("MODPROBE-VERB", "'option'") and not a.configured_for(),
    "ids-semicolon": lambda a: a.says("MODPROBE-OPTIONS", "commas") and a.next() == "nouveau",
    "it-modprobe-lines": lambda a: (
        a.configured_for() == "ids"
        and a.next() == "nouveau"
        and a.next(SOUND) == "vfio-pci"
        and a.says("MODULES-LINE", "'softdep'")
    ),
    "it-oneline": lambda a: a.says("MODULES-LINE", "not loaded") and a.next() == "nouveau" and a.isolates(),
    "modprobe-no-suffix": lambda a: a.says("CONFIG-FILE-NAME", "/etc/modprobe.d/vfio.conf") and not a.configured_for(),
    "pve-sdboot-twolines": lambda a: (
        a.says("CMDLINE-SECOND-LINE", "vfio-pci.ids")
        and not a.configured_for()
        and _adds(a, f"[root=ZFS=rpool/ROOT/pve-1 boot=zfs {WORD}]")
    ),
    "uki-conf-cmdline": lambda a: _refuses_word(a, "uki.conf", "no effect") and a.says("CMDLINE-WRONG-FILE"),
    "video-joined": _says("CMDLINE-VIDEO-JOINED", "efifb:off"),
    # modprobe(5): the statement of a name's first softdep line counts (libkmod, kmod_module_get_softdeps); "pre:" of a
    # module that nouveau depends on is loaded before it too (libkmod, __kmod_module_get_probe_list).
    "softdep-drm": _next("vfio-pci"),
    "softdep-nopre": lambda a: a.says("ISO-NOT-BOUND", "'pre:' is missing") and a.next() == "nouveau",
    "softdep-post": lambda a: a.says("ISO-NOT-BOUND", "'post:'") and a.next() == "nouveau",
    "softdep-reversed": lambda a: a.says("ISO-NOT-BOUND", "wrong way round") and a.next() == "nouveau",
    "softdep-twice": lambda a: a.says("ISO-NOT-BOUND", "first softdep line") and a.next() == "nouveau",
    "two-files": lambda a: not a.configured_for() and a.next() == "nouveau" and a.says("VFIO-IDS-TWICE"),
    "two-lines": lambda a: (
        not a.configured_for() and a.next() == "nouveau" and a.next(SOUND) == "vfio-pci" and a.says("VFIO-IDS-TWICE")
    ),
    # kmod reads names that end in .conf (libkmod-config.c, conf_files_filter_out).
    "bak-file": lambda a: a.next() == a.next(SOUND) == "vfio-pci" and not a.says("CONFIG-FILE-NAME"),
    # Who binds what, by address.
    "it-short-bind-builtin": lambda a: a.next() == a.next(SOUND) == "vfio-pci",  # The full address is put together.
    "laptop-removed": _says("GUEST-DEVICE-ABSENT", "50-remove-nvidia.rules:1"),
    "nvme-twins": lambda a: (
        "09-vfiotui-override.rules" in a.goal("isolate.auto", "0000:05:00.0")
        and a.goal("isolate.ids", "0000:05:00.0").startswith("refused: ")
    ),
    "nvme-twins-ids": _says("PASSTHROUGH-DISK", "the host has / on nvme0n1p2"),
    # Documentation/PCI/pci.rst and drivers/pci/pci-stub.c: what is built in registers before any module is loaded.
    "pci-stub-builtin": lambda a: a.next() == "pci-stub",
    "pop968-noexec": lambda a: a.next() == "nouveau" and a.isolates("update-initramfs"),
    "pop968-short": _next("nouveau"),  # /sys/bus/pci/devices has no name without a domain.
    # dracut's 00systemd/rd.driver.blacklist is for its own udev; the running system's modprobe does not know the word.
    "rd-blacklist-dracut": _next("vfio-pci", "nouveau"),
    "sriov-igpu-guest": lambda a: (
        not {"GROUP-COMPANIONS", "PASSTHROUGH-SLOT-INCOMPLETE", "GUEST-FUNCTION-MISSING"} & a.codes()
    ),
    "sriov-nic-guest": lambda a: (
        not {"GROUP-COMPANIONS", "PASSTHROUGH-SLOT-INCOMPLETE", "GUEST-FUNCTION-MISSING"} & a.codes()
    ),
    "talos-simpledrm": _says("DEVICE-BAR-FRAMEBUFFER", "simple-framebuffer/unbind"),
    "twin-plain": lambda a: a.isolates("09-vfiotui-override.rules", "init-top/bind-vfio"),
    # The kernel gives a PCI device's event KERNEL=, and KERNELS= finds the device itself first; its environment has
    # PCI_SLOT_NAME (drivers/pci/pci-driver.c, pci_uevent).
    "twin-rule-kernels": lambda a: a.next() in ("nouveau or no driver", "nouveau", "no driver"),
    "twin-rule-run": lambda a: " or " in a.next() and a.configured_for() == "override",
    "twin-rule-slotname": lambda a: a.next() in ("nouveau or no driver", "nouveau", "no driver"),
    # Who makes the image, and from what.
    "cachyos-limine": lambda a: a.isolates("command limine-mkinitcpio", "linux-cachyos/*"),
    "cachyos-limine-handmade": lambda a: a.refuses("nothing builds one here"),
    "eos-dracut": lambda a: a.isolates("reinstall-kernels", "install_items+="),
    "microos": lambda a: a.refuses("transactional-update initrd") and _refuses_word(a, "transactional-update grub.cfg"),
    "mk-no-modconf": lambda a: a.isolates("[FILES=(/etc/modprobe.d/vfiotui.conf)]"),
    "mk-skip-modconf": lambda a: a.isolates("[FILES=(/etc/modprobe.d/vfiotui.conf)]"),
    "mk-preset-config": lambda a: a.isolates("/etc/mkinitcpio-vfio.conf") and "file /etc/mkinitcpio.conf" not in a.plan,
    "steamos": lambda a: a.refuses("steamos-readonly disable") and _refuses_word(a, "steamos-readonly disable"),
    "uki-cmdline-per-preset": lambda a: _adds(a, f"/etc/kernel/cmdline [root=UUID=1 rw quiet {WORD}]", "mkinitcpio -P"),
    "uki-lts-source": lambda a: (
        _adds(a, "mkinitcpio -P", "look /efi/EFI/Linux/arch-linux.efi")
        and "look /efi/EFI/Linux/arch-linux-lts.efi" not in a.goal("cmdline.add", WORD)
    ),
    "uki-preset-cmdline": lambda a: _adds(a, "/etc/kernel/cmdline-arch", "mkinitcpio -P"),
    "apply-uki-bootx64": lambda a: _adds(a, "mkinitcpio -P", "look /boot/EFI/BOOT/BOOTX64.EFI"),
    "apply-uki-rootonly": lambda a: _adds(a, "mkinitcpio -P", "look /boot/EFI/Linux/arch-linux.efi"),
    "uki-rootonly": lambda a: _adds(a, "mkinitcpio -P", "look /boot/EFI/Linux/arch-linux.efi"),
}
"""Case → whether the answer is right; the right value of those without an expected.md has its source beside it."""

CHANGED: dict[str, tuple[str, Callable[[Changed], bool]]] = {
    "apply-eos-dracut": (
        "initramfs.module=vfio_pci",
        _image("/efi/0123456789abcdef0123456789abcdef/6.12.9-amd64/initrd"),
    ),
    "apply-grub-custom": ("cmdline.add=iommu=pt", _done("/etc/grub.d/40_custom", "/boot/grub/grub.cfg")),
    # Its right value asks for a failure or for what holds: the sourced file, which has the last word, is edited.
    "apply-grub-later": ("cmdline.add=iommu=pt", _done("/etc/default/grub.local", "/boot/grub/grub.cfg")),
    "apply-grub-newline": ("cmdline.add=iommu=pt", _not_done("line break")),
    # The value ends at the blank inside of the typographic quotes (POSIX shell, 2.9.1): sh looks for a command.
    "apply-grub-smart": ("cmdline.add=iommu=pt", _not_done()),
    "apply-img-elsewhere": ("initramfs.module=vfio_pci", _image("/efi/EFI/arch/initramfs-linux.img")),
    "apply-refind-stanza": (
        "cmdline.add=iommu=pt",
        lambda c: _done("/boot/efi/EFI/refind/refind.conf")(c) or _not_done("refind.conf")(c),
    ),
    # Their mkinitcpio builds nothing: the words cannot reach the image, so the change must fail, and leave nothing.
    "apply-uki-bootx64": ("cmdline.add=iommu=pt", _not_done("BOOTX64.EFI")),
    # Its mkinitcpio writes images with this word, whatever was asked for.
    "apply-uki-lts": (
        "cmdline.add=pcie_aspm=off",
        _done("/efi/EFI/Linux/arch-linux.efi", "/efi/EFI/Linux/arch-linux-lts.efi", word="pcie_aspm=off"),
    ),
    "apply-uki-rootonly": ("cmdline.add=iommu=pt", _not_done("arch-linux.efi")),
}
"""Case → the goal that is applied to a copy of it, and whether its effect is right."""
