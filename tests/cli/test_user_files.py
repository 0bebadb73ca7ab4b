"""Files that a user names: what is no regular file is never opened, and nothing is replaced unasked."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.user_files import Taken, open_new, save_new, write_whole
from vfiotui.host.root.user_file import CannotRead, open_file, read_file
from vfiotui.tui.themes import load_themes

SECONDS = 30
"""A command that waits for a FIFO never ends."""


def fifo(path: Path) -> None:
    os.mkfifo(path)


def to_zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def sock(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # Names of sockets are short.
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


OTHERS = [(fifo, "a FIFO"), (to_zero, "a device"), (Path.mkdir, "a folder"), (sock, "a socket")]
READERS = {
    "plan": ("--demo", "plan", "{}"),
    "apply": ("--root", "{root}", "apply", "{}", "--yes"),
    "replay": ("live", "--replay", "{}", "--csv"),
    "rom": ("rom", "{}"),
    "root": ("--root", "{}", "doctor"),
}


def told(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vfiotui", *words],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "XDG_CONFIG_HOME": str(folder)},
    )


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize(("make", "words"), OTHERS, ids=[w for _, w in OTHERS])
def test_what_is_no_regular_file_is_refused(
    command: str, make: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    (tmp_path / "system/etc").mkdir(parents=True)
    place = tmp_path / "named.json"
    make(place)
    given = [w.format(place, root=tmp_path / "system") for w in READERS[command]]
    if command == "root" and words == "a folder":
        pytest.skip("a folder is a root")
    done = told(*given, folder=tmp_path)
    assert done.returncode == 3, done.stderr
    assert f"{place} is {words}, no regular file" in done.stderr and done.stderr.count("\n") == 1


def test_a_plan_may_come_by_standard_input_and_is_bounded(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vfiotui", "--demo", "plan", "-"],
        input="[" * 100_000,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    (tmp_path / "big").write_bytes(b"x" * 101)
    with pytest.raises(CannotRead, match="larger"):
        read_file(str(tmp_path / "big"), 100)
    assert read_file(str(tmp_path / "big"), 101) == b"x" * 101


@pytest.mark.parametrize("name", ["", "no/such", "a\0b", "x" * 300])
def test_names_that_lead_nowhere_are_sentences(name: str) -> None:
    with pytest.raises(CannotRead):
        open_file(name)
    with pytest.raises(ApplyError):
        open_new(f"/nowhere/{name}", 0o600)


def test_themes_that_are_no_files_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "vfiotui/themes"
    folder.mkdir(parents=True)
    fifo(folder / "a.toml")
    to_zero(folder / "b.toml")
    (folder / "c.toml").write_bytes(b"\xff\xfe")
    (folder / "d.toml").write_bytes(b"#" * (2 << 20))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    themes, bad = load_themes()
    assert len(themes) >= 4
    for name, words in (("a", "a FIFO"), ("b", "a device"), ("c", "no UTF-8"), ("d", "larger")):
        assert any(f"{name}.toml" in sentence and words in sentence for sentence in bad), bad


def test_a_recording_is_written_over_nothing_unasked(tmp_path: Path) -> None:
    short = ("live", "--demo", "--seconds", "0.1", "--interval", "0.1", "--record")
    kept = tmp_path / "notes.txt"
    kept.write_text("mine\n")
    done = told(*short, str(kept), folder=tmp_path)
    assert done.returncode == 2 and "exists already: choose another name or give --force" in done.stderr
    assert kept.read_text() == "mine\n"
    assert told(*short, str(kept), "--force", folder=tmp_path).returncode == 0
    assert "mine" not in kept.read_text()
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    assert told(*short, str(link), folder=tmp_path).returncode == 2 and not (tmp_path / "nowhere").exists()
    for make, _ in OTHERS:
        place = tmp_path / f"other-{make.__name__}"
        make(place)
        for force in ((), ("--force",)):
            assert told(*short, str(place), *force, folder=tmp_path).returncode == 2
        assert not place.is_file()


def test_metrics_are_written_over_metrics_only(tmp_path: Path) -> None:
    short = ("live", "--demo", "--seconds", "0.1", "--interval", "0.1", "--openmetrics")
    kept = tmp_path / "notes.txt"
    kept.write_text("mine\n")
    done = told(*short, str(kept), folder=tmp_path)
    assert done.returncode == 2 and f"{kept} exists already: choose another name or give --force" in done.stderr
    assert kept.read_text() == "mine\n"
    metrics = tmp_path / "vfiotui.prom"
    for words in ((str(metrics),), (str(metrics),), (str(kept), "--force")):
        assert told(*short, *words, folder=tmp_path).returncode == 0
    for path in (metrics, kept):
        assert path.read_text().startswith("# TYPE vfiotui_") and path.read_text().endswith("# EOF\n")
        assert path.stat().st_mode & 0o777 == 0o644
    for make, _ in OTHERS:
        place = tmp_path / f"other-{make.__name__}"
        make(place)
        for force in ((), ("--force",)):
            assert told(*short, str(place), *force, folder=tmp_path).returncode == 2
        assert not place.is_file()
    assert {p.name for p in tmp_path.iterdir() if p.name.startswith(".vfiotui")} == set()


def test_a_full_disk_keeps_what_was_recorded(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: both answer a write with an error."""
    record = tmp_path / "rec"
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); "
        "from vfiotui.cli.main import main; raise SystemExit(main())"
    )
    words = ["live", "--demo", "--interval", "0.1", "--seconds", "20", "--record", str(record)]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and f"{record} ends here, it cannot be written: file too large" in done.stderr
    replayed = told("live", "--replay", str(record), "--csv", folder=tmp_path)
    assert replayed.returncode == 0 and replayed.stdout.count("win10") > 10


def test_what_is_written_is_whole_or_not_there(tmp_path: Path) -> None:
    def half(file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    place = tmp_path / "new"
    with pytest.raises(ApplyError, match="no space left"):
        write_whole(str(place), half, 0o600)
    assert list(tmp_path.iterdir()) == []
    place.write_text("old")
    with pytest.raises(ApplyError, match="no space left"):
        write_whole(str(place), half, 0o600, replace=True)
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]
    with pytest.raises(Taken):
        save_new(str(place), "text", 0o600)
    write_whole(str(place), lambda file: file.write(b"new"), 0o640, replace=True)
    assert place.read_text() == "new" and place.stat().st_mode & 0o777 == 0o640
    link = tmp_path / "link"
    link.symlink_to("new")
    write_whole(str(link), lambda file: file.write(b"newer"), 0o600, replace=True)
    assert link.is_symlink() and place.read_text() == "newer"


@pytest.mark.parametrize("words", [(), ("--csv",), ("--precise",), ("--exits",), ("--record", "{}/rec")])
def test_live_has_nothing_to_show_of_a_disk_or_a_capture(words: tuple[str, ...], tmp_path: Path) -> None:
    for top in ("etc", "sys", "proc"):
        (tmp_path / "system" / top).mkdir(parents=True)
    capture = tmp_path / "host.tar.gz"
    assert told("--demo", "capture", str(capture), folder=tmp_path).returncode == 0
    for root in (tmp_path / "system", capture):
        done = told("--root", str(root), "live", *(w.format(tmp_path) for w in words), folder=tmp_path)
        assert done.returncode == 3 and done.stderr.count("\n") == 1 and "--replay" in done.stderr
    assert not (tmp_path / "rec").exists()
