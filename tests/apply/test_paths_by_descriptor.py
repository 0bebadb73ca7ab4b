"""Every path that this program gives to the kernel while it changes a hostile system is relative to a descriptor of it.

strace(1) lists the calls; programs that are started (the generators in their chroot) are left out, for they are not
this program.
"""

from __future__ import annotations

import os
import re
import site
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apply.systems import COMMAND, FILES, disk, plan, system, with_busybox
from tests.apply.torture.faults import HOUSE, run
from tests.requirements import need
from vfiotui.model.change.plan import to_json

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="entering a system needs root: run make test as root")

CALL = re.compile(r"^(\d+) +(\w+)\((.*?)(?:\) += .*)?$")
TEXT = r'"((?:[^"\\]|\\.)*)"'
PAIR = re.compile(rf"(?:AT_FDCWD|\d+)<([^>]*)>, {TEXT}")
"""A folder by its descriptor, and a name in it."""
PLAIN = re.compile(rf"^{TEXT}")
"""A path of a call that is given no folder."""
OWN = (
    *(str(HOUSE), sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), *site.getsitepackages()),
    *(
        "/lib",
        "/usr/",
        "/bin/",
        "/sbin/",
        "/root/",
        "/etc/ld.so",
        "/etc/localtime",
        "/etc/locale",
        "/etc/ssl",
        "/dev/null",
    ),
    # What a process is, what is mounted, and when the running system started: not of the root, on purpose.
    *("/proc/self/", "/proc/sys/kernel/", "/proc/filesystems", "/proc/meminfo", "/proc/sys/vm/overcommit_memory"),
)
"""The program's own files, its libraries, and where it looks for the programs that it starts."""
STARTED = re.compile(r"/proc/\d+/(stat|mountinfo|fd/\d+)")


def foreign_calls(trace: str, root: Path, given: Path) -> list[str]:
    """The calls of the traced program itself that name a path neither of its own nor below a descriptor of the root.

    Below the root a call names a single name; one that walks inside by itself (RESOLVE_IN_ROOT) may be given any path.
    """
    lines = [m.groups() for m in map(CALL.match, trace.splitlines()) if m]
    started = {pid for pid, call, _ in lines if call == "execve" and pid != lines[0][0]}
    top = str(root)

    def is_own(path: str) -> bool:
        above = any(f"{own}/".startswith(f"{path.rstrip('/')}/") for own in (top, *OWN))
        return path.startswith(OWN) or path == str(given) or above or STARTED.fullmatch(path) is not None

    def is_wrong(call: str, words: str) -> bool:
        plain = PLAIN.match(words)
        pairs = PAIR.findall(words)
        if plain and call != "symlinkat":
            pairs.append((str(HOUSE), plain[1]))
        for folder, path in pairs:
            below = f"{folder}/".startswith(f"{top}/")
            if not path or (call == "openat2" and "RESOLVE_IN_ROOT" in words and (below or folder == str(HOUSE))):
                continue
            if below and "/" in path:
                return True
            if not below and not is_own(os.path.join(folder, path)):
                return True
        return False

    return [f"{call}({words}" for pid, call, words in lines if pid not in started and is_wrong(call, words)]


def interrupt(root: Path) -> None:
    """As if another process had been killed in the step of the command."""
    for journal in root.glob("var/lib/vfiotui/changes/0001-*/journal"):
        begun, end, _ = journal.read_text().partition('{"event": "end", "step": 6}')
        if end:
            journal.write_text(begun.replace('"start": ', '"start": 9'))


def linked(name: str, target: str) -> Callable[[Path, Path], None]:
    """A folder or file of the system is a link; what it was lies beside it."""

    def do(root: Path, running: Path) -> None:
        place = root / name
        if place.exists() or place.is_symlink():
            place.rename(place.with_name(f"was-{place.name}"))
        place.symlink_to(target.format(running=running, was=f"was-{place.name}"))

    return do


ABSOLUTE, UPWARDS, LOOP, INSIDE = "{running}", "../../../../../../../../../..{running}", "/etc/loop", "{was}"
HOSTILE: dict[str, tuple[Callable[[Path, Path], None], ...]] = {
    "as it is": (),
    "etc": (linked("etc", ABSOLUTE),),
    "folders": (
        linked("etc/loop", "loop"),
        linked("etc/default", LOOP),
        linked("etc/dracut.conf.d", UPWARDS),
        linked("boot", ABSOLUTE),
    ),
    "inside": (linked("etc/default", INSIDE), linked("boot/grub", INSIDE), linked("var/lib", INSIDE)),
    "last": (linked("etc/default/grub.real", f"{ABSOLUTE}/grub.real"), linked("usr", ABSOLUTE)),
    "journal": (linked("var/lib/vfiotui", ABSOLUTE),),
    "var": (linked("var", UPWARDS),),
}


def test_a_joined_path_a_path_of_two_names_and_a_foreign_folder_are_found(tmp_path: Path) -> None:
    root = tmp_path / "root"
    begin = '7 execve("/usr/bin/python3", ["python3"], 0x7ffe) = 0\n'
    for call in (
        f'openat(AT_FDCWD</x>, "{root}/etc/fstab", O_RDONLY|O_CLOEXEC) = 3<{root}/etc/fstab>',
        f'openat(4<{root}>, "etc/fstab", O_RDONLY|O_CLOEXEC) = 3<{root}/etc/fstab>',
        f'renameat(4<{root}/etc>, "a", 5<{tmp_path}>, "b") = 0',
        f'lstat("{root}/etc", 0x7ffe) = 0',
        'unlinkat(4</etc>, "fstab", 0) = 0',
        f'openat2(AT_FDCWD</x>, "{root}/etc", {{flags=O_PATH, resolve=RESOLVE_IN_ROOT}}, 24) = 3',
    ):
        assert len(foreign_calls(f"{begin}7 {call}\n", root, tmp_path / "plan.json")) == 1, call


@pytest.mark.parametrize("case", HOSTILE)
def test_no_call_names_a_path_of_the_running_system(tmp_path: Path, case: str) -> None:
    root, running, log = tmp_path / "root", tmp_path / "running", tmp_path / "trace"
    for made in (root, running / "grub", running / "lib/vfiotui/changes", running / "default"):
        made.mkdir(parents=True)
    system(root)
    with_busybox(root, need("busybox", "busybox-static"))
    for name in ("grub.real", "default/grub.real", "default/grub", "machine-id"):
        (running / name).write_bytes((root / "etc/default/grub.real").read_bytes())
    given = tmp_path / "plan.json"
    given.write_text(to_json(plan(*FILES, *COMMAND)))
    for hostile in HOSTILE[case]:
        hostile(root, running)
    before = disk(running)
    for words in (
        ("apply", str(given), "--yes", "--run-its-programs"),
        ("apply", "--resume", "1", "--yes", "--run-its-programs"),
        ("changes",),
        ("undo", "1", "--yes"),
    ):
        if "--resume" in words:
            interrupt(root)
        argv = [sys.executable, "-m", "vfiotui", "--root", str(root), *words]
        done = run(argv, "-f", "--seccomp-bpf", "-y", "-s", "400", "-o", str(log), "-e", "trace=%file,openat2")
        assert done.returncode in (0, 1, 3, 4) and "Traceback" not in done.stderr, done.stderr
        wrong = foreign_calls(log.read_text(errors="replace"), root, given)
        assert not wrong, "\n".join([" ".join(words), *wrong[:20]])
        assert disk(running) == before
        if not HOSTILE[case]:
            assert done.returncode == 0, done.stdout + done.stderr
