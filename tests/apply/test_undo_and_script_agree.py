"""undo and undo.sh answer the same in every state of what was kept and of the journal, and leave the same bytes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.apply.systems import COMMAND, FILES, disk, plan, quiet, system, with_busybox
from tests.requirements import need
from vfiotui.apply.errors import ApplyError, Busy, Conflict, Damage
from vfiotui.apply.run import apply
from vfiotui.apply.run_steps import works
from vfiotui.apply.steps.step import SubjectState
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.host import changes
from vfiotui.host.root.root import Root
from vfiotui.model.change.journal import State

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="entering a system needs root: run make test as root")
GRUB = "etc/default/grub.real"
WORKER = b'"pid": 1, "start": 1, "boot": "gone"}\n'


def lines(*kept: int) -> Callable[[Path, Path], object]:
    """The journal holds some of its lines only, by number from 0."""

    def keep(folder: Path, change: Path) -> None:
        old = (change / "journal").read_bytes().splitlines(True)
        (change / "journal").write_bytes(b"".join(old[n] for n in kept).replace(b'"boot": "', b'"boot": "gone'))

    return keep


def cut(size: int) -> Callable[[Path, Path], object]:
    """The journal has lost its last bytes."""

    def shorten(folder: Path, change: Path) -> None:
        text = (change / "journal").read_bytes().replace(b'"boot": "', b'"boot": "gone')
        (change / "journal").write_bytes(text[:-size])

    return shorten


def journal(edit: Callable[[bytes], bytes]) -> Callable[[Path, Path], object]:
    return lambda folder, change: (change / "journal").write_bytes(edit((change / "journal").read_bytes()))


def flipped(data: bytes) -> bytes:
    return data[:-3] + bytes((data[-3] ^ 0x20,)) + data[-2:]


def kept(name: str, edit: Callable[[bytes], bytes] | None) -> Callable[[Path, Path], object]:
    """A file of the folder before/ is edited, or goes away."""

    def do(folder: Path, change: Path) -> None:
        place = change / "before" / name
        if edit is None:
            place.unlink()
        else:
            place.write_bytes(edit(place.read_bytes()))

    return do


def relinked(folder: Path, change: Path) -> None:
    (change / "before/4").unlink()
    (change / "before/4").symlink_to("/elsewhere")


def folded(folder: Path, change: Path) -> None:
    (change / "before/1").unlink()
    (change / "before/1").mkdir()


def moded(folder: Path, change: Path) -> None:
    """A label, a mode or a time of a kept copy is not its content."""
    (change / "before/1").chmod(0o777)


def by_hand(folder: Path, change: Path) -> None:
    (folder / GRUB).write_bytes(b"by hand\n")


def back_already(folder: Path, change: Path) -> None:
    (folder / GRUB).write_bytes((change / "before/1").read_bytes())


STATES: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "as it was left": (lambda folder, change: None, "undone"),
    "kept copy missing": (kept("1", None), "damaged"),
    "kept copy empty": (kept("1", lambda data: b""), "damaged"),
    "kept copy of zeros": (kept("1", lambda data: bytes(len(data))), "damaged"),
    "kept copy flipped": (kept("1", flipped), "damaged"),
    "kept copy longer": (kept("1", lambda data: data + b"\n"), "damaged"),
    "kept copy a folder": (folded, "damaged"),
    "kept link elsewhere": (relinked, "damaged"),
    "kept mode": (moded, "undone"),
    "kept product missing": (kept("6.0", None), "damaged"),
    "kept product empty": (kept("6.0", lambda data: b""), "damaged"),
    "note missing": (kept("1.json", None), "damaged"),
    "note empty": (kept("1.json", lambda data: b""), "damaged"),
    "note garbage": (kept("1.json", lambda data: b"garb\n"), "damaged"),
    "note of wrong types": (kept("1.json", lambda data: b'{"place": 5, "made": "abc", "before": 3}\n'), "damaged"),
    "note of a command missing": (kept("6.json", None), "damaged"),
    "note of its end missing": (kept("6.done.json", None), "damaged"),
    "note of its end garbage": (kept("6.done.json", flipped), "damaged"),
    "journal missing": (lambda folder, change: (change / "journal").unlink(), "damaged"),
    "journal empty": (journal(lambda data: b""), "damaged"),
    "journal of zeros": (journal(lambda data: bytes(len(data))), "damaged"),
    "journal with zeros": (journal(lambda data: data + bytes(9)), "damaged"),
    "journal binary": (journal(lambda data: os.urandom(5000)), "damaged"),
    "journal of another line end": (journal(lambda data: data.replace(b"\n", b"\r\n")), "damaged"),
    "journal newer": (journal(lambda data: data + b'{"event": "moved"}\n'), "damaged"),
    "journal with step 99": (journal(lambda data: data + b'{"event": "begin", "step": 99}\n'), "damaged"),
    "journal with step 0": (journal(lambda data: data + b'{"event": "begin", "step": 0}\n'), "damaged"),
    "journal with step true": (journal(lambda data: data + b'{"event": "begin", "step": true}\n'), "damaged"),
    "journal with a text": (journal(lambda data: data + b"hello\n"), "damaged"),
    "journal with a huge pid": (
        journal(lambda data: data + b'{"event": "undo", "pid": 99999999999, "start": 1, "boot": ""}\n'), "damaged"
    ),
    "journal with a pid -1": (
        journal(lambda data: data + b'{"event": "command", "step": 1, "pid": -1, "start": 1, "boot": ""}\n'), "damaged"
    ),
    "journal without its head": (journal(lambda data: data.partition(b"\n")[2]), "damaged"),
    "journal with a long line": (journal(lambda data: data + b"x" * 70_000 + b"\n"), "damaged"),
    "journal too long": (journal(lambda data: data + b"\n" * (1 << 20)), "damaged"),
    "journal torn at its end": (cut(5), "undone"),
    "journal torn and gone on": (journal(lambda data: data + b'{"event": "un\n{"event": "done"}\n'), "undone"),
    "journal cut behind step 1": (lines(0, 1, 2), "conflict"),
    "journal cut before step 1": (lines(0), "conflict"),
    "undone already": (journal(lambda data: data + b'{"event": "undone"}\n'), "already"),
    "rolled back already": (journal(lambda data: data + b'{"event": "rolled back", "why": "x"}\n'), "already"),
    "stuck": (journal(lambda data: data + b'{"event": "stuck", "why": "x"}\n'), "undone"),
    "changed since": (by_hand, "conflict"),
    "back already": (back_already, "undone"),
}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A system with one change in force."""
    folder = tmp_path_factory.mktemp("model") / "a"
    folder.mkdir()
    target = system(folder)
    with_busybox(folder, need("busybox", "busybox-static"))
    assert apply(target, plan(*FILES, *COMMAND), quiet).state is State.DONE
    return folder


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    def make(name: str) -> Path:
        subprocess.run(["cp", "-a", str(model), str(tmp_path / name)], check=True)
        return tmp_path / name

    yield make


