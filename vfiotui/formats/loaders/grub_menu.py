"""grub.cfg as grub-mkconfig makes it: the output of the scripts of /etc/grub.d between marks that name them."""

from __future__ import annotations

import re

SECTION = re.compile(r"### (BEGIN|END) (\S+) ###")
OWN_SCRIPTS = ("10_linux", "20_linux_xen", "42_vfiotui")
"""Those that write entries of this system, from /etc/default/grub."""


def is_generated(maker: str) -> bool:
    """Whether a script of /etc/grub.d makes its entries from /etc/default/grub: those of packages, and this program's.

    >>> is_generated("/etc/grub.d/10_linux"), is_generated("/etc/grub.d/40_custom")
    (True, False)
    """
    name = maker.rpartition("/")[2]
    return name in OWN_SCRIPTS or name.startswith(("10_", "20_")) or name == "41_snapshots-btrfs"


def has_elsewhere(text: str, word: str) -> bool:
    """Whether a word stands outside of this system's own entries, such as in those of another system on the disk.

    >>> menu = "### BEGIN /etc/grub.d/10_linux ###\\nlinux /a quiet\\n### END /etc/grub.d/10_linux ###\\nlinux /b pt\\n"
    >>> has_elsewhere(menu, "quiet"), has_elsewhere(menu, "pt")
    (False, True)
    """
    inside = False
    for line in text.split("\n"):
        mark = SECTION.match(line)
        if mark:
            inside = mark[1] == "BEGIN" and mark[2].rpartition("/")[2] in OWN_SCRIPTS
        elif not inside and word in line.split():
            return True
    return False


def makers(text: str) -> dict[int, str]:
    """Line, from 1, → the script whose section it stands in.

    >>> makers("### BEGIN /etc/grub.d/40_custom ###\\nmenuentry x {\\n### END /etc/grub.d/40_custom ###\\n")[2]
    '/etc/grub.d/40_custom'
    """
    found, script = {}, ""
    for number, line in enumerate(text.split("\n"), 1):
        mark = SECTION.match(line)
        if mark:
            script = mark[2] if mark[1] == "BEGIN" else ""
        elif script:
            found[number] = script
    return found
