"""Small boot images, packed by the real tools."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.requirements import need
from tests.trees import Link

PACKERS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "none": (("cat",), "coreutils"),
    "gzip": (("gzip", "-1", "-c"), "gzip"),
    "xz": (("xz", "-0", "-c", "--check=crc32"), "xz-utils"),
    "lzma": (("xz", "-0", "-c", "--format=lzma"), "xz-utils"),
    "bzip2": (("bzip2", "-1", "-c"), "bzip2"),
    "zstd": (("zstd", "-q", "-1", "-c"), "zstd"),
    "lz4": (("lz4", "-q", "-1", "-c"), "lz4"),
    "lz4 legacy": (("lz4", "-q", "-l", "-1", "-c"), "lz4"),
    "lzo": (("lzop", "-q", "-1", "-c"), "lzop"),
}
"""Way of packing → the program that packs so, and its Debian package."""


def pack(data: bytes, packing: str) -> bytes:
    """The bytes, packed by a real program."""
    words, package = PACKERS[packing]
    return subprocess.run([need(words[0], package), *words[1:]], input=data, capture_output=True, check=True).stdout


def archive(folder: Path, files: Mapping[str, str | bytes], kind: str = "newc") -> bytes:
    """A cpio archive of these files, written by the real cpio; the folder is where they are laid out."""
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            place.symlink_to(content)
        elif isinstance(content, bytes):
            place.write_bytes(content)
        else:
            place.write_text(content)
    names = sorted(os.path.relpath(os.path.join(top, n), folder) for top, d, f in os.walk(folder) for n in (*d, *f))
    words = [need("cpio", "cpio"), "-o", "-0", "-H", kind, "--quiet"]
    listed = "\0".join(names).encode()
    return subprocess.run(words, cwd=folder, input=listed, capture_output=True, check=True).stdout


def listed(data: bytes) -> list[str]:
    """The names in one unpacked archive, as the real cpio lists them."""
    words = [need("cpio", "cpio"), "-t", "--quiet"]
    return subprocess.run(words, input=data, capture_output=True, check=True).stdout.decode().splitlines()
