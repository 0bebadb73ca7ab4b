"""Boot Loader Specification entries (uapi-group.org/specifications/specs/boot_loader_specification)."""

from __future__ import annotations


def parse(text: str) -> tuple[tuple[str, str], ...]:
    """Key and value of every line; `options` may come more than once and adds up.

    >>> parse("title Arch\\noptions root=UUID=1 rw\\n# x\\noptions quiet")
    (('title', 'Arch'), ('options', 'root=UUID=1 rw'), ('options', 'quiet'))
    """
    found = []
    for line in text.replace("\r", "").split("\n"):
        words = line.strip().split(None, 1)
        if words and not words[0].startswith("#"):
            found.append((words[0], words[1].strip() if len(words) > 1 else ""))
    return tuple(found)


def options(text: str) -> str | None:
    """The kernel command line of an entry, or None where it has none."""
    given = [value for key, value in parse(text) if key == "options"]
    return " ".join(given) if given else None
