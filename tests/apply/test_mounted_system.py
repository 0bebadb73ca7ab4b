"""A system mounted on a rescue host: what must be mounted is named, what a command needs is mounted for it alone."""

from __future__ import annotations

import os
import subprocess
from argparse import Namespace
from pathlib import Path

import pytest

from tests.apply.private_mounts import HOUSE, VFIOTUI, in_private_mounts, mounts, ran
from tests.apply.systems import FILES, disk, plan, quiet, system, with_busybox
from tests.requirements import need
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.cli.change.plan_options import planned
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.boot.mounts import missing_mounts, not_mounted
from vfiotui.host.root.root import Root
from vfiotui.model.change.change import Effect, run_command, write_file
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import to_json
from vfiotui.model.finding.finding import Risk

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="mounts and chroots need root: run make test as root")
ENTRY = write_file("/boot/loader/x.conf", None, b"x\n", "x", risk=Risk.R2, effect=Effect.BOOT)


def tool(folder: Path, name: str, text: str) -> None:
    """A program of the mounted system."""
    place = folder / "usr/sbin" / name
    place.write_text(f"#!/bin/sh\n{text}\n")
    place.chmod(0o755)


def builds(*products: str) -> object:
    return run_command(("build",), "build", products=products, risk=Risk.R2, effect=Effect.BOOT)


@pytest.fixture
def target(tmp_path: Path) -> Target:
    found = system(tmp_path)
    with_busybox(tmp_path, need("busybox", "busybox-static"))
    return found


def test_a_boot_that_is_not_mounted_is_not_written_below(target: Target, tmp_path: Path) -> None:
    (tmp_path / "etc/fstab").write_text("UUID=1234-ABCD /boot vfat umask=0077 0 2\nUUID=9 none swap sw 0 0\n")
    before = disk(tmp_path)
    wanted = rf"/etc/fstab puts a file system at /boot, and it is not mounted: 'mount UUID=1234-ABCD {tmp_path}/boot'"
    with pytest.raises(ApplyError, match=wanted):
        apply(target, plan(*FILES, ENTRY), quiet)
    assert disk(tmp_path) == before and read_config_snapshot(target.root).unmounted_at("/boot/grub/grub.cfg") == "/boot"
    assert apply(target, plan(*FILES), quiet).state is State.DONE, "other files do not need it"


def test_a_link_does_not_lead_around_a_missing_mount(target: Target, tmp_path: Path) -> None:
    (tmp_path / "etc/fstab").write_text("LABEL=esp /efi vfat defaults 0 2\n")
    (tmp_path / "efi").mkdir()
    (tmp_path / "etc/entries").symlink_to("/efi/loader")
    step = write_file("/etc/entries/x.conf", None, b"x", "x", risk=Risk.R2, effect=Effect.BOOT)
    with pytest.raises(ApplyError, match=r"'mount LABEL=esp .*/efi' first"):
        apply(target, plan(step), quiet)


def test_an_undo_looks_at_the_mounts_too(target: Target, tmp_path: Path) -> None:
    apply(target, plan(ENTRY), quiet)
    (tmp_path / "etc/fstab").write_text("/dev/sda1 /boot ext4 defaults 0 2\n")
    with pytest.raises(ApplyError, match="not mounted"):
        undo(target, "1", quiet)
    (tmp_path / "etc/fstab").unlink()
    assert undo(target, "1", quiet).state is State.UNDONE


def test_a_journal_is_never_hidden_below_a_mount_point(target: Target, tmp_path: Path) -> None:
    (tmp_path / "etc/fstab").write_text("UUID=5 /var btrfs subvol=/@var,noatime 0 0\n")
    with pytest.raises(
        ApplyError, match=rf"no change can be kept: .*'mount -o subvol=/@var UUID=5 {tmp_path}/var' first"
    ):
        apply(target, plan(*FILES), quiet)
    assert not (tmp_path / "var/lib/vfiotui").exists()


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("@/etc", "@home"), "the top of a btrfs, the system is its subvolume @: .*mount -o subvol=@ "),
        (("root/etc", "home"), "mount -o subvol=root "),
        (("@/.snapshots/1/snapshot/etc",), "subvol=@/.snapshots/1/snapshot "),
        (("EFI/BOOT",), "is an EFI partition"),
        (("grub", "loader"), "is a /boot partition"),
        (("home/user",), "no system is in .* it has no /etc, /usr or /boot"),
    ],
)
def test_a_folder_that_is_no_system_is_told_apart(tmp_path: Path, names: tuple[str, ...], sentence: str) -> None:
    for name in names:
        (tmp_path / name).mkdir(parents=True)
    with pytest.raises(ApplyError, match=sentence):
        Target(Root.mounted(str(tmp_path)))
    with pytest.raises(CommandError, match=sentence) as told:
        planned(Namespace(connect=None), Root.mounted(str(tmp_path)), [("cmdline.add", "iommu=pt")])
    assert told.value.code is Exit.NO_ACCESS


@AS_ROOT
def test_a_system_for_another_processor_is_not_entered(target: Target, tmp_path: Path) -> None:
    header = bytearray(Path("/proc/self/exe").resolve().read_bytes()[:4096])
    # s390x is big-endian, and nobody registers an emulator for it by chance.
    header[5], header[18:20] = 2, b"\x00\x16"
    (tmp_path / "bin/sh").unlink()
    (tmp_path / "bin/sh").write_bytes(header)
    (tmp_path / "bin/sh").chmod(0o755)
    tool(tmp_path, "build", ":")
    before = disk(tmp_path)
    with pytest.raises(ApplyError, match="is a system for s390x, its programs do not run on this processor"):
        apply(target, plan(builds()), quiet)  # type: ignore[arg-type]
    assert disk(tmp_path) == before


