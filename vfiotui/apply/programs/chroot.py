"""A command of a mounted system, run inside it with what it needs mounted; nothing stays mounted afterwards.

It is a program of somebody's disk that runs as root. It gets no variable, descriptor or terminal of ours, and has its
own processes, mounts, messages and names as far as the kernel allows: it sees and signals none of ours, and all that
it started ends with it (namespaces(7), pid_namespaces(7)).
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
from collections.abc import Sequence
from functools import cache

from vfiotui.apply.target import Target
from vfiotui.formats.system.elf import machine_name
from vfiotui.host.boot.config_snapshot import PROGRAM_FOLDERS
from vfiotui.host.boot.mounts import missing_mounts
from vfiotui.model.base.reading import Unread

SCRIPT = """
set -e
root=$1 missing=$2
shift 2
mount --rbind "$root" "$root"
for top in dev proc sys; do
    [ ! -d "$root/$top" ] || mount --rbind "/$top" "$root/$top"
done
# Its own processes only; where the kernel refuses that, those of the running system are seen and not reached.
[ $$ != 1 ] || [ ! -d "$root/proc" ] || mount -t proc proc "$root/proc" || echo "/proc is that of the running system"
# No terminal, shared memory or control group of the running system.
[ ! -d "$root/dev/pts" ] || mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts" || :
[ ! -d "$root/dev/shm" ] || mount -t tmpfs tmpfs "$root/dev/shm" || :
[ ! -d "$root/sys/fs/cgroup" ] || mount -t tmpfs -o ro tmpfs "$root/sys/fs/cgroup" || :
vars=/sys/firmware/efi/efivars
if [ -d $vars ] && [ -d "$root/sys" ] && [ -z "$(ls $vars)" ]; then
    mount -t efivarfs efivarfs "$root$vars" || echo "the firmware's variables cannot be mounted: going on without them"
fi
if [ -d "$root/run" ]; then
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    for part in udev lvm; do
        [ ! -d "/run/$part" ] || { mkdir "$root/run/$part"; mount --rbind "/run/$part" "$root/run/$part"; }
    done
fi
while [ "$missing" -gt 0 ]; do
    mount -t "$2" -o "$3" "$1" "$root$4" || echo "$1 cannot be mounted at $4: going on without it"
    shift 4
    missing=$((missing - 1))
done
# Not exec: the first process of a namespace hears no signal and gathers no children, which programs do not expect.
chroot "$root" "$@"
exit $?
"""
"""A fixed text; root, mounts and command are its parameters. The mounts live in a namespace of its own and end with
it, however it ends. /run is an empty one: the sockets there belong to the services of the running system."""

ENVIRONMENT = {"PATH": ":".join(PROGRAM_FOLDERS), "LC_ALL": "C.UTF-8", "HOME": "/root", "TERM": "dumb"}
"""All that a command is given."""
WALLS = (
    (("--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts"), ""),
    (("--mount", "--ipc", "--uts"), "this kernel gives no process namespace here: the program sees all processes"),
    (("--mount",), "this kernel gives mount namespaces only here: the program sees all processes"),
)
"""Options of unshare(1), the best first, and what is lacking with them."""
SECONDS = 60.0
"""How long a shell may take to answer that it runs."""
KINDS = frozenset({"auto", "vfat", "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"})


@cache
def walls() -> tuple[tuple[str, ...], str]:
    """The best options of unshare(1) that this kernel allows, and what is lacking with them, as a sentence."""
    for options, lacking in WALLS:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            words = ("unshare", *options, "--propagation", "private", "true")
            if _ask(words).returncode == 0:
                return options, lacking
    return WALLS[-1]


def _ask(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Runs a command that answers soon; whatever it started in its session is ended with it."""
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/", env=ENVIRONMENT,
        start_new_session=True,
    )  # fmt: skip
    try:
        said = process.communicate(timeout=SECONDS)[1].decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return subprocess.CompletedProcess(words, process.returncode, "", said)


def inside(target: Target, argv: tuple[str, ...]) -> list[str]:
    """The words that run a command inside the mounted system (unshare(1), chroot(1)).

    File systems of its fstab that nobody mounted are mounted there too; a plan whose own subjects lie on one of them
    does not come so far.
    """
    mounts = [
        (entry.source, entry.kind, entry.mount_options or "rw", entry.point)
        for entry in missing_mounts(target.root)
        if entry.kind in KINDS and target.root.exists(entry.point) is True
    ]
    return [
        *("unshare", *walls()[0], "--propagation", "private", "/bin/sh", "-c", SCRIPT, "sh"),
        *(target.folder, str(len(mounts)), *(word for mount in mounts for word in mount), *argv),
    ]


def why_not_entered(target: Target) -> str | None:
    """Why no program of the mounted system runs here, as a sentence; None where they do."""
    shell = target.root.bytes("/bin/sh", 8 << 20)
    if isinstance(shell, Unread):
        return f"{target.folder} cannot be entered: its /bin/sh {shell.reason}"
    try:
        done = _ask(inside(target, ("/bin/sh", "-c", ":")))
    except subprocess.TimeoutExpired:
        return f"{target.folder} cannot be entered: its /bin/sh gives no answer in {SECONDS:g} s"
    except OSError as error:
        return f"chroot cannot be started: {(error.strerror or '').lower()}"
    if done.returncode == 0:
        return None
    if os.strerror(errno.ENOEXEC).lower() in done.stderr.lower():
        return (
            f"{target.folder} is a system for {machine_name(shell)}, its programs do not run on this processor: "
            "start a rescue system of that kind"
        )
    return f"{target.folder} cannot be entered: {' '.join(done.stderr.split())[-200:] or 'its shell fails'}"
