"""Small machines for tests, written as `{path: text}`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vfiotui.host.root.root import Root


class Link(str):
    """The text of a symbolic link."""


def folder_root(folder: Path, files: Mapping[str, str | bytes]) -> Root:
    """A Root over a folder into which the files are written; a `Link` becomes a symbolic link."""
    for path, content in files.items():
        place = folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            place.symlink_to(content)
        elif isinstance(content, bytes):
            place.write_bytes(content)
        else:
            place.write_text(content, encoding="utf-8")
    return Root.mounted(str(folder))
