"""Unpacks what Python itself cannot: zstd before Python 3.14, lz4 and lzo, by a package or by the system's program."""

from __future__ import annotations

import importlib
import os
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

from vfiotui.formats.cpio import CHUNK, Damaged

PROGRAMS = {
    # A window of 2 GiB is allowed: mkinitcpio and dracut may pack with --long.
    "zstd": ("zstd", "-q", "-d", "-c", "--long=31"),
    "lz4": ("lz4", "-q", "-d", "-c", "-", "-"),
    "lz4 legacy": ("lz4", "-q", "-d", "-c", "-", "-"),
    "lzo": ("lzop", "-q", "-d", "-c"),
}
SECONDS = 60.0
"""For one stream; an image of 100 MB takes a second."""
MISSING = {
    "zstd": "it is packed with zstd: install the program zstd or the Python package zstandard",
    "lz4": "it is packed with lz4: install the program lz4",
    "lz4 legacy": "it is packed with lz4: install the program lz4",
    "lzo": "it is packed with lzo: install the program lzop",
}


class CannotUnpack(Exception):
    """A sentence fragment: what is missing here."""


def unpack(kind: str, data: memoryview, seconds: float = SECONDS) -> Iterator[bytes]:
    """The unpacked bytes of exactly one stream; Damaged where it is broken, CannotUnpack where nothing here can."""
    stream = _zstd_stream() if kind == "zstd" else None
    if stream is not None:
        yield from _by_package(stream, data)
        return
    words = PROGRAMS.get(kind)
    program = shutil.which(words[0]) if words else None
    if words is None or program is None:
        raise CannotUnpack(MISSING[kind])
    yield from _by_program((program, *words[1:]), data, seconds)


def _zstd_stream() -> Any:
    """A decompressor of Python 3.14 on, or of the optional package; None where there is neither."""
    for module, name in (("compression.zstd", "ZstdDecompressor"), ("zstandard", "ZstdDecompressor")):
        try:
            made = getattr(importlib.import_module(module), name)()
        except ImportError:
            continue
        return made.decompressobj() if module == "zstandard" else made
    return None


def _by_package(stream: Any, data: memoryview) -> Iterator[bytes]:
    # Small bites: the package answers each of them whole, however far it unpacks.
    for start in range(0, len(data), 1 << 16):
        try:
            chunk = stream.decompress(bytes(data[start : start + (1 << 16)]))
        except Exception as error:
            raise Damaged(f"the zstd stream is damaged ({error})") from error
        if chunk:
            yield chunk


def _by_program(argv: tuple[str, ...], data: memoryview, seconds: float) -> Iterator[bytes]:
    until = time.monotonic() + seconds
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdin and process.stdout
    feeder = threading.Thread(target=_feed, args=(process.stdin, data), daemon=True)
    feeder.start()
    try:
        out = process.stdout.fileno()
        while True:
            ready, _, _ = select.select([out], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise Damaged(f"{argv[0]} had not unpacked it after {seconds:g} s")
            chunk = os.read(out, CHUNK)
            if not chunk:
                break
            yield chunk
        if process.wait(max(1.0, until - time.monotonic())):
            raise Damaged(f"the stream is damaged ({os.path.basename(argv[0])} refuses it)")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        feeder.join()


def _feed(pipe: Any, data: memoryview) -> None:
    """Hands the stream over; a program that has seen enough, or was ended, closes its side."""
    try:
        with pipe:
            for start in range(0, len(data), CHUNK):
                pipe.write(data[start : start + CHUNK])
    except (BrokenPipeError, OSError, ValueError):
        return
