"""A boot image cannot take much memory or time, however it is made: measured in a process of its own."""

from __future__ import annotations

import gzip
import json
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.requirements import need
from vfiotui.formats.initramfs.packed import BLOCKS

READ = """
import json, resource, sys
from vfiotui.host.boot import image
from vfiotui.host.root.root import Root
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = image.read(Root.mounted(sys.argv[1]), "/image")
said = getattr(found, "fault", None)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([str(found) if said is None else said, grown << 10]))
"""
MIB = 1 << 20
ALLOWED = 128 * MIB
"""Bytes: the names and contents that are kept, with what Python needs for each."""


def entry(name: bytes, body: bytes = b"", mode: int = 0o100644, size: int | None = None) -> bytes:
    numbers = (1, mode, 0, 0, 1, 0, len(body) if size is None else size, 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08x" % n for n in numbers) + name + b"\0"
    return head + bytes(-len(head) % 4) + body + bytes(-len(body) % 4)


def of_zeros(out: Path) -> None:
    with out.open("wb") as file:
        file.truncate(300 * MIB)


def behind_an_entry(out: Path) -> None:
    with out.open("wb") as file:
        file.write(entry(b"a", b"x"))
        file.truncate(300 * MIB)


def too_large(out: Path) -> None:
    with out.open("wb") as file:
        file.truncate(800 * MIB)


def many_names(out: Path) -> None:
    out.write_bytes(b"".join(entry(b"%d" % n) for n in range(150_000)))


def long_names(out: Path) -> None:
    with gzip.open(out, "wb", 1) as file:
        for n in range(60_000):
            file.write(entry(b"%05d" % n + b"n" * 4000))


def long_links(out: Path) -> None:
    with gzip.open(out, "wb", 1) as file:
        for n in range(60_000):
            file.write(entry(b"%05d" % n, b"t" * 4000, 0o120777))


def zeros_in_gzip(out: Path) -> None:
    with gzip.open(out, "wb", 9) as file:
        file.write(entry(b"big", size=0xFFFFFFFF))
        for _ in range(300):
            file.write(bytes(MIB))


def zeros_in_zstd(out: Path) -> None:
    """4 bytes make 128 KiB of it: a block of one byte, repeated."""
    first = entry(b"big", size=0xFFFFFFFF)
    frame = b"\x28\xb5\x2f\xfd\x00\x58" + (len(first) << 3).to_bytes(3, "little") + first
    block = (128 << 10 << 3 | 1 << 1).to_bytes(3, "little") + b"\0"
    out.write_bytes(frame + block * 12_000 + b"\x01\0\0")


def large_dictionary(out: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 512 * MIB}]
    out.write_bytes(lzma.compress(entry(b"a", b"x") + bytes(4096), lzma.FORMAT_XZ, filters=filters))


def endless_blocks(out: Path) -> None:
    out.write_bytes(b"\x28\xb5\x2f\xfd\x00\x58" + bytes(3) * (BLOCKS + 1))


IMAGES: list[tuple[Callable[[Path], None], str]] = [
    (of_zeros, "nothing but zeros"),
    (behind_an_entry, ""),
    (too_large, "larger than 768 MiB"),
    (many_names, "more than 100000 names"),
    (long_names, "MiB of names"),
    (long_links, "MiB of names"),
    (zeros_in_gzip, "cut short"),
    (zeros_in_zstd, "cut short"),
    (large_dictionary, "damaged"),
    (endless_blocks, "blocks"),
]


@pytest.mark.parametrize(("make", "words"), IMAGES, ids=[m.__name__ for m, _ in IMAGES])
def test_a_hostile_image_is_a_sentence_and_takes_bounded_memory(
    make: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    if make is zeros_in_zstd:
        need("zstd", "zstd")
    make(tmp_path / "image")
    done = subprocess.run([sys.executable, "-c", READ, str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said, grown = json.loads(done.stdout)
    assert words in said if words else not said
    assert grown < ALLOWED, f"{grown >> 20} MiB for {said}"
