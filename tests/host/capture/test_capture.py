"""A capture is judged as its host, and holds what its list allows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.host.capture.captures import captured, reopened
from tests.hosts import CLEAN, HOSTS
from tests.locks import GUESTS, PAGES, alone_with
from tests.machines import root_of
from vfiotui.demo.machine import demo_root_parts, names
from vfiotui.demo.scale import scale_host
from vfiotui.formats.system import auxv
from vfiotui.host.capture.allow_list import allowed, rule_for
from vfiotui.host.capture.capture import collect, observe
from vfiotui.host.capture.collector import PUBLIC_DATA
from vfiotui.host.capture.recorder import RecordingTree
from vfiotui.host.capture.scrub import Scrubber
from vfiotui.host.capture.statement import FILE
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.memory import host_memory
from vfiotui.host.memory.base_page import AUXV
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.host.root.tree import Tree
from vfiotui.model.base.nodes import File
from vfiotui.model.base.reading import Unread, Why, or_else
from vfiotui.model.facts import Facts, Mode
from vfiotui.rules import judge


def report(facts: Facts) -> dict[tuple[str, str], tuple[object, ...]]:
    """Everything that the rules say, evidence and fixes included."""
    return {
        (f.code, f.subject): (
            str(f.verdict),
            str(f.severity),
            f.sentence,
            tuple((e.path, e.seen) for e in f.evidence),
            None if f.fix is None else (f.fix.text, f.fix.goal),
        )
        for f in judge(facts)
    }


def compared(root: Root) -> tuple[dict[str, object], dict[str, object]]:
    """What is said of a root and of its capture, with pseudonyms in both."""
    opened, renamed = captured(root)

    def everywhere(value: object) -> object:
        if isinstance(value, list | tuple):
            return [everywhere(v) for v in value]
        return renamed(value) if isinstance(value, str) else value

    def said(one: Root) -> dict[str, object]:
        found = report(gather(one, domains.read(one)))
        return {renamed(f"{code} {subject}"): everywhere(text) for (code, subject), text in found.items()}

    return said(root), said(opened)


def demo_root(name: str) -> Root:
    """A made-up machine as --demo opens it."""
    nodes, moving = demo_root_parts(name)
    return Root(MemoryTree(nodes), Mode.DEMO, "", moving)


@pytest.mark.parametrize("name", HOSTS)
def test_a_capture_is_judged_as_its_host(name: str) -> None:
    host, capture = compared(root_of(HOSTS[name]))
    assert capture == host


@pytest.mark.parametrize("name", [n for n in names() if n != "scale"])
def test_a_capture_is_judged_as_the_made_up_machine(name: str) -> None:
    host, capture = compared(demo_root(name))
    assert capture == host


def test_a_capture_of_a_large_machine_is_judged_as_the_machine() -> None:
    """Of the kind of --machine scale, with a tenth of its devices."""
    host, capture = compared(root_of(scale_host(200)))
    assert capture == host and len(host) > 200


@pytest.mark.parametrize("name", ["tower", "given", "guest-devices", "bad-hooks", "home-images"])
def test_a_capture_of_a_mounted_disk_is_judged_as_the_disk(name: str) -> None:
    described = HOSTS.get(name, HOSTS["tower"])
    nodes = root_of(described).tree
    assert isinstance(nodes, MemoryTree)
    host, capture = compared(Root(nodes, Mode.ROOT))
    assert capture == host


def test_a_capture_of_a_capture_is_the_same_capture() -> None:
    first = collect(demo_root("tower"), domains.read(demo_root("tower")))
    again = reopened(first)
    second = collect(again, domains.read(again))
    one, other = (report(gather(r, domains.read(r))) for r in (again, reopened(second)))
    assert {code for code, _ in one} == {code for code, _ in other}
    assert [v[0] for v in one.values()] == [v[0] for v in other.values()]


@pytest.mark.parametrize(
    ("name", "size"), [("clean", 4 << 10), ("arm-16k", 16 << 10), ("arm-64k", 64 << 10), ("power-64k", 64 << 10)]
)
def test_a_capture_carries_the_size_of_a_page_and_no_address(name: str, size: int) -> None:
    root = root_of(HOSTS[name])
    taken = collect(root, domains.read(root))
    node = taken.nodes[AUXV]
    assert isinstance(node, File) and len(node.data) == 32 and auxv.page_size(node.data) == size
    without = {p: n for p, n in taken.nodes.items() if not p.startswith(("/proc/cpuinfo", "/sys/kernel/mm/trans"))}
    memory = host_memory.read(Root(MemoryTree(without), Mode.CAPTURE))
    assert not isinstance(memory, Unread) and memory.page_size == size, "it needs nothing else"


def test_guests_of_sessions_are_judged_in_a_capture_as_on_their_host() -> None:
    xml = "<domain type='kvm'><name>taxes2026</name><vcpu>2</vcpu><memory unit='GiB'>99</memory></domain>"
    folder = "/home/mallory/.config/libvirt/qemu"
    files = {
        **CLEAN.files,
        "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nmallory:x:1000:1000:Mallory M:/home/mallory:/bin/sh\n",
        "/etc/group": "root:x:0:\nkvm:x:104:libvirt-qemu\nlibvirt:x:105:mallory\n",
        f"{folder}/taxes2026.xml": xml,
        f"{folder}/broken7.xml": "<domain",
        "/run/user/1000/libvirt/qemu/run/taxes2026.xml": f"<domstatus state='running'>{xml}</domstatus>",
    }
    root = root_of(replace(CLEAN, files=files))
    host, capture = compared(root)
    assert capture == host
    taken = collect(root, domains.read(root))
    found = domains.read(reopened(taken))
    assert sorted(d.owner for d in or_else(found.domains, ())) == ["", taken.scrub.user("mallory")]
    kept = b"".join(p.encode() + n.data for p, n in taken.nodes.items() if isinstance(n, File))
    assert b"mallory" not in kept.lower() and b"taxes2026" not in kept and b"broken7" not in kept


def test_the_vector_of_a_process_is_reduced_to_the_size_of_a_page() -> None:
    whole = Path("/proc/self/auxv").read_bytes()
    rule = rule_for(AUXV)
    assert rule is not None
    kept = rule.reduce(whole, Scrubber(()))
    assert kept is not None and len(kept) < len(whole) and auxv.page_size(kept) == os.sysconf("SC_PAGE_SIZE")


def test_what_was_not_asked_is_neither_there_nor_absent() -> None:
    more = ("/etc/shadow", "/etc/ssh/sshd_config", "/srv/data", "/etc/kernel/secure-boot.key")
    described = replace(HOSTS["clean"], files={**HOSTS["clean"].files, **dict.fromkeys(more, "SECRET\n")})
    root, _ = captured(root_of(described))
    for path in (*more, "/srv/other", "/etc/ssh/other"):
        found = root.exists(path)
        assert isinstance(found, Unread) and found.why is Why.NOT_HERE, path
    assert root.exists("/etc/dracut.conf") is False


def test_what_was_closed_to_the_collector_is_closed_in_the_capture() -> None:
    host = replace(HOSTS["clean"], files={**HOSTS["clean"].files, "/etc/libvirt/qemu.conf": 'user = "root"\n'})
    tree = root_of(host).tree
    assert isinstance(tree, MemoryTree)
    tree._nodes["/etc/libvirt/qemu.conf"] = File(b'user = "root"\n', 0)
    root = Root(tree, Mode.CAPTURE)
    opened, _ = captured(root)
    told = opened.text("/etc/libvirt/qemu.conf")
    assert isinstance(told, Unread) and told.why is Why.FORBIDDEN


def test_all_readers_of_a_capture_find_what_they_ask() -> None:
    """Nothing that a check reads is missing: what is neither there nor absent was never asked on the host either."""
    for name in ("tower", "isolate-me"):
        root, _ = captured(demo_root(name) if name in names() else root_of(HOSTS["clean"]))
        facts = gather(root, domains.read(root))
        missing = [f for f in report(facts).values() if "not in the capture" in str(f)]
        assert missing == []


def test_every_file_of_a_capture_is_in_the_list() -> None:
    capture = collect(demo_root("tower"), domains.read(demo_root("tower")))
    patterns = {a.fields for a in allowed()} | {
        "names of the models that are there", "headers and checksums", "lines that a check looks for",
        "the elements that are read", "a user's number",
    }  # fmt: skip
    filled = {path for path, node in capture.nodes.items() if isinstance(node, File) and node.data and path != FILE}
    assert filled <= capture.kept.keys()
    assert {fields for fields, _ in capture.kept.values()} <= patterns
    assert all(size == len(node.data) for path, (_, size) in capture.kept.items()
               if isinstance(node := capture.nodes[path], File))  # fmt: skip


OF_THE_MOMENT = re.compile(r"/proc/\d+/task/\d+/syscall|/sys/kernel/debug/kvm/.*|/proc/\d+/stat")
"""Which thread runs which vCPU just now, and whether a QEMU has just ended: no capture holds it, and it is asked only
where such a process is."""


@pytest.mark.parametrize("name", ["tower", "live", "guest-devices", "given", "clean"])
def test_every_file_that_a_reader_asks_for_is_in_the_list(name: str) -> None:
    """A reader that is new says with this test that the list does not know its file yet."""
    made = {"live": Root.live, "tower": lambda: demo_root("tower")}
    root = made[name]() if name in made else root_of(HOSTS.get(name, HOSTS["clean"]))
    asked: list[RecordingTree] = []

    def recorded(tree: Tree, moving: Mapping[str, Callable[[], bytes]]) -> RecordingTree:
        asked.append(RecordingTree(tree, moving))
        return asked[0]

    virt = domains.read(root)
    observe(root.through(recorded), virt)
    roms = {h.rom_file for g in or_else(virt.domains, ()) for h in g.hostdevs}
    strange = {p for p in asked[0].read_paths if rule_for(p) is None and p not in (*PUBLIC_DATA, *roms)}
    strange = {p for p in strange if not OF_THE_MOMENT.fullmatch(p)}
    assert asked[0].read_paths and strange == set()


def test_whole_folders_are_never_taken() -> None:
    assert rule_for("/etc/kernel/secure-boot-private-key.pem") is None
    assert rule_for("/etc/kernel/cmdline") is not None
    assert rule_for("/etc/shadow") is None and rule_for("/proc/2/environ") is None


def test_show_lists_what_would_leave_and_writes_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vfiotui", "--demo", "capture", "--show"]
    done = subprocess.run([*command, str(tmp_path / "x")], capture_output=True, text=True, timeout=60, check=True)
    assert "/etc/default/grub: GRUB_CMDLINE_*" in done.stdout and not (tmp_path / "x").exists()
    told = json.loads(subprocess.run([*command, "--json"], capture_output=True, timeout=60, check=True).stdout)
    capture = collect(demo_root("tower"), domains.read(demo_root("tower")))
    assert [k["path"] for k in told["kept"]] == sorted(capture.kept)
    assert sum(k["bytes"] for k in told["kept"]) == told["bytes"]


def test_a_capture_that_a_newer_version_wrote_is_refused_with_a_sentence(tmp_path: Path) -> None:
    from vfiotui.host.root.archive import BadArchive, open_capture, pack

    capture = collect(root_of(HOSTS["clean"]), domains.read(root_of(HOSTS["clean"])))
    for text in (b'{"capture": 99}', b"{", b'{"capture": 1}', b"[]", b"\xff", b"[" * 5000):
        file = tmp_path / "x.tar.gz"
        with open(file, "wb") as out:
            pack({**capture.nodes, FILE: File(text)}, out)
        with pytest.raises(BadArchive, match=r"x\.tar\.gz"):
            open_capture(str(file))


def test_the_running_host_is_captured_and_judged_the_same(tmp_path: Path) -> None:
    """Through the command, as a user does it."""
    file = tmp_path / "host.tar.gz"
    command = [sys.executable, "-m", "vfiotui"]

    def told(*words: str) -> dict[str, dict[str, str]]:
        done = subprocess.run([*command, *words, "doctor", "--json"], capture_output=True, text=True, timeout=120)
        assert done.returncode in (0, 1), done.stderr
        found: dict[str, dict[str, str]] = {}
        for f in json.loads(done.stdout)["findings"]:
            found.setdefault(f["code"], {})[f["subject"]] = f["verdict"]
        return found

    with alone_with(PAGES), alone_with(GUESTS):
        before = told()
        subprocess.run([*command, "capture", str(file)], check=True, capture_output=True, timeout=120)
        live = told()
    opened = told("--root", str(file))
    assert live.keys() == opened.keys()
    # What moved meanwhile is none of the moment of the capture; guests bear other names.
    still = {code for code in live if before[code] == live[code]}
    different = {
        code: (live[code], opened[code])
        for code in still
        if sorted(live[code].values()) != sorted(opened[code].values())
    }
    assert different == {}


def test_an_existing_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    file = tmp_path / "x.tar.gz"
    file.write_text("mine")
    done = subprocess.run(
        [sys.executable, "-m", "vfiotui", "--demo", "capture", str(file)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "--force" in done.stderr
    assert file.read_text() == "mine"


def test_a_full_disk_leaves_no_half_capture(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    done = subprocess.run(
        [sys.executable, "-m", "vfiotui", "--demo", "capture", "-"],
        stdout=open("/dev/full", "wb"),  # noqa: SIM115
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0 and "Traceback" not in done.stderr and "space" in done.stderr


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/libvirt/qemu/torn.xml": "<domain><name>torn</na"},
        {
            "/etc/libvirt/qemu/odd.xml": "<domain type='kvm'><name>odd</name><vcpu>x</vcpu><cpu><topology sockets='1' "
            "cores='many' threads='1'/></cpu></domain>"
        },
        {
            "/etc/libvirt/qemu/vf.xml": "<domain type='kvm'><name>vf</name><memory>4096</memory><devices>"
            "<interface type='network'><source network='pool'/></interface></devices></domain>",
            "/etc/libvirt/qemu/networks/pool.xml": "<network><name>pool</name><forward mode='hostdev'>"
            "<address type='pci' domain='0' bus='1' slot='0' function='0'/></forward></network>",
        },
        {
            "/etc/libvirt/qemu/cells.xml": "<domain type='kvm'><name>cells</name><memory>1</memory><memoryBacking>"
            "<hugepages><page size='2' unit='M' nodeset='1'/></hugepages></memoryBacking><vcpu>2</vcpu><cpu><numa>"
            "<cell id='0' cpus='0' memory='3' unit='MiB'/><cell id='1' cpus='1' memory='5' unit='MiB'/></numa></cpu>"
            "<devices><disk type='nvme'><source type='pci' managed='yes' namespace='1'><address domain='0' bus='9' "
            "slot='0' function='0'/></source><target dev='vda' bus='virtio'/></disk></devices></domain>"
        },
    ],
    ids=["torn", "odd", "pool", "cells"],
)
def test_guests_of_every_kind_are_judged_in_a_capture_as_on_their_host(files: dict[str, str]) -> None:
    host, capture = compared(root_of(replace(HOSTS["guest-fine"], files={**HOSTS["guest-fine"].files, **files})))
    if any("torn" in path for path in files):
        # A definition that is no XML is left out, and the capture says so; no check passes either way.
        host, capture = ({key: said[0] for key, said in found.items()} for found in (host, capture))  # type: ignore[index]
    assert capture == host
