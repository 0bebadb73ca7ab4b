"""Scripts reduced to what a check looks for in them: ours are written anew, of others the lines that matter stay."""

from __future__ import annotations

import re

from vfiotui.formats.libvirt_hooks import cores_hook, libvirt_hook, pages_hook
from vfiotui.formats.usb_follow import units
from vfiotui.host.capture.reduce_text import by_line
from vfiotui.host.capture.scrub import Scrubber
from vfiotui.model.base.value import replace
from vfiotui.model.guest.usb_follow import follows_of

LOOKED_FOR = re.compile(
    r"\b(?:virsh|virt-manager|virt-install|chrt|plink|sshpass)\b|driver_override|hugepages|inhibit|nosleep|no-sleep"
    r"|drivers_probe|\bvfio|^take [0-9a-f]{4}:"
)
"""What a check of hooks and start scripts, or a prediction of the boot, looks for in a line."""
OWN_HOOKS = (
    (cores_hook.cores_hook, cores_hook.guests_of),
    (pages_hook.pages_hook, pages_hook.guests_of),
    (units.hook, units.hook_guests),
)
PROGRAM = b"\x7fELF"
PASSWORDS = re.compile(r"\b(plink\b.*?\s-pw|sshpass\s+-p)\s*(?:'[^']*'|\"[^\"]*\"|\S+)")


def script(text: str, scrub: Scrubber) -> str:
    """A script: who interprets it, whether it names QEMU, and the lines that a check looks for."""
    anew = _ours(text, scrub)
    if anew is not None:
        return anew
    first = text.split("\n", 1)[0]
    rest = text[len(first) + 1 :]
    head = scrub.text(first.rstrip("\r")) if first.startswith("#!") else None
    body = by_line(rest, lambda line: _line(line, scrub))
    named = "# qemu\n" if "qemu" in text else ""
    if head is None:
        return by_line(first, lambda line: _line(line, scrub)) + ("\n" if rest else "") + body + named
    return f"{head}\n{body}{'' if body.endswith(chr(10)) or not body else chr(10)}{named}"


def usb_follows(text: str, scrub: Scrubber) -> str:
    """The rules by which guests get USB devices: ports and ids; guests by pseudonym. Of what is no rule only that."""
    found, strange = follows_of(text)
    lines = [replace(f, guest=scrub.name("guest", f.guest), uuid=scrub.uuid(f.uuid)).line for f in found]
    return "".join(f"{line}\n" for line in (*lines, *("x" for _ in strange)))


COPIERS = ("kernel-install", "bootctl")


def image_hook(text: str, scrub: Scrubber) -> str:
    """A hook that runs behind every image: which of the programs it calls that copy images, or ask for the loader."""
    lines = [line for line in text.split("\n") if not line.lstrip().startswith("#")]
    called = [name for name in COPIERS if any(name in line for line in lines)]
    return "".join(f"{word}\n" for word in ("#!/bin/sh", *called))


UNIT_LINE = re.compile(r"\[(?:Unit|Service|Install)\]|Before=.*|ExecStart=.*\bvfio.*")


def unit(text: str, scrub: Scrubber) -> str:
    """A unit of systemd: what it comes before, and what it starts where that is about VFIO."""
    return by_line(text, lambda line: scrub.text(line) if UNIT_LINE.fullmatch(line) else None)


def _line(line: str, scrub: Scrubber) -> str | None:
    if line.startswith("#") or not LOOKED_FOR.search(line):
        return None
    return scrub.text(PASSWORDS.sub(lambda m: f"{m[1]} x", line))


def _ours(text: str, scrub: Scrubber) -> str | None:
    """A hook that this program wrote, for the guests' pseudonyms; None where a byte of it was not written by us."""
    for make, read in OWN_HOOKS:
        try:
            guests = read(text)
            if guests and make(guests) == text:
                return make([scrub.name("guest", g) for g in guests])
        except ValueError:
            continue
    return text if text == libvirt_hook.runner() else None


def file(data: bytes, scrub: Scrubber) -> bytes | None:
    """A file where scripts lie: of programs and of other bytes only that they are such."""
    if data.startswith(PROGRAM):
        return PROGRAM
    text, mark, rest = data.partition(b"\0")
    if rest and not data.startswith(b"#!"):
        return b"x\0x"
    return script(text.decode("utf-8", "replace"), scrub).encode("utf-8", "replace") + mark + rest[:0]
