"""The guard from end to end: hooks are installed by a plan, run as a package manager runs them, and taken away."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.apply.systems import disk
from tests.hosts import CLEAN
from tests.hosts.base import WORDS
from tests.hosts.guarded import MARKS
from tests.requirements import need
from tests.tree_on_disk import write
from vfiotui.apply.guard import check
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.formats.guard_hooks.runner import PATH, STATE
from vfiotui.host.root.root import Root
from vfiotui.model.boot.guard import from_json
from vfiotui.model.change.change import Effect, look_at_next_boot, write_file
from vfiotui.model.change.plan import Plan, to_json
from vfiotui.model.finding.finding import Risk

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="files must be root's: run make test as root")
IDS = "vfio-pci.ids=10de:13c2,10de:0fbb"
DEBIAN = replace(
    CLEAN,
    files={
        **CLEAN.files,
        **MARKS,
        "/etc/default/grub": f'GRUB_CMDLINE_LINUX_DEFAULT="quiet {IDS}"\n',
        "/etc/modprobe.d/vfio.conf": "softdep nouveau pre: vfio-pci\nsoftdep snd_hda_intel pre: vfio-pci\n",
    },
    cmdline=f"BOOT_IMAGE=/vmlinuz {WORDS} {IDS}",
    menu_cmdline=f"quiet {IDS}",
    modes=dict.fromkeys(MARKS, 0o755),
)
IMAGE = f"/boot/initrd.img-{CLEAN.release}"
MENU = "/boot/grub/grub.cfg"
CARD = "0000:01:00.0"
HOOKS = (
    "/etc/apt/apt.conf.d/99vfiotui-guard",
    "/etc/kernel/postinst.d/zz-vfiotui-guard",
    "/etc/kernel/postrm.d/zz-vfiotui-guard",
    "/etc/initramfs/post-update.d/zz-vfiotui-guard",
)
JOURNAL = '{"event": "apply", "at": "2026-01-01 10:00:00", "pid": 1, "start": 1, "boot": "old"}\n{"event": "done"}\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A Debian on a disk, with an isolation that its boot menu has."""
    folder = tmp_path / "root"
    write(build(DEBIAN), str(folder))
    return folder


def turned(root: Path, word: str) -> int:
    return main(["--root", str(root), "guard", word, "--apply", "--yes"])


def runnable(root: Path) -> None:
    """The installed files as they would be if the tree were /: with the program that is tested here."""
    program = root.parent / "vfiotui"
    program.write_text(f'#!/bin/sh\ncd {Path.cwd()} && exec {sys.executable} -m vfiotui "$@"\n')
    program.chmod(0o755)
    script = root / PATH.lstrip("/")
    script.write_text(script.read_text().replace("python=/usr/bin/vfiotui", f"python={program}"))
    for path in HOOKS:
        place = root / path.lstrip("/")
        place.write_text(place.read_text().replace(PATH, str(script)))


def hooked(root: Path, *argv: str) -> str:
    """What a hook prints on standard error; it prints nothing else, and does not fail."""
    environment = {**os.environ, "VFIOTUI_GUARD_ROOT": str(root)}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, env=environment, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return done.stderr


def without_ids(root: Path) -> str:
    """Somebody writes the boot menu anew without the ids; gives the menu as it was."""
    menu = root / MENU.lstrip("/")
    text = menu.read_text()
    assert f" {IDS}" in text
    menu.write_text(text.replace(f" {IDS}", ""))
    return text


def state_of(root: Path) -> tuple[str, ...]:
    return tuple(one.what for one in from_json((root / STATE.lstrip("/")).read_text()).lost)


@AS_ROOT
def test_hooks_are_a_change_with_an_undo(root: Path) -> None:
    before = disk(root)
    assert turned(root, "on") == Exit.FINE
    for path in HOOKS:
        assert (root / path.lstrip("/")).is_file()
    assert os.access(root / PATH.lstrip("/"), os.X_OK) and os.access(root / HOOKS[1].lstrip("/"), os.X_OK)
    assert not os.access(root / HOOKS[0].lstrip("/"), os.X_OK)
    assert turned(root, "on") == Exit.FINE, "nothing is left to do"
    assert main(["--root", str(root), "undo", "1", "--yes"]) == Exit.FINE
    after = disk(root)
    assert {p: n for p, n in after.items() if "vfiotui/changes" not in p and p in before} == before
    assert not any((root / path.lstrip("/")).exists() for path in (*HOOKS, PATH))


