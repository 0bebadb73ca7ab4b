"""The guard's script in real shells: what it prints, when it asks, and that no caller waits or fails because of it."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.requirements import need
from vfiotui.formats.guard_hooks import runner as module
from vfiotui.formats.guard_hooks.hooks import HOOKS
from vfiotui.formats.guard_hooks.runner import STATE, program_of, runner
from vfiotui.model.boot.guard import GuardProgram, GuardState, Lost, to_json

FINE = GuardState("2026-11-30T09:00:00+00:00", "", "apt", kept=2)
SHELLS = (["dash"], ["bash", "--posix"], ["busybox", "sh"])


def script(folder: Path, program: str, seconds: int = 30, code: str = "") -> Path:
    """The script in a tree, with a program that is started."""
    text = runner(GuardProgram(program, code))
    assert text.count(" 30 s'") == 1
    text = text.replace("timeout -k 2 30", f"timeout -k 2 {seconds}").replace("-lt 300 ]", f"-lt {seconds}0 ]")
    place = folder / "guard.sh"
    place.write_text(text)
    place.chmod(0o755)
    return place


def program(folder: Path, lines: str) -> str:
    place = folder / "vfiotui"
    place.write_text(f"#!/bin/sh\n{lines}\n")
    place.chmod(0o755)
    return str(place)


def ran(place: Path, root: Path, shell: list[str] | None = None, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs it as a hook does; its standard input is a pipe that nobody writes to."""
    environment = {**os.environ, "VFIOTUI_GUARD_ROOT": str(root)}
    argv = [*(shell or ["dash"]), str(place), *(words or ("apt",))]
    return subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=environment, check=False
    )


def kept(root: Path, state: GuardState, age: float = 0) -> Path:
    """A state of a check that many seconds ago."""
    place = root / STATE.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(to_json(state))
    then = time.time() - age
    os.utime(place, (then, then))
    return place


@pytest.mark.parametrize("shell", SHELLS, ids=lambda s: s[0])
def test_a_warning_goes_to_standard_error_and_the_caller_succeeds(tmp_path: Path, shell: list[str]) -> None:
    need(shell[0], {"dash": "dash", "bash": "bash", "busybox": "busybox-static"}[shell[0]])
    asked = program(tmp_path, 'echo "asked $*"; echo "a traceback" >&2; exit 1')
    done = ran(script(tmp_path, asked), tmp_path, shell)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"asked --root {tmp_path} guard check --quiet --by apt\n"


def test_a_quiet_check_says_nothing(tmp_path: Path) -> None:
    done = ran(script(tmp_path, program(tmp_path, "exit 0")), tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("path", "code"), [("/nowhere/python3", ""), ("/bin/sh", "/nowhere/site-packages")])
def test_a_program_that_is_gone_is_no_reason_to_speak(tmp_path: Path, path: str, code: str) -> None:
    done = ran(script(tmp_path, path, code=code), tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("lines", ["exit 139", "exit 3", "exit 1", "kill -9 $$", "echo half; kill -11 $$"])
def test_a_program_that_breaks_fails_nothing(tmp_path: Path, lines: str) -> None:
    done = ran(script(tmp_path, program(tmp_path, lines)), tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "the next boot was not checked after apt: " in done.stderr and "vfiotui guard check" in done.stderr


def test_a_disk_that_hangs_holds_up_nobody(tmp_path: Path) -> None:
    """A process in a call that never returns cannot be killed; one that has stopped every signal stands in for it.

    The pipes of the caller end with the script, or this would wait for them until its own limit.
    """
    hung = program(tmp_path, f"trap '' TERM; echo $$ >{tmp_path}/pid; exec sleep 1000")
    place = script(tmp_path, hung, seconds=2)
    place.write_text(place.read_text().replace("limit='timeout -k 2 2'", "limit="))
    began = time.monotonic()
    try:
        done = ran(place, tmp_path)
        assert time.monotonic() - began < 40
    finally:
        os.kill(int((tmp_path / "pid").read_text()), 9)
    assert done.returncode == 0 and "not checked after apt: no answer in" in done.stderr


@pytest.mark.parametrize("shell", SHELLS, ids=lambda s: s[0])
def test_a_slow_program_is_ended_with_its_children_and_said(tmp_path: Path, shell: list[str]) -> None:
    """The program is ended while the script still waits: its sleeps take longer than they say on a busy machine."""
    need(shell[0], {"dash": "dash", "bash": "bash", "busybox": "busybox-static"}[shell[0]])
    slow = program(tmp_path, f"echo half; echo $$ >{tmp_path}/pid; exec sleep 1000")
    place = script(tmp_path, slow, seconds=1)
    place.write_text(place.read_text().replace("-lt 10 ]", "-lt 300 ]"))
    done = ran(place, tmp_path, shell)
    assert done.returncode == 0
    assert done.stderr == (
        "half\nvfiotui: warning: the next boot was not checked after apt: no answer in 30 s; "
        "run 'vfiotui guard check' before a reboot\n"
    )
    assert ended(int((tmp_path / "pid").read_text()), 30), "a child goes on"


def ended(pid: int, seconds: float) -> bool:
    """Whether the process ends in that time; a zombie has ended."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], seconds)[0])
    finally:
        os.close(process)


def test_where_nothing_changed_since_a_check_that_passed_nobody_is_asked(tmp_path: Path) -> None:
    place = script(tmp_path, program(tmp_path, "echo asked"))
    menu = tmp_path / "boot/grub/grub.cfg"
    menu.parent.mkdir(parents=True)
    menu.write_text("menuentry x {}\n")
    kept(tmp_path, FINE, age=-5)
    assert ran(place, tmp_path).stderr == ""
    kept(tmp_path, FINE, age=100)
    assert ran(place, tmp_path).stderr == "asked\n", "the menu is newer than the check"


def test_a_menu_with_an_old_time_that_is_new_here_is_asked_about(tmp_path: Path) -> None:
    """dpkg gives files the times of the package: only the time of the inode's change is of today."""
    place = script(tmp_path, program(tmp_path, "echo asked"))
    kept(tmp_path, FINE, age=60)
    index = tmp_path / "lib/modules/6.12.9/modules.dep"
    index.parent.mkdir(parents=True)
    index.write_text("")
    os.utime(index, (0, 0))
    assert ran(place, tmp_path).stderr == "asked\n"


def test_after_a_warning_every_update_asks_again(tmp_path: Path) -> None:
    place = script(tmp_path, program(tmp_path, "echo asked"))
    kept(tmp_path, GuardState(FINE.at, "", "apt", (Lost("x", "y"),)), age=-5)
    assert ran(place, tmp_path).stderr == "asked\n"


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b'{"lost": [', b"\xff\xfe"])
def test_a_damaged_state_is_no_reason_to_keep_still(tmp_path: Path, content: bytes) -> None:
    place = script(tmp_path, program(tmp_path, "echo asked"))
    kept(tmp_path, FINE).write_bytes(content)
    assert ran(place, tmp_path).stderr == "asked\n"


