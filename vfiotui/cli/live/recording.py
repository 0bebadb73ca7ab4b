"""A recording of `vfiotui live` as it is refresh: line by line, or whole as a history."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.host.root.user_file import CannotRead, open_file
from vfiotui.model.live.interference import Culprits
from vfiotui.model.live.sample import Sample

if TYPE_CHECKING:
    from vfiotui.formats.records import live_record
    from vfiotui.live.history import LiveHistory

LONGEST_LINE = 16 << 20
"""Bytes of a sample; 10,000 threads need 1 MB."""


def samples_of(path: str) -> Iterator[live_record.Heading | Sample | live_record.Remark | Culprits]:
    """What a recording holds; a file that is none ends the command with a sentence."""
    from vfiotui.formats.records import live_record

    try:
        with open_file(path) as file:
            yield from live_record.read_record(_text_lines(file, path))
    except CannotRead as error:
        raise CommandError(str(error), Exit.NO_ACCESS) from error
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from error
    except live_record.BadRecord as error:
        raise CommandError(f"{path} {error}") from error


def recorded(path: str) -> tuple[LiveHistory, float, tuple[Culprits, ...]]:
    """A recording as a history, the seconds between its samples, and who was seen while vCPUs waited.

    One line is held at a time: the history alone grows with the file.
    """
    from vfiotui.formats.records import live_record
    from vfiotui.live.history import LONGEST, RECORDED_MARKS, LiveHistory
    from vfiotui.model.live.rates import Rates

    history, rates, looks = LiveHistory(min(_lines(path), LONGEST), RECORDED_MARKS), Rates(), []
    first = last = 0.0
    for line in samples_of(path):
        if isinstance(line, Sample):
            first, last = first if history.count else line.at, line.at
            history.append(rates.moment(line))
        elif isinstance(line, live_record.Remark):
            if history.count:
                history.mark(line.text, alarm=line.alarm)
        elif isinstance(line, Culprits):
            looks.append(line)
    if not history.count:
        raise CommandError(f"{path} holds no sample")
    return history, (last - first) / max(history.count - 1, 1) or 1.0, tuple(looks)


def _text_lines(file: BinaryIO, path: str) -> Iterator[str]:
    """The lines of a recording; one that is far too long ends the command."""
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise CommandError(
                f"{path} is no recording of vfiotui live: it has a line of more than {LONGEST_LINE} bytes"
            )
        yield line.decode("utf-8", "replace")


def _lines(path: str) -> int:
    """How many lines a file has: no fewer than samples; 1 where it cannot be read, which is told later."""
    with contextlib.suppress(OSError, CannotRead), open_file(path) as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b"")) + 1
    return 1
