"""A /boot of 55 MB with an image of 30 MB: too little room is a sentence, and the way back needs none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.apply.private_mounts import in_private_mounts
from tests.apply.systems import RISKS, plan, system, with_busybox
from tests.requirements import need
from vfiotui.model.change.change import run_command
from vfiotui.model.change.plan import to_json

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root: run make test as root")
STEP = run_command(("build",), "build", products=("/boot/initramfs-*.img",), **RISKS)  # type: ignore[arg-type]
BUILD = """#!/bin/sh
# Stands for mkinitcpio: the new image is larger, and is built beside the old one.
cat /boot/initramfs-linux.img >/boot/build.tmp && echo more >>/boot/build.tmp || exit 1
mv /boot/build.tmp /boot/initramfs-linux.img
"""
HOST = """
mount -t tmpfs -o size=$2 boot "$1/boot"
head -c 30000000 /dev/urandom >"$1/boot/initramfs-linux.img"
sum() { sha256sum "$1/boot/initramfs-linux.img" | cut -d' ' -f1; ls -A "$1/boot"; }
vfiotui() { "$python" -m vfiotui --root "$@" --yes --run-its-programs; }
free() { df --output=avail "$1/boot" | tail -n 1 | tr -d ' '; }
fill() { dd if=/dev/zero of="$1/boot/fill" bs=4096 2>/dev/null || :; [ "$(free "$1")" = 0 ]; }
before=$(sum "$1")
"""
WAYS = {
    "undo": 'vfiotui "$1" undo 1',
    "dash": 'dash "$1"/var/lib/vfiotui/changes/0001-*/undo.sh',
    "busybox": 'busybox sh "$1"/var/lib/vfiotui/changes/0001-*/undo.sh',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    system(tmp_path)
    with_busybox(tmp_path, need("busybox", "busybox-static"))
    need("dash", "dash")
    for name in ("grub/grub.cfg", "grub"):
        place = tmp_path / "boot" / name
        place.unlink() if place.is_file() else place.rmdir()
    (tmp_path / "usr/sbin/build").write_text(BUILD)
    (tmp_path / "usr/sbin/build").chmod(0o755)
    (tmp_path / "plan.json").write_text(to_json(plan(STEP)))
    return tmp_path


def test_too_little_room_is_told_before_anything_is_changed(folder: Path) -> None:
    script = f"""{HOST}
    vfiotui "$1" apply "$1/plan.json" && exit 9
    [ "$(sum "$1")" = "$before" ] && [ ! -e "$1"/var/lib/vfiotui/changes/0001-* ]
    """
    done = in_private_mounts(script, str(folder), "55M")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing was changed: /boot has 26." in done.stderr and "MiB are missing, make room there" in done.stderr


@pytest.mark.parametrize("way", WAYS)
def test_the_way_back_needs_no_room(folder: Path, way: str) -> None:
    """The disk is filled to its last block after the change: the new image goes before the old one comes."""
    script = f"""{HOST}
    vfiotui "$1" apply "$1/plan.json" >&2
    [ "$(sum "$1")" != "$before" ]
    fill "$1"
    {WAYS[way]} >&2
    rm "$1/boot/fill"
    [ "$(sum "$1")" = "$before" ]
    "$python" -m vfiotui --root "$1" changes
    """
    done = in_private_mounts(script, str(folder), "80M")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "undone" in done.stdout


@pytest.mark.parametrize("way", WAYS)
def test_where_somebody_took_the_room_of_the_new_image_all_stays(folder: Path, way: str) -> None:
    """The new image is small and the rest of the disk is full: the old one does not fit, and the new one stays."""
    build = '#!/bin/sh\necho small >"$image.new" && mv "$image.new" "$image"\n'
    (folder / "usr/sbin/build").write_text(build.replace("$image", "/boot/initramfs-linux.img"))
    script = f"""{HOST}
    vfiotui "$1" apply "$1/plan.json" >&2
    fill "$1"
    {WAYS[way]} >"$1/said" 2>&1 && exit 9
    cat "$1/boot/initramfs-linux.img" "$1/said"
    rm "$1/boot/fill"
    {WAYS[way]} >&2
    [ "$(sum "$1")" = "$before" ]
    """
    done = in_private_mounts(script, str(folder), "80M")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("small\n") and "are missing" in done.stdout, done.stdout


def test_nothing_is_kept_on_boot(folder: Path) -> None:
    script = f"""{HOST}
    mkdir "$1/boot/lib"; mount --bind "$1/boot/lib" "$1/var/lib"
    vfiotui "$1" apply "$1/plan.json" && exit 9
    [ ! -e "$1"/var/lib/vfiotui/changes/0001-* ]
    """
    done = in_private_mounts(script, str(folder), "200M")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lies on the file system of /boot" in done.stderr
