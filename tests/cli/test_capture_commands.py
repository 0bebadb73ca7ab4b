"""Every command says of a capture what it says of the captured host, names apart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.host.captures import pseudonyms
from vfiotui.cli.main import main
from vfiotui.demo.machine import demo_root_parts
from vfiotui.host import domains
from vfiotui.host.archive import pack
from vfiotui.host.capture import collect
from vfiotui.host.memory_tree import MemoryTree
from vfiotui.host.root import Root
from vfiotui.model.mode import Mode

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
