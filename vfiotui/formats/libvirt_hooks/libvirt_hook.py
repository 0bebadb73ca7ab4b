"""libvirt hook scripts (libvirt.org/hooks.html): ours carry a mark in their second line, all others are left alone.

The mark holds a sum of what follows it, so that a script of ours that somebody edited counts as theirs.
"""

from __future__ import annotations

import hashlib
import re

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.text_lines import Line, lines_of
from vfiotui.model.base.value import dataclass

MARK = re.compile(r"#![^\n]*\n# vfiotui hook (runner|fragment) ([\w.-]+) ([0-9a-f]{16})\n(.*)", re.DOTALL | re.ASCII)
RUNNER = """\
# Hands each call to the programs in qemu.d, in order of their names; libvirt does so itself since 6.5.0.
# A failing reconnect would end a running guest, so its result is not passed on.
domain=$(cat)
result=0
for program in "$0.d"/*; do
  [ -f "$program" ] && [ -x "$program" ] || continue
  printf '%s\\n' "$domain" | "$program" "$@" || result=$?
done
[ "$2" = reconnect ] || exit "$result"
exit 0
"""


@dataclass(frozen=True, slots=True)
class OwnHook:
    """A hook script that this program wrote."""

    kind: str
    """runner or fragment."""
    name: str
    body: str
    """What follows the mark."""
    untouched: bool
    """Whether it is still what was written."""


def _sum(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _marked(kind: str, name: str, body: str) -> str:
    return f"#!/bin/sh\n# vfiotui hook {kind} {name} {_sum(body)}\n{body}"


def fragment(name: str, body: str) -> str:
    """A script for qemu.d with this body of POSIX sh."""
    if not re.fullmatch(r"[\w.-]+", name, re.ASCII):
        raise ValueError("a fragment's name is one word of letters, digits, . and -")
    return _marked("fragment", name, body if body.endswith("\n") else f"{body}\n")


def runner() -> str:
    """The `qemu` script for a libvirt that does not look into qemu.d itself."""
    return _marked("runner", "qemu", RUNNER)


def own(text: str) -> OwnHook | None:
    """What this program knows of a script that it wrote; None for everybody else's.

    >>> own(fragment("nosleep", "exit 0")).name, own("#!/bin/sh\\nexit 0\\n")
    ('nosleep', None)
    """
    match = MARK.fullmatch(text)
    return OwnHook(match[1], match[2], match[4], _sum(match[4]) == match[3]) if match else None


def may_change(text: str) -> None:
    """EditRefused unless the script is ours and as we wrote it; called before it is replaced or removed."""
    found = own(text)
    shown = lines_of(text)[:2] or [Line(1, "", 0, 0)]
    if found is None:
        sentence = "This hook script was not written by vfiotui; move it into qemu.d yourself."
        raise EditRefused(sentence, 1, shown[0].text)
    if not found.untouched:
        raise EditRefused("This hook script was edited by hand since; keep it under another name.", 2, shown[1].text)


def replace(present: str | None, new: str) -> str:
    """The new script, where none is present or one of ours is; EditRefused as `may_change` tells."""
    if present is not None:
        may_change(present)
    return new
