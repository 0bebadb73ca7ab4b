"""qemu-img makes an image where nothing is, and it goes again unless something was written to it, by undo.sh too."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.apply.live_target import LiveTarget, live_target
from tests.apply.systems import plan
from tests.apply.test_undo_script import SHELLS, entered
from tests.requirements import need
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.run import apply
from vfiotui.apply.scripts.shell_script import shell_script
from vfiotui.apply.steps import disk_image, preview
from vfiotui.apply.undo.undo import undo
from vfiotui.model.change.change import Change, make_image
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan

IMAGE = "/srv/a b'.qcow2"


def quiet(sentence: str) -> None:
    """Nobody listens."""


def changed(form: str = "qcow2", size: int = 1 << 20, path: str = IMAGE) -> Plan:
    return plan(make_image(path, form, size, "make it"))


@pytest.fixture
def target(tmp_path: Path) -> LiveTarget:
    need("qemu-img", "qemu-utils")
    for folder in ("srv", "usr/bin", "usr/sbin"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/bin/qemu-img").touch()
    return live_target(tmp_path)


@pytest.mark.parametrize("form", ["qcow2", "raw"])
def test_it_is_made_and_goes_again(target: LiveTarget, form: str) -> None:
    done = apply(target, changed(form), quiet)
    image = Path(target.folder + IMAGE)
    assert done.state is State.DONE and image.stat().st_mode & 0o777 == 0o600
    assert (form == "raw") == (image.stat().st_size == 1 << 20)
    assert image.read_bytes()[:4] == (b"QFI\xfb" if form == "qcow2" else bytes(4))
    assert undo(target, done.name, quiet).state is State.UNDONE
    assert os.listdir(image.parent) == []


def test_one_that_was_written_to_is_kept_and_named(target: LiveTarget) -> None:
    done = apply(target, changed("raw"), quiet)
    image = Path(target.folder + IMAGE)
    with open(image, "r+b") as file:
        file.write(b"x")
    ended = undo(target, done.name, quiet)
    assert ended.state is State.UNDONE and "is kept: it was written to since" in ended.word
    assert image.read_bytes()[:1] == b"x"


@contextmanager
def opened(image: Path) -> Iterator[None]:
    """Locked as by a QEMU that has it open."""
    with open(image, "r+b") as file:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 100, 1, 0))
        yield


def test_one_that_is_open_stays_until_it_is_closed(target: LiveTarget) -> None:
    done = apply(target, changed(), quiet)
    image = Path(target.folder + IMAGE)
    with opened(image), pytest.raises(ApplyError, match="a guest has"):
        undo(target, done.name, quiet)
    assert image.exists()
    assert undo(target, done.name, quiet).state is State.UNDONE and not image.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root: run make test as root")
@pytest.mark.parametrize("written", [False, True])
@SHELLS
def test_undo_sh_does_the_same(target: LiveTarget, give: Callable[[Path], None], written: bool) -> None:
    folder, image = Path(target.folder), Path(target.folder + IMAGE)
    give(folder)
    assert apply(target, changed("raw"), quiet).state is State.DONE
    if written:
        with open(image, "r+b") as file:
            file.write(b"x")
    # A rescue system may have no stat: then nothing is removed.
    stat = give.__name__ == "busybox"
    done = entered(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    kept = written or not stat
    assert image.exists() == kept and ("is kept" in done.stdout) == kept
    assert ("without stat" in done.stdout) == (not stat)


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_nothing_is_written_over(target: LiveTarget, kind: str) -> None:
    place = Path(target.folder + IMAGE)
    {"file": place.touch, "folder": place.mkdir, "link": lambda: place.symlink_to("/etc/passwd")}[kind]()
    with pytest.raises(ApplyError, match="there already"):
        apply(target, changed(), quiet)
    assert os.listdir(place.parent) == [place.name]


def test_what_comes_in_between_is_left_alone(target: LiveTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Path(target.folder + IMAGE)
    real = disk_image._finish

    def slow(partial: object) -> None:
        real(partial)  # type: ignore[arg-type]
        place.write_text("mine")

    monkeypatch.setattr(disk_image, "_finish", slow)
    assert apply(target, changed(), quiet).state is not State.DONE
    assert place.read_text() == "mine" and os.listdir(place.parent) == [place.name]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (make_image("/gone/a.qcow2", "qcow2", 1 << 20, ""), "the folder /gone is not there"),
        (make_image(IMAGE, "raw", 1 << 59, ""), "are missing"),
        (Change("disk_image", IMAGE, "", None, b"vmdk 1"), "no format and size"),
        (Change("disk_image", IMAGE, "", None, b"qcow2 -1"), "no format and size"),
        (Change("disk_image", IMAGE, "", None, None), "no format and size"),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything(target: LiveTarget, step: Change, words: str) -> None:
    with pytest.raises(ApplyError, match=words):
        apply(target, plan(step), quiet)
    assert os.listdir(f"{target.folder}/srv") == []


def test_without_qemu_img_it_is_said(target: LiveTarget) -> None:
    Path(f"{target.folder}/usr/bin/qemu-img").unlink()
    with pytest.raises(ApplyError, match="qemu-img is not installed"):
        apply(target, changed(), quiet)


def test_the_script_makes_the_same_image_and_shows_what_it_does(tmp_path: Path) -> None:
    path = f"{tmp_path}/x y.raw"
    script = "\n".join(shell_script(changed("raw", 1 << 20, path)))
    need("qemu-img", "qemu-utils")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert os.stat(path).st_size == 1 << 20 and os.stat(path).st_mode & 0o777 == 0o600
    assert subprocess.run(["sh", "-c", script], capture_output=True, timeout=60).returncode != 0
    assert any("qemu-img create" in line for line in preview(make_image(path, "raw", 5, "")))
