"""Live figures for Prometheus: a text file that is replaced, or a small server, by default on the loopback."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from vfiotui.cli.exit import CommandError
from vfiotui.cli.live.metrics_server import MetricsServer
from vfiotui.cli.new_file import SHARED, refuse_existing, write_new
from vfiotui.formats.records.live_table import OPENMETRICS_BEGIN, openmetrics
from vfiotui.host.root.user_file import CannotRead, open_file
from vfiotui.model.live.sample import LiveMoment

TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@contextlib.contextmanager
def metrics_sink(where: str, force: bool) -> Iterator[Callable[[LiveMoment], None]]:
    """What takes every moment: `:PORT` and `HOST:PORT` serve it, anything else is a file.

    A file with other content than such metrics is replaced with `force` only.
    """
    host, colon, port = where.rpartition(":")
    if not colon or not port.isdigit() or "/" in where:
        yield lambda moment: _write(where, openmetrics(moment), force)
        return
    latest = ["# EOF\n"]
    try:
        server = MetricsServer(host or "127.0.0.1", int(port), TYPE, lambda: latest[0])
    except (OSError, OverflowError) as error:
        raise CommandError(f"port {port} of {host or '127.0.0.1'} cannot be served: {error}") from error

    def take(moment: LiveMoment) -> None:
        latest[0] = openmetrics(moment)

    try:
        yield take
    finally:
        server.close()


def _write(path: str, text: str, force: bool) -> None:
    """The file is always whole: whoever reads it sees the old text or the new one."""
    refuse_existing(path, force or _is_metrics(path))
    write_new(path, lambda file: file.write(text.encode("utf-8", "backslashreplace")), SHARED, force=True)


def _is_metrics(path: str) -> bool:
    """Whether a file of this command's is there, from this run or an earlier one."""
    try:
        with open_file(path) as file:
            return file.read(len(OPENMETRICS_BEGIN)) == OPENMETRICS_BEGIN.encode()
    except (CannotRead, OSError):
        return False
