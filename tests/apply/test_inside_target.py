"""Nothing is written, read or removed outside a mounted system, whatever stands in the way on its disk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apply.systems import AFTER, COMMAND, FILES, GRUB, disk, plan, quiet, system, with_busybox
from tests.host.root.opened import watched
from tests.requirements import need
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.run import apply
from vfiotui.apply.undo.undo import resume, undo
from vfiotui.host import changes
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import Effect, run_command, set_link, write_file
from vfiotui.model.change.journal import State
from vfiotui.model.finding.finding import Risk

HOUSE = Path(__file__).parents[2]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="owners, devices and chroots need root: run make test as root")
JOURNAL = "var/lib/vfiotui"
CHANGE = f"{JOURNAL}/changes/0001-test-the-steps"
RISKS = {"risk": Risk.R2, "effect": Effect.BOOT}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The mounted system."""
    made = tmp_path / "mounted"
    made.mkdir()
    return made


@pytest.fixture
def running(tmp_path: Path) -> Path:
    """Stands for the running system: a folder that links of the mounted one name by its absolute path."""
    made = tmp_path / "running"
    made.mkdir()
    (made / "precious.new").mkdir()
    (made / "precious.new/file").write_text("data")
    (made / "grub.real").write_bytes(AFTER)
    (made / "90-vfiotui.conf").write_text("net.ipv4.ip_forward = 1\n")
    return made


def drop_in(path: str) -> object:
    return write_file(path, None, b"vm.swappiness = 1\n", "x", **RISKS)  # type: ignore[arg-type]


def test_a_dangling_link_whose_target_the_running_system_has_is_not_followed(folder: Path, running: Path) -> None:
    target = system(folder)
    (folder / "etc/sysctl.d").symlink_to(running)
    (folder / "etc/last.conf").symlink_to(running / "90-vfiotui.conf")
    before, there = disk(running), disk(folder)
    steps = drop_in("/etc/sysctl.d/90-vfiotui.conf"), drop_in("/etc/last.conf")
    assert apply(target, plan(*steps), quiet).state is State.DONE  # type: ignore[arg-type]
    inside = folder / str(running).lstrip("/") / "90-vfiotui.conf"
    assert disk(running) == before and inside.read_text() == "vm.swappiness = 1\n"
    assert undo(target, "1", quiet).state is State.UNDONE
    assert disk(running) == before and disk(folder) == there


def test_a_folder_that_became_a_link_is_left_alone(folder: Path, running: Path) -> None:
    """What is there has the very bytes that the undo looks for."""
    target = system(folder)
    apply(target, plan(FILES[0]), quiet)
    (folder / "etc/default").rename(folder / "etc/was")
    (folder / "etc/default").symlink_to(running)
    before, there = disk(running), disk(folder)
    with pytest.raises(ApplyError, match="changed since"):
        undo(target, "1", quiet)
    for shell in (["dash"], ["busybox", "sh"]):
        words = [need(shell[0], shell[0]), *shell[1:], str(next(folder.glob(f"{JOURNAL}/changes/*/undo.sh")))]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 1 and "was changed by something else since" in done.stdout, done.stdout + done.stderr
        subprocess.run([*words, "-f"], capture_output=True)
        assert disk(running) == before
        subprocess.run(words, capture_output=True, env={**os.environ, "ROOT": str(folder)})
    assert disk(running) == before and (folder / "etc/was").is_dir()
    assert (folder / "etc/default").is_symlink() and there


