"""GRUB's menus and environment blocks reduced to what decides about a boot; users and passwords are left out."""

from __future__ import annotations

import re

from vfiotui.formats.loaders.grub_env import SIGNATURE
from vfiotui.host.capture.reduce_text import by_line, kernel_words
from vfiotui.host.capture.scrub import Scrubber

FLOW = frozenset(
    "if then else elif fi for in do done while until function return break continue { } [ test true".split()
)
COMMANDS = FLOW | frozenset(
    "menuentry submenu insmod set unset export load_env save_env load_video blscfg bls_import configfile source ."
    " search terminal_output terminal_input initrd initrdefi initrd16 chainloader multiboot multiboot2 module module2"
    " xen_hypervisor xen_module increment decrement loadfont gfxmode savedefault recordfail boot halt reboot exit"
    " fwsetup keystatus sleep cpuid probe regexp echo eval normal search.fs_uuid search.fs_label search.file !".split()
)
"""Commands whose lines stay; any other line becomes `true`, so that the blocks around it stay what they are."""
LINUX = re.compile(r"linux\w*\s")
ASSIGNED = re.compile(r"(\w+)=")
SECRET = re.compile(r"\bsuperusers\b|\bpassword|\bpbkdf2\b|\bcryptomount\b")
VARIABLES = frozenset(
    "prefix root config_directory config_file menuentry_id_option grub_platform grub_cpu have_grubenv next_entry"
    " saved_entry prev_saved_entry boot_once chosen default fallback timeout timeout_style recordfail linux_gfx_mode"
    " gfxmode gfxpayload locale_dir lang font theme kernelopts tuned_params tuned_initrd blsdir early_initrd boot"
    " default_kernelopts boot_success boot_indeterminate menu_auto_hide menu_show_once save_default vfiotui_trial"
    " check_signatures vt_handoff quick_boot linux_suffix extra_cmdline btrfs_relative_path pager".split()
)
LANGUAGE = (
    COMMANDS
    | VARIABLES
    | frozenset(
        "xy xtrue x1 xxen xefi y efi pc xen i386 x86_64 menu hidden countdown keep auto all_video console gfxterm"
        " part_gpt part_msdos ext2 btrfs xfs zfs fat lvm gzio xzio lzopio efi_gop efi_uga vga vbe unicode --id --class"
        " --unrestricted --users --hotkey --set --fs-uuid --label --file --no-floppy --hint -f -e -s -z -n -d -a -o -eq"
        " -ne single placeholder grub.cfg grubenv custom.cfg".split()
    )
)
PIECE = re.compile(r"\$\{\w+\}|\$\w+|feature_\w+|--?[\w-]+|[\w.]+(?==)|[\w.]+|\W")


def grub_menu(text: str, scrub: Scrubber) -> str:
    """grub.cfg: the structure of the menu, and the words behind each kernel; never users and passwords."""

    def one(line: str) -> str | None:
        if re.match(r"### (?:BEGIN|END) \S+ ###$", line):
            return f"### {line.split()[1]} {scrub.path(line.split()[2])} ###"
        if line.startswith("#"):
            return None
        if not line.strip("{};"):
            return line
        if SECRET.search(line):
            return "true"
        if LINUX.match(line):
            command, kernel, *rest = line.split(None, 2)
            return f"{command} {scrub.path(kernel)} {kernel_words(rest[0], scrub) if rest else ''}".rstrip()
        if re.match(r"initrd(?:efi|16)?\s", line):
            return " ".join([line.split()[0], *map(scrub.path, line.split()[1:])])
        first = re.split(r"[\s;]", line, maxsplit=1)[0]
        assigned = ASSIGNED.match(first)
        if first not in COMMANDS and not (assigned and assigned[1] in VARIABLES):
            return "true"
        return language(line, scrub)

    return by_line(text.replace("\t", "  "), one)


def language(line: str, scrub: Scrubber) -> str:
    """A line of GRUB's language: its own words and variables stay, all others are scrubbed."""
    made, plain = [], ""

    def flush() -> None:
        nonlocal plain
        made.append(scrub.text(plain) if plain else "")
        plain = ""

    for piece in PIECE.findall(line):
        if piece.startswith("$") and len(piece) > 1:
            flush()
            made.append(_variable(piece, scrub))
        elif (
            (piece in LANGUAGE or piece.startswith("feature_")) and not plain[-1:].isalnum() and plain[-1:] not in "-_."
        ):
            flush()
            made.append(piece)
        else:
            plain += piece
    flush()
    return "".join(made)


def _variable(piece: str, scrub: Scrubber) -> str:
    name = piece.strip("${}")
    if name in VARIABLES or name.isdigit() or name.startswith("feature_") or piece == "$":
        return piece
    return piece.replace(name, scrub.alias("variable", name, lambda n: f"variable_{n}"))


KEPT = ("saved_entry", "next_entry", "prev_saved_entry", "boot_once", "blsdir", "save_default", "vfiotui_trial")
WORDS = ("kernelopts", "tuned_params", "default_kernelopts")


def grubenv(text: str, scrub: Scrubber) -> str | None:
    """GRUB's environment block: the chosen entries, the kernel words and the state of a trial; its size stays."""
    kept = [SIGNATURE.rstrip("\n")]
    for line in text.split("\n")[1:]:
        key, equals, value = line.partition("=")
        if key in WORDS and equals:
            kept.append(f"{key}={kernel_words(value, scrub)}")
        elif key in KEPT and equals:
            kept.append(f"{key}={language(value, scrub)}")
    made = "\n".join(kept) + "\n"
    if not text.startswith(SIGNATURE):
        # GRUB refuses such a block; so has a reader of the capture to.
        made = made[1:]
    if not text.endswith(("\n", "#")):
        # A value that is cut off has no line end.
        return made.rstrip("\n")
    return made + "#" * (len(text) - len(made))


def mkconfig(text: str, scrub: Scrubber) -> str:
    """grub-mkconfig: whether it reads /etc/default/grub, and the drop-ins beside it."""
    read = [path for path in ("default/grub.d", "default/grub") if path in text]
    return "#!/bin/sh\n" + "".join(f". /etc/{path}\n" for path in read[:1])
