"""A system whose EFI partition is a small file system of its own, which its generator fills.

The mounts are seen in a namespace that ends with the bench; this process looks into it through /proc/PID/root.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.apply.torture.faults import HOUSE, Bench, Case
from tests.requirements import need

SIZE = 512 << 10
IMAGE = 300 << 10
LARGE = 400 << 10
"""Bytes: of the partition, of the image on it, and of what a builder writes twice instead."""


@dataclass(frozen=True, slots=True)
class FullCase(Case):
    """A case whose systems have a partition at /efi."""

    def build(self, folder: Path) -> None:
        Case.build(self, folder)
        (folder / "efi/EFI/arch/initramfs-linux.img").write_bytes(bytes(range(256)) * (IMAGE // 256))
        (folder / "usr/share").mkdir(parents=True)
        (folder / "usr/share/large").write_bytes(b"x" * LARGE)


class FullBench(Bench):
    """Each system has a tmpfs at /efi; the commands run where it is mounted."""

    def __init__(self, case: Case) -> None:
        unshare = (need("unshare", "util-linux"), "--mount", "--propagation", "private")
        self.holder = subprocess.Popen(
            [*unshare, "sh", "-c", "echo ready; cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.holder.stdout is not None
        assert self.holder.stdout.readline() == b"ready\n"
        enter = [need("nsenter", "util-linux"), "-t", str(self.holder.pid), "--mount", "--root"]
        self.inside = (*enter, "env", "-C", str(HOUSE))
        super().__init__(case)

    def fresh(self) -> Path:
        folder = super().fresh()
        there = 'mount -t tmpfs -o "size=$2" tmpfs "$1/efi" && cp -a "$3/efi/." "$1/efi"'
        words = ["sh", "-c", there, "sh", str(folder), str(SIZE), str(self.model)]
        subprocess.run([*self.inside, *words], check=True)
        return folder

    def drop(self, folder: Path) -> None:
        subprocess.run([*self.inside, "umount", str(folder / "efi")], check=True)
        super().drop(folder)

    def seen(self, folder: Path) -> Path:
        return Path(f"/proc/{self.holder.pid}/root{folder}")

    def close(self) -> None:
        self.cool()
        assert self.holder.stdin is not None
        self.holder.stdin.close()
        self.holder.wait(10)
        shutil.rmtree(self.top)


def bench_of(case: Case) -> Bench:
    """The bench on which a case is tried."""
    return FullBench(case) if isinstance(case, FullCase) else Bench(case)
