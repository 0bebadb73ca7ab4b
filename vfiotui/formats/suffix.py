"""Folders of configuration whose files count by the suffix of their names."""

from __future__ import annotations

import re

SUFFIXES = {
    "/etc/modprobe.d": ".conf",
    "/etc/modules-load.d": ".conf",
    "/etc/dracut.conf.d": ".conf",
    "/etc/mkinitcpio.conf.d": ".conf",
    "/etc/cmdline.d": ".conf",
    "/etc/default/grub.d": ".cfg",
}
"""Folder → what the name of a file must end in (modprobe.d(5), modules-load.d(5), dracut.conf(5), mkinitcpio(8),
grub-mkconfig of Debian and its kin)."""
KEPT = re.compile(
    r"\..*|README.*|.*(~|\.(bak|backup|old|orig|save|sav|swp|disabled?|off|example|sample|dist|txt~|md|dpkg-\w+|ucf-\w+"
    r"|rpm(new|save|orig)|pac(new|save|orig))[.\d]*)",
    re.IGNORECASE,
)
"""Names of copies and of files that were switched off: they are not meant to be read."""
WRONG = re.compile(r"\.(conf|cfg|config|cnf|txt|list)(\.(conf|cfg|txt))?$|\.conf[.\s]*$", re.IGNORECASE)


def lacks_suffix(path: str) -> bool:
    """Whether its program passes a file over because of its name, and nothing says that it is meant to.

    >>> [lacks_suffix(f"/etc/modprobe.d/{n}") for n in ("vfio", "vfio.conf", "vfio.conf.bak", "vfio.txt", "README")]
    [True, False, False, True, False]
    """
    folder, _, name = path.rpartition("/")
    return folder in SUFFIXES and not name.endswith(SUFFIXES[folder]) and KEPT.fullmatch(name) is None


def with_suffix(path: str) -> str:
    """The path with the suffix that its folder asks for, in place of one that looks like it.

    >>> with_suffix("/etc/modprobe.d/vfio.txt"), with_suffix("/etc/default/grub.d/vfio")
    ('/etc/modprobe.d/vfio.conf', '/etc/default/grub.d/vfio.cfg')
    """
    folder, _, name = path.rpartition("/")
    return f"{folder}/{WRONG.sub('', name) or name}{SUFFIXES[folder]}"
