"""Every reader on damaged machines: an answer or Unread, never an exception, never a hang."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hosts import HOSTS
from vfiotui.demo.builder import build
from vfiotui.host.gather import READERS, gather
from vfiotui.host.guest import domains
from vfiotui.host.live.cpus import CpuReader
from vfiotui.host.live.guests import GuestReader
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Folder, Node, Nodes, Symlink
from vfiotui.rules import judge

SMALL = ("clean", "intel", "bad-pins")
ABSURD = (
    b"",
    b"\n",
    b"-1",
    b"0",
    b"0x",
    b"9" * 4000,
    b"0-99999999999999",
    b"1-0",
    b"0-4294967295",
    b",,,",
    b"\0\0\0\0",
    b"\xff" * 4096,
    b"\r\n\r\n",
    b"[/dev/vfio/1] [AMD] \x1b[2J",
    "".join(map(chr, range(0x202A, 0x202F))).encode(),
    b"a" * 100_000,
)


@cache
def nodes_of(name: str) -> Nodes:
    return build(HOSTS[name])


@cache
def paths_of(name: str) -> tuple[str, ...]:
    return tuple(sorted(nodes_of(name)))


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Node]:
    """A machine some of whose files are cut, flipped, exchanged, or of another kind."""
    name = draw(st.sampled_from(SMALL))
    nodes = dict(nodes_of(name))
    for path in draw(st.lists(st.sampled_from(paths_of(name)), min_size=1, max_size=12)):
        node = nodes.get(path)
        data = node.data if isinstance(node, File) else b""
        kind = draw(st.integers(0, 8))
        if kind == 0:
            nodes.pop(path, None)
        elif kind == 1:
            nodes[path] = File(data[: draw(st.integers(0, len(data)))])
        elif kind == 2:
            nodes[path] = File(draw(st.sampled_from(ABSURD)))
        elif kind == 3:
            nodes[path] = File(draw(st.binary(max_size=80)))
        elif kind == 4:
            nodes[path] = Symlink(draw(st.sampled_from((path, "..", "/", "../../nowhere", "/sys", "\udcff", ""))))
        elif kind == 5:
            nodes[path] = File(data, 0)
        elif kind == 6 and data:
            place = draw(st.integers(0, len(data) - 1))
            nodes[path] = File(data[:place] + bytes([draw(st.integers(0, 255))]) + data[place + 1 :])
        elif kind == 7:
            nodes[path] = File(data.replace(b"\n", b"\r\n") + b"\0")
        else:
            nodes[path] = Folder()
    return nodes


@pytest.mark.parametrize("part", READERS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nodes=damaged())
def test_a_damaged_machine_is_read(part: str, nodes: dict[str, Node]) -> None:
    READERS[part](Root(MemoryTree(nodes), Mode.CAPTURE))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nodes=damaged())
def test_a_damaged_machine_is_judged(nodes: dict[str, Node]) -> None:
    root = Root(MemoryTree(nodes), Mode.CAPTURE)
    for finding in judge(gather(root, domains.read(root))):
        assert "itself failed" not in finding.sentence, finding


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nodes=damaged())
def test_live_figures_of_a_damaged_machine(nodes: dict[str, Node]) -> None:
    root = Root(MemoryTree(nodes), Mode.CAPTURE)
    for reader in (CpuReader(root), GuestReader(root)):
        reader.read()
        reader.read()
        reader.close()


@pytest.mark.parametrize("part", READERS)
def test_an_empty_root_is_read(part: str) -> None:
    READERS[part](Root(MemoryTree({}), Mode.ROOT))


@pytest.mark.parametrize("content", ABSURD, ids=lambda c: repr(c[:20]))
@pytest.mark.parametrize("part", READERS)
def test_one_absurd_content_in_every_file(part: str, content: bytes) -> None:
    nodes = {p: File(content) if isinstance(n, File) else n for p, n in nodes_of("clean").items()}
    READERS[part](Root(MemoryTree(nodes), Mode.CAPTURE))


def test_a_reader_that_breaks_is_one_unread_part(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(root: Root) -> None:
        raise RuntimeError("boom")

    monkeypatch.setitem(READERS, "usb", broken)
    facts = gather(Root(MemoryTree(nodes_of("clean")), Mode.CAPTURE))
    assert "boom" in str(facts.usb)
    assert not isinstance(facts.pci, str) and "boom" not in str(facts.cpu)