@AS_ROOT
def test_a_read_only_system_is_told_with_the_command(target: Target, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(to_json(plan(*FILES)))
    script = """
    mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"
    ! "$python" -m vfiotui --root "$1" apply "$1/plan.json" --yes 2>&1
    """
    assert f"'mount -o remount,rw {tmp_path}' first" in ran(script, str(tmp_path))


@AS_ROOT
def test_a_command_finds_the_esp_and_nothing_stays_mounted(target: Target, tmp_path: Path) -> None:
    (tmp_path / "boot/efi").mkdir()
    (tmp_path / "run/host").touch()
    tool(tmp_path, "build", "ls /run; ls -d /dev/null /proc/self /sys/kernel; echo new >/boot/efi/x; echo 1 >/boot/img")
    (tmp_path / "plan.json").write_text(to_json(plan(builds("/boot/img*"))))  # type: ignore[arg-type]
    image = tmp_path.parent / f"{tmp_path.name}.img"
    script = """
    truncate -s 8M "$2"; mkfs.ext2 -q "$2"; device=$(losetup -f --show "$2"); trap 'losetup -d $device' EXIT
    echo "$device /boot/efi ext2 nofail,x-systemd.automount 0 2" >"$1/etc/fstab"
    cat /proc/self/mounts >"$2.before"
    "$python" -m vfiotui --root "$1" apply "$1/plan.json" --yes --run-its-programs >&2
    cat /proc/self/mounts | cmp - "$2.before"
    [ -z "$(ls -A "$1/boot/efi")" ]
    mount "$device" "$1/boot/efi"; cat "$1/boot/efi/x"
    cat "$1"/var/lib/vfiotui/changes/0001-*/log
    "$python" -m vfiotui --root "$1" undo --yes >&2; ls "$1/boot"
    """
    before = mounts()
    told = ran(script, str(tmp_path), str(image)).split()
    assert told[0] == "new" and "host" not in told and "/proc/self" in told and "img" not in told
    assert mounts() == before


@AS_ROOT
def test_an_esp_that_is_not_there_is_told_in_the_log(target: Target, tmp_path: Path) -> None:
    (tmp_path / "efi").mkdir()
    (tmp_path / "etc/fstab").write_text("UUID=0000-0000 /efi vfat defaults 0 2\n")
    tool(tmp_path, "build", "echo built")
    outcome = apply(target, plan(builds("/boot/img*")), quiet)  # type: ignore[arg-type]
    assert outcome.state is State.DONE
    assert (
        "UUID=0000-0000 cannot be mounted at /efi"
        in Path(target.outside(target.journal), outcome.name, "log").read_text()
    )
    with pytest.raises(ApplyError, match="/efi, and it is not mounted"):
        apply(target, plan(builds("/efi/EFI/Linux/*.efi")), quiet)  # type: ignore[arg-type]


@AS_ROOT
@pytest.mark.parametrize("ends", ["exit 3", "kill -9 $$"])
def test_nothing_stays_mounted_after_a_failure(target: Target, tmp_path: Path, ends: str) -> None:
    tool(tmp_path, "build", f"echo 1 >/boot/img; {ends}")
    contents, before = disk(tmp_path), mounts()
    assert apply(target, plan(builds("/boot/img*")), quiet).state is State.ROLLED_BACK  # type: ignore[arg-type]
    assert mounts() == before and disk(tmp_path) == contents


@AS_ROOT
def test_nothing_stays_mounted_after_a_kill(target: Target, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "begun")
    os.mkfifo(tmp_path / "never")
    tool(tmp_path, "build", "echo half >/boot/img; echo here >/begun; cat /never")
    (tmp_path / "plan.json").write_text(to_json(plan(*FILES, builds("/boot/img*"))))  # type: ignore[arg-type]
    contents, before = disk(tmp_path), mounts()
    process = subprocess.Popen(
        [*VFIOTUI, "--root", str(tmp_path), "apply", str(tmp_path / "plan.json"), "--yes", "--run-its-programs"],
        cwd=HOUSE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert (tmp_path / "begun").read_text() == "here\n"
    process.kill()
    process.wait()
    assert mounts() == before
    assert undo(target, "1", quiet).state is State.UNDONE, "the undo ends the command that was left behind"
    assert disk(tmp_path) == contents and mounts() == before


def test_a_capture_has_nothing_to_mount() -> None:
    from tests.hosts import HOSTS
    from tests.machines import root_of

    assert missing_mounts(root_of(HOSTS["tower"])) == ()


@AS_ROOT
def test_what_is_mounted_is_not_missing(target: Target, tmp_path: Path) -> None:
    (tmp_path / "etc/fstab").write_text("/dev/sda1 /boot ext4 defaults 0 2\n")
    assert list(not_mounted(target.root)) == ["/boot"]
    script = 'mount -t tmpfs none "$1/boot"; "$python" -m vfiotui --root "$1" apply "$1/plan.json" --yes'
    (tmp_path / "plan.json").write_text(to_json(plan(ENTRY)))
    assert "is done" in ran(script, str(tmp_path))
    assert in_private_mounts("exit 7").returncode == 7
