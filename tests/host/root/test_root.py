"""Root: every way in which a machine can fail to answer."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trees import Link, folder_root
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Folder, Symlink
from vfiotui.model.base.reading import Unread, Why


def why(reading: object) -> Why:
    assert isinstance(reading, Unread), reading
    return reading.why


def test_an_absent_file_is_absent_not_empty(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/etc/x": ""})
    assert why(root.text("/etc/no")) is Why.ABSENT
    assert why(root.text("/etc/x/deeper")) is Why.ABSENT
    assert root.exists("/etc/no") is False
    assert root.text("/etc/x") == ""
    assert root.lines("/etc/x") == ()


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/proc/self/uid_map").exists(), reason="needs another user")
def test_a_forbidden_file_says_so(tmp_path: Path) -> None:
    folder_root(tmp_path, {"/etc/secret": "x"})
    os.chmod(tmp_path / "etc/secret", 0)
    os.chmod(tmp_path, 0o755)
    for part in tmp_path.parents:
        if part.stat().st_uid == os.geteuid() and str(part) != "/":
            part.chmod(part.stat().st_mode | 0o055)
    if os.geteuid() != 0:
        assert why(Root.mounted(str(tmp_path)).text("/etc/secret")) is Why.FORBIDDEN
        return
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        answer = Root.mounted(str(tmp_path)).text("/etc/secret")
        os.write(writer, answer.why.encode() if isinstance(answer, Unread) else b"read it")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 100).decode() == Why.FORBIDDEN


def test_a_directory_where_a_file_should_be(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/sys/a/b": "1"})
    assert why(root.text("/sys/a")) is Why.NOT_A_FILE
    assert why(root.integer("/sys/a")) is Why.NOT_A_FILE
    assert why(root.names("/sys/a/b")) is Why.ABSENT


def test_devices_sockets_and_pipes_are_never_read(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/etc/x": "1"})
    os.mkfifo(tmp_path / "etc/pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "etc/socket"))
        assert why(root.text("/etc/pipe")) is Why.NOT_A_FILE
        assert why(root.text("/etc/socket")) is Why.NOT_A_FILE
    assert why(Root.live().text("/dev/zero")) is Why.NOT_A_FILE


def test_nul_and_cr_are_taken_out_of_texts(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/sys/label": b"PCI slot\0\0\r\n", "/sys/n": b"42\0\r\n", "/sys/raw": b"\xff\xfe"})
    assert root.text("/sys/label") == "PCI slot"
    assert root.integer("/sys/n") == 42
    assert root.text("/sys/raw") == "��"
    assert root.bytes("/sys/raw") == b"\xff\xfe"


def test_numbers_are_read_as_the_kernel_writes_them(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/a": "0x10de\n", "/b": "-1\n", "/c": "ff\n", "/d": "twelve\n", "/e": "010\n"})
    assert root.integer("/a") == 0x10DE
    assert root.integer("/b") == -1
    assert root.integer("/c", 16) == 255
    assert root.integer("/e") == 10
    assert why(root.integer("/d")) is Why.DAMAGED


def test_a_huge_file_is_too_big_and_is_not_swallowed(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    root = Root.mounted(str(tmp_path))
    assert why(root.text("/huge")) is Why.TOO_BIG
    assert why(root.bytes("/huge", 10)) is Why.TOO_BIG


def test_a_read_that_hangs_is_given_up(tmp_path: Path) -> None:
    released = threading.Event()
    root = folder_root(tmp_path, {"/x": "1"})
    moving = Root(root.tree, Mode.DEMO, moving={"/sick": lambda: b"late" if released.wait(60) else b""})
    answer = moving.read_within("/sick", seconds=0.05)
    released.set()
    assert why(answer) is Why.TIMED_OUT
    assert "no answer in 0.05 s" in str(answer)


def test_a_file_that_vanishes_between_two_reads(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/stat": "1"})
    kept = root.keep_open("/stat")
    assert kept.read() == b"1"
    (tmp_path / "stat").unlink()
    (tmp_path / "stat").write_text("2")
    kept.close()
    assert kept.read() == b"2"
    (tmp_path / "stat").unlink()
    kept.close()
    assert why(kept.read()) is Why.ABSENT


def test_a_process_that_ends_under_a_kept_file() -> None:
    child = os.fork()
    if child == 0:
        os.execvp("sleep", ["sleep", "60"])
    kept = Root.live().keep_open(f"/proc/{child}/stat")
    assert isinstance(kept.read(), bytes)
    os.kill(child, 9)
    os.waitpid(child, 0)
    assert why(kept.read()) in (Why.VANISHED, Why.ABSENT)


HOST_SECRET = "/etc/passwd"


@pytest.mark.parametrize(
    "links",
    [
        {"/etc/l": Link(HOST_SECRET)},
        {"/etc/l": Link("../../../../../../../../../etc/passwd")},
        {"/etc/l": Link("/proc/self/root/etc/passwd")},
        {"/out": Link("/"), "/etc/l": Link("/out/etc/passwd")},
        {"/up": Link(".."), "/etc/l": Link("/up/up/up/etc/passwd")},
        {"/etc/l": Link("/../../../etc/passwd")},
    ],
)
def test_no_link_of_a_mounted_root_reaches_the_running_system(tmp_path: Path, links: dict[str, str]) -> None:
    root = folder_root(tmp_path / "mnt", {"/etc/hostname": "inside", **links})
    assert why(root.text("/etc/l")) is Why.ABSENT
    (tmp_path / "mnt/etc/passwd").write_text("ours")
    (tmp_path / "passwd").write_text("outside")
    answer = Root.mounted(str(tmp_path / "mnt")).text("/etc/l")
    assert answer == "ours" or why(answer) is Why.ABSENT


def test_absolute_links_are_followed_inside(tmp_path: Path) -> None:
    root = folder_root(
        tmp_path,
        {
            "/usr/lib/os-release": "NAME=Broken\n",
            "/etc/os-release": Link("/usr/lib/os-release"),
            "/lib": Link("usr/lib"),
            "/boot/deep/er": Link("../../lib/os-release"),
        },
    )
    assert root.text("/etc/os-release") == "NAME=Broken"
    assert root.real("/boot/deep/er") == "/usr/lib/os-release"
    assert root.names("/lib") == ("os-release",)
    assert root.link("/etc/os-release") == "/usr/lib/os-release"


def test_loops_and_dangling_links_end(tmp_path: Path) -> None:
    root = folder_root(
        tmp_path, {"/a": Link("/b"), "/b": Link("a"), "/gone": Link("/nowhere"), "/self": Link("self/x")}
    )
    assert why(root.text("/a")) is Why.DAMAGED
    assert why(root.text("/self/y")) is Why.DAMAGED
    assert why(root.text("/gone")) is Why.ABSENT
    assert root.link("/gone") == "/nowhere"
    assert why(root.real("/gone")) is Why.ABSENT


def test_paths_above_the_top_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("x")
    root = folder_root(tmp_path / "mnt", {"/etc/x": "1"})
    assert why(root.text("/../outside")) is Why.ABSENT
    assert root.text("/etc/../../../etc/x") == "1"
    assert "etc" in (root.names("/..") or ())


def test_impossible_names_are_unread(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/x": "1"})
    assert why(root.text("/a\0b")) is Why.DAMAGED
    assert why(root.text("/" + "n" * 5000)) in (Why.DAMAGED, Why.ABSENT)


def test_kinds_of_roots(tmp_path: Path) -> None:
    disk = folder_root(tmp_path / "disk", {"/etc/fstab": ""})
    (tmp_path / "disk/sys").mkdir()
    assert disk.mode is Mode.ROOT and not disk.has("sys") and disk.has("etc")
    assert folder_root(tmp_path / "tree", {"/sys/x": ""}).mode is Mode.CAPTURE
    assert Root.live().is_live


NAMES = st.sampled_from(["a", "b", "c", "..", ".", "d\\e"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
PLAIN = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
TARGETS = st.one_of(PATHS, PATHS.map(lambda p: p[1:]))


@settings(max_examples=60, deadline=None)
@given(
    nodes=st.dictionaries(
        PLAIN, st.one_of(st.just(Folder()), st.binary(max_size=4).map(File), TARGETS.map(Symlink)), max_size=6
    ),
    path=PATHS,
)
def test_a_tree_in_memory_always_answers(nodes: dict[str, File | Symlink | Folder], path: str) -> None:
    root = Root(MemoryTree(nodes), Mode.CAPTURE)
    for answer in (root.text(path), root.names(path), root.real(path), root.stat(path), root.link(path)):
        assert answer is not None


@settings(max_examples=40, deadline=None)
@given(links=st.dictionaries(st.sampled_from(["a", "b", "c"]), TARGETS, max_size=3), path=PATHS)
def test_a_folder_answers_as_the_kernel_does_after_chroot(
    tmp_path_factory: pytest.TempPathFactory, links: dict[str, str], path: str
) -> None:
    """The kernel's own resolution inside a chroot is the oracle; as another user there is none."""
    if os.geteuid() != 0:
        pytest.skip("chroot needs root")
    folder = tmp_path_factory.mktemp("oracle")
    (folder / "d\\e").mkdir()
    (folder / "d\\e" / "c").write_text("file c")
    for name, target in links.items():
        (folder / name).symlink_to(target)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.chroot(folder)
        os.chdir("/")
        try:
            with open(path, "rb") as file:
                os.write(writer, b"=" + file.read())
        except OSError:
            os.write(writer, b"!")
        os._exit(0)
    os.waitpid(child, 0)
    expected = os.read(reader, 100)
    os.close(reader)
    os.close(writer)
    answer = Root.mounted(str(folder)).text(path)
    assert (b"!" if isinstance(answer, Unread) else b"=" + answer.encode()) == expected
