"""Programs of a mounted system: not one runs before a person agreed, and none gets or reaches what is ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.apply.private_mounts import HOUSE, VFIOTUI, mounts
from tests.apply.systems import disk, plan, quiet, system, with_busybox
from tests.requirements import need
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.programs import chroot, process
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.model.change.change import Change, Effect, run_command, write_file
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import to_json
from vfiotui.model.finding.finding import Risk

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts and chroots need root: run make test as root")
SPY = """#!/bin/busybox sh
b=/bin/busybox
{
    echo "uid $($b id -u)"; $b env; $b tty
    for fd in /proc/self/fd/*; do echo "fd ${fd##*/} $($b readlink $fd)"; done
    echo "processes $($b ls -d /proc/[0-9]* | $b wc -l)"
    echo "terminals $($b ls /dev/pts)"
    (: </dev/tty) && echo 'a terminal'
} >>/leaked 2>&1
"""


def builds(*, again: bool = False) -> Change:
    return run_command(("build",), "b", products=("/boot/img*",), risk=Risk.R2, effect=Effect.BOOT, again=again)


def tool(folder: Path, text: str, name: str = "usr/sbin/build") -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    system(tmp_path)
    with_busybox(tmp_path, need("busybox", "busybox-static"))
    tool(tmp_path, f"{SPY}\necho built >/boot/img\n")
    # Its shell notes every start, too.
    tool(tmp_path, f'{SPY}\nexec /bin/busybox sh "$@"\n', "bin/sh")
    (tmp_path / "plan.json").write_text(to_json(plan(builds())))
    return tmp_path


def told(folder: Path, *words: str, inherited: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SECRET_OF_ROOT": "hunter2", "SSH_AUTH_SOCK": "/run/x", "LD_PRELOAD_X": "1"}
    return subprocess.run(
        [*VFIOTUI, "--root", str(folder), *words], cwd=HOUSE, env=env, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, pass_fds=inherited, timeout=120,
    )  # fmt: skip


def test_without_consent_not_even_its_shell_is_run(folder: Path) -> None:
    before = disk(folder)
    done = told(folder, "apply", str(folder / "plan.json"), "--yes")
    assert done.returncode == 4, done.stderr
    assert f"this runs 'build' of the system at {folder}, with its /bin/sh, as root on this host" in done.stderr
    assert "give --run-its-programs" in done.stderr
    assert disk(folder) == before and not (folder / "leaked").exists()
    asked = told(folder, "apply", str(folder / "plan.json"))
    assert asked.returncode == 2 and not (folder / "leaked").exists()


def test_with_consent_it_gets_nothing_of_ours(folder: Path) -> None:
    ours = os.pipe()
    pipe = os.readlink(f"/proc/self/fd/{ours[0]}")
    done = told(folder, "apply", str(folder / "plan.json"), "--yes", "--run-its-programs", inherited=ours)
    for end in ours:
        os.close(end)
    assert done.returncode == 0, done.stderr
    leaked = (folder / "leaked").read_text()
    assert "uid 0" in leaked
    assert not any(word in leaked for word in ("SECRET", "hunter2", "SSH_AUTH", "LD_PRELOAD", "a terminal"))
    names = {line.partition("=")[0] for line in leaked.splitlines() if "=" in line}
    assert names <= {"PATH", "LC_ALL", "HOME", "TERM", "PWD", "SHLVL", "OLDPWD", "_"}, names
    assert pipe not in leaked
    # Where the tests run in a chroot themselves, the file's path is told from outside of it.
    assert re.search(r"\nfd 0 (/\S+)?/dev/null\n", leaked)
    assert "terminals ptmx" in leaked
    if not chroot.walls()[1]:
        seen = [int(line.split()[1]) for line in leaked.splitlines() if line.startswith("processes")]
        assert max(seen) < 10, "it sees its own processes only"


def test_an_undo_that_runs_a_program_wants_consent_too(folder: Path) -> None:
    (folder / "plan.json").write_text(to_json(plan(builds(again=True))))
    assert told(folder, "apply", str(folder / "plan.json"), "--yes", "--run-its-programs").returncode == 0
    (folder / "leaked").unlink()
    before = disk(folder)
    refused = told(folder, "undo", "1", "--yes")
    assert refused.returncode == 4 and "--run-its-programs" in refused.stderr, refused
    assert disk(folder) == before
    assert told(folder, "undo", "1", "--yes", "--run-its-programs").returncode == 0


def test_what_it_started_in_the_background_ends_with_it(folder: Path) -> None:
    if chroot.walls()[1]:
        pytest.skip(chroot.walls()[1])
    os.mkfifo(folder / "alive")
    tool(folder, "#!/bin/sh\necho built >/boot/img\n/bin/busybox setsid /bin/busybox sh -c 'exec 9<>/alive; "
                 "/bin/busybox kill -STOP $$; echo >/outlived' >/dev/null 2>&1 &\n")  # fmt: skip
    before = mounts()
    assert apply(Target(folder_root(folder)), plan(builds()), quiet).state is State.DONE
    assert mounts() == before
    held = [p for p in Path("/proc").glob("[0-9]*/fd/9") if _leads_to(p, folder / "alive")]
    assert held == [], "nothing of it holds the file any more"


def folder_root(folder: Path):  # type: ignore[no-untyped-def]
    from vfiotui.host.root.root import Root

    return Root.mounted(str(folder))


def _leads_to(link: Path, target: Path) -> bool:
    try:
        return os.readlink(link) == str(target)
    except OSError:
        return False


def test_a_program_that_never_ends_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(folder, "#!/bin/sh\necho begun\necho half >/boot/img\ntrap '' TERM\nwhile :; do /bin/busybox sleep 60; done\n")
    monkeypatch.setattr(process, "SECONDS", 1.0)
    before = disk(folder)
    outcome = apply(Target(folder_root(folder)), plan(builds()), quiet)
    assert outcome.state is State.ROLLED_BACK
    assert "build did not end in 0.0166667 minutes: it was ended with all that it started; begun" in outcome.word
    (folder / "leaked").unlink(missing_ok=True)
    before.pop("leaked", None)
    assert {k: v for k, v in disk(folder).items() if k != "leaked"} == before


def test_a_shell_that_never_answers_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(folder, "#!/bin/busybox sh\nwhile :; do /bin/busybox sleep 60; done\n", "bin/sh")
    monkeypatch.setattr(chroot, "SECONDS", 1.0)
    before = disk(folder)
    with pytest.raises(ApplyError, match=r"its /bin/sh gives no answer in 1 s"):
        apply(Target(folder_root(folder)), plan(builds()), quiet)
    assert disk(folder) == before


def test_where_the_kernel_gives_fewer_namespaces_it_works_and_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroot, "walls", lambda: chroot.WALLS[1])
    monkeypatch.setattr(process, "walls", lambda: chroot.WALLS[1])
    outcome = apply(Target(folder_root(folder)), plan(builds()), quiet)
    assert outcome.state is State.DONE, outcome
    log = next((folder / "var/lib/vfiotui/changes").glob("*/log")).read_text()
    assert "this kernel gives no process namespace here" in log
    assert undo(Target(folder_root(folder)), "1", quiet).state is State.UNDONE


def test_the_best_walls_are_found_by_asking_the_kernel() -> None:
    program = (
        "import subprocess, sys; from vfiotui.apply.programs import chroot\n"
        "chroot._ask = lambda words: subprocess.CompletedProcess(words, '--pid' in words)\n"
        "print(chroot.walls()[1])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == chroot.WALLS[1][1]


def test_an_undo_that_must_build_anew_wants_consent_before_it_touches_anything(folder: Path) -> None:
    """Somebody ran the generator since: the undo runs it again with the old sources."""
    source = folder / "etc/source"
    source.write_text("old\n")
    tool(folder, "#!/bin/sh\n/bin/busybox cat /etc/source >/boot/img\n")
    edit = write_file("/etc/source", b"old\n", b"new\n", "w", risk=Risk.R2, effect=Effect.BOOT)
    (folder / "plan.json").write_text(to_json(plan(edit, builds())))
    assert told(folder, "apply", str(folder / "plan.json"), "--yes", "--run-its-programs").returncode == 0
    (folder / "boot/img").write_text("new\nand what somebody's package added\n")
    before = disk(folder)
    refused = told(folder, "undo", "1", "--yes")
    assert refused.returncode == 4 and "--run-its-programs" in refused.stderr and disk(folder) == before
    done = told(folder, "undo", "1", "--yes", "--run-its-programs")
    assert done.returncode == 0, done.stderr
    assert (folder / "boot/img").read_text() == source.read_text() == "old\n"
