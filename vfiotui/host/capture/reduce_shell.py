"""Shell files that assign variables, reduced to the variables that are read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from vfiotui.formats.loaders.grub_faults import faults
from vfiotui.formats.shell.source import scan
from vfiotui.host.capture.reduce_text import DROPPED, Reduce, by_line, kernel_word, kernel_words
from vfiotui.host.capture.scrub import Scrubber

STRUCTURE = re.compile(
    r"^(?:if|then|else|elif|fi|for|do|done|while|until|case|esac|unset|eval|source|\.|\{|\}|[\w-]+\s*\(\))\b|&&|\|\|"
)


def shell(names: Iterable[str], kernel: Iterable[str] = (), others: re.Pattern[str] | None = None) -> Reduce:
    """Shell files: assignments of these names, and of those that fit `others`; those of `kernel` hold kernel words.

    Code that decides whether an assignment counts stays, with its words scrubbed; all else is left out.
    """
    kept, kernel_names = frozenset(names) | frozenset(kernel), frozenset(kernel)
    default = re.compile(rf"^#[ \t]*({'|'.join(sorted(kept))})=")

    def reduce(text: str, scrub: Scrubber) -> str:
        pieces, at = [], 0
        regions: list[str] = []
        for one in scan(text):
            if one.start < at:
                continue
            raw = text[one.start : one.end]
            name = one.name.partition("[")[0]
            if name in kept or (others is not None and others.fullmatch(name)):
                head, sep, value = raw.partition("=")
                made = _values(value, scrub) if name in kernel_names else scrub.text(value)
                regions.append(_subscripted(head, scrub) + sep + made)
            else:
                regions.append(": " + "\n#" * raw.count("\n"))
            pieces += [text[at : one.start], f"\0{len(regions) - 1}\0"]
            at = one.end
        pieces.append(text[at:])

        def line(bare: str) -> str | None:
            if bare.startswith("#"):
                shown = default.match(bare)
                return f"#{shown[1]}=" if shown else None
            if "\0" in bare or STRUCTURE.search(bare):
                return "".join(p if i % 2 else scrub.text(p) for i, p in enumerate(re.split(r"(\0\d+\0)", bare)))
            return None

        reduced = by_line("".join(pieces), line)
        return re.sub(r"\0(\d+)\0", lambda m: regions[int(m[1])], reduced)

    return reduce


def _subscripted(head: str, scrub: Scrubber) -> str:
    """The left side of an assignment; a person may have written its subscript."""
    name, bracket, rest = head.partition("[")
    return f"{name}{bracket}{scrub.text(rest)}"


def _values(raw: str, scrub: Scrubber) -> str:
    """The value of a variable of kernel words, with its quotes and escapes."""
    quote = raw[:1] if raw[:1] in ("'", '"') and raw.endswith(raw[:1]) and len(raw) > 1 else ""
    if quote:
        return quote + re.sub(r"[^\s\\]+", lambda m: kernel_word(m[0], scrub), raw[1:-1]) + quote
    if raw.startswith("(") and raw.endswith(")"):
        return re.sub(r"[^\s\\'\"()]+", lambda m: kernel_word(m[0], scrub), raw)
    return scrub.text(raw) if re.search(r"[\"'\\$`]", raw) else kernel_words(raw, scrub)


GRUB_KERNEL = ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT", "GRUB_CMDLINE_LINUX_RECOVERY")
_grub_default = shell(
    ("GRUB_DEFAULT", "GRUB_TIMEOUT", "GRUB_TIMEOUT_STYLE", "GRUB_SAVEDEFAULT", "GRUB_ENABLE_BLSCFG",
     "GRUB_DISABLE_RECOVERY", "GRUB_DISTRIBUTOR", "GRUB_TERMINAL", "GRUB_DISABLE_OS_PROBER", "GRUB_DISABLE_SUBMENU"),
    GRUB_KERNEL,
)  # fmt: skip


def grub_default(text: str, scrub: Scrubber) -> str | None:
    """GRUB's settings; lines that the shell does not take as they were meant stay, with their words scrubbed."""
    kept: dict[int, str] = {}
    for fault in faults(text):
        name, equals, value = fault.text.partition("=")
        if name.strip().removeprefix("export ").strip().startswith("GRUB_CMDLINE_"):
            kept[fault.line] = name + equals + re.sub(r"[^\s'\"]+", lambda m: kernel_word(m[0], scrub), value)
    lines = text.split("\n")
    for number in kept:
        lines[number - 1] = DROPPED
    reduced = _grub_default("\n".join(lines), scrub)
    if reduced is None:
        return None
    lines = reduced.split("\n")
    for number, line in kept.items():
        lines[number - 1] = line
    return "\n".join(lines)


os_release = shell(("NAME", "PRETTY_NAME", "ID", "ID_LIKE", "VERSION_ID", "VERSION_CODENAME"))
mkinitcpio = shell(("MODULES", "HOOKS", "FILES", "BINARIES", "COMPRESSION"))
PRESET_VALUE = re.compile(
    r"PRESETS|[A-Z]\w*|\w+_(?:config|kver|kerneldest|image|uki|efi_image|cmdline|options)", re.ASCII
)
"""What a preset sets of an image, and variables in capitals, of which values are made."""
mkinitcpio_preset = shell(("PRESETS",), ("default_options", "fallback_options", "ALL_options"), PRESET_VALUE)
dracut = shell(
    ("add_drivers", "force_drivers", "omit_drivers", "filesystems", "add_dracutmodules", "omit_dracutmodules",
     "install_items", "hostonly", "uefi", "early_microcode"),
    ("kernel_cmdline",),
)  # fmt: skip
initramfs_tools = shell(("MODULES", "BUSYBOX", "COMPRESS", "FSTYPE", "RUNSIZE"))
irqbalance = shell(("IRQBALANCE_BANNED_CPUS", "IRQBALANCE_BANNED_CPULIST", "IRQBALANCE_ARGS", "OPTIONS", "ENABLED"))
limine_default = shell(("TARGET_OS_NAME", "ESP_PATH", "BOOT_ORDER"), ("KERNEL_CMDLINE",))
sdboot_manage = shell(("REMOVE_EXISTING", "DISABLE_FALLBACK"), ("LINUX_OPTIONS", "LINUX_FALLBACK_OPTIONS"))
update_extlinux = shell(("default", "modules", "overwrite"), ("default_kernel_opts",))
suse_bootloader = shell(("LOADER_TYPE",))
kernel_install = shell(("layout", "initrd_generator", "uki_generator", "BOOT_ROOT"))


def uki_conf(text: str, scrub: Scrubber) -> str:
    """uki.conf: its sections, and the kernel words of Cmdline=."""

    def one(line: str) -> str | None:
        key, equals, value = line.partition("=")
        if line.startswith("["):
            return scrub.text(line)
        return f"{key}{equals}{kernel_words(value, scrub)}" if key.strip().lower() == "cmdline" else None

    return by_line(text, one)
