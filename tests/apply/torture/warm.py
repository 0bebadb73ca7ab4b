"""The console's command in forks of a process that has loaded it: a trial costs what it does, not what it imports.

strace attaches to the fork before it begins, so that it counts calls from there. The suite's own sample of the torture
starts the real command instead.

`python -m tests.apply.torture.warm SOCKET` is that process. A connection is one run: the words go in, the fork's
number comes out; "go" begins it where a tracer has to come first, and its exit code comes at the end.
"""

from __future__ import annotations

import json
import os
import pkgutil
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.requirements import need

HOUSE = Path(__file__).parents[3]
ENTRY = str(HOUSE / "vfiotui/__main__.py")
SECONDS = 120
UNUSED = ("vfiotui.tui", "vfiotui.demo", "vfiotui.__main__")
"""Packages that no apply needs, and the module that runs the command at once."""


class Warm:
    """The process, and the runs in its forks; runs may go on side by side."""

    def __init__(self, inside: tuple[str, ...]) -> None:
        """`inside` are the words that lead into other namespaces first."""
        self._top = Path(tempfile.mkdtemp(prefix="vft-warm-"))
        self._socket = str(self._top / "socket")
        self._process = subprocess.Popen(
            [*inside, sys.executable, "-m", "tests.apply.torture.warm", self._socket],
            cwd=HOUSE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def close(self) -> None:
        """Ends the process; no run may be left."""
        self._process.terminate()
        self._process.communicate(timeout=10)
        shutil.rmtree(self._top)

    def run(self, words: list[str], *strace: str) -> subprocess.CompletedProcess[str]:
        """One command by its words behind "vfiotui"; traced where options are given."""
        with (
            socket.socket(socket.AF_UNIX) as line,
            tempfile.TemporaryFile("w+") as out,
            tempfile.TemporaryFile("w+") as err,
        ):
            line.settimeout(SECONDS)
            line.connect(self._socket)
            asked = {"words": words, "traced": bool(strace)}
            socket.send_fds(line, [json.dumps(asked).encode()], [out.fileno(), err.fileno()])
            with line.makefile("r") as answers:
                pid = int(answers.readline())
                tracer = _attach(pid, strace) if strace else None
                line.sendall(b"go\n")
                code = int(answers.readline())
                if tracer is not None:
                    tracer.communicate(timeout=SECONDS)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(words, code, out.read(), err.read())


def _attach(pid: int, options: tuple[str, ...]) -> subprocess.Popen[str]:
    """strace at a process; it says when it is there, and ends with it."""
    tracer = subprocess.Popen(
        [need("strace", "strace"), "-p", str(pid), *options], stderr=subprocess.PIPE, text=True, cwd=HOUSE
    )
    assert tracer.stderr is not None
    said = tracer.stderr.readline()
    assert "attached" in said, said
    return tracer


def serve(path: str) -> None:
    """Loads the command, and forks for each connection."""
    import vfiotui

    for found in pkgutil.walk_packages(vfiotui.__path__, "vfiotui."):
        if not found.name.startswith(UNUSED):
            import_module(found.name)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen()
        # Nobody waits for the forks that answer.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        print("ready", flush=True)
        while True:
            line, _ = door.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                door.close()
                _answer(line)
                os._exit(0)
            line.close()


def _answer(line: socket.socket) -> None:
    """One run."""
    asked, fds, _, _ = socket.recv_fds(line, 1 << 16, 2)
    request: dict[str, Any] = json.loads(asked)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        line.close()
        os.close(writer)
        for fd, number in zip(fds, (1, 2), strict=True):
            os.dup2(fd, number)
            os.close(fd)
        os.read(reader, 1)
        os.close(reader)
        _run(request["words"])
    line.sendall(f"{pid}\n".encode())
    assert line.recv(3) == b"go\n"
    os.write(writer, b"g")
    _, status = os.waitpid(pid, 0)
    line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _run(words: list[str]) -> None:
    """The command, in this process, to its end."""
    from vfiotui.cli.main import main

    sys.argv = [ENTRY, *words]
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
