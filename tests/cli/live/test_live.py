"""`vfiotui live`: streams, recordings and what Prometheus reads, from the demo machine and from this one."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.hosts import TOWER
from tests.machines import root_of
from tests.requirements import need
from tests.tui.consoles import console
from vfiotui.cli.live.recording import recorded
from vfiotui.formats.records import live_record
from vfiotui.model.base.mode import Mode
from vfiotui.model.live.interference import Culprit, Culprits
from vfiotui.model.live.sample import CpuCount, GuestCount, Sample, ThreadCount

LIVE = (sys.executable, "-m", "vfiotui", "live", "--interval", "0.1")
SHORT = ("--demo", "--seconds", "1")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LIVE, *words], capture_output=True, text=True, timeout=60)


def record(path: Path) -> list[Sample]:
    done = run(*SHORT, "--record", str(path))
    assert done.returncode == 0 and done.stdout == "", done.stderr
    with path.open() as file:
        return [s for s in live_record.read_record(file) if isinstance(s, Sample)]


def test_what_is_recorded_is_replayed_with_the_same_figures(tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    samples = record(path)
    assert len(samples) >= 3
    rows = list(csv.DictReader(io.StringIO(run("--replay", str(path), "--csv").stdout)))
    first, last = samples[0].guests[0].threads[0], samples[-1].guests[0].threads[0]  # type: ignore[union-attr, index]
    mine = [r for r in rows if r["thread"] == "vcpu" and r["number"] == "0"]
    assert mine[0]["busy"] == "", "the first sample has no rate"
    seconds = [b.at - a.at for a, b in itertools.pairwise(samples)]
    ran = sum(float(r["busy"]) * s for r, s in zip(mine[1:], seconds, strict=True))
    assert abs(ran - (last.run - first.run) / 1e9) < 1e-4, "the rates add up to what was counted"
    told = [json.loads(line) for line in run("--replay", str(path), "--json").stdout.splitlines()]
    assert [t["delay_ms"] for t in told if t["thread"] == "vcpu" and t["number"] == 0] == [
        float(r["delay_ms"]) if r["delay_ms"] else None for r in mine
    ]


def test_a_file_that_is_no_recording_is_told(tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("PK\x03\x04")
    done = run("--replay", str(bad), "--csv")
    assert done.returncode == 1 and "is no recording" in done.stderr and "Traceback" not in done.stderr
    assert "is not there" in run("--replay", str(tmp_path / "none"), "--csv").stderr
    assert "cannot be written" in run(*SHORT, "--record", str(tmp_path / "no/x")).stderr


def test_a_metrics_file_is_always_whole(tmp_path: Path) -> None:
    path = tmp_path / "vfiotui.prom"
    done = run(*SHORT, "--openmetrics", str(path))
    assert done.returncode == 0, done.stderr
    assert path.read_text().endswith("# EOF\n") and 'guest="win10"' in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def served_at(port: int) -> str:
    """What Prometheus would read of a demo that ends at Ctrl-C."""
    with subprocess.Popen([*LIVE, "--demo", "--csv", "--openmetrics", f":{port}"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        # Once a line is printed the server stands.
        for _ in range(3):
            process.stdout.readline()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
            assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
            text = answer.read().decode()
        listening = Path("/proc/net/tcp").read_text()
        assert re.search(rf"0100007F:{port:04X} 00000000:0000 0A", listening), "on 127.0.0.1 only"
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(20) == 0
    return text


def test_metrics_are_served_on_the_loopback() -> None:
    import socket

    with socket.socket() as probe:
        # Bound all the while, and not listening: nobody else is given this port, and a server may share it.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", 0))
        text = served_at(probe.getsockname()[1])
    assert text.endswith("# EOF\n") and "vfiotui_thread_run_seconds_total" in text


def test_this_host_without_guests_says_so() -> None:
    # Guests of other tests run on this machine: the command sees the processes of its own namespace alone.
    apart = (need("unshare", "util-linux"), *(("-r",) * bool(os.geteuid())), "--fork", "--pid", "--mount-proc")
    words = (*apart, sys.executable, "-m", "vfiotui", "live", "--seconds", "0.1", "--plain", "--interval", "0.1")
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "no guest runs" in done.stdout or "guests are not visible" in done.stdout


async def test_a_recording_is_shown_in_the_same_screen(tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    samples = record(path)
    async with console(root_of(TOWER, Mode.DEMO)) as found:
        found.app.replay("live.jsonl", *recorded(str(path)))
        await found.press("5")
        await found.shows("live.jsonl at", f"sample {len(samples)} of {len(samples)}", "v7   21")
        await found.press("left", "left")
        await found.shows(f"sample {len(samples) - 2} of")
        await found.press("greater_than_sign")
        await found.shows(f"sample {len(samples)} of")
        await found.press("less_than_sign", "p")
        await found.shows(f"sample {len(samples)} of")
        assert found.app.history.count == len(samples), "nothing is sampled"


async def test_who_was_seen_when_it_was_recorded_is_told_at_the_replay(tmp_path: Path) -> None:
    path = tmp_path / "late.jsonl"
    lines = [live_record.heading_line(live_record.Heading("tower", "6.12"))]
    for at, wait in ((1.0, 0), (2.0, 400_000_000), (3.0, 400_000_000)):
        thread = ThreadCount("vcpu", 0, 77, frozenset({3}), 3, int(at * 1e8), wait, int(at * 10), 0, at)
        lines.append(
            live_record.sample_line(Sample(at, 1e9 + at, (CpuCount(3, 4000.0, 0),), (GuestCount("g", 7, (thread,)),)))
        )
    lines.append(live_record.look_line(Culprits(3.0, 2.0, (Culprit(3, "kernel", "kworker/3:1", 9, 0.4, 0.0),), 5, 1.0)))
    path.write_text("\n".join(lines) + "\n")
    async with console(root_of(TOWER, Mode.DEMO)) as found:
        found.app.replay("late.jsonl", *recorded(str(path)))
        await found.press("5")
        await found.shows("worst: v0 waited 400.0 ms/s on CPU 3", "because: kworker/3:1 (kernel) 40%")
        await found.press("N")
        await found.shows("sample 2 of 3")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_a_stream_that_is_ended_by_a_signal_ends_in_order(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "live.jsonl"
    words = [*LIVE, "--demo", "--csv", "--record", str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stderr is not None
        assert child.stdout.readline().startswith("at,wall") and child.stdout.readline()
        child.send_signal(number)
        rest = child.stdout.read()
        assert child.wait(60) == 0, child.stderr.read()
    assert rest.endswith("\n") and path.read_bytes().endswith(b"\n"), "the last sample is whole"
    assert recorded(str(path))[0].count >= 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_a_metrics_file_is_whole_after_a_signal_and_says_nothing_of_it(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "vfiotui.prom"
    with subprocess.Popen(
        [*LIVE, "--demo", "--csv", "--openmetrics", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None and child.stderr is not None
        child.stdout.readline()
        child.stdout.readline()
        child.send_signal(number)
        child.stdout.read()
        assert (child.wait(60), "Traceback" in child.stderr.read()) == (0, False)
    assert path.read_text().endswith("# EOF\n") and [p.name for p in tmp_path.iterdir()] == [path.name]
