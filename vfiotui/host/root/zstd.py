"""Captures in zstd: by Python 3.14 or later, by the optional package zstandard, or by the system's program."""

from __future__ import annotations

import importlib
import shutil
import subprocess
from collections.abc import Iterator
from typing import IO, Any

from vfiotui.formats.initramfs.cpio import Damaged
from vfiotui.host.boot.unpack import SECONDS, unpack

MISSING = "nothing here packs with zstd: install the program zstd or the Python package zstandard"


class CannotPack(Exception):
    """A sentence: what is missing or failed here."""


def packed(data: bytes) -> bytes:
    """The data as one zstd frame; CannotPack where nothing here can."""
    for module in ("compression.zstd", "zstandard"):
        try:
            made: bytes = importlib.import_module(module).compress(data)
            return made
        except ImportError:
            continue
    program = shutil.which("zstd")
    if program is None:
        raise CannotPack(MISSING)
    try:
        done = subprocess.run([program, "-q", "-c"], input=data, capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotPack(f"{program} did not pack it ({type(error).__name__})") from error
    if done.returncode:
        raise CannotPack(f"{program} did not pack it (it ended with {done.returncode})")
    return done.stdout


class Stream:
    """Unpacks a stream of one frame or several; the program gets no more than `limit` packed bytes."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._error: type[Exception] = Damaged
        try:
            from compression import zstd  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            try:
                import zstandard
            except ImportError:
                self._reader: Any = _Pieces(unpack("zstd", stream.read(limit)))
            else:
                self._error = zstandard.ZstdError
                self._reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
        else:
            self._error = zstd.ZstdError
            self._reader = zstd.open(stream)

    def read(self, size: int) -> bytes:
        """At most so many unpacked bytes, none at the end; Damaged, or CannotUnpack where nothing here can."""
        try:
            data: bytes = self._reader.read(size)
        except self._error as error:
            raise Damaged(str(error)) from error
        return data


class _Pieces:
    """Pieces of bytes as a stream."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        data, self._rest = self._rest[:size], self._rest[size:]
        return data