@AS_ROOT
def test_off_takes_all_away_and_what_was_damaged_is_written_anew(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turned(root, "on")
    (root / HOOKS[3].lstrip("/")).unlink()
    (root / HOOKS[1].lstrip("/")).chmod(0o644)
    capsys.readouterr()
    assert main(["--root", str(root), "guard", "--json"]) == Exit.FAILS
    assert set(json.loads(capsys.readouterr().out)["damaged"]) == {HOOKS[1], HOOKS[3]}
    assert turned(root, "on") != Exit.FINE
    assert f"'chmod 755 {HOOKS[1]}' first" in capsys.readouterr().err, "a step for a file keeps the file's mode"
    (root / HOOKS[1].lstrip("/")).chmod(0o755)
    assert turned(root, "on") == Exit.FINE
    capsys.readouterr()
    assert main(["--root", str(root), "guard", "--json"]) == Exit.FINE
    assert json.loads(capsys.readouterr().out)["damaged"] == []
    assert turned(root, "off") == Exit.FINE
    assert not any((root / path.lstrip("/")).exists() for path in (*HOOKS, PATH))
    assert turned(root, "off") == Exit.CHANGE_FAILED or "the guard is off" in capsys.readouterr().err


@AS_ROOT
def test_an_update_that_loses_the_isolation_warns_before_the_reboot(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = need("run-parts", "debianutils")
    turned(root, "on")
    runnable(root)
    after_image = (runs, "--arg=6.12.9-amd64", f"--arg={IMAGE}", f"{root}/etc/initramfs/post-update.d")
    after_kernel = (runs, "--arg=6.12.9-amd64", f"{root}/etc/kernel/postinst.d")
    assert hooked(root, *after_image) == "" and state_of(root) == ()
    menu = without_ids(root)
    warned = hooked(root, *after_image)
    assert warned.startswith("vfiotui: warning: the next boot loses 2 things") and "update-initramfs" in warned
    assert f"{CARD} (" in warned and "nouveau, not vfio-pci" in warned and "guard check" in warned
    assert CARD in state_of(root)
    assert "warning" in hooked(root, *after_kernel), "each update says it until it is true no more"
    capsys.readouterr()
    assert main(["--root", str(root), "doctor"]) == Exit.FAILS
    assert "GUARD-LOST" in capsys.readouterr().out
    (root / MENU.lstrip("/")).write_text(menu)
    assert hooked(root, *after_kernel) == "" and state_of(root) == ()


@AS_ROOT
def test_apt_reads_its_hook_and_runs_it(root: Path) -> None:
    config = need("apt-config", "apt")
    turned(root, "on")
    runnable(root)
    without_ids(root)
    words = [config, "-c", f"{root}{HOOKS[0]}", "dump", "--format", "%v%n", "DPkg::Post-Invoke"]
    said = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout
    command = next(line for line in said.splitlines() if PATH in line)
    assert "found after apt" in hooked(root, "sh", "-c", command)
    (root / PATH.lstrip("/")).unlink()
    assert hooked(root, "sh", "-c", command) == "", "a hook whose script is gone says nothing"


def test_words_that_a_change_put_into_the_menu_are_missed(root: Path) -> None:
    place = root / "var/lib/vfiotui/changes/0001-iommu"
    place.mkdir(parents=True)
    step = write_file("/etc/x", None, b"x", "for the next boot", risk=Risk.R1, effect=Effect.BOOT)
    look = look_at_next_boot(("word iommu=pt", "word quiet"), ("nomodeset",), "look")
    place.joinpath("plan.json").write_text(to_json(Plan("IOMMU", (step, look), (("cmdline.add", "iommu=pt"),))))
    place.joinpath("journal").write_text(JOURNAL)
    found = check(Root.mounted(str(root)), "grub-install")
    assert [one.what for one in found.lost] == ["iommu=pt"] and "has no iommu=pt" in found.lost[0].sentence
    menu = root / MENU.lstrip("/")
    menu.write_text(menu.read_text().replace(" ro ", " ro iommu=pt nomodeset "))
    found = check(Root.mounted(str(root)), "grub-install")
    assert [one.what for one in found.lost] == ["nomodeset"]
    menu.write_text(menu.read_text().replace(" nomodeset", ""))
    found = check(Root.mounted(str(root)), "grub-install")
    assert found.lost == () and found.kept == 5


@pytest.mark.parametrize(
    "spoil", ["", "\0" * 64, "menuentry 'x' {\n", "\ufeffmenuentry 'a' {\r\n linux /gone\r\n}\r\n"]
)
def test_a_damaged_menu_is_answered(root: Path, spoil: str) -> None:
    (root / MENU.lstrip("/")).write_text(spoil)
    found = check(Root.mounted(str(root)), "apt")
    assert found.lost or found.unknown or found.kept


@pytest.mark.parametrize("spoil", ["empty", "folder", "garbage"])
def test_a_damaged_image_is_never_a_pass(root: Path, spoil: str) -> None:
    place = root / IMAGE.lstrip("/")
    place.unlink()
    if spoil == "folder":
        place.mkdir()
    else:
        place.write_bytes(b"" if spoil == "empty" else b"\x1f\x8b" + b"x" * 5000)
    found = check(Root.mounted(str(root)), "apt")
    assert found.kept < 2 or found.unknown


def test_a_guest_without_managed_needs_its_device_at_boot(root: Path) -> None:
    xml = root / "etc/libvirt/qemu/tuned.xml"
    host = (
        "<hostdev mode='subsystem' type='pci'><source>"
        "<address domain='0x0000' bus='0x00' slot='0x02' function='0x0'/></source></hostdev></devices>"
    )
    xml.write_text(xml.read_text().replace("</devices>", host, 1))
    found = check(Root.mounted(str(root)), "apt")
    assert [one.what for one in found.lost] == ["0000:00:02.0"]
    assert "guest tuned takes it without managed='yes'" in found.lost[0].sentence
    xml.write_text(xml.read_text().replace("type='pci'>", "type='pci' managed='yes'>"))
    assert check(Root.mounted(str(root)), "apt").lost == ()


@AS_ROOT
def test_a_link_in_the_place_of_the_state_leads_nowhere(root: Path) -> None:
    outside = root.parent / "outside"
    outside.write_text("mine\n")
    (root / "var/lib/vfiotui").mkdir(parents=True)
    (root / STATE.lstrip("/")).symlink_to(outside)
    main(["--root", str(root), "guard", "check"])
    assert outside.read_text() == "mine\n" and not (root / STATE.lstrip("/")).is_symlink()


@AS_ROOT
def test_the_state_is_as_old_as_the_beginning_of_its_check(root: Path) -> None:
    began = time.time()
    assert main(["--root", str(root), "guard", "check", "--quiet"]) == Exit.FINE
    assert (root / STATE.lstrip("/")).stat().st_mtime < began


def test_a_system_without_vfiotui_gets_no_hooks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(build(CLEAN), str(tmp_path))
    assert main(["--root", str(tmp_path), "guard", "on"]) != Exit.FINE
    assert "vfiotui is not installed in that system" in capsys.readouterr().err


@AS_ROOT
def test_a_program_that_others_may_change_is_started_by_no_hook(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "usr/bin").chmod(0o777)
    assert main(["--root", str(root), "guard", "on"]) != Exit.FINE
    assert "vfiotui is not installed" in capsys.readouterr().err


def test_a_plan_from_a_file_may_start_no_other_program(root: Path) -> None:
    from vfiotui.formats.guard_hooks.runner import INSTALLED, runner, running
    from vfiotui.model.boot.guard import GuardProgram
    from vfiotui.plan.own_steps import strange

    def step(program: GuardProgram, path: str = PATH) -> str:
        text = runner(program).encode()
        return strange(write_file(path, None, text, "x", risk=Risk.R2, effect=Effect.NOW, mode=0o755))

    assert step(running()) == "" and step(GuardProgram(INSTALLED[0])) == ""
    assert step(GuardProgram("/home/user/evil")) and step(GuardProgram("/usr/bin/python3", "/tmp"))
    assert step(running(), HOOKS[1]), "a hook has its own text"
    assert shlex.quote(running().path) in runner(running())
