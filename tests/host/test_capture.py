"""A capture opens to the same machine, and says nothing of its owner."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from tests.alone import GUESTS, PAGES, alone_with
from tests.hosts import HOSTS
from tests.machines import facts_of, root_of
from vfiotui.demo.description import Host
from vfiotui.demo.hostile import hostile_host
from vfiotui.host import domains, kernel_log
from vfiotui.host.archive import pack, unpack
from vfiotui.host.capture import collect
from vfiotui.host.gather import gather
from vfiotui.host.memory_tree import MemoryTree
from vfiotui.host.root import Root
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding import Finding, Verdict
from vfiotui.model.nodes import File, Symlink
from vfiotui.model.pci import PciBus
from vfiotui.model.reading import Unread
from vfiotui.rules import catalogue, judge


def captured(root: Root) -> Root:
    """The root as it opens from its own capture."""
    log = kernel_log.read(root)
    lines = log if isinstance(log, Unread) else tuple(f"[{line.at or 0:12.6f}] {line.text}" for line in log)
    buffer = io.BytesIO()
    pack(collect(root, domains.read(root), lines), buffer)
    buffer.seek(0)
    return Root(MemoryTree(unpack(buffer, "test")), Mode.CAPTURE)


CARRIED = {"cpu", "pci", "iommu", "usb", "memory", "modules", "firmware", "kvm_device", "virt", "boot"}
"""Parts of the facts that a capture carries whole; of the others it may know less."""
TIMED = {"images"}
"""Parts that compare times of files, which described machines do not have."""


def report(facts: Facts, codes: set[str]) -> list[tuple[object, ...]]:
    """What some rules say."""

    def told(f: Finding) -> tuple[object, ...]:
        return f.code, f.subject, f.verdict, f.severity

    return [told(f) for f in judge(facts) if f.code in codes]


def nameless(part: object) -> object:
    """Names come from the pci.ids of whoever looks: they are no facts about the machine."""
    if not isinstance(part, PciBus):
        return part
    blank = {"vendor_name": "", "device_name": "", "class_name": "", "subsystem_name": ""}
    return PciBus(tuple(replace(d, **blank) for d in part.devices))


@pytest.mark.parametrize("name", HOSTS)
def test_a_capture_opens_to_the_same_report(name: str) -> None:
    before = facts_of(HOSTS[name])
    root = captured(root_of(HOSTS[name]))
    after = gather(root, domains.read(root))
    for field in fields(Facts):
        if field.name in ("cpu", "pci", "iommu", "usb", "memory", "modules", "firmware", "kvm_device"):
            assert nameless(getattr(after, field.name)) == nameless(getattr(before, field.name)), field.name
    whole = {r.code for r in catalogue() if set(r.needs) <= CARRIED}
    assert report(after, whole) == report(before, whole)
    partly = {r.code for r in catalogue() if not set(r.needs) & TIMED} - whole
    known = report(before, partly)
    for told in report(after, partly):
        assert told in known or Verdict.UNKNOWN in told or Verdict.NOT_APPLICABLE in told, "it says otherwise"


def test_names_of_the_owner_are_gone() -> None:
    secret: Host = replace(
        HOSTS["tower"],
        name="annas-tower",
        cmdline="root=UUID=9d1f3c1e-1111-4222-8333-444455556666 ip=10.1.2.3 quiet",
        files={
            "/etc/default/grub": 'GRUB_CMDLINE_LINUX="root=UUID=9d1f3c1e-1111-4222-8333-444455556666"\n',
            "/usr/local/bin/start-vm": "#!/bin/sh\nqemu-system-x86_64 -hda /home/anna/w.img,password=hunter2\n",
        },
        log="[ 1.0] vfio-pci: serial: S3CR3T42 52:54:00:12:34:56 annas-tower\n",
    )
    root = root_of(secret)
    nodes = collect(
        root, domains.read(root), ("[    1.000000] vfio-pci: serial: S3CR3T42 52:54:00:12:34:56 annas-tower",)
    )
    whole = b"\n".join(
        n.data if isinstance(n, File) else n.target.encode() if isinstance(n, Symlink) else b"" for n in nodes.values()
    )
    for word in (
        b"annas-tower",
        b"9d1f3c1e-1111-4222",
        b"/home/anna",
        b"hunter2",
        b"S3CR3T42",
        b"52:54:00:12:34:56",
        b"10.1.2.3",
    ):
        assert word not in whole, word
    assert not [p for p in nodes if "anna" in p]


def test_a_hostile_machine_is_captured() -> None:
    root = captured(root_of(hostile_host()))
    assert not isinstance(gather(root, domains.read(root)).pci, Unread)


def test_the_running_host_is_captured_and_judged_the_same(tmp_path: Path) -> None:
    """Through the command, as a user does it."""
    file = tmp_path / "host.tar.gz"
    command = [sys.executable, "-m", "vfiotui"]
    whole = {r.code for r in catalogue() if set(r.needs) <= CARRIED}

    def told(*words: str) -> dict[str, dict[str, tuple[str, str]]]:
        done = subprocess.run([*command, *words, "doctor", "--json"], capture_output=True, text=True, timeout=120)
        assert done.returncode in (0, 1), done.stderr
        found: dict[str, dict[str, tuple[str, str]]] = {}
        for f in json.loads(done.stdout)["findings"]:
            # What is unknown is so in both; the reason may differ: a capture holds no device such as /dev/kmsg.
            sentence = f["sentence"] if f["code"] in whole and f["verdict"] != "unknown" else ""
            found.setdefault(f["code"], {})[f["subject"]] = (f["verdict"], sentence)
        return found

    with alone_with(PAGES), alone_with(GUESTS):
        before = told()
        subprocess.run([*command, "capture", str(file)], check=True, capture_output=True, timeout=120)
        live = told()
    opened = told("--root", str(file))
    assert live.keys() == opened.keys()
    known = {code for code in opened if "unknown" not in {verdict for verdict, _ in opened[code].values()}}
    # Who looks is no fact about the machine, and what moved meanwhile is none of the moment of the capture.
    known -= {"USER-GROUPS", *(code for code in live if before[code] != live[code])}
    different = {code: (live[code], opened[code]) for code in known if live[code] != opened[code]}
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
