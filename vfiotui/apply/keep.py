"""What a change needs to be taken back, kept in its folder before the first write."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from vfiotui.apply.disk import Meta, dress, make_folders, meta_of, put_file, sync_folder, write_all

BLOCK = 1 << 20


def own_meta() -> Meta:
    """Readable for the one who applies, and for nobody else."""
    return Meta(0o600, os.geteuid(), os.getegid())


def digest(path: str) -> str:
    """What lies at a name, as one word: absent, link:TARGET, or the SHA-256 of a file."""
    try:
        if os.path.islink(path):
            return f"link:{os.readlink(path)}"
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "absent"


def copy_durably(source: str, target: str) -> None:
    """A copy with the same bytes and metadata; links are copied as links."""
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
        return
    meta = meta_of(source)
    with open(source, "rb") as file:
        fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            while block := file.read(BLOCK):
                write_all(fd, block)
            dress(fd, meta)
            os.fsync(fd)
        finally:
            os.close(fd)


class Keep:
    """The folder before/ of one change: copies with their metadata, and a note for each step."""

    def __init__(self, folder: str) -> None:
        self.folder = f"{folder}/before"

    def make(self) -> None:
        """The folder is there."""
        make_folders(self.folder, 0o700)

    def path(self, name: str) -> str:
        """Where a kept copy lies."""
        return f"{self.folder}/{name}"

    def copy(self, source: str, name: str) -> None:
        """Keeps a file or a link as it is."""
        copy_durably(source, self.path(name))

    def write(self, name: str, data: bytes) -> None:
        """Keeps bytes that are no file of the machine."""
        put_file(self.path(name), data, own_meta(), f"{self.folder}/.partial")

    def read(self, name: str) -> bytes | None:
        """Kept bytes, or None."""
        try:
            with open(self.path(name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def note(self, step: int, **values: Any) -> None:
        """Adds to what is noted for a step."""
        self.write(f"{step}.json", json.dumps({**self.noted(step), **values}).encode())

    def noted(self, step: int) -> dict[str, Any]:
        """What was noted for a step; empty where nothing was."""
        data = self.read(f"{step}.json")
        if data is None:
            return {}
        value = json.loads(data)
        return value if isinstance(value, dict) else {}

    def later(self, step: int) -> list[dict[str, Any]]:
        """The notes of the steps behind this one, in order."""
        names = (name.removesuffix(".json") for name in os.listdir(self.folder) if name.endswith(".json"))
        return [self.noted(n) for n in sorted(int(name) for name in names if name.isdigit()) if n > step]

    def sync(self) -> None:
        """Makes the names in the folder durable."""
        sync_folder(self.folder)
