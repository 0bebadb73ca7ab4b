"""How a person changes the kernel's words for one start at the boot menu: a whole sentence for every loader.

Keys: GRUB manual 1.4 "Simple menu editing"; systemd-boot(7); Limine USAGE.md ("editor"); rEFInd "Using rEFInd".
"""

from __future__ import annotations

CTRL_X = "at GRUB's boot menu press e, {} the line that begins with linux, and press Ctrl+X"
ENTER = "at the boot menu of systemd-boot press e, {} the line below, and press Enter"
EITHER = "at the boot menu press e, {} the kernel's line, and start it with Ctrl+X (GRUB) or Enter (systemd-boot)"
UNIFIED = "; where Secure Boot is on, a unified image keeps its own words: undo the change from a rescue system then"
MENUS = {
    "grub": CTRL_X,
    "grub-bls": CTRL_X,
    "rpm-ostree": CTRL_X,
    "systemd-boot": ENTER,
    "kernelstub": ENTER,
    "uki": f"{ENTER}{UNIFIED}",
    "limine": "at Limine's boot menu press e, {} the line that begins with cmdline, and press F10",
    "refind": "at rEFInd's menu press F2, F2 again, {} the options, and press Enter",
    "syslinux": "at the menu of SYSLINUX press Tab, {} the line, and press Enter",
    "proxmox": EITHER,
    "nixos": EITHER,
    "guix": CTRL_X,
}
"""Loader → what to do at its menu; {} is "add WORDS to" or "delete WORDS from"."""
NO_MENU = (
    "the firmware starts the kernel itself, without a menu for its words: start a rescue system, mount this one, and "
    "run 'sh undo.sh' in the folder of the change below its /var/lib/vfiotui/changes"
)
UNKNOWN = (
    "at the boot menu open the entry's editor (e in GRUB, systemd-boot and Limine, F2 twice in rEFInd), {} the "
    "kernel's words, and start it"
)


def _edited(loader: str, doing: str) -> str:
    return NO_MENU if loader == "efistub" else MENUS.get(loader, UNKNOWN).format(doing)


def adding(loader: str, words: str) -> str:
    """How to start once with these words more.

    >>> adding("limine", "quiet")
    "at Limine's boot menu press e, add quiet to the line that begins with cmdline, and press F10"
    """
    return _edited(loader, f"add {words} to")


def deleting(loader: str, words: str) -> str:
    """How to start once without these words."""
    return _edited(loader, f"delete {words} from")


def choosing(title: str) -> str:
    """How to start the entry that this program keeps."""
    return f"at the boot menu choose the entry whose name ends with ({title})"
