"""A kernel with FAT, for tests whose host's kernel has none: user-mode Linux, a program that starts in a second.

Its root is this host's, read-only. A test writes on a tmpfs of its own, and on a FAT from mkfs.vfat.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.apply.private_mounts import HOUSE
from tests.requirements import need

INIT = """#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1 TMPDIR=/run/tmp
mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run &&
mkdir -p /run/tmp /run/out /run/small
exec >/run/out/stdout 2>/run/out/stderr
for module in fat vfat nls_cp437 nls_ascii nls_iso8859-1 nls_utf8; do
    file=$(find /usr/lib/uml/modules/$(uname -r) -name $module.ko)
    [ -z "$file" ] || insmod "$file"
done
cp -a {tree}/. /run/small && mkdir -p /run/small/boot && cd {house} && sh -euc "$(cat {script})"
echo $? >/run/out/code
tar -cf /dev/ubdb -C /run/out .
sync
echo o >/proc/sysrq-trigger
sleep 60
"""
LIMIT = 1800
ROOM = 1 << 20
"""For what the script said."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a script left behind."""

    code: int
    out: str
    err: str


def on_fat(script: str, tree: Path, work: Path, size: int) -> Ended:
    """Runs a script beside a copy of `tree` at /run/small, whose /boot is an empty FAT of `size` bytes.

    In it, `vfiotui` is the program on that system, `look` tells what lies there after the disk alone was asked again,
    `fill` leaves no block free.
    """
    kernel, maker = need("linux.uml", "user-mode-linux"), need("mkfs.vfat", "dosfstools")
    work.mkdir(parents=True)
    for name, length in (("esp.img", size), ("said.tar", ROOM)):
        with (work / name).open("wb") as image:
            image.truncate(length)
    subprocess.run([maker, str(work / "esp.img")], check=True, capture_output=True)
    script_file = work / "script"
    script_file.write_text(HELP.format(python=sys.executable) + script)
    init = work / "init"
    init.write_text(INIT.format(script=script_file, tree=tree, house=HOUSE))
    init.chmod(0o755)
    command = [
        kernel, "mem=768M", f"ubd0={work / 'esp.img'}", f"ubd1={work / 'said.tar'}", f"init={init}",
        "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro",
        "con=null", "con0=fd:0,fd:1", "ssl=null", "quiet", f"uml_dir={work}",
    ]  # fmt: skip
    env = {**os.environ, "TMPDIR": str(work)}
    console = work / "console"
    with console.open("wb") as log:
        machine = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, start_new_session=True
        )
        try:
            machine.wait(LIMIT)
        finally:
            # Its helpers outlive a machine that is killed.
            with suppress(ProcessLookupError):
                os.killpg(machine.pid, signal.SIGKILL)
            machine.wait()
    said = {}
    with suppress(tarfile.ReadError), tarfile.open(work / "said.tar") as archive:
        for name in ("stdout", "stderr", "code"):
            member = archive.extractfile(f"./{name}")
            assert member is not None
            said[name] = member.read().decode(errors="replace")
    assert "code" in said, f"the machine did not end its script: {console.read_text(errors='replace')[-2000:]}"
    return Ended(int(said["code"]), said["stdout"], said["stderr"])


HELP = """
vfiotui() {{ {python} -m vfiotui --root /run/small "$@" --yes --run-its-programs; }}
mount_boot() {{ mount -t vfat -o umask=0077 /dev/ubda /run/small/boot; }}
look() {{
    umount /run/small/boot
    mount_boot
    cd /run/small
    find etc boot -printf '%y %m %U:%G %s %p\\n' | sort
    find etc boot -type f -exec sha256sum {{}} + | sort
    cd - >/dev/null
}}
fill() {{
    dd if=/dev/zero of=/run/small/boot/fill bs=512 2>/dev/null || :
    [ "$(df --output=avail /run/small/boot | tail -n 1 | tr -d ' ')" = 0 ]
}}
mount_boot
"""
