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

from vfiotui.formats.initramfs.cpio import CHUNK, Damaged
from vfiotui.formats.records.pieces import Sliced

PROGRAMS = {
    "zstd": ("zstd", "-q", "-d", "-c", "--memory=128MB"),
    "lz4": ("lz4", "-q", "-d", "-c", "-", "-"),
    "lz4 legacy": ("lz4", "-q", "-d", "-c", "-", "-"),
    "lzo": ("lzop", "-q", "-d", "-c"),
}
WINDOW = 128 << 20
"""Bytes of a zstd window; the kernel takes no larger one (lib/decompress_unzstd.c)."""
BITE = 64 << 10
"""Packed bytes that are handed over at once."""
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


def unpack(kind: str, data: Sliced, seconds: float = SECONDS) -> Iterator[bytes]:
    """The unpacked bytes of exactly one stream, in pieces of bounded size.

    Damaged where it is broken, CannotUnpack where nothing here can.
    """
    by_package = _zstd_reader(data) if kind == "zstd" else None
    if by_package is not None:
        yield from by_package
        return
    words = PROGRAMS.get(kind)
    program = shutil.which(words[0]) if words else None
    if words is None or program is None:
        raise CannotUnpack(MISSING[kind])
    yield from _by_program((program, *words[1:]), data, seconds)


def _zstd_reader(data: Sliced) -> Iterator[bytes] | None:
    """Unpacks by Python 3.14 or later, or by the optional package; None where there is neither."""
    for module, reader in (("compression.zstd", _by_python), ("zstandard", _by_package)):
        try:
            return reader(importlib.import_module(module), data)
        except ImportError:
            continue
    return None


def _by_python(zstd: Any, data: Sliced) -> Iterator[bytes]:
    stream = zstd.ZstdDecompressor()
    place = 0
    try:
        while not stream.eof:
            given = b""
            if stream.needs_input:
                given = bytes(data[place : place + BITE])
                place += len(given)
                if not given:
                    raise Damaged("the zstd stream is cut short")
            if chunk := stream.decompress(given, CHUNK):
                yield chunk
    except zstd.ZstdError as error:
        raise Damaged(f"the zstd stream is damaged ({error})") from error


def _by_package(zstandard: Any, data: Sliced) -> Iterator[bytes]:
    stream = zstandard.ZstdDecompressor(max_window_size=WINDOW).stream_reader(_Source(data), read_size=BITE)
    try:
        while chunk := stream.read(CHUNK):
            yield chunk
    except zstandard.ZstdError as error:
        raise Damaged(f"the zstd stream is damaged ({error})") from error


class _Source:
    """The data as a stream."""

    def __init__(self, data: Sliced) -> None:
        self._data = data
        self._place = 0

    def read(self, size: int) -> bytes:
        """The next bytes, none at the end."""
        found = bytes(self._data[self._place : self._place + size])
        self._place += len(found)
        return found


def _by_program(argv: tuple[str, ...], data: Sliced, seconds: float) -> Iterator[bytes]:
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


def _feed(pipe: Any, data: Sliced) -> None:
    """Hands the stream over; a program that has seen enough, or was ended, closes its side."""
    try:
        with pipe:
            for start in range(0, len(data), CHUNK):
                pipe.write(data[start : start + CHUNK])
    except (BrokenPipeError, OSError, ValueError):
        return
