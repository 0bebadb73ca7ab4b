"""The built image is opened after the build: what is missing in it fails the change and puts the old image back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.apply.systems import system, with_busybox
from tests.boot_images import archive, pack
from tests.requirements import need
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.model.change.change import Effect, look_into_images, run_command, write_file
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan, from_json, to_json
from vfiotui.model.finding.finding import Risk

CONF = "/etc/modprobe.d/vfiotui.conf"
IDS = b"options vfio-pci ids=10de:13c2\n"
WANTS = ("module vfio_pci", "early vfio_pci", f"same {CONF}", "gone /etc/modprobe.d/old.conf")
GOOD: dict[str, str | bytes] = {
    "conf/initramfs.conf": "MODULES=most\n",
    "conf/modules": "vfio_pci\n",
    "etc/modprobe.d/vfiotui.conf": IDS,
    "usr/lib/modules/6.1.0/kernel/drivers/vfio/pci/vfio-pci.ko": b"\x7fELF",
}
IMAGE = "boot/initrd.img-6.1.0"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="entering a mounted system needs root: run make test as root")


@pytest.fixture
def target(tmp_path: Path) -> Target:
    found = system(tmp_path / "root")
    with_busybox(tmp_path / "root", need("busybox", "busybox-static"))
    (tmp_path / "root/lib/modules/6.1.0").mkdir(parents=True)
    (tmp_path / "root" / IMAGE).write_bytes(b"the old image")
    (tmp_path / "root/boot/initrd.img-5.10").write_bytes(pack(archive(tmp_path / "old", {"x": "y"}), "gzip"))
    return found


def built(tmp_path: Path, files: dict[str, str | bytes]) -> Plan:
    """A plan whose build gives an image with these files."""
    made = pack(archive(tmp_path / "early", {"kernel/x86/microcode/x.bin": "x"}), "none")
    made += pack(archive(tmp_path / "made", files), "zstd")
    (tmp_path / "root/made.img").write_bytes(made)
    argv = ("cp", "/made.img", f"/{IMAGE}")
    patterns = ("/boot/initrd.img-6*", "/boot/*.efi")
    steps = (
        write_file(CONF, None, IDS, "ids", risk=Risk.R2, effect=Effect.BOOT),
        run_command(argv, "build", products=patterns, risk=Risk.R3, effect=Effect.BOOT),
        look_into_images(patterns, WANTS, "open it"),
    )
    return from_json(to_json(Plan("build", steps)))


def test_an_image_that_holds_everything_is_taken(target: Target, tmp_path: Path) -> None:
    told: list[str] = []
    outcome = apply(target, built(tmp_path, GOOD), told.append)
    assert (outcome.state, outcome.word) == (State.DONE, "")
    assert undo(target, "1", told.append).state is State.UNDONE
    assert (tmp_path / "root" / IMAGE).read_bytes() == b"the old image"


@pytest.mark.parametrize(
    ("path", "content", "word"),
    [
        ("usr/lib/modules/6.1.0/kernel/drivers/vfio/pci/vfio-pci.ko", None, "the module vfio_pci"),
        ("conf/modules", "kvm\n", "vfio_pci among the modules"),
        ("etc/modprobe.d/vfiotui.conf", "options vfio-pci ids=1:2\n", f"{CONF} as it is now"),
        ("etc/modprobe.d/vfiotui.conf", None, CONF),
        ("etc/modprobe.d/old.conf", "options x\n", "still holds /etc/modprobe.d/old.conf"),
    ],
)
def test_what_is_missing_brings_the_old_image_back(
    target: Target, tmp_path: Path, path: str, content: str | None, word: str
) -> None:
    files = {p: c for p, c in GOOD.items() if p != path}
    if content is not None:
        files[path] = content
    outcome = apply(target, built(tmp_path, files), lambda sentence: None)
    assert outcome.state is State.ROLLED_BACK
    assert word in outcome.word
    assert (tmp_path / "root" / IMAGE).read_bytes() == b"the old image"
    assert not (tmp_path / "root" / CONF.lstrip("/")).exists()


def test_no_image_or_half_an_image_is_a_failure(target: Target, tmp_path: Path) -> None:
    plan = built(tmp_path, GOOD)
    whole = (tmp_path / "root/made.img").read_bytes()
    (tmp_path / "root/made.img").write_bytes(whole[: len(whole) - 40])
    outcome = apply(target, plan, lambda sentence: None)
    assert "cannot be read to its end" in outcome.word
    assert (tmp_path / "root" / IMAGE).read_bytes() == b"the old image"


def test_an_image_of_a_configuration_that_the_change_does_not_edit_is_not_judged(
    target: Target, tmp_path: Path
) -> None:
    """A preset to fall back on is built by the same command, from a configuration without VFIO."""
    presets = tmp_path / "root/etc/mkinitcpio.d"
    presets.mkdir(parents=True)
    (presets / "linux.preset").write_text("ALL_kver=6.1.0\nPRESETS=(rescue)\nrescue_image=/boot/rescue.img\n")
    plain = {path: text for path, text in GOOD.items() if path != "etc/modprobe.d/vfiotui.conf"}
    bare = pack(archive(tmp_path / "bare", {**plain, "conf/modules": "", "x": os.urandom(600)}), "gzip")
    (tmp_path / "root/bare.img").write_bytes(bare)
    plan = built(tmp_path, GOOD)
    command = run_command(
        ("sh", "-c", f"cp /made.img /{IMAGE}; cp /bare.img /boot/rescue.img"),
        "build",
        products=("/boot/initrd.img-6*", "/boot/rescue.img"),
        risk=Risk.R3,
        effect=Effect.BOOT,
    )
    look = look_into_images(("/boot/initrd.img-6*",), WANTS, "open it")
    whole = from_json(to_json(Plan("build", (plan.steps[0], command, look))))
    said: list[str] = []
    assert apply(target, whole, said.append).state is State.DONE, said
    assert undo(target, "1", said.append).state is State.UNDONE
    (presets / "linux.preset").unlink()
    failed = apply(target, whole, said.append)
    assert failed.state is State.ROLLED_BACK, "an image that nothing explains is judged"
