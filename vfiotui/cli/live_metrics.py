"""Live figures for Prometheus: a text file that is replaced, or a small server, by default on the loopback."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator

from vfiotui.cli.exit import CommandError
from vfiotui.cli.metrics_server import MetricsServer
from vfiotui.formats.records.live_table import openmetrics
from vfiotui.model.live.sample import LiveMoment

TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@contextlib.contextmanager
def metrics_sink(where: str) -> Iterator[Callable[[LiveMoment], None]]:
    """What takes every moment: `:PORT` and `HOST:PORT` serve it, anything else is a file."""
    host, colon, port = where.rpartition(":")
    if not colon or not port.isdigit() or "/" in where:
        yield lambda moment: _replace(where, openmetrics(moment))
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


def _replace(path: str, text: str) -> None:
    """The file is always whole: whoever reads it sees the old text or the new one."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=os.path.dirname(path) or ".", prefix=".vfiotui-", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)
        os.replace(file.name, path)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error