@pytest.mark.parametrize(
    ("link", "code"), [("loop", 1), ("/etc/default/grub.real/x", 1), ("/none/../etc/was", 1), ("/etc/was", 0)]
)
@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")], ids=lambda s: s[0])
def test_the_script_and_the_program_follow_links_inside_alike(
    folder: Path, link: str, code: int, shell: tuple[str, ...]
) -> None:
    target = system(folder)
    before = disk(folder)
    apply(target, plan(FILES[0]), quiet)
    (folder / "etc/default").rename(folder / "etc/was")
    (folder / "etc/loop").symlink_to("loop")
    (folder / "etc/default").symlink_to(link)
    there = disk(folder)
    script = next(folder.glob(f"{JOURNAL}/changes/*/undo.sh"))
    done = subprocess.run([need(shell[0], shell[0]), *shell[1:], str(script)], capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    if code:
        assert disk(folder) == there and "nothing was done" in done.stdout
        with pytest.raises(ApplyError):
            undo(target, "1", quiet)
        assert disk(folder) == there
    else:
        assert (folder / "etc/was/grub.real").read_bytes() == GRUB
        assert before["etc/default/grub.real"] == disk(folder)["etc/was/grub.real"]


def away(place: Path, make: Callable[[Path], object]) -> None:
    """Something else stands in the place of a file or folder."""
    place.rename(place.with_name(f"was-{place.name}"))
    make(place)


@AS_ROOT
@pytest.mark.parametrize("name", [JOURNAL, f"{JOURNAL}/changes", CHANGE, f"{JOURNAL}/lock", f"{CHANGE}/before"])
@pytest.mark.parametrize("kind", ["link", "fifo", "device", "socket"])
def test_a_journal_of_another_kind_is_refused(folder: Path, running: Path, name: str, kind: str) -> None:
    target = system(folder)
    apply(target, plan(*FILES), quiet)
    place = folder / name
    there = place.with_name(f"was-{place.name}")
    kinds: dict[str, Callable[[Path], object]] = {
        "link": lambda p: p.symlink_to(running / p.name),
        "fifo": os.mkfifo,
        "device": lambda p: os.mknod(p, 0o20666, os.makedev(1, 3)),
        "socket": lambda p: os.mknod(p, 0o140666),
    }
    away(place, kinds[kind])
    if kind == "link" and there.is_dir():
        subprocess.run(["cp", "-a", str(there), str(running / place.name)], check=True)
    before = disk(running), disk(folder)
    with watched(*([] if kind == "link" else [place])) as was_opened:
        found = changes.read(Root.mounted(str(folder)))
        if name in (JOURNAL, f"{JOURNAL}/changes"):
            assert isinstance(found, Unread) and f"/{name}" in str(found), found
        for use in (
            lambda: apply(target, plan(drop_in("/etc/other")), quiet),  # type: ignore[arg-type]
            lambda: undo(target, "1", quiet),
            lambda: undo(target, "1", quiet, force=True),
            lambda: resume(target, "1", quiet),
        ):
            if name in (CHANGE, f"{CHANGE}/before") and use.__code__.co_names[0] == "apply":
                continue
            with pytest.raises(ApplyError, match=rf"{name}|journal|is damaged|missing|nothing to resume"):
                use()
        script = folder / CHANGE / "undo.sh"
        if kind == "link" and name != f"{JOURNAL}/lock":
            for shell in (["dash"], ["busybox", "sh"]):
                words = [need(shell[0], shell[0]), *shell[1:], str(script)]
                done = subprocess.run(words, capture_output=True, text=True)
                assert done.returncode == 4 and "is a symbolic link" in done.stdout, done.stdout + done.stderr
        assert (disk(running), disk(folder)) == before
        assert not was_opened()


@AS_ROOT
@pytest.mark.parametrize("name", ["plan.json", "journal", "kept.json", "undo.sh", "before/1", "before/1.json"])
@pytest.mark.parametrize("kind", ["link", "fifo", "device"])
def test_a_file_of_a_change_of_another_kind_is_refused(folder: Path, running: Path, name: str, kind: str) -> None:
    target = system(folder)
    apply(target, plan(*FILES), quiet)
    place = folder / CHANGE / name
    kinds: dict[str, Callable[[Path], object]] = {
        "link": lambda p: p.symlink_to(running / p.name),
        "fifo": os.mkfifo,
        "device": lambda p: os.mknod(p, 0o20666, os.makedev(1, 3)),
    }
    (running / place.name).write_bytes(place.read_bytes())
    away(place, kinds[kind])
    before, there = disk(running), disk(folder)
    with watched(*([] if kind == "link" else [place])) as was_opened:
        changes.read(Root.mounted(str(folder)))
        try:
            undo(target, "1", quiet)
        except ApplyError as error:
            assert disk(folder) == there, error
        else:
            assert name == "undo.sh"
        assert not was_opened()
    assert disk(running) == before


def test_only_our_own_unborn_folders_are_removed(folder: Path, running: Path) -> None:
    target = system(folder)
    journal = folder / JOURNAL / "changes"
    ours, link, theirs, named = (journal / f"{n}.new" for n in ("0001-x", "0002-x", "precious", "0003-x"))
    for made in (ours / "before", theirs, named / "before"):
        made.mkdir(parents=True)
    for made in (ours / "plan.json", ours / "before/1.json", theirs / "x", named / "before/holiday.jpg"):
        made.write_text("{}")
    link.symlink_to(running / "precious.new")
    (journal / "lost.new").write_text("a file")
    before = disk(running)
    assert apply(target, plan(FILES[0]), quiet).state is State.DONE
    assert (
        not ours.exists() and link.is_symlink() and (theirs / "x").exists() and (named / "before/holiday.jpg").exists()
    )
    assert (journal / "lost.new").exists() and disk(running) == before


@AS_ROOT
@pytest.mark.parametrize("kind", ["fifo", "device", "socket"])
def test_products_that_are_no_files_are_left_alone_and_named(folder: Path, kind: str) -> None:
    target = system(folder)
    with_busybox(folder, need("busybox", "busybox-static"))
    place = folder / "boot/grub/grub.cfg-odd"
    if kind == "fifo":
        os.mkfifo(place)
    else:
        os.mknod(place, *{"device": (0o20666, os.makedev(1, 5)), "socket": (0o140666,)}[kind])
    before = disk(folder)
    step = run_command(("update-grub",), "build", products=("/boot/grub/grub.cfg*", "/boot/grub/env"), **RISKS)  # type: ignore[arg-type]
    with watched(place) as was_opened:
        outcome = apply(target, plan(FILES[0], step), quiet)
        assert outcome.state is State.DONE and "/boot/grub/grub.cfg-odd is no file" in outcome.word
        assert undo(target, "1", quiet).state is State.UNDONE and disk(folder) == before
        apply(target, plan(FILES[0], step), quiet)
        script = next(folder.glob(f"{JOURNAL}/changes/0002-*/undo.sh"))
        done = subprocess.run(["sh", str(script)], capture_output=True, text=True)
        assert done.returncode == 0 and disk(folder) == before, done.stdout + done.stderr
        assert not was_opened()


@AS_ROOT
@pytest.mark.parametrize("kind", ["fifo", "device"])
def test_a_subject_that_is_no_file_is_refused(folder: Path, kind: str) -> None:
    target = system(folder)
    place = folder / "etc/odd"
    os.mkfifo(place) if kind == "fifo" else os.mknod(place, 0o20666, os.makedev(1, 3))
    before = disk(folder)
    with watched(place) as was_opened:
        for step in (
            drop_in("/etc/odd"),
            write_file("/etc/odd", b"", b"x", "x", **RISKS),  # type: ignore[arg-type]
            set_link("/etc/odd", None, "/x", "x", **RISKS),  # type: ignore[arg-type]
        ):
            with pytest.raises(ApplyError, match="/etc/odd is no"):
                apply(target, plan(step), quiet)  # type: ignore[arg-type]
        assert not was_opened() and disk(folder) == before


@AS_ROOT
def test_products_behind_a_link_to_the_running_system_are_not_kept(folder: Path, running: Path) -> None:
    target = system(folder)
    with_busybox(folder, need("busybox", "busybox-static"))
    (folder / "boot").rename(folder / "boot-away")
    (folder / "boot").symlink_to(running)
    (running / "grub").mkdir()
    (running / "grub/grub.cfg").write_text("the running system's menu")
    before = disk(running)
    step = run_command(("broken-build",), "x", products=("/boot/grub/grub.cfg*",), **RISKS)  # type: ignore[arg-type]
    assert apply(target, plan(step), quiet).state is State.ROLLED_BACK
    assert disk(running) == before
    assert not list(folder.glob(f"{JOURNAL}/changes/*/before/1.0"))


@AS_ROOT
def test_products_whose_folder_became_a_link_are_left_alone(folder: Path) -> None:
    """Files of the same pattern in the folder to which /boot leads now are none of the change's."""
    target = system(folder)
    with_busybox(folder, need("busybox", "busybox-static"))
    apply(target, plan(FILES[0], *COMMAND), quiet)
    subprocess.run(["cp", "-a", str(folder / "boot/grub"), str(folder / "boot/other")], check=True)
    (folder / "boot/other/grub.cfg-2").write_text("another")
    (folder / "boot/grub").rename(folder / "boot/was")
    (folder / "boot/grub").symlink_to("other")
    there = disk(folder)
    with pytest.raises(ApplyError, match="changed since"):
        undo(target, "1", quiet)
    done = subprocess.run(
        ["sh", str(next(folder.glob(f"{JOURNAL}/changes/*/undo.sh")))], capture_output=True, text=True
    )
    assert done.returncode == 1 and "/boot/grub is another folder than before" in done.stdout
    assert disk(folder) == there


def test_without_openat2_it_is_the_same(folder: Path, running: Path) -> None:
    system(folder)
    (folder / "etc/sysctl.d").symlink_to(running)
    before, there = disk(running), disk(folder)
    python = [sys.executable, "-m"]
    refused = [*python, "tests.host.root.forbidden_call", "EPERM", *python, "vfiotui", "--root"]
    for words in (("apply", "sysctl.set=vm.swappiness=1", "--yes"), ("undo", "--yes")):
        done = subprocess.run([*refused, str(folder), *words], capture_output=True, text=True, cwd=HOUSE, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert disk(running) == before
    assert disk(folder) == there


@pytest.mark.parametrize("shell", [("dash",), ("busybox", "sh")], ids=lambda s: s[0])
def test_names_of_any_bytes_come_back(tmp_path: Path, shell: tuple[str, ...]) -> None:
    folder = tmp_path / "a\nroot \udcff"
    folder.mkdir()
    target = system(folder)
    for name in ("da\nta\udcff", "-x", "$(touch y)"):
        (folder / name).mkdir()
        (folder / "etc" / name).symlink_to(f"/{name}/")
    before = disk(folder)
    steps = [drop_in(f"/etc/{name}/new\udcfe") for name in ("da\nta\udcff", "-x", "$(touch y)")]
    assert apply(target, plan(*steps), quiet).state is State.DONE  # type: ignore[arg-type]
    assert (folder / "da\nta\udcff/new\udcfe").is_file() and (folder / "-x/new\udcfe").is_file()
    assert undo(target, "1", quiet).state is State.UNDONE and disk(folder) == before
    apply(target, plan(*steps), quiet)  # type: ignore[arg-type]
    script = next(folder.glob(f"{JOURNAL}/changes/0002-*/undo.sh"))
    done = subprocess.run([need(shell[0], shell[0]), *shell[1:], str(script)], capture_output=True)
    assert done.returncode == 0 and disk(folder) == before, done.stdout + done.stderr


@pytest.mark.parametrize("subject", ["/etc/\ud800", "/etc/x\0y", "etc/x"])
def test_what_is_no_path_is_refused(folder: Path, subject: str) -> None:
    target = system(folder)
    with pytest.raises(ApplyError, match="is no absolute path"):
        apply(target, plan(drop_in(subject)), quiet)  # type: ignore[arg-type]


@pytest.mark.parametrize("subject", ["/../../../../{}", "/etc/../../../../{}", "//{}", "/etc/up/{}"])
def test_dots_end_at_the_top(folder: Path, running: Path, subject: str) -> None:
    target = system(folder)
    (folder / "etc/up").symlink_to("../../../../../..")
    before = disk(running)
    apply(target, plan(drop_in(subject.format(str(running / "new").lstrip("/")))), quiet)  # type: ignore[arg-type]
    assert disk(running) == before and (folder / str(running / "new").lstrip("/")).is_file()


def test_a_live_journal_is_not_read_through_links_either(tmp_path: Path, running: Path) -> None:
    from tests.apply.live_target import live_target

    target = live_target(tmp_path / "live")
    (tmp_path / "live/var/lib").rename(tmp_path / "live/data")
    (tmp_path / "live/var/lib").symlink_to("/data")
    assert apply(target, plan(drop_in("/etc/x.conf")), quiet).state is State.DONE, "/var/lib itself may be one"  # type: ignore[arg-type]
    away(tmp_path / "live/data/vfiotui", lambda p: p.symlink_to(running))
    before = disk(running)
    with pytest.raises(ApplyError, match="/data/vfiotui is a symbolic link"):
        apply(target, plan(drop_in("/etc/y.conf")), quiet)  # type: ignore[arg-type]
    assert disk(running) == before
