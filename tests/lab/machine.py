"""The machine of these tests, driven by the command that VFIOTUI_LAB names: up, run, copy, reboot, down.

What the kernel did is read by a shell over sysfs, never by the program under test.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TREE = "/root/vfiotui"
LIMIT = 900
DRIVERS = "for d in /sys/bus/pci/devices/*; do echo ${d##*/} $(basename $(readlink $d/driver || echo none)); done"
STATE = (
    "find /etc /boot -xdev -type f ! -path '/etc/vfiotui/*' ! -name '*.cache' -print0 | sort -z | xargs -0 sha256sum"
)


@dataclass(frozen=True, slots=True)
class Done:
    """A command that ended in the machine."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything it said."""
        return self.out + self.err


class Lab:
    """One machine; it outlives a test, and `fresh` throws its disk away."""

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)

    def _do(self, *words: str, limit: int = LIMIT) -> Done:
        done = subprocess.run([*self._command, *words], capture_output=True, text=True, errors="replace", timeout=limit)
        return Done(done.returncode, done.stdout, done.stderr)

    def _must(self, *words: str, limit: int = LIMIT) -> str:
        done = self._do(*words, limit=limit)
        assert done.code == 0, f"{' '.join(words)}: {done.all}"
        return done.out

    def fresh(self, *options: str) -> None:
        """A new machine with this tree in it."""
        self._do("down", "--kill")
        self._must("up", "--fresh", "--timeout", str(LIMIT - 5), *options)
        self._must("copy", str(Path(__file__).parents[2]), TREE)

    def send(self, folder: Path, place: str) -> None:
        """A folder of this host lies in the machine."""
        self._must("copy", str(folder), place)

    def run(self, line: str, limit: int = LIMIT) -> Done:
        """A shell line, whatever its exit status."""
        return self._do("run", "--timeout", str(limit - 5), line, limit=limit)

    def must(self, line: str, limit: int = LIMIT) -> str:
        """A shell line that succeeds."""
        done = self.run(line, limit)
        assert done.code == 0, f"{line}: {done.code}: {done.all}"
        return done.out

    def vfiotui(self, line: str) -> Done:
        """The program, in the machine."""
        return self.run(f"cd {TREE} && python3 -m vfiotui {line}")

    def json(self, line: str) -> Any:
        """Its answer as JSON."""
        return json.loads(self.must(f"cd {TREE} && python3 -m vfiotui {line} --json"))

    def drivers(self) -> dict[str, str]:
        """Address → driver, "none" for none: what this boot's kernel and udev made of it."""
        return dict(line.split() for line in self.must(f"udevadm settle; {DRIVERS}").splitlines())

    def files(self) -> set[str]:
        """Every file of /etc and /boot with its sum."""
        return set(self.must(STATE).splitlines())

    def reboot(self) -> None:
        """Through the disk's own loader."""
        self._must("reboot", "--timeout", str(LIMIT - 5))

    def wait(self, line: str, what: str, limit: int = LIMIT) -> None:
        """Returns when a shell line succeeds in the machine."""
        end = time.monotonic() + limit
        self._until(lambda: self.run(line, 60).code == 0, end, what)

    def _until(self, there: Callable[[], bool], end: float, what: str) -> None:
        while not there():
            assert time.monotonic() < end, f"waited in vain until {what}"

    def power_cut(self) -> None:
        """The machine is gone at once; what its kernel had not written is lost. Then it starts again."""
        self._must("down", "--kill")
        self._must("up", "--cold", "--timeout", str(LIMIT - 5))


def lab_from_environment() -> Lab | None:
    """The machine, where VFIOTUI_LAB names its command."""
    command = os.environ.get("VFIOTUI_LAB")
    return Lab(command) if command else None
