"""Between a change and its undo kernels come and go: what others made since is neither replaced nor removed."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.apply.systems import AFTER, GRUB, RISKS, disk, enterable, plan, quiet
from tests.apply.torture.faults import HOUSE
from tests.requirements import need
from vfiotui.apply.errors import ApplyError, Conflict
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.preview import undo_preview
from vfiotui.apply.undo.undo import undo
from vfiotui.model.change.change import Change, look_into, run_command, write_file
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import to_json

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="entering a system needs root: run make test as root")
MENU = """#!/bin/sh
# Stands for update-grub: an entry for each kernel that is there.
. /etc/default/grub
for kernel in /boot/vmlinuz-*; do
    printf 'menuentry {\\n linux %s %s \\n initrd /boot/initrd.img-%s\\n}\\n' \\
        "$kernel" "$GRUB_CMDLINE_LINUX_DEFAULT" "${kernel#/boot/vmlinuz-}"
done >/boot/grub/grub.cfg.new
mv /boot/grub/grub.cfg.new /boot/grub/grub.cfg
"""
BUILD = """#!/bin/sh
# Stands for update-initramfs, and waits until it is let go.
echo half >/boot/initrd.img-1; echo half >/boot/initrd.img-1.new
read -r word </gate
"""
MENU_STEPS = (
    write_file("/etc/default/grub", GRUB, AFTER, "add iommu=pt", **RISKS),  # type: ignore[arg-type]
    run_command(("update-grub",), "make the menu", products=("/boot/grub/grub.cfg",), **RISKS),  # type: ignore[arg-type]
    look_into("/boot/grub/grub.cfg", ("iommu=pt",), "the menu holds the word"),
)
BUILD_STEPS = (run_command(("build",), "build", products=("/boot/initrd.img-*",), **RISKS),)  # type: ignore[arg-type]


def tool(folder: Path, name: str, text: str) -> None:
    (folder / "usr/sbin" / name).write_text(text)
    (folder / "usr/sbin" / name).chmod(0o755)


def kernel(folder: Path, release: str) -> None:
    for name in ("vmlinuz", "initrd.img"):
        (folder / f"boot/{name}-{release}").write_text(f"{name} of {release}\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A system with one kernel, whose menu is up to date."""
    made = enterable(tmp_path)
    tool(made, "update-grub", MENU)
    tool(made, "build", BUILD)
    kernel(made, "1")
    subprocess.run([need("chroot", "coreutils"), str(made), "/bin/sh", "/usr/sbin/update-grub"], check=True)
    return made


def site_of(folder: Path) -> Target:
    from vfiotui.host.root.root import Root

    return Target(Root.mounted(str(folder)))


def upgrade(folder: Path) -> None:
    """Another kernel comes, the old one goes, and the package has the menu made."""
    for name in ("vmlinuz-1", "initrd.img-1"):
        (folder / "boot" / name).unlink()
    kernel(folder, "2")
    subprocess.run([need("chroot", "coreutils"), str(folder), "/bin/sh", "/usr/sbin/update-grub"], check=True)


def menu(folder: Path) -> str:
    return (folder / "boot/grub/grub.cfg").read_text()


def script(folder: Path) -> Path:
    (found,) = folder.glob("var/lib/vfiotui/changes/0001-*/undo.sh")
    return found


WAYS = ("undo", "undo --force", "dash", "busybox")


