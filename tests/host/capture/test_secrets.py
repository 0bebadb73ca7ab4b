"""No secret leaves: a host full of them is captured as a disk, as a made-up machine and from the running system."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.host.capture.captures import reopened
from tests.host.capture.planted import GUEST, SECRETS, host_with_secrets, identifying, spellings
from tests.requirements import need
from tests.tree_on_disk import write
from vfiotui.host.capture.capture import collect
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.root.archive import pack
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread


def leaks(data: bytes) -> dict[str, str]:
    """What stands in an unpacked capture, in any spelling."""
    return {
        word: where for word, where in identifying().items() if any(s in data for s in spellings(word) if len(s) > 5)
    }


def unpacked(packed: bytes) -> bytes:
    """The tar inside."""
    return gzip.decompress(packed)


@pytest.mark.parametrize("mode", [Mode.DEMO, Mode.ROOT, Mode.CAPTURE])
def test_no_secret_leaves(mode: Mode) -> None:
    root = Root(MemoryTree(host_with_secrets()), mode)
    capture = collect(root, domains.read(root))
    buffer = io.BytesIO()
    pack(capture.nodes, buffer)
    assert len(SECRETS) >= 300
    assert leaks(unpacked(buffer.getvalue())) == {}


def test_a_place_where_a_secret_stood_is_in_the_tree_that_was_read() -> None:
    """The test above could not fail on secrets that are nowhere."""
    nodes = host_with_secrets()
    buffer = io.BytesIO()
    pack(nodes, buffer)
    found = leaks(unpacked(buffer.getvalue()))
    assert set(SECRETS) - set(found) == set()


def test_what_is_judged_is_still_there() -> None:
    root = Root(MemoryTree(host_with_secrets()), Mode.DEMO)
    opened = reopened(collect(root, domains.read(root)))
    facts = gather(opened, domains.read(opened))
    assert not isinstance(facts.boot, Unread) and not isinstance(facts.virt, Unread)
    assert not isinstance(facts.boot.cmdline, Unread) and facts.boot.cmdline.last("iommu") == "pt"
    assert not isinstance(facts.virt.domains, Unread)
    (guest,) = (g for g in facts.virt.domains if g.running)
    assert guest.name.startswith("guest-") and guest.hostdevs[0].address == "0000:01:00.0" and guest.running
    assert guest.devices.disks[1].source.endswith(".qcow2")
    assert {f.path for f in facts.boot.modprobe} >= {"/etc/modprobe.d/vfio.conf"}
    assert GUEST not in str(facts)


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_no_secret_leaves_a_mounted_disk_through_the_command(tmp_path: Path, packing: str) -> None:
    if packing == "zst":
        need("zstd", "zstd")
    nodes = {p: n for p, n in host_with_secrets().items() if not p.startswith(("/proc", "/sys"))}
    tree = tmp_path / "disk"
    write(nodes, str(tree))
    file = tmp_path / f"x.tar.{packing}"
    command = [sys.executable, "-m", "vfiotui", "--root", str(tree), "capture", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    plain = subprocess.run([{"gz": "gzip", "zst": "zstd"}[packing], "-dc", str(file)], capture_output=True, check=True)
    assert leaks(plain.stdout) == {}
    with tarfile.open(fileobj=io.BytesIO(plain.stdout)) as tar:
        assert not [m.name for m in tar if "private" in m.name or "shadow" in m.name]


BOUND = ("etc", "boot", "usr/local/bin", "usr/share/qemu", "var/log", "home")
"""Folders of the host with secrets that are laid over the running system's."""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts in a namespace of its own")
def test_no_secret_leaves_the_running_system(tmp_path: Path) -> None:
    tree = tmp_path / "disk"
    write({p: n for p, n in host_with_secrets().items() if not p.startswith(("/proc", "/sys", "/dev"))}, str(tree))
    mounts = [f"mount --bind {tree / n} /{n}" for n in BOUND if (tree / n).is_dir() and Path(f"/{n}").is_dir()]
    command = f"{sys.executable} -m vfiotui capture {tmp_path / 'x.tar.gz'}"
    script = " && ".join([f"cp /etc/ld.so.cache {tree / 'etc'}/ 2>/dev/null || true", *mounts, command])
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, timeout=120)
    if not (tmp_path / "x.tar.gz").exists() and "unshare" in done.stderr:
        pytest.skip("no mount namespaces here")
    assert done.returncode == 0, done.stderr
    data = unpacked((tmp_path / "x.tar.gz").read_bytes())
    assert b"iommu=pt" in data, "the configuration that was laid over was not read"
    assert leaks(data) == {}
