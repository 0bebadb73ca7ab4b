"""A command of a mounted system, run inside it with what it needs mounted; nothing stays mounted afterwards."""

from __future__ import annotations

import errno
import os
import subprocess

from vfiotui.apply.site import Site
from vfiotui.formats.elf import machine_name
from vfiotui.host.mounts import missing_mounts
from vfiotui.model.reading import Unread

SCRIPT = """
set -e
root=$1 missing=$2
shift 2
mount --rbind "$root" "$root"
for top in dev proc sys; do
    [ ! -d "$root/$top" ] || mount --rbind "/$top" "$root/$top"
done
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
exec chroot "$root" "$@"
"""
"""A fixed text; root, mounts and command are its parameters. The mounts live in a namespace of its own and end with
it, however it ends. /run is an empty one: the sockets there belong to the services of the running system."""

KINDS = frozenset({"auto", "vfat", "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"})


def inside(site: Site, argv: tuple[str, ...]) -> list[str]:
    """The words that run a command inside the mounted system (unshare(1), chroot(1)).

    File systems of its fstab that nobody mounted are mounted there too; a plan whose own subjects lie on one of them
    does not come so far.
    """
    mounts = [
        (entry.source, entry.kind, entry.mount_options or "rw", entry.point)
        for entry in missing_mounts(site.root)
        if entry.kind in KINDS and site.root.exists(entry.point) is True
    ]
    return [
        *("unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", SCRIPT, "sh"),
        *(site.folder, str(len(mounts)), *(word for mount in mounts for word in mount), *argv),
    ]


def why_not_entered(site: Site) -> str | None:
    """Why no program of the mounted system runs here, as a sentence; None where they do."""
    shell = site.root.bytes("/bin/sh", 8 << 20)
    if isinstance(shell, Unread):
        return f"{site.folder} cannot be entered: its /bin/sh {shell.reason}"
    try:
        words = ("chroot", site.folder, "/bin/sh", "-c", ":")
        done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except OSError as error:
        return f"chroot cannot be started: {(error.strerror or '').lower()}"
    if done.returncode == 0:
        return None
    if os.strerror(errno.ENOEXEC).lower() in done.stderr.lower():
        return (
            f"{site.folder} is a system for {machine_name(shell)}, its programs do not run on this processor: "
            "start a rescue system of that kind"
        )
    return f"{site.folder} cannot be entered: {' '.join(done.stderr.split())[-200:] or 'its shell fails'}"
