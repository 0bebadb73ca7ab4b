"""undo.sh alone, in a system without Python: bytes, modes, owners and attributes come back."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apply.private_mounts import in_private_mounts, ran
from tests.apply.systems import COMMAND, FILES, disk, plan, quiet, system, with_busybox
from tests.requirements import need
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.host import changes
from vfiotui.host.root.root import Root
from vfiotui.model.change.change import Effect, remove_file, run_command, set_link, write_file
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan, to_json
from vfiotui.model.finding.finding import Risk

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners and chroots need root: run make test as root")
ODD = '/etc/a b/it\'s "q"\n[x]*?$HOME `id` \\.conf'
TOOLS = "cat cp mv rm ln rmdir sha256sum readlink sed dirname sync printf chroot ls".split()
BUILD = r"""#!/bin/sh
. /etc/default/grub
echo "linux /vmlinuz $GRUB_CMDLINE_LINUX_DEFAULT " >/boot/grub/grub.cfg
printf new >'/boot/odd [1] dir/img-new *'
printf changed >'/boot/odd [1] dir/img-old *'
rm '/boot/odd [1] dir/img-gone ?'
"""
CHANGE = {"risk": Risk.R2, "effect": Effect.BOOT}


def busybox(folder: Path) -> None:
    with_busybox(folder, need("busybox", "busybox-static"))
    os.mknod(folder / "dev/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))


def dash(folder: Path) -> None:
    """dash and the tools of coreutils with their libraries, nothing else."""
    for name in ("bin", "dev", "proc", "sys", "run", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    os.mknod(folder / "dev/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    programs = {"sh": need("dash", "dash"), **{t: need(t, "coreutils") for t in TOOLS}}
    libraries = set()
    for name, program in programs.items():
        shutil.copy(program, folder / "bin" / name)
        told = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        libraries |= set(re.findall(r"(/\S+\.so\S*)", told))
    for library in libraries:
        place = folder / library.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.realpath(library), place)


SHELLS = pytest.mark.parametrize("give", [busybox, dash], ids=["busybox", "dash"])


def odd_system(folder: Path) -> Target:
    """A system with names that break careless scripts."""
    target = system(folder)
    place = folder / ODD.lstrip("/")
    place.parent.mkdir()
    place.write_bytes(b"old\n")
    place.chmod(0o604)
    os.chown(place, 7, 8)
    os.setxattr(place, "user.odd", b"\0\n'")
    odd = folder / "boot/odd [1] dir"
    odd.mkdir()
    (odd / "img-old *").write_bytes(b"old")
    (odd / "img-gone ?").write_bytes(b"gone")
    (odd / "other").write_bytes(b"other")
    (folder / "etc/odd link").symlink_to("/nowhere at\nall\n")
    (folder / "usr/sbin/update-grub").write_text(BUILD)
    return target


STEPS = (
    *FILES,
    write_file(ODD, b"old\n", b"new", "odd", **CHANGE),  # type: ignore[arg-type]
    write_file("/etc/new dir/*", None, b"new", "a name that is a pattern", **CHANGE),  # type: ignore[arg-type]
    remove_file("/etc/machine-id", b"0123456789abcdef0123456789abcdef\n", "remove", **CHANGE),  # type: ignore[arg-type]
    set_link("/etc/odd link", b"/nowhere at\nall\n", "/else where", "link", **CHANGE),  # type: ignore[arg-type]
    run_command(
        ("update-grub",),
        "build",
        products=("/boot/grub/grub.cfg*", "/boot/odd [1] dir/img-*"),
        **CHANGE,  # type: ignore[arg-type]
    ),
    COMMAND[1],
)
ODD_PLAN: Plan = plan(*STEPS, title="It's $(odd) `plan`\n\"")


def script_of(folder: Path) -> str:
    """undo.sh of the first change, as seen inside."""
    (script,) = folder.glob("var/lib/vfiotui/changes/0001-*/undo.sh")
    return "/" + str(script.relative_to(folder))


def entered(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs undo.sh inside the system, which has no Python, from a folder that has nothing to do with it."""
    elsewhere = 'cd /usr/sbin && exec /bin/sh "$@"'
    return subprocess.run(
        [need("chroot", "coreutils"), str(folder), "/bin/sh", "-c", elsewhere, "sh", script_of(folder), *words],
        capture_output=True, text=True, timeout=60, env={"PATH": "/bin"},
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "a system [x]"
    made.mkdir()
    return made


def state(folder: Path) -> State:
    found = changes.read(Root.mounted(str(folder)))
    assert isinstance(found, tuple)
    return found[0].state


@SHELLS
def test_everything_comes_back(folder: Path, give: Callable[[Path], None]) -> None:
    target = odd_system(folder)
    give(folder)
    before = disk(folder)
    assert apply(target, ODD_PLAN, quiet).state is State.DONE
    after = disk(folder)
    kept = {p: p.read_bytes() for p in folder.glob("var/lib/vfiotui/changes/*/*") if p.is_file()}
    told = entered(folder, "-n")
    assert told.returncode == 0 and "not done: puts back /etc/default/grub" in told.stdout, told.stdout + told.stderr
    assert disk(folder) == after and kept == {p: p.read_bytes() for p in kept}, "-n does nothing"
    done = entered(folder)
    assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr
    assert disk(folder) == before and state(folder) is State.UNDONE
    assert entered(folder).returncode == 0 and disk(folder) == before


@SHELLS
def test_what_somebody_changed_is_left_alone_unless_forced(folder: Path, give: Callable[[Path], None]) -> None:
    target = odd_system(folder)
    give(folder)
    before = disk(folder)
    apply(target, ODD_PLAN, quiet)
    place = folder / ODD.lstrip("/")
    place.write_bytes(b"by hand")
    after = disk(folder)
    refused = entered(folder)
    assert refused.returncode == 1 and "was changed by something else since" in refused.stdout
    assert disk(folder) == after and state(folder) is State.DONE
    assert entered(folder, "-f").returncode == 0
    assert disk(folder) == before


@SHELLS
def test_the_journal_may_lie_on_another_file_system(folder: Path, give: Callable[[Path], None]) -> None:
    odd_system(folder)
    give(folder)
    (folder / "tmp/plan.json").write_text(to_json(ODD_PLAN))
    before = disk(folder)
    script = """
    mount -t tmpfs var "$1/var"; mkdir "$1/var/lib"
    "$python" -m vfiotui --root "$1" apply "$1/tmp/plan.json" --yes --run-its-programs >&2
    ! grep -q "quiet'" "$1/etc/default/grub.real"
    chroot "$1" /bin/sh -c 'PATH=/bin; sh /var/lib/vfiotui/changes/0001-*/undo.sh'
    "$python" -m vfiotui --root "$1" changes
    """
    told = ran(script, str(folder))
    assert "undone" in told and "undone" in told and "attributes" not in told
    assert disk(folder) == before


def test_lost_attributes_are_told(folder: Path) -> None:
    """A removed file's attributes are in the kept copy only, and a busybox on another file system cannot copy them."""
    odd_system(folder)
    busybox(folder)
    (folder / "tmp/plan.json").write_text(to_json(plan(remove_file(ODD, b"old\n", "x", **CHANGE))))  # type: ignore[arg-type]
    before = disk(folder)
    script = """
    mount -t tmpfs var "$1/var"; mkdir "$1/var/lib"
    "$python" -m vfiotui --root "$1" apply "$1/tmp/plan.json" --yes --run-its-programs >&2
    chroot "$1" /bin/sh -c 'PATH=/bin; sh /var/lib/vfiotui/changes/0001-*/undo.sh'
    """
    assert "has lost user.odd" in ran(script, str(folder))
    name = ODD.lstrip("/")
    now = disk(folder)
    assert {k: v for k, v in now.items() if k != name} == {k: v for k, v in before.items() if k != name}
    assert now[name][:4] == before[name][:4] and now[name][5] == before[name][5]


@pytest.mark.parametrize("shell", [("busybox", "sh"), ("dash",)], ids=["busybox", "dash"])
def test_a_journal_from_elsewhere_names_its_system(folder: Path, tmp_path: Path, shell: tuple[str, ...]) -> None:
    target = odd_system(folder)
    busybox(folder)
    before = disk(folder)
    apply(target, ODD_PLAN, quiet)
    elsewhere = tmp_path / "saved journal"
    shutil.move(Path(folder, script_of(folder).lstrip("/")).parent, elsewhere)
    words = [need(shell[0], shell[0]), *shell[1:], str(elsewhere / "undo.sh")]
    lost = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert lost.returncode == 2 and "ROOT=/mnt sh undo.sh" in lost.stdout
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=60, cwd=tmp_path, env={**os.environ, "ROOT": "a system [x]"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert disk(folder) == before


@SHELLS
def test_interrupted_anywhere_it_is_run_again(tmp_path: Path, give: Callable[[Path], None]) -> None:
    """Killed before every process that it would start, and torn in the middle of a file."""
    model = tmp_path / "model"
    model.mkdir()
    target = odd_system(model)
    give(model)
    before = disk(model)
    apply(target, ODD_PLAN, quiet)
    strace = need("strace", "strace")
    forks = "clone,clone3,fork,vfork"

    def run(copy: Path, *options: str) -> subprocess.CompletedProcess[str]:
        argv = [strace, "-o", str(tmp_path / "trace"), "-e", f"trace={forks}", *options, "chroot", str(copy), "/bin/sh"]
        return subprocess.run(
            [*argv, script_of(copy)],
            capture_output=True,
            text=True,
            timeout=60,
            env={"PATH": "/bin:/usr/sbin:/usr/bin"},
        )

    def fresh(name: str) -> Path:
        copy = tmp_path / name
        subprocess.run(["cp", "-a", str(model), str(copy)], check=True)
        return copy

    assert run(fresh("count")).returncode == 0
    calls = re.findall(r"^(clone3|clone|vfork|fork)\(", (tmp_path / "trace").read_text(), re.M)
    assert len(calls) > 40
    for number in range(0, len(calls), 23):
        copy, call = fresh(f"c{number}"), calls[number]
        nth = calls[: number + 1].count(call)
        killed = run(copy, "-e", f"inject={call}:signal=SIGKILL:when={nth}")
        assert killed.returncode != 0 and state(copy) in (State.DONE, State.INTERRUPTED), number
        again = entered(copy)
        assert again.returncode == 0, (number, again.stdout, again.stderr)
        assert disk(copy) == before, number
        assert not list(copy.rglob(".vfiotui-*"))
        shutil.rmtree(copy)


def test_a_missing_mount_is_told(folder: Path) -> None:
    system(folder)
    busybox(folder)
    (folder / "etc/fstab").write_text("/dev/sda1 /boot ext4 defaults 0 2\n")
    step = write_file("/boot/loader.conf", None, b"x", "x", **CHANGE)  # type: ignore[arg-type]
    (folder / "tmp/plan.json").write_text(to_json(plan(step)))
    script = """
    mount -t tmpfs boot "$1/boot"
    "$python" -m vfiotui --root "$1" apply "$1/tmp/plan.json" --yes --run-its-programs >&2
    undo() { busybox sh "$1"/var/lib/vfiotui/changes/0001-*/undo.sh; }
    umount "$1/boot"; undo "$1" && exit 9
    mount -t tmpfs boot "$1/boot"; undo "$1"
    """
    done = in_private_mounts(script, str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"nothing is mounted at {folder}/boot" in done.stdout and "undone" in done.stdout


def test_shellcheck_has_nothing_to_say(folder: Path) -> None:
    target = odd_system(folder)
    busybox(folder)
    apply(target, ODD_PLAN, quiet)
    script = folder / script_of(folder).lstrip("/")
    done = subprocess.run(
        [need("shellcheck", "shellcheck"), "-s", "sh", str(script)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout
