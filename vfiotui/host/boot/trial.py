"""How a trial boot stands: what is noted in GRUB's environment block (grub-editenv(1))."""

from __future__ import annotations

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import or_else

BLOCKS = ("/boot/grub/grubenv", "/boot/grub2/grubenv")
NAME = "vfiotui_trial="


def read(root: Root) -> str:
    """armed, running, failed, or empty where no trial is under way."""
    for path in BLOCKS:
        for line in or_else(root.text(path, 1 << 16), "").splitlines():
            if line.startswith(NAME):
                return line.removeprefix(NAME)[:20]
    return ""