def aged(change: Path) -> None:
    """Another start of the system was at work at it long ago."""
    if (change / "journal").exists():
        os.utime(change / "journal", (10**9, 10**9))


def answer_of_python(folder: Path) -> tuple[str, str]:
    try:
        outcome = undo(Target(Root.mounted(str(folder))), "1", quiet)
    except (Conflict, Busy) as error:
        return "conflict", str(error)
    except Damage as error:
        return "damaged", str(error)
    except ApplyError as error:
        return ("already" if "already" in str(error) else "damaged"), str(error)
    return str(outcome.state), ""


def answer_of_script(folder: Path, shell: tuple[str, ...]) -> tuple[str, str]:
    (script,) = folder.glob("var/lib/vfiotui/changes/0001-*/undo.sh")
    done = subprocess.run([*shell, str(script)], capture_output=True, text=True, timeout=60)
    assert not done.stderr, done.stderr
    word = {1: "conflict", 4: "damaged"}.get(done.returncode, "undone")
    assert word != "damaged" or "by hand" in done.stdout, done.stdout
    return "already" if "already" in done.stdout else word, done.stdout


@pytest.mark.parametrize("name", STATES)
def test_both_answer_the_same(copy: Callable[[str], Path], name: str) -> None:
    make, wanted = STATES[name]
    found = {}
    for who in ("python", "dash", "busybox"):
        folder = copy(who)
        (change,) = folder.glob("var/lib/vfiotui/changes/0001-*")
        make(folder, change)
        aged(change)
        was = disk(folder)
        shell = (need(who, who), *(("sh",) if who == "busybox" else ())) if who != "python" else ()
        answer, said = answer_of_script(folder, shell) if shell else answer_of_python(folder)
        now = disk(folder)
        assert answer == wanted, (who, answer, said)
        assert (now == was) == (answer != "undone"), (who, said)
        record = changes.read_one(Root.mounted(str(folder)), change.name)
        assert record is not None and (record.state is State.UNDONE) == (wanted == "undone" or "undone al" in name)
        found[who] = now
    assert found["python"] == found["dash"] == found["busybox"]


def test_what_was_undone_stands_as_before(model: Path) -> None:
    """The states above compare both ways with each other; this one with the way in."""
    target = Target(Root.mounted(str(model)))
    from vfiotui.apply.record.journal import find

    journal = find(target, "1")
    read = journal.plan()
    assert not isinstance(read, str)
    from vfiotui.apply.steps import kind_of

    for work in works(journal, plan(*FILES, *COMMAND)):
        assert kind_of(work.change.kind).standing(work) is SubjectState.AFTER
