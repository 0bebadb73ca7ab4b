"""Images that the real dracut builds, by every compressor that it offers, are listed as its own lsinitrd lists them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.boot_images import archive
from tests.requirements import need
from vfiotui.formats.initramfs.boot_image import early_boot, missing
from vfiotui.host.boot.image import read_bytes
from vfiotui.model.boot.image import Image
from vfiotui.model.pci.selection import Chosen
from vfiotui.plan.isolate.early_script import DRACUT_HOOK, DRACUT_SETUP, DRACUT_SETUP_TEXT, dracut_hook_text

COMPRESSORS = {
    "--no-compress": "coreutils",
    "--gzip": "gzip",
    "--bzip2": "bzip2",
    "--lzma": "xz-utils",
    "--xz": "xz-utils",
    "--lzo": "lzop",
    "--lz4": "lz4",
    "--zstd": "zstd",
}
"""Option of dracut(8) → the Debian package of the program that it runs."""
PROGRAMS = {"--no-compress": "cat", "--lzma": "xz", "--lzo": "lzop"}
EARLY: dict[str, str | bytes] = {"kernel/x86/microcode/AuthenticAMD.bin": b"\1" * 4001}
LINE = re.compile(r"[-dlcbps][-rwxsStT]{9} +\d+ +\S+ +\S+ +(?:\d+, *)?\d+ \w{3} +\d+ +[\d:]+ (?P<name>.*)")


def names(told: str) -> list[str]:
    """The names that lsinitrd lists, those of the early part too."""
    found = (LINE.fullmatch(line) for line in told.splitlines())
    return [m["name"].split(" -> ")[0] for m in found if m]


pytestmark = pytest.mark.skipif(
    shutil.which("pacman") is not None, reason="the set-up installs no dracut beside mkinitcpio"
)


@pytest.mark.parametrize("option", COMPRESSORS)
def test_lsinitrd_lists_the_same(option: str, tmp_path: Path) -> None:
    dracut, lsinitrd = need("dracut", "dracut-core"), need("lsinitrd", "dracut-core")
    need(PROGRAMS.get(option, option[2:]), COMPRESSORS[option])
    packed = tmp_path / "packed.img"
    words = ["--no-kernel", "--no-hostonly", "--nostrip", "--force", "-m", "bash rescue", "--tmpdir", str(tmp_path)]
    subprocess.run([dracut, *words, option, str(packed), "6.1.0"], capture_output=True, check=True)
    file = tmp_path / "initrd.img"
    file.write_bytes(archive(tmp_path / "early", EARLY) + packed.read_bytes())
    told = subprocess.run([lsinitrd, str(file)], capture_output=True, check=True, text=True).stdout
    image = read_bytes(file.read_bytes(), str(file))
    assert isinstance(image, Image) and image.fault == ""
    assert sorted(n for part in image.parts for n in part.names) == sorted(names(told))
    assert len(image.files) > 50 and early_boot(image).tool == "dracut"


def test_the_hook_of_a_plan_is_in_the_image_that_dracut_builds(tmp_path: Path) -> None:
    """dracut's own folder is copied, so that the host's stays as it is."""
    dracut = need("dracut", "dracut-core")
    base = tmp_path / "dracut"
    shutil.copytree("/usr/lib/dracut", base)
    text = dracut_hook_text((Chosen("0000:01:00.0", "10de", "13c2", "", "", ""),))
    module = base / "modules.d" / Path(DRACUT_SETUP).parent.name
    module.mkdir()
    (module / "module-setup.sh").write_text(DRACUT_SETUP_TEXT)
    (module / "bind-vfio.sh").write_text(text)
    image = tmp_path / "initrd.img"
    words = ["--no-kernel", "--no-hostonly", "--nostrip", "--force", "-m", "base vfiotui", "--tmpdir", str(tmp_path)]
    environment = {**os.environ, "dracutbasedir": str(base)}
    subprocess.run([dracut, *words, str(image), "6.1.0"], capture_output=True, check=True, env=environment)
    built = read_bytes(image.read_bytes(), str(image))
    assert isinstance(built, Image)
    (script,) = early_boot(built).scripts
    assert script.before_udev is True and script.text == text
    assert missing(built, (f"same {DRACUT_HOOK}",), lambda path: text.encode()) == ()
    assert {"usr/bin/cat", "usr/sbin/modprobe"} <= built.files.keys()
