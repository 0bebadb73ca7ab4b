"""Asks the real GRUB which entry it starts, and with which words: grub-emu, GRUB as a program of this machine.

What would load a kernel (`linux` and `initrd`, commands of grub-emu since GRUB 2.12) bears another name in the copy
that is read, of functions that print their words. Everything else is GRUB's own: its parser, its environment block,
its choice of the default.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path

from vfiotui.model.base.value import dataclass

LOADS = re.compile(
    rb"((?:^|[;{]|\b(?:then|do|else))[ \t]*(?:set \w+=)?)(?=(?:linux|initrd)(?:efi|16)?(?:[ \t\\$]|$))", re.MULTILINE
)
PREAMBLE = "".join(
    f'function asked_{name}{way} {{\n  for word in "$@"; do\n    echo "<{kind}|$word|>"\n  done\n}}\n'
    for name, kind in (("linux", "L"), ("initrd", "I"))
    for way in ("", "efi", "16")
)
TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\r\x0e\x0f]")
END = re.compile(r"Failed to boot both|Press any key|grub>")
SECONDS = 20


@dataclass(frozen=True, slots=True)
class Started:
    """What grub-emu said."""

    titles: tuple[str, ...]
    """The entry, below its submenus."""
    words: tuple[str, ...]
    """The arguments of `linux`: the kernel's file, and its words."""
    initrds: tuple[str, ...]
    screen: str


def start(folder: Path) -> Started:
    """The entry that GRUB starts from a folder with grub.cfg and grubenv, where nobody touches a key."""
    work = Path(tempfile.mkdtemp())
    prefix = work / "grub"
    shutil.copytree(folder, prefix)
    for file in prefix.glob("*.cfg"):
        file.write_bytes(LOADS.sub(rb"\1asked_", file.read_bytes()))
    (prefix / "grub.cfg").rename(prefix / "asked.cfg")
    script = f"{PREAMBLE}set timeout=0\nexport timeout\nsource $prefix/asked.cfg\nunset timeout_style\nset timeout=0\n"
    (prefix / "grub.cfg").write_text(script)
    try:
        return _heard(_screen(["grub-emu", "-d", str(prefix)]))
    finally:
        shutil.rmtree(work)


def _screen(argv: list[str]) -> str:
    """Everything that the program draws on a very wide terminal until it waits for a person."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 4000, 0, 0))
    process = subprocess.Popen(
        argv, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "linux"}, start_new_session=True
    )
    os.close(slave)
    data = b""
    end = time.monotonic() + SECONDS
    try:
        while time.monotonic() < end and process.poll() is None:
            if not select.select([master], [], [], 0.2)[0]:
                continue
            try:
                piece = os.read(master, 1 << 16)
            except OSError:
                break
            data += piece
            if END.search(TERMINAL.sub("", data.decode("utf-8", "replace"))):
                break
    finally:
        process.kill()
        process.wait()
        os.close(master)
    return TERMINAL.sub("", data.decode("utf-8", "replace"))


def _heard(screen: str) -> Started:
    def said(kind: str) -> tuple[str, ...]:
        return tuple(re.findall(rf"<{kind}\|(.*?)\|>", screen, re.DOTALL))

    return Started(tuple(re.findall(r"Booting `(.*)'\n", screen)), said("L"), said("I"), screen)
