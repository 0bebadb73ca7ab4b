"""A private libvirtd of the system kind: root's, with hooks, control groups and huge pages, out of the host's sight.

It runs in a mount and a network namespace of its own, in which /etc/libvirt, /var/lib/libvirt, /var/cache/libvirt and
/run are folders of the test: neither the host's guests nor its hooks are touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.requirements import need
from vfiotui.formats.libvirt_hooks.pages_hook import PATH

INSIDE = """set -e
mount --make-rprivate /
for pair in etc:/etc/libvirt lib:/var/lib/libvirt cache:/var/cache/libvirt log:/var/log/libvirt run:/run; do
  mkdir -p "${pair#*:}"; mount --bind "$1/${pair%%:*}" "${pair#*:}"
done
mount -t hugetlbfs none "$1/huge"
exec "$2" -f "$1/libvirtd.conf" -p "$1/libvirtd.pid"
"""
QEMU_CONF = """user = "root"
group = "root"
security_driver = "none"
stdio_handler = "file"
hugetlbfs_mount = "{folder}/huge"
memory_backing_dir = "/dev/shm"
"""


def until(true: Callable[[], bool], what: str) -> None:
    """Waits for what the kernel and libvirt tell nobody."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.05)


class SystemDaemon:
    """One daemon; its guests outlive its death, not its `stop`."""

    def __init__(self) -> None:
        if os.geteuid() != 0:
            pytest.skip("needs root: a daemon of the system kind")
        self.program = need("libvirtd", "libvirt-daemon-system")
        self.emulator = need("qemu-system-x86_64", "qemu-system-x86")
        self.unshare = need("unshare", "util-linux")
        if subprocess.run([self.unshare, "-mn", "true"], capture_output=True).returncode != 0:
            pytest.skip("this machine allows no namespaces")
        self.folder = Path(tempfile.mkdtemp(prefix="vfs-", dir="/tmp"))
        for name in ("etc", "lib", "cache", "log", "run/libvirt", "huge", "s"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "etc/qemu.conf").write_text(QEMU_CONF.format(folder=self.folder))
        (self.folder / "libvirtd.conf").write_text(
            f'unix_sock_dir = "{self.folder}/s"\nauth_unix_ro = "none"\nauth_unix_rw = "none"\n'
            f'log_outputs = "2:file:{self.folder}/libvirtd.log"\n'
        )
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """How this daemon is reached."""
        return f"qemu+unix:///system?socket={self.folder}/s/libvirt-sock"

    def hook(self, text: str, path: str = PATH) -> None:
        """A hook, that of pages unless a path is told; known to the daemon from its next start on."""
        place = self.folder / "etc" / path.removeprefix("/etc/libvirt/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o755)

    def start(self) -> None:
        """Starts the daemon and waits until its socket answers."""
        words = [self.unshare, "-mn", "sh", "-c", INSIDE, "sh", str(self.folder), self.program]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        until = time.monotonic() + 120
        while self.virsh("version", check=False).returncode != 0:
            assert self.process.poll() is None and time.monotonic() < until, self.log
            time.sleep(0.1)

    @property
    def log(self) -> str:
        """The end of what it wrote."""
        place = self.folder / "libvirtd.log"
        return place.read_text()[-3000:] if place.exists() else "libvirtd wrote nothing"

    def virsh(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs virsh against this daemon."""
        program = need("virsh", "libvirt-clients")
        done = subprocess.run([program, "-c", self.uri, *words], capture_output=True, text=True, timeout=120)
        assert not check or done.returncode == 0, f"virsh {words}: {done.stderr} {self.log}"
        return done

    def define(self, name: str, xml: str) -> None:
        """Defines a guest, in the place of one of the same name."""
        self.virsh("undefine", name, check=False)
        file = self.folder / "guest.xml"
        file.write_text(xml)
        self.virsh("define", str(file))

    def pid(self, guest: str) -> int:
        """The guest's process."""
        return int((self.folder / f"run/libvirt/qemu/{guest}.pid").read_text())

    def kill(self) -> None:
        """Ends the daemon without a word, as a crash does; guests run on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        (self.folder / "libvirtd.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """Ends guests and daemon."""
        for file in (self.folder / "run/libvirt/qemu").glob("*.pid"):
            if file.stem != "driver":
                self.virsh("destroy", file.stem, check=False)
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        self._forget_groups()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _forget_groups(self) -> None:
        """A guest that was killed together with its daemon leaves empty control groups."""
        for group in Path("/sys/fs/cgroup").glob("*/machine/qemu-*"):
            for folder in sorted((group, *group.glob("**/")), key=lambda p: -len(p.parts)):
                with contextlib.suppress(OSError):
                    folder.rmdir()
