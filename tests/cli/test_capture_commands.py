"""Every command says of a capture what it says of the captured host, names apart."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.host.capture.captures import pseudonyms
from tests.requirements import need
from vfiotui.cli.main import main
from vfiotui.demo.machine import demo_root_parts
from vfiotui.host.capture.capture import collect
from vfiotui.host.guest import domains
from vfiotui.host.root.archive import pack
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode

CARD, GUEST = "0000:08:00.0", "win10"
COMMANDS = (
    "doctor --all",
    "doctor --json",
    f"doctor --guest {GUEST}",
    "doctor --symptom code-43",
    "doctor --markdown",
    "groups",
    "groups --json",
    "topology",
    "topology --json",
    "pci",
    f"pci {CARD} --json",
    "firmware --json",
    "verify",
    "changes",
    "isolate",
    "isolate --json",
    f"isolate {CARD} --plan",
    f"isolate {CARD} --plan --method override",
    "plan cmdline.add=iommu=pt --diff",
    "plan memory.reserve=2048=64 --diff",
    "plan vfio.ids.add=10de:13c2 --json",
    "plan sysctl.set=vm.nr_hugepages=8 --json",
    "plan modules.add=vfio-pci",
    "plan boot.escape= --json",
    f"pin show {GUEST}",
    f"pin propose {GUEST}",
    f"plan pin.propose={GUEST} --diff",
)
"""Words of the command line; a guest's name is the pseudonym where the capture is asked."""
NONSENSE = (f"rom {CARD}", "live")
"""What a capture cannot tell: they say so."""
MACHINE = re.compile(r'"machine": "[0-9a-f]*"|"root": "[^"]*"|"mode": "[^"]*"|"vfiotui": "[^"]*"')

MEASURED = re.compile(r'"(?:walk_ms|took_ms|at)": [0-9.]+')
HEAD = re.compile(r"^(host · \S+ · |- \*\*mode\*\* ).*$", re.MULTILINE)


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Callable[[str], str]]]:
    """A capture of the made-up machine, and what puts its pseudonyms into a text."""
    nodes, moving = demo_root_parts("tower")
    root = Root(MemoryTree(nodes), Mode.DEMO, "", moving)
    capture = collect(root, domains.read(root))
    file = tmp_path_factory.mktemp("capture") / "x.tar.gz"
    with open(file, "wb") as out:
        pack(capture.nodes, out)
    yield str(file), pseudonyms(capture.scrub.names)


