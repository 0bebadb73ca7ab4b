"""Files of boot loaders reduced to entries, kernels and kernel words; users and passwords of menus are left out."""

from __future__ import annotations

import json
import re
from typing import Any

from vfiotui.formats.loaders.efi_load_option import text_of
from vfiotui.formats.loaders.efi_pattern import lower, matches
from vfiotui.formats.loaders.loader_entry import MAKER
from vfiotui.host.capture.reduce_text import by_line, kernel_words
from vfiotui.host.capture.scrub import COUNTED, Scrubber, is_public

ENTRY_KEYS = frozenset(
    "version linux initrd machine-id sort-key architecture efi uki uki-url devicetree profile".split()
)


def loader_entry(text: str, scrub: Scrubber) -> str:
    """Boot Loader Specification: kernel, initrd, version, machine-id and kernel words; the title as one name."""

    def one(line: str) -> str | None:
        if maker := MAKER.match(line):
            return f"# File created by {scrub.path(maker[1])}"
        key, _, value = line.partition(" ")
        gap = value[: len(value) - len(value.lstrip())]
        if key == "options":
            return f"{key} {gap}{kernel_words(value.strip(), scrub)}"
        if key == "title":
            return f"{key} {gap}{scrub.text(value.strip())}"
        if key in ("linux", "initrd", "efi", "uki", "devicetree"):
            return f"{key} {gap}{' '.join(map(scrub.path, value.split()))}"
        return f"{key} {gap}{scrub.text(value.strip())}" if key in ENTRY_KEYS else None

    return by_line(text.replace("\t", " "), one)


SETTINGS = ("timeout", "console-mode", "editor", "auto-entries", "auto-firmware")


def loader_conf(text: str, scrub: Scrubber) -> str:
    """loader.conf: which entry it names, and which ones it adds by itself."""

    def one(line: str) -> str | None:
        key, blank, value = re.sub("[ \t]+", " ", line, count=1).partition(" ")
        if key in ("default", "preferred") and blank:
            return f"{key} {entry_id(value, scrub)}"
        return scrub.text(line) if key in SETTINGS else None

    return by_line(text, one)


def entry_id(pattern: str, scrub: Scrubber) -> str:
    """A pattern, or the id of an entry, in the names that the capture gives to files."""
    bare = pattern.strip("\"'")
    if bare.startswith("@"):
        return bare if lower(bare) == "@saved" else scrub.text(pattern)
    names = (n for n in scrub.replaced if n.lower().endswith((".conf", ".efi")) and matches(bare, counted_name(n)))
    found = list(dict.fromkeys(counted_name(scrub.replaced[n]) for n in names))
    made = scrub.text(pattern)
    return found[0] if len(found) == 1 and not matches(made, found[0]) else made


def counted_name(name: str) -> str:
    """The name of a file without the tries that are left to it."""
    match = COUNTED.fullmatch(name)
    return match[1] + match[3] if match else name


def efi_entry(data: bytes, scrub: Scrubber) -> bytes:
    """A variable of the boot loader interface that names an entry."""
    return data[:4] + entry_id(text_of(data[4:]), scrub).encode("utf-16-le") + b"\0\0"


def refind_linux(text: str, scrub: Scrubber) -> str:
    """refind_linux.conf: a title and kernel words in each line."""

    def one(line: str) -> str | None:
        match = re.fullmatch(r'("[^"]*"|\S+)(\s+)(?:"((?:[^"]|"")*)"|(\S.*))', line)
        if line.startswith("#") or not match:
            return None
        title = scrub.text(match[1])
        told = kernel_words(match[3] if match[3] is not None else match[4], scrub)
        return f'{title}{match[2]}"{told}"' if match[3] is not None else f"{title}{match[2]}{told}"

    return by_line(text, one)


def kernelstub(text: str, scrub: Scrubber) -> str | None:
    """kernelstub's JSON: the kernel words of both lists, and switches."""

    def reduce(value: Any) -> Any:
        if isinstance(value, dict):
            return {(k if is_public(k) else scrub.text(str(k))): reduce(v) for k, v in value.items()}
        if isinstance(value, list):
            return [reduce(v) for v in value]
        return (
            kernel_words(value, scrub)
            if isinstance(value, str) and not value.startswith("/")
            else (scrub.path(value) if isinstance(value, str) else value)
        )

    try:
        source = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return json.dumps(reduce(source), indent=2) + "\n"
