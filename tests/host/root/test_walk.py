"""No path leads out of a folder that stands for a system, by the kernel's walk and by the one step by step."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.root.opened import watched
from vfiotui.host.root import walk
from vfiotui.host.root.root import Root
from vfiotui.host.root.tree import FolderTree
from vfiotui.host.root.walk import LOOK, READ, Top, opened, reach, real, straight
from vfiotui.model.base.reading import Unread, Why

HOUSE = Path(__file__).parents[3]


@pytest.fixture(params=["kernel", "step by step"])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """How paths are walked."""
    before = walk._call[:]
    if request.param == "kernel":
        walk._call.clear()
    else:
        walk._call[:] = [None]
    yield request.param
    walk._call[:] = before


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A hostile system, and a running one beside it of whose files it knows the paths."""
    top, running = tmp_path / "root", tmp_path / "running"
    for folder in (top / "etc/deep/er", top / "usr", running):
        folder.mkdir(parents=True)
    (running / "secret").write_text("of the running system")
    (top / "etc/inside").write_text("inside")
    for name, target in {
        "etc/absolute": f"{running}/secret",
        "etc/folder": str(running),
        "etc/up": "../../../../../../../.." + str(running) + "/secret",
        "etc/relative": "../../running/secret",
        "etc/loop": "loop",
        "etc/around": "deep/../around/x",
        "etc/self": "/etc/inside",
        "etc/deep/er/back": "../../inside",
        "etc/top": "../../../../..",
        "usr/chain0": "/etc/inside",
        **{f"usr/chain{n}": f"chain{n - 1}" for n in range(1, 45)},
    }.items():
        (top / name).symlink_to(target)
    os.mkfifo(top / "etc/fifo")
    return top


def error_of(top: Top, path: str) -> int | None:
    try:
        os.close(opened(top.fd, path, READ))
    except OSError as error:
        return error.errno
    return None


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/etc/absolute", errno.ENOENT),
        ("/etc/folder/secret", errno.ENOENT),
        ("/etc/up", errno.ENOENT),
        ("/etc/relative", errno.ENOENT),
        ("/../running/secret", errno.ENOENT),
        ("/etc/top/running/secret", errno.ENOENT),
        ("/etc/loop", errno.ELOOP),
        ("/etc/around", errno.ELOOP),
        ("/usr/chain44", errno.ELOOP),
        ("/etc/inside/x", errno.ENOTDIR),
        ("/etc/inside/../inside", errno.ENOTDIR),
        ("/no/../etc/inside", errno.ENOENT),
        ("/etc/" + "x" * 300, errno.ENAMETOOLONG),
        ("/etc/inside", None),
        ("/etc/self", None),
        ("/etc/deep/er/back", None),
        ("/etc/top/etc/inside", None),
        ("//etc/./deep/../inside", None),
        ("/usr/chain39", None),
    ],
)
def test_paths_stay_inside(root: Path, way: str, path: str, wanted: int | None) -> None:
    top = Top(str(root))
    assert error_of(top, path) == wanted
    if wanted is None:
        assert real(top.fd, path) == "/etc/inside"
        assert os.read(opened(top.fd, path, READ), 99) == b"inside"


def test_the_last_link_is_not_followed_when_it_is_asked_for(root: Path, way: str) -> None:
    tree = FolderTree(str(root))
    assert tree.readlink("/etc/top/etc/loop") == "loop" and tree.stat("/etc/loop", follow=False).kind == "link"
    fd = opened(tree.top.fd, "/etc/absolute", LOOK)
    assert os.readlink("", dir_fd=fd) == f"{root.parent}/running/secret"
    os.close(fd)
    with pytest.raises(OSError, match="Invalid argument"):
        tree.readlink("/etc/inside")


def test_what_is_missing_is_taken_as_it_stands(root: Path, way: str) -> None:
    top = Top(str(root))
    assert reach(top.fd, "/etc/top/etc/new/deep", True) == "/etc/new/deep"
    assert reach(top.fd, "/etc/absolute", True) == f"{root.parent}/running/secret"
    assert reach(top.fd, "/etc/absolute", False) == "/etc/absolute"
    assert reach(top.fd, "/", True) == "/"
    (root / "etc/away").symlink_to("/no/../etc/inside")
    with pytest.raises(FileNotFoundError):
        reach(top.fd, "/etc/away", True)


def test_a_nul_in_a_path_ends_nothing_early(root: Path, way: str) -> None:
    with pytest.raises(ValueError, match="null byte"):
        opened(Top(str(root)).fd, "/etc/inside\0x", READ)


def test_straight_ways_have_no_links(root: Path) -> None:
    top = Top(str(root))
    os.close(straight(top.fd, "/etc/deep/er"))
    for path, word in (("/etc/top/etc", "/etc/top is a symbolic link"), ("/etc/inside", "/etc/inside is no folder")):
        with pytest.raises(OSError, match=word):
            straight(top.fd, path)
    with pytest.raises(OSError, match="upwards"):
        straight(top.fd, "/etc/../etc")


def test_no_descriptor_is_left_open(root: Path, way: str) -> None:
    tree = FolderTree(str(root))
    before = len(os.listdir("/proc/self/fd"))
    for path in ("/etc/inside", "/etc/loop", "/etc/deep/er/back", "/etc/folder/secret", "/etc/top/etc", "/etc/fifo"):
        for use in (lambda p: tree.read(p, 9), tree.names, tree.real, tree.readlink, lambda p: tree.stat(p, True)):
            try:
                use(path)
            except OSError:
                continue
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="device nodes need root: run make test as root")
def test_what_is_no_file_is_not_even_opened(root: Path, way: str) -> None:
    places = [root / f"etc/{name}" for name in ("device", "fifo", "socket")]
    os.mknod(places[0], 0o20666, os.makedev(1, 5))
    os.mknod(places[2], 0o140666)
    (root / "etc/devicelink").symlink_to("/etc/device")
    machine = Root.mounted(str(root))
    with watched(*places, root / "etc/inside") as was_opened:
        for name in ("device", "devicelink", "fifo", "socket"):
            found = machine.bytes(f"/etc/{name}")
            assert isinstance(found, Unread) and found.why is Why.NOT_A_FILE, name
            assert isinstance(machine.peek(f"/etc/{name}"), Unread)
        assert not was_opened()
        assert machine.text("/etc/inside") == "inside" and was_opened()


@pytest.mark.parametrize("refusal", ["ENOSYS", "EPERM"])
def test_where_the_kernels_walk_is_refused_the_other_one_does_it(root: Path, refusal: str) -> None:
    script = """
import os, sys
from vfiotui.host.root import walk
from vfiotui.host.root.root import Root
root = Root.mounted(sys.argv[1])
print(walk._call, root.text("/etc/deep/er/back"), root.text("/etc/absolute"), root.real("/etc/top/usr"))
"""
    words = [sys.executable, "-m", "tests.host.root.forbidden_call", refusal, sys.executable, "-c", script, str(root)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=HOUSE, timeout=60)
    assert done.stdout == "[None] inside /etc/absolute: is not there /usr\n", done.stdout + done.stderr
