"""Writes live samples into a file that `vfiotui live --replay` opens."""

from __future__ import annotations

import contextlib
from typing import BinaryIO

from vfiotui.apply.errors import ApplyError, os_sentence
from vfiotui.formats.records import live_record
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import or_else
from vfiotui.model.live.interference import Culprits
from vfiotui.model.live.sample import Sample


class Recorder:
    """A line for each sample, flushed: a recording that is broken off is whole up to there.

    All calls but `close` raise ApplyError where the file cannot be written.
    """

    def __init__(self, path: str, file: BinaryIO, root: Root) -> None:
        """Writes the heading into a file that is open and empty; `root` names the host and its kernel."""
        self.path = path
        self._file = file
        host, kernel = (or_else(root.text(f"/proc/sys/kernel/{name}"), "") for name in ("hostname", "osrelease"))
        self._line(live_record.heading_line(live_record.Heading(host, kernel)))

    def sample(self, sample: Sample) -> None:
        """Adds a sample."""
        self._line(live_record.sample_line(sample))

    def remark(self, text: str, at: float, *, alarm: bool) -> None:
        """Adds a mark or an alarm, which belongs to the sample before it; `at` is in seconds of CLOCK_MONOTONIC."""
        self._line(live_record.remark_line(live_record.Remark(text, at, alarm)))

    def look(self, look: Culprits) -> None:
        """Adds who ran on the CPUs of vCPUs that waited."""
        self._line(live_record.look_line(look))

    def close(self) -> None:
        """Ends the file; what could not be written was told before."""
        with contextlib.suppress(OSError):
            self._file.close()

    def _line(self, text: str) -> None:
        try:
            self._file.write(text.encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise ApplyError(
                os_sentence(error, f"the recording {self.path} ends here, it cannot be written")
            ) from error