def undone(folder: Path, way: str) -> str:
    """Takes the change back in one of the ways; what was said."""
    if way.startswith("undo"):
        outcome = undo(site_of(folder), "1", quiet, force="--force" in way)
        assert outcome.state is State.UNDONE
        return outcome.word
    shell = [need(way, way), *(["sh"] if way == "busybox" else [])]
    done = subprocess.run([*shell, str(script(folder))], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("way", WAYS)
def test_a_menu_that_was_made_anew_is_made_again_from_the_old_sources(folder: Path, way: str) -> None:
    assert apply(site_of(folder), plan(*MENU_STEPS), quiet).state is State.DONE
    upgrade(folder)
    assert "vmlinuz-2 quiet iommu=pt" in menu(folder)
    assert "made anew since" in undone(folder, way)
    assert (folder / "etc/default/grub.real").read_bytes() == GRUB
    assert "vmlinuz-2 quiet \n" in menu(folder) and "vmlinuz-1" not in menu(folder)


@pytest.mark.parametrize("way", WAYS)
def test_what_nobody_made_anew_comes_back_byte_for_byte(folder: Path, way: str) -> None:
    before = disk(folder)
    apply(site_of(folder), plan(*MENU_STEPS), quiet)
    assert "made anew" not in undone(folder, way)
    assert disk(folder) == before


def test_the_old_menu_does_not_come_back_where_its_kernel_is_gone(folder: Path) -> None:
    """The kernel was removed by hand: the menu is still what the change left."""
    apply(site_of(folder), plan(*MENU_STEPS), quiet)
    (folder / "boot/vmlinuz-1").unlink()
    kernel(folder, "2")
    assert "made anew since" in undone(folder, "undo")
    assert "vmlinuz-2 quiet \n" in menu(folder) and "vmlinuz-1" not in menu(folder)


def test_the_preview_says_which_it_will_be(folder: Path) -> None:
    target = site_of(folder)
    apply(target, plan(*MENU_STEPS), quiet)
    upgrade(folder)
    said = dict(undo_preview(target, "1")[1])
    assert said["update-grub"][0].startswith("was made anew since") and said["update-grub"][1] == "$ update-grub"


def test_a_menu_that_was_edited_by_hand_is_kept_before_it_is_made_again(folder: Path) -> None:
    apply(site_of(folder), plan(*MENU_STEPS), quiet)
    (folder / "boot/grub/grub.cfg").write_text("HOURS OF MY WORK\n")
    undone(folder, "undo")
    assert (script(folder).parent / "replaced-2.0").read_text() == "HOURS OF MY WORK\n"


def test_a_generator_whose_result_is_not_as_before_is_not_believed(folder: Path) -> None:
    apply(site_of(folder), plan(*MENU_STEPS), quiet)
    upgrade(folder)
    tool(folder, "update-grub", "#!/bin/sh\necho ' linux /boot/vmlinuz-2 iommu=pt ' >/boot/grub/grub.cfg\n")
    with pytest.raises(ApplyError, match=r"grub\.cfg still holds iommu=pt"):
        undo(site_of(folder), "1", quiet)
    tool(folder, "update-grub", MENU)
    assert "made anew since" in undone(folder, "undo"), "it goes on where it stopped"


def test_without_the_generator_nothing_is_done(folder: Path) -> None:
    apply(site_of(folder), plan(*MENU_STEPS), quiet)
    upgrade(folder)
    (folder / "usr/sbin/update-grub").unlink()
    before = disk(folder)
    with pytest.raises(Conflict, match="update-grub changed since"):
        undo(site_of(folder), "1", quiet)
    assert disk(folder) == before


def test_a_product_that_comes_before_the_command_runs_stops_the_change(folder: Path) -> None:
    before = disk(folder)

    def upgraded(sentence: str) -> None:
        if sentence.startswith("step 2"):
            kernel(folder, "2")

    steps = (MENU_STEPS[0], *BUILD_STEPS)
    outcome = apply(site_of(folder), plan(*steps), upgraded)
    assert outcome.state is State.ROLLED_BACK and "/boot/initrd.img-2 was changed by something else" in outcome.word
    for name in ("vmlinuz-2", "initrd.img-2"):
        (folder / "boot" / name).unlink()
    assert disk(folder) == before


@pytest.mark.parametrize("way", WAYS)
def test_a_kernel_that_came_after_a_kill_stays(folder: Path, way: str) -> None:
    """The apply is killed while its command runs; its supervisor ends the command and notes when that was."""
    (folder / "plan.json").write_text(to_json(plan(*BUILD_STEPS)))
    os.mkfifo(folder / "gate")
    before = disk(folder)
    words = [sys.executable, "-m", "vfiotui", "--root", str(folder), "apply", str(folder / "plan.json")]
    process = subprocess.Popen([*words, "--yes", "--run-its-programs"], cwd=HOUSE, stderr=subprocess.DEVNULL)
    gate = os.open(folder / "gate", os.O_WRONLY)
    note = script(folder).parent / "ended"
    (pid,) = re.findall(r'"command", "step": 1, "pid": (\d+)', (note.parent / "journal").read_text())
    supervisor = os.pidfd_open(int(pid))
    process.kill()
    process.wait()
    assert select.select([supervisor], [], [], 60)[0], "the command ends with the apply"
    os.close(supervisor)
    os.close(gate)
    assert note.read_text() == "ended\n"
    if way == "busybox":
        # Its shell compares whole seconds.
        earlier = note.stat().st_mtime_ns - 10**9
        for place in (note, folder / "boot/initrd.img-1", folder / "boot/initrd.img-1.new"):
            os.utime(place, ns=(earlier, earlier))
    kernel(folder, "9.9.9")
    undone(folder, way)
    assert (folder / "boot/initrd.img-9.9.9").read_text() == "initrd.img of 9.9.9\n"
    for name in ("vmlinuz-9.9.9", "initrd.img-9.9.9"):
        (folder / "boot" / name).unlink()
    assert disk(folder) == before


KERNEL_INSTALL = """#!/bin/sh
# Stands for kernel-install with unified images: add RELEASE IMAGE.
[ "$1" = add ] && [ -e "$3" ] || { echo "no kernel $3"; exit 1; }
. /etc/default/grub
mkdir -p /efi/EFI/Linux
printf '%s %s\\n' "$2" "$GRUB_CMDLINE_LINUX_DEFAULT" >"/efi/EFI/Linux/x-$2.efi"
"""


def unified_step(release: str) -> Change:
    argv = ("kernel-install", "add", release, f"/boot/vmlinuz-{release}")
    return run_command(argv, "rebuild the unified image", products=("/efi/EFI/Linux/*.efi",), **RISKS)  # type: ignore[arg-type]


def add_kernel(folder: Path, release: str) -> None:
    (folder / "lib/modules" / release).mkdir(parents=True)
    kernel(folder, release)
    shell = [need("chroot", "coreutils"), str(folder), "/bin/sh", "/usr/sbin/kernel-install"]
    subprocess.run([*shell, "add", release, f"/boot/vmlinuz-{release}"], check=True)


def images(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in (folder / "efi/EFI/Linux").iterdir()}


@pytest.mark.parametrize("way", WAYS)
def test_unified_images_are_made_again_for_the_kernels_that_are_there_now(folder: Path, way: str) -> None:
    """kernel-install is asked for each kernel: one came since and has the new words, the oldest one went."""
    tool(folder, "kernel-install", KERNEL_INSTALL)
    for release in ("1", "2"):
        add_kernel(folder, release)
    steps = (MENU_STEPS[0], unified_step("1"), unified_step("2"))
    assert apply(site_of(folder), plan(*steps), quiet).state is State.DONE
    assert images(folder) == {"x-1.efi": "1 quiet iommu=pt\n", "x-2.efi": "2 quiet iommu=pt\n"}
    add_kernel(folder, "3")
    for gone in ("boot/vmlinuz-1", "boot/initrd.img-1", "efi/EFI/Linux/x-1.efi"):
        (folder / gone).unlink()
    (folder / "lib/modules/1").rmdir()
    assert images(folder) == {"x-2.efi": "2 quiet iommu=pt\n", "x-3.efi": "3 quiet iommu=pt\n"}
    assert "made anew since" in undone(folder, way)
    assert images(folder) == {"x-2.efi": "2 quiet\n", "x-3.efi": "3 quiet\n"}


@pytest.mark.parametrize("way", WAYS)
def test_the_image_of_a_kernel_that_only_came_is_made_again_too(folder: Path, way: str) -> None:
    """Nothing that the change left is another one now, and yet the new kernel's image has what the change wrote."""
    tool(folder, "kernel-install", KERNEL_INSTALL)
    add_kernel(folder, "1")
    assert apply(site_of(folder), plan(MENU_STEPS[0], unified_step("1")), quiet).state is State.DONE
    add_kernel(folder, "2")
    assert images(folder)["x-2.efi"] == "2 quiet iommu=pt\n"
    assert "made anew since" in undone(folder, way)
    assert images(folder) == {"x-1.efi": "1 quiet\n", "x-2.efi": "2 quiet\n"}


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_that_somebody_made_of_an_image_makes_nothing_anew(folder: Path, way: str) -> None:
    tool(folder, "kernel-install", KERNEL_INSTALL)
    add_kernel(folder, "1")
    assert apply(site_of(folder), plan(MENU_STEPS[0], unified_step("1")), quiet).state is State.DONE
    (folder / "efi/EFI/Linux/x-1.bak.efi").write_text("mine\n")
    assert "made anew" not in undone(folder, way)
    assert images(folder) == {"x-1.efi": "1 quiet\n", "x-1.bak.efi": "mine\n"}
