"""A disk that is really full: a change is made whole, or not at all, and is made once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.apply.private_mounts import HOUSE, VFIOTUI
from tests.apply.systems import FILES, disk, lay_out, plan
from tests.apply.torture.faults import run
from tests.requirements import need
from vfiotui.model.change.plan import to_json

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root: run make test as root")
BLOCK = 4096
MAKE = {
    "tmpfs": 'mount -t tmpfs -o size=1m disk "$1"',
    # A delayed allocation tells of a full disk at the sync only.
    "ext4": 'truncate -s 16M "$2"; mkfs.ext4 -q -m 0 -b 4096 "$2"; mount -o loop "$2" "$1"',
}


class SmallDisk:
    """A mounted system on a small file system that only this test's processes see."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.inner = folder / "root"
        self.inner.mkdir()
        unshare = (need("unshare", "util-linux"), "--mount", "--propagation", "private")
        script = f"{MAKE[kind]} >&2; echo ready; cat"
        self.holder = subprocess.Popen(
            [*unshare, "sh", "-euc", script, "sh", str(self.inner), str(folder / "image")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.holder.stdout is not None and self.holder.stdout.readline() == b"ready\n"
        enter = (need("nsenter", "util-linux"), "-t", str(self.holder.pid), "--mount", "--root")
        self.inside = (*enter, "env", "-C", str(HOUSE))
        self.seen = Path(f"/proc/{self.holder.pid}/root{self.inner}")
        """The same from outside."""
        lay_out(self.seen)
        (self.seen / "tmp").mkdir()
        (self.seen / "tmp/plan.json").write_text(to_json(plan(*FILES)))

    def close(self) -> None:
        assert self.holder.stdin is not None
        self.holder.stdin.close()
        self.holder.wait(10)

    def vfiotui(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run([*VFIOTUI, "--root", str(self.inner), *words], inside=self.inside)

    def apply(self) -> subprocess.CompletedProcess[str]:
        return self.vfiotui("apply", f"{self.inner}/tmp/plan.json", "--yes", "--run-its-programs")

    def fill(self, free: int) -> None:
        """Leaves so many free blocks."""
        with (self.seen / "tmp/filler").open("wb") as file:
            size = 0
            for step in (64 * BLOCK, BLOCK):
                with suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), size, step)
                        size += step
            file.truncate(size - free * BLOCK)
            os.fsync(file.fileno())

    def empty(self) -> None:
        (self.seen / "tmp/filler").unlink()


@pytest.fixture(params=MAKE)
def small(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    made = SmallDisk(tmp_path, request.param)
    yield made
    made.close()


def test_no_room_is_told_and_nothing_is_half_done(small: SmallDisk) -> None:
    before = disk(small.seen)
    ended = []
    for free in (0, 1, 2, 4, 6, 8, 10, 12, 14, 18, 24, 40):
        small.fill(free)
        done = small.apply()
        told = done.stdout + done.stderr
        now = disk(small.seen)
        small.empty()
        now.pop("tmp/filler")
        ended.append(done.returncode)
        assert "Traceback" not in told
        if done.returncode != 0:
            assert done.returncode == 4 and "no space left" in told.lower(), (free, told)
            assert now == before, (free, told)
        if "done" in (listed := small.vfiotui("changes").stdout) or "interrupted" in listed:
            undone = small.vfiotui("undo", "1", "--yes")
            assert undone.returncode == 0, (free, told, undone.stderr)
        assert disk(small.seen) == before, (free, told)
        shutil.rmtree(small.seen / "var/lib/vfiotui", ignore_errors=True)
    assert ended[0] == 4 and ended[-1] == 0, ended
    assert small.apply().returncode == 0, "with room it works"