@pytest.fixture(scope="module")
def unpacked(captured: tuple[str, Callable[[str], str]], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder into which tar unpacked the capture."""
    folder = tmp_path_factory.mktemp("unpacked") / "x"
    folder.mkdir()
    subprocess.run(["tar", "-xzf", captured[0], "-C", str(folder)], check=True)
    return str(folder)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code, and all that was printed."""
    code = main(list(words))
    printed = capsys.readouterr()
    return code, printed.out + printed.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_of_a_capture_what_it_says_of_its_host(
    capsys: pytest.CaptureFixture[str], captured: tuple[str, Callable[[str], str]], command: str
) -> None:
    file, renamed = captured
    host = said(capsys, "--demo", *command.split())
    capture = said(capsys, "--root", file, *renamed(command).split())

    def plain(text: str) -> str:
        # Which file was looked at stands in the head of a report, and in the commands that it advises.
        text = renamed(text).replace(f" --root {file}", "").replace("--demo ", "")
        return MACHINE.sub("", HEAD.sub(r"\1", text))

    assert (capture[0], plain(capture[1])) == (host[0], plain(host[1]))


@pytest.mark.parametrize("command", (*COMMANDS, *NONSENSE, "memory --json", "capture --show"))
def test_an_unpacked_capture_says_what_the_file_says(
    capsys: pytest.CaptureFixture[str], captured: tuple[str, Callable[[str], str]], unpacked: str, command: str
) -> None:
    file, renamed = captured
    words = renamed(command).split()
    packed, folder = (said(capsys, "--root", where, *words) for where in (file, unpacked))
    assert folder[0] == packed[0]
    assert MEASURED.sub("", folder[1].replace(unpacked, file)) == MEASURED.sub("", packed[1])


@pytest.mark.parametrize("command", NONSENSE)
def test_what_makes_no_sense_on_a_capture_says_so_in_one_sentence(
    capsys: pytest.CaptureFixture[str], captured: tuple[str, Callable[[str], str]], command: str
) -> None:
    code, text = said(capsys, "--root", captured[0], *command.split())
    assert code == 3 and text.count("\n") == 1 and "capture" in text


def test_the_pages_of_guests_are_those_of_the_host(
    capsys: pytest.CaptureFixture[str], captured: tuple[str, Callable[[str], str]]
) -> None:
    file, renamed = captured
    host, capture = (said(capsys, *where, "memory", "--json") for where in (("--demo",), ("--root", file)))
    one, other = json.loads(renamed(host[1])), json.loads(renamed(capture[1]))
    assert one["pools"] == other["pools"]
    assert [g["name"] for g in one["guests"]] == [g["name"] for g in other["guests"]]
    assert [g["memory_kib"] for g in one["guests"]] == [g["memory_kib"] for g in other["guests"]]


def test_the_file_is_written_and_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.tar.gz"
    code, text = said(capsys, "--demo", "capture", str(file))
    assert code == 0 and "names replaced" in text and "--show" in text
    assert said(capsys, "--root", str(file), "groups")[0] == 0


def test_a_capture_is_packed_as_its_name_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("zstd", "zstd")
    zipped, other = tmp_path / "x.tar.gz", tmp_path / "x.TAR.ZST"
    for file in (zipped, other):
        assert said(capsys, "--demo", "capture", str(file))[0] == 0
    assert zipped.read_bytes()[:2] == b"\x1f\x8b" and other.read_bytes()[:4] == b"\x28\xb5\x2f\xfd"
    plain = subprocess.run(["zstd", "-dc", str(other)], capture_output=True, check=True).stdout
    with tarfile.open(zipped) as one, tarfile.open(fileobj=io.BytesIO(plain)) as two:
        assert one.getnames() == two.getnames()
    assert said(capsys, "--root", str(other), "groups") == said(capsys, "--root", str(zipped), "groups")


def test_zstd_that_is_not_here_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "x.tar.zst"
    block = "import sys; sys.modules['compression.zstd'] = sys.modules['zstandard'] = None; "
    run = f"{block}from vfiotui.cli.main import main; raise SystemExit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", run, "--demo", "capture", str(file)],
        capture_output=True, text=True, timeout=60, env={**os.environ, "PATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 3 and not file.exists() and list(tmp_path.iterdir()) == []
    assert "install the program zstd" in done.stderr and done.stderr.count("\n") == 1
    file.write_bytes(b"\x28\xb5\x2f\xfd\x00")
    done = subprocess.run(
        [sys.executable, "-c", run, "--root", str(file), "groups"],
        capture_output=True, text=True, timeout=60, env={**os.environ, "PATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 3 and "install the program zstd" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["x.tar.xz", "x.zip", "x.tar", "x.tar.bz2"])
def test_other_packings_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, text = said(capsys, "--demo", "capture", str(tmp_path / name))
    assert code == 2 and ".tar.gz or .tar.zst" in text and list(tmp_path.iterdir()) == []


def test_a_damaged_folder_is_refused_with_a_sentence(
    capsys: pytest.CaptureFixture[str], unpacked: str, tmp_path: Path
) -> None:
    folder = shutil.copytree(unpacked, tmp_path / "x", symlinks=True)
    os.mkfifo(folder / "etc" / "pipe")
    (folder / "etc" / "out").symlink_to("/etc/shadow")
    assert said(capsys, "--root", str(folder), "groups")[0] == 0
    with open(folder / "etc" / "huge", "wb") as out:
        out.truncate(1 << 40)
    code, text = said(capsys, "--root", str(folder), "groups")
    assert code == 3 and "huge" in text and text.count("\n") == 1
    (folder / "etc" / "huge").unlink()
    (folder / "vfiotui-capture.json").write_text("{")
    code, text = said(capsys, "--root", str(folder), "groups")
    assert code == 3 and "no capture" in text and text.count("\n") == 1
