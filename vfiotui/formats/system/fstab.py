"""/etc/fstab: which file systems belong where (fstab(5))."""

from __future__ import annotations

import re

from vfiotui.model.base.value import dataclass

ESCAPE = re.compile(r"\\([0-7]{3})")
HANDLED_BY_OTHERS = ("auto", "noauto", "nofail", "_netdev", "user", "users", "owner", "group", "defaults")
"""Options for those who call mount, not for the file system."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: what is mounted where."""

    source: str
    """UUID=…, LABEL=…, PARTUUID=…, a device, or a name of something that is none."""
    point: str
    """An absolute path without a slash at its end; "/" for the root."""
    kind: str
    options: tuple[str, ...]

    @property
    def is_device(self) -> bool:
        """Whether its source is a block device, by its path or by a tag of its content."""
        return self.source.startswith(("UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=", "/dev/"))

    @property
    def mount_options(self) -> str:
        """The options that mount(8) needs when it is called by hand, as one word; may be empty."""
        return ",".join(
            o for o in self.options if o not in HANDLED_BY_OTHERS and not o.startswith(("x-", "X-", "comment="))
        )


def unescaped(word: str) -> str:
    """A field of fstab, /proc/mounts or /proc/swaps, in which blanks stand as octal numbers (fstab(5)).

    >>> unescaped("/mnt/my\\040disk")
    '/mnt/my disk'
    """
    return ESCAPE.sub(lambda match: chr(int(match[1], 8)), word)


def entries(text: str) -> tuple[Entry, ...]:
    r"""The file systems that have a place, in the order of the file; swap and damaged lines are passed over.

    >>> entries("UUID=1-2 /boot\\040x/ vfat umask=77,nofail 0 2\n#x\nUUID=3 none swap sw")[0].point
    '/boot x'
    """
    found = []
    for line in text.splitlines():
        words = [unescaped(w).strip("\"'") for w in line.split()]
        if len(words) < 3 or words[0].startswith("#") or not words[1].startswith("/"):
            continue
        options = tuple(words[3].split(",")) if len(words) > 3 else ()
        found.append(Entry(words[0], "/" + words[1].strip("/"), words[2], options))
    return tuple(found)
