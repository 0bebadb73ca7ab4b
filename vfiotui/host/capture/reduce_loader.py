"""Files of boot loaders reduced to entries, kernels and kernel words; users and passwords of menus are left out."""

from __future__ import annotations

import json
import re
from typing import Any

from vfiotui.host.capture.reduce_text import by_line, kernel_words, keyed
from vfiotui.host.capture.scrub import Scrubber, is_public

ENTRY_KEYS = frozenset("version linux initrd machine-id sort-key architecture efi uki uki-url devicetree".split())


def loader_entry(text: str, scrub: Scrubber) -> str:
    """Boot Loader Specification: kernel, initrd, version, machine-id and kernel words; the title as one name."""

    def one(line: str) -> str | None:
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


loader_conf = keyed(("default", "timeout", "console-mode", "editor"))


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
