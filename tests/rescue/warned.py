"""The guard inside of a real Debian: whoever makes an image without the isolation is told so before the reboot.

vfiotui is put into the system, with the Python of the system. The hooks look at the system through a mount of its own
file systems, so that they see the devices that its /sys holds, and not those of the machine of the proof.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import vfiotui
from tests.rescue.system import ENTER, ENVIRONMENT, System

PYTHON = "apt-get update -q && apt-get install -y -q --no-install-recommends python3"
PROGRAM = '#!/bin/sh\nPYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/opt/vfiotui/lib exec /usr/bin/python3 -m vfiotui "$@"\n'
SELF = "/mnt/self"
SEEN = (
    f"mkdir -p $0{SELF}; mount --bind $0 $0{SELF}; "
    f"if mountpoint -q $0/boot/efi; then mount --bind $0/boot/efi $0{SELF}/boot/efi; fi; "
)
MODPROBE = "etc/modprobe.d/vfiotui.conf"
REINSTALL = ("sh", "-ec", "apt-get install -y -q --reinstall /root/linux-image-*.deb")


def prepare(system: System) -> None:
    """Installs the program, below /opt."""
    if not (system.top / "usr/bin/python3").exists():
        system.run("sh", "-ec", PYTHON)
    package = Path(vfiotui.__file__).parent
    shutil.copytree(package, system.top / "opt/vfiotui/lib/vfiotui", ignore=shutil.ignore_patterns("__pycache__"))
    system.put("/opt/vfiotui/bin/vfiotui", PROGRAM, 0o755)


def watched(system: System, *argv: str) -> str:
    """What a command inside says on both of its outputs, with hooks that see the system."""
    words = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", SEEN + ENTER, str(system.top), *argv]
    env = {**ENVIRONMENT, "VFIOTUI_GUARD_ROOT": SELF}
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)}: {done.stdout[-3000:]}")
    return done.stdout


def prove(system: System, ask: Callable[[str, bool, object], None], builders: dict[str, tuple[str, ...]]) -> None:
    """Asks for the warnings of builders, by the name of the hook, and of a kernel that apt installs again; the guard
    is on, and the isolation is in force."""
    said = watched(system, *next(iter(builders.values()), REINSTALL))
    ask("the guard says nothing while the isolation is there", "vfiotui:" not in said, said[-1500:])
    (system.top / MODPROBE).unlink()
    for by, argv in builders.items():
        said = watched(system, *argv)
        ask(f"{by} warns that the isolation is lost", _warns(said, by), said[-1500:])
    said = watched(system, *REINSTALL)
    for by in ("kernel", "apt"):
        ask(f"a kernel that apt installs again: the hook of {by} warns", _warns(said, by), said[-1500:])


def _warns(said: str, by: str) -> bool:
    return f"(found after {by})" in said and "not vfio-pci" in said and "vfiotui: warning:" in said
