"""Mounts that only a test sees: they end with the process that made them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.requirements import need

HOUSE = Path(__file__).parents[2]
VFIOTUI = [sys.executable, "-m", "vfiotui"]


def in_private_mounts(script: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs a shell script in a mount namespace of its own; "$python -m vfiotui" is the command, $1… are the words."""
    return subprocess.run(
        [need("unshare", "util-linux"), "--mount", "--propagation", "private", "sh", "-euc", script, "sh", *words],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=HOUSE,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "python": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def ran(script: str, *words: str) -> str:
    """Like `in_private_mounts`; what it printed, where it ended well."""
    done = in_private_mounts(script, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def mounts() -> str:
    """What is mounted for this process."""
    return Path("/proc/self/mountinfo").read_text()
