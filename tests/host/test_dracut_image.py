"""Images that the real dracut builds, by every compressor that it offers, are listed as its own lsinitrd lists them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.boot_images import archive
from tests.needs import need
from vfiotui.formats.boot_image import early_boot
from vfiotui.host.image import read_bytes
from vfiotui.model.image import Image

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


@pytest.mark.skipif(shutil.which("pacman") is not None, reason="the set-up installs no dracut beside mkinitcpio")
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
