"""A private libvirtd with QEMU: its own sockets and state, killed and started again as a test likes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.locks import GUESTS, alone_with
from tests.requirements import need

GUEST = """<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>32</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><emulator>{emulator}</emulator><controller type='usb' model='none'/><memballoon model='none'/></devices>
</domain>"""


NOBODY = 65534


def own_name(word: str) -> str:
    """A guest's name that no guest of another run has, not even one that a run left behind when it was killed."""
    return f"{word}-{os.getpid()}"


class Daemon:
    """A session daemon below a short temporary folder (socket paths are limited to 107 bytes).

    Root's tests run it as nobody: a daemon of root reads the host's own /etc/libvirt, and where its QEMU user
    may not open /dev/kvm it asks QEMU for its capabilities anew at every call.
    """

    def __init__(self) -> None:
        self.program = need("libvirtd", "libvirt-daemon-system")
        self.emulator = need("qemu-system-x86_64", "qemu-system-x86")
        self.folder = Path(tempfile.mkdtemp(prefix="vft-", dir="/tmp"))
        self.env = {
            **os.environ,
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder / "r"),
            "XDG_CONFIG_HOME": str(self.folder / "c"),
            "XDG_CACHE_HOME": str(self.folder / "k"),
            "XDG_DATA_HOME": str(self.folder / "d"),
        }
        self.identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        (self.folder / "r").mkdir()
        self.log = self.folder / "libvirtd.log"
        self.config = self.folder / "libvirtd.conf"
        self.sockets = self.folder / "s"
        self.sockets.mkdir()
        self.config.write_text(
            f'unix_sock_dir = "{self.sockets}"\nauth_unix_ro = "none"\nauth_unix_rw = "none"\n'
            f'log_outputs = "2:file:{self.log}"\n'
        )
        self.process: subprocess.Popen[bytes] | None = None
        if self.identity:
            for place in (self.folder, *self.folder.rglob("*")):
                os.chown(place, NOBODY, NOBODY)

    @property
    def socket(self) -> Path:
        """The daemon's read-write socket."""
        return self.sockets / "libvirt-sock"

    @property
    def uri(self) -> str:
        """How this daemon is reached, whatever else runs on the host."""
        return f"qemu+unix:///session?socket={self.socket}"

    def start(self) -> None:
        """Starts the daemon and waits until its socket answers."""
        words = [self.program, "-f", str(self.config), "-p", str(self.folder / "libvirtd.pid"), "-t", "300"]
        self.process = subprocess.Popen(
            words, env=self.env, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.identity
        )
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if self.socket.exists() and self.virsh("version", check=False).returncode == 0:
                return
            assert self.process.poll() is None, self.log.read_text()[-2000:]
        raise AssertionError(f"libvirtd did not come up: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """Ends the daemon without a word, as a crash does; guests run on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)
        (self.folder / "libvirtd.pid").unlink(missing_ok=True)

    def virsh(self, *words: str, check: bool = True, text: str = "") -> subprocess.CompletedProcess[str]:
        """Runs virsh against this daemon."""
        program = need("virsh", "libvirt-clients")
        done = subprocess.run(
            [program, "-c", self.uri, *words],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
            input=text or None,
        )
        assert not check or done.returncode == 0, f"virsh {words}: {done.stderr}"
        return done

    def define(self, name: str) -> None:
        """Defines a small guest that QEMU emulates."""
        file = self.folder / "guest.xml"
        file.write_text(GUEST.format(name=name, emulator=self.emulator))
        self.virsh("define", str(file))

    def stop(self) -> None:
        """Ends guests and daemon."""
        if self.process is not None and self.process.poll() is None:
            for name in self.virsh("list", "--name", check=False).stdout.split():
                self.virsh("destroy", name, check=False)
            for name in self.virsh("list", "--all", "--name", check=False).stdout.split():
                self.virsh("undefine", name, check=False)
            self.process.terminate()
            self.process.wait(60)
        # A daemon that a test killed has left its guests behind.
        for file in (self.folder / "r/libvirt/qemu/run").glob("*.pid"):
            with contextlib.suppress(OSError):
                pid = int(file.read_text())
                if bytes(self.folder) in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder)


@contextmanager
def lone_daemon() -> Iterator[Daemon]:
    """A daemon that runs, and whose guests are the only ones that tests have on this host."""
    with alone_with(GUESTS):
        daemon = Daemon()
        try:
            daemon.start()
            yield daemon
        finally:
            daemon.stop()