def test_a_find_without_the_test_is_no_reason_to_keep_still(tmp_path: Path) -> None:
    """Some small systems have a find that knows no -cnewer."""
    place = script(tmp_path, program(tmp_path, "echo asked"))
    kept(tmp_path, FINE, age=-5)
    (tmp_path / "bin").mkdir()
    find = tmp_path / "bin/find"
    find.write_text("#!/bin/sh\necho 'find: unrecognized: -cnewer' >&2; exit 1\n")
    find.chmod(0o755)
    place.write_text(place.read_text().replace("exec </dev/null", f"PATH={tmp_path}/bin:$PATH; exec </dev/null", 1))
    assert ran(place, tmp_path).stderr == "asked\n"


def test_in_a_chroot_it_does_nothing(tmp_path: Path) -> None:
    """A system that is only mounted has not the devices of this one, and must run nothing for it.

    The first of the three is the same folder as the root of process 1: it asks, so that silence means something.
    """
    if os.geteuid() != 0:
        pytest.skip("a chroot needs root")
    busybox = need("busybox", "busybox-static")
    (tmp_path / "bin").mkdir()
    shutil.copy(busybox, tmp_path / "bin/busybox")
    for name in ("sh", "stat", "mktemp", "find", "sleep", "cat", "rm", "head", "grep"):
        (tmp_path / "bin" / name).symlink_to("busybox")
    for name in ("proc", "dev", "tmp"):
        (tmp_path / name).mkdir()
    asked = tmp_path / "bin/vfiotui"
    asked.write_text("#!/bin/sh\necho asked\n")
    asked.chmod(0o755)
    script(tmp_path, "/bin/vfiotui")
    null = tmp_path / "dev/null"
    os.mknod(null, 0o666 | 0o020000, os.makedev(1, 3))
    inside = f"mount -t proc proc {tmp_path}/proc && exec chroot {tmp_path} /bin/sh /guard.sh apt"
    own = ["unshare", "--mount", "--pid", "--fork", "sh", "-c", inside]
    for words, said in (
        (own, "asked\n"),
        (["unshare", "--mount", "sh", "-c", inside], ""),
        (["chroot", str(tmp_path), "/bin/sh", "/guard.sh", "apt"], ""),
    ):
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", said), words


def test_names_with_blanks_and_quotes_are_taken_as_they_are(tmp_path: Path) -> None:
    odd = tmp_path / "o'd d$x"
    odd.mkdir()
    done = ran(script(tmp_path, program(odd, "echo asked")), tmp_path)
    assert done.stderr == "asked\n"
    found = GuardProgram(str(odd / "vfiotui"), "/opt/my 'v'")
    assert program_of(runner(found)) == found


@pytest.mark.parametrize(
    "edit", [("exit 0\n", "exit 1\n"), ("python=/", "python=$(id)/"), ("code=''", "code='' x"), ("python=", "pythin=")]
)
def test_a_script_that_somebody_edited_is_none_of_ours(edit: tuple[str, str]) -> None:
    text = runner(GuardProgram("/usr/bin/vfiotui"))
    assert edit[0] in text and program_of(text.replace(*edit)) is None


def test_scripts_are_clean(tmp_path: Path) -> None:
    check = need("shellcheck", "shellcheck")
    texts = [runner(GuardProgram("/usr/bin/vfiotui")), *(h.text for h in HOOKS if h.mode & 0o100)]
    for number, text in enumerate(texts):
        place = tmp_path / f"{number}.sh"
        place.write_text(text)
        shell = "bash" if text.startswith("#!/bin/bash\n") else "sh"
        done = subprocess.run([check, "-s", shell, str(place)], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout


def test_the_running_program_is_found_with_its_folder() -> None:
    found = module.running()
    assert os.access(found.path, os.X_OK) and os.path.isfile(f"{found.code}/vfiotui/__init__.py")
    words = [found.path, "-I", "-c", module.START, found.code, "--version"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, cwd="/", check=False)
    assert done.stdout.startswith("vfiotui "), done.stderr
