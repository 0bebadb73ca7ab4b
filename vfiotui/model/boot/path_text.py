"""The boot path in words, from the firmware to the kernel's words: for reports and screens alike."""

from __future__ import annotations

from typing import Any

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootEntry


@dataclass(frozen=True, slots=True)
class PathLine:
    """One line of the boot path."""

    what: str
    """step (of the firmware or the loader), open, entry, kernel, initrd, not read, on disk, configured, booted."""
    text: str
    """Hostile text."""
    source: str = ""
    """Where it was read; empty where the text says it."""


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
            found += _entry(entry)
        found += [PathLine("not read", str(gap)) for gap in path.missing]
    found += [
        _words("on disk", boot.on_disk),
        _words("configured", boot.configured),
        _words("booted", boot.cmdline),
    ]
    return tuple(found)


def _entry(entry: BootEntry) -> list[PathLine]:
    made = f", made by {entry.maker}" if entry.maker else ""
    other = ": another system" if entry.other_system else ""
    release = "release not known" if isinstance(entry.release, Unread) else entry.release
    found = [
        PathLine("entry", f"'{entry.name}'{other} ({entry.why.rstrip('.')}{made})" if entry.why else
                 f"'{entry.name}'{other}{made}", entry.source),
        PathLine("kernel", f"{entry.kernel} ({release})"),
    ]  # fmt: skip
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
