"""The kernel's line in GRUB's language, and the command line that GRUB makes of it (grub-core/lib/cmdline.c)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vfiotui.formats.loaders.grub_words import Part, tokens

ESCAPED = re.compile(r"\\x[0-9a-fA-F]{2}|[\\'\"]")


def kernel_line(args: Sequence[str]) -> str:
    """The command line that GRUB makes of a command's arguments.

    An argument with a blank gets double quotes around it as a whole; quotes and backslashes in it get a backslash.

    >>> kernel_line(["quiet", "acpi_osi=Windows 2015", 'a="b"'])
    'quiet "acpi_osi=Windows 2015" a=\\\\"b\\\\"'
    """
    made = []
    for arg in args:
        text = ESCAPED.sub(lambda m: m[0] if len(m[0]) > 1 else f"\\{m[0]}", arg)
        made.append(f'"{text}"' if " " in text else text)
    return " ".join(made)


def as_kernel_gets(text: str) -> str | None:
    """What the kernel gets of words that stand behind `linux` in grub.cfg; None where GRUB cannot read the line.

    A line break and a semicolon end the line. Variables of GRUB stay as they are written.

    >>> as_kernel_gets('quiet acpi_osi="Windows 2015" a=12M\\\\$20M\\nlost')
    'quiet "acpi_osi=Windows 2015" a=12M$20M'
    """
    found = []
    for token in tokens(text.split("\n", 1)[0]):
        if token.kind == "bad":
            return None
        if token.kind != "word":
            break
        found.append("".join(_spelled(p) for p in token.parts))
    return kernel_line(found)


def _spelled(part: Part) -> str:
    return f"${part.text}" if "variable" in part.kind else part.text
