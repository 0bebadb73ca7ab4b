"""A person without root and what sudo thinks of them: accounts and sudoers that only a test sees."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.requirements import need

HOUSE = Path(__file__).parents[2]
NAME, NUMBER, PASSWORD = "vfiotester", 47110, "right"
# 'openssl passwd -6 -salt vfiotui right'
HASH = "$6$vfiotui$Ibui0hcv/6fSdxHFienKnOmi4k0n4i3fCJRR4U8r8xB74lebVlF1r4FQx.ib1KcJzksL6EOuaqVX64xrgrcvz1"
SCRIPT = """
top=$1 name=$2 number=$3
shift 3
for file in passwd group shadow sudoers; do mount --bind "$top/$file" "/etc/$file"; done
mount -t tmpfs -o mode=755 run /run
[ ! -d /var/lib/sudo ] || mount -t tmpfs -o mode=700 sudo /var/lib/sudo
mkdir /run/kept
while [ "$1" != -- ]; do
    closed=$1 number_of=0
    shift
    for kept in "$@"; do
        [ "$kept" != : ] || break
        number_of=$((number_of + 1))
        mkdir "/run/kept/$number_of"
        mount --bind "$kept" "/run/kept/$number_of"
    done
    mount -t tmpfs -o mode=755 opened "$closed"
    number_of=0
    while [ "$1" != : ]; do
        number_of=$((number_of + 1))
        mkdir -p "$1"
        mount --move "/run/kept/$number_of" "$1"
        rmdir "/run/kept/$number_of"
        shift
    done
    shift
done
shift
rmdir /run/kept
exec setpriv --reuid "$number" --regid "$number" --clear-groups env "HOME=/nowhere" "USER=$name" "LOGNAME=$name" "$@"
"""
"""Mounts that end with the process; folders on the way to the program that others may not enter are opened."""


class Account:
    """An ordinary user; `rule` is the line about them in sudoers, if there is one."""

    def __init__(self, rule: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vft-", dir="/tmp"))
        self.folder.chmod(0o755)
        files = {
            "passwd": (f"{NAME}:x:{NUMBER}:{NUMBER}::/nowhere:/bin/sh\n", 0o644),
            "group": (f"{NAME}:x:{NUMBER}:\n", 0o644),
            "shadow": (f"{NAME}:{HASH}:19000:0:99999:7:::\n", 0o600),
        }
        for file, (line, mode) in files.items():
            (self.folder / file).touch(mode)
            (self.folder / file).write_text(Path("/etc", file).read_text() + line)
        (self.folder / "sudoers").touch(0o440)
        (self.folder / "sudoers").write_text(f"Defaults env_reset, use_pty\nroot ALL=(ALL) ALL\n{rule}\n")

    def __enter__(self) -> Account:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)

    def program(self, *variables: str) -> tuple[str, ...]:
        """The words that run the console as this user, with NAME=VALUE variables."""
        unshare = (need("unshare", "util-linux"), "--mount", "--propagation", "private", "sh", "-euc", SCRIPT, "sh")
        python = (sys.executable, "-m", "vfiotui")
        return (*unshare, str(self.folder), NAME, str(NUMBER), *closed_folders(), "--", *variables, *python)


def closed_folders() -> list[str]:
    """Each folder that others may not enter, what lies in it that the program needs, and ":"."""
    needed = {str(HOUSE), sys.prefix, sys.base_prefix, *filter(os.path.isdir, sys.path)}
    kept: dict[str, list[str]] = {}
    for path in sorted(map(os.path.realpath, needed)):
        parents = [str(p) for p in reversed(Path(path).parents)]
        closed = next((p for p in parents if not os.stat(p).st_mode & 0o001), None)
        if closed is not None and not any(path.startswith(f"{k}/") for k in kept.setdefault(closed, [])):
            kept[closed].append(path)
    return [word for closed, paths in kept.items() for word in (closed, *paths, ":")]
