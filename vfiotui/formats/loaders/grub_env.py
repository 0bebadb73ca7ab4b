"""GRUB's environment block: a file of NAME=VALUE lines, filled up with #, that grub-editenv and grub.cfg write.

Format: grub-core/lib/envblk.c. A backslash in a value keeps the next character. The lines of openSUSE's and Fedora's
blocks are the same.
"""

from __future__ import annotations

SIGNATURE = "# GRUB Environment Block\n"


def parse(text: str) -> dict[str, str] | None:
    """The variables of the block; None for a file without the block's first line, which GRUB refuses.

    >>> parse("# GRUB Environment Block\\nsaved_entry=a\\\\\\\\b\\n####")
    {'saved_entry': 'a\\\\b'}
    """
    if not text.startswith(SIGNATURE):
        return None
    found: dict[str, str] = {}
    at = len(SIGNATURE)
    while at < len(text):
        if text[at] == "#":
            at = (text.find("\n", at) + 1) or len(text)
            continue
        equals = text.find("=", at)
        if equals < 0:
            break
        name, at = text[at:equals], equals + 1
        value = ""
        while at < len(text) and text[at] != "\n":
            at += text[at] == "\\"
            value += text[at : at + 1]
            at += 1
        if at >= len(text):
            # A value without its line end is cut off, and GRUB does not take it.
            break
        found[name] = value
        at += 1
    return found
