"""The boot path in words, from the firmware to the kernel's words: for reports and screens alike."""

from __future__ import annotations

from typing import Any

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootEntry, BootPath

LOADERS = {
    "grub": "GRUB", "grub-bls": "GRUB", "uki": "the firmware", "efistub": "the firmware", "limine": "Limine",
    "refind": "rEFInd", "proxmox": "proxmox-boot-tool's loader", "nixos": "NixOS's loader", "guix": "Guix's loader",
    "unknown": "", "": "",
}  # fmt: skip
"""What a person calls them; a loader that is not here is called by its own name."""
NAMED = 3
"""Candidates that one sentence names."""
OF_THE_LOADER = frozenset({"BOOT_IMAGE", "initrd"})
"""Words that a loader adds by itself, other ones for each image."""


@dataclass(frozen=True, slots=True)
class PathLine:
    """One line of the boot path."""

    what: str
    """step (of the firmware or the loader), open, entry, kernel, initrd, not read, on disk, configured, booted."""
    text: str
    """Hostile text."""
    source: str = ""
    """Where it was read; empty where the text says it."""


def path_summary(boot: Boot) -> str:
    """The next boot in one sentence: what starts which entry and kernel, or why that is not known; hostile text."""
    path = boot.path
    if isinstance(path, Unread):
        return f"not known: {path}"
    starter = LOADERS.get(path.loader or boot.loader.name, path.loader or boot.loader.name)
    does = f"{starter} starts" if starter else "starts"
    default = path.default
    if default is not None:
        return f"{does} {_named(default)}"
    if not path.candidates:
        return f"not known: {path.open or (path.missing[0] if path.missing else 'no entry that starts was found')}"
    names = [f"'{entry.name}'" for entry in path.candidates[:NAMED]]
    more = len(path.candidates) - len(names)
    names += [f"one of {more} more" if more > 1 else "one more"] if more else []
    return f"{does} {' or '.join(names)}{f': {path.open}' if path.open else ''}"


def _named(entry: BootEntry) -> str:
    if entry.other_system:
        return f"'{entry.name}': another system"
    if isinstance(entry.kernel, Unread):
        return f"'{entry.name}', kernel {entry.kernel}"
    release = "a kernel whose release is not known" if isinstance(entry.release, Unread) else f"kernel {entry.release}"
    return f"'{entry.name}', {release}"


def words_against_now(boot: Boot) -> str:
    """How the next boot's words differ from those of this boot, in one sentence; hostile text.

    Empty where one of them is not known. Words that the loader adds by itself (BOOT_IMAGE, initrd) do not count, nor
    does their order.
    """
    if isinstance(boot.on_disk, Unread) or isinstance(boot.cmdline, Unread):
        return ""
    coming, now = _own_words(boot.on_disk), _own_words(boot.cmdline)
    new = " ".join(dict.fromkeys(word for word in coming if word not in now))
    gone = " ".join(dict.fromkeys(word for word in now if word not in coming))
    parts = [f"the next boot adds {new}"] if new else []
    parts += [f"{'' if new else 'the next boot '}drops {gone}"] if gone else []
    return ", and ".join(parts) or "the same words as this boot"


def _own_words(line: CommandLine) -> list[str]:
    return [word.text for word in line.words() if word.key not in OF_THE_LOADER]


def path_lines(boot: Boot) -> tuple[PathLine, ...]:
    """The next boot step by step, every candidate of it, then the three command lines that must agree."""
    found: list[PathLine] = []
    path = boot.path
    if isinstance(path, Unread):
        found.append(PathLine("not read", str(path)))
    else:
        found += [PathLine("step", step.text, step.source) for step in path.steps]
        if path.open:
            found.append(PathLine("open", path.open))
        for entry in path.candidates:
            found += _entry(entry, path)
        found += [PathLine("not read", str(gap)) for gap in path.missing]
    found += [
        _words("on disk", boot.on_disk),
        _words("configured", boot.configured),
        _words("booted", boot.cmdline),
    ]
    return tuple(found)


def _entry(entry: BootEntry, path: BootPath) -> list[PathLine]:
    # A reason that a step has given already is not repeated.
    why = entry.why.rstrip(".")
    whys = [why] if why and not any(why in step.text for step in path.steps) else []
    about = ", ".join([*whys, *([f"made by {entry.maker}"] if entry.maker else [])])
    other = ": another system" if entry.other_system else ""
    release = "release not known" if isinstance(entry.release, Unread) else entry.release
    found = [
        PathLine("entry", f"'{entry.name}'{other}{f' ({about})' if about else ''}", entry.source),
        PathLine("kernel", f"{entry.kernel} ({release})"),
    ]
    if entry.unified:
        return [*found, PathLine("initrd", "part of the unified image")]
    return [*found, *(PathLine("initrd", path) for path in entry.initrds or ("none",))]


def _words(what: str, line: Reading[CommandLine]) -> PathLine:
    return PathLine(what, f"not known: {line}") if isinstance(line, Unread) else PathLine(what, line.text, line.source)


def path_json(boot: Boot) -> dict[str, Any]:
    """The same for programs: loader, steps, candidates, what leaves it open, and the three command lines or null."""
    path = boot.path
    read = not isinstance(path, Unread)
    return {
        "loader": boot.loader.name,
        "not_read": None if read else str(path),
        "open": path.open if not isinstance(path, Unread) else "",
        "steps": [{"text": s.text, "source": s.source} for s in (() if isinstance(path, Unread) else path.steps)],
        "candidates": [_json(entry) for entry in (() if isinstance(path, Unread) else path.candidates)],
        "on_disk": _line(boot.on_disk),
        "configured": _line(boot.configured),
        "booted": _line(boot.cmdline),
    }


def _json(entry: BootEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "source": entry.source,
        "kernel": None if isinstance(entry.kernel, Unread) else entry.kernel,
        "release": None if isinstance(entry.release, Unread) else entry.release,
        "initrds": list(entry.initrds),
        "cmdline": _line(entry.words),
        "maker": entry.maker,
        "unified": entry.unified,
        "other_system": entry.other_system,
        "why": entry.why,
    }


def _line(line: Reading[CommandLine]) -> dict[str, str] | None:
    return None if isinstance(line, Unread) else {"text": line.text, "source": line.source}
