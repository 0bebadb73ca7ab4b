"""ssh into this very machine, by an sshd that answers one client at a time on its standard input."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.requirements import need

HOUSE = Path(__file__).parents[2]
SCRIPT = 'mount -t tmpfs -o mode=755 run /run; mkdir /run/sshd; mount --bind "$1" /etc/shadow; shift; exec "$@"'
"""sshd wants a folder in /run, and an account without a locked password; both end with it."""


class Ssh:
    """Keys and settings of its own; nothing listens on the network."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vft-", dir="/tmp"))
        for name in ("host", "user"):
            subprocess.run(
                [need("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)],
                check=True,
            )
        shadow = [line.split(":") for line in Path("/etc/shadow").read_text().splitlines()]
        (self.folder / "shadow").touch(0o600)
        (self.folder / "shadow").write_text("".join(":".join([s[0], "*", *s[2:]]) + "\n" for s in shadow))
        (self.folder / "sshd").write_text(
            f"HostKey {self.folder}/host\nAuthorizedKeysFile {self.folder}/user.pub\nStrictModes no\nUsePAM no\n"
            "PermitRootLogin yes\nPasswordAuthentication no\n"
        )

    def __enter__(self) -> Ssh:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)

    def words(self, *options: str) -> tuple[str, ...]:
        """The client's words; what to run comes behind them."""
        unshare = (need("unshare", "util-linux"), "--mount", "--propagation", "private", "sh", "-euc", SCRIPT, "sh")
        server = (need("sshd", "openssh-server"), "-i", "-f", str(self.folder / "sshd"))
        answering = shlex.join([*unshare, str(self.folder / "shadow"), *server]).replace("%", "%%")
        settings = ("-o", f"ProxyCommand={answering}", "-o", "StrictHostKeyChecking=no")
        known = ("-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")
        return ("ssh", "-F", "none", *options, "-i", str(self.folder / "user"), *settings, *known, "root@here")

    def program(self, *options: str) -> tuple[str, ...]:
        """The words that run this program at the other end."""
        return (*self.words(*options), "cd", shlex.quote(str(HOUSE)), "&&", sys.executable, "-m", "vfiotui")
