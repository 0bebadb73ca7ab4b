"""A hook reads the guest's own elements, with the parser that the host has, whatever else its XML holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.requirements import need
from tests.virt.libvirtd import lone_daemon
from vfiotui.formats.libvirt_hooks.cores_hook import cores_hook
from vfiotui.formats.libvirt_hooks.hook_xml import functions
from vfiotui.formats.libvirt_hooks.pages_hook import WANTED, pages_hook

UUID = "00000000-0000-4000-8000-000000000001"
TOOLS = (
    "awk cat find flock grep logger mkdir mv rm sed sh sort timeout tr systemctl dirname cut head tail touch".split()
)
PARSERS = {"python3": "python3", "xmllint": "libxml2-utils"}
DECOYS = (
    "<metadata><a:b xmlns:a='http://x'><uuid>11111111-1111-1111-1111-111111111111</uuid><memory>9</memory>"
    "<memoryBacking><hugepages><page size='7' unit='KiB'/></hugepages></memoryBacking>"
    "<cputune><vcpupin vcpu='0' cpuset='9'/></cputune><domain><uuid>2</uuid></domain></a:b>"
    "<!-- <hugepages/> <vcpupin vcpu='0' cpuset='9'/> --><x><![CDATA[<uuid>3</uuid><hugepages/>]]></x></metadata>"
    "<description>&lt;hugepages/&gt; <![CDATA[<vcpupin vcpu='0' cpuset='9'/>]]></description>"
)
OWN = f"<uuid>{UUID}</uuid><memory unit='KiB'>8192</memory>"


@pytest.fixture(params=["dash", "busybox", "bash"])
def shell(request: pytest.FixtureRequest) -> list[str]:
    program = need(request.param, request.param)
    return [program, "sh"] if request.param == "busybox" else [program]


@pytest.fixture(params=PARSERS)
def parser(request: pytest.FixtureRequest) -> str:
    need(request.param, PARSERS[request.param])
    return str(request.param)


def programs(folder: Path, *parsers: str) -> str:
    """A folder for PATH with the small programs of a host and only these parsers."""
    place = folder / "bin"
    place.mkdir()
    for name in (*TOOLS, *parsers):
        # The python3 of PATH may be a script that looks for the real one in PATH.
        found = sys.executable if name == "python3" else shutil.which(name)
        if found:
            (place / name).symlink_to(os.path.realpath(found))
    (place / "logger").unlink(missing_ok=True)
    (place / "logger").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{folder}/journal\n')
    (place / "logger").chmod(0o755)
    return str(place)


def facts(shell: list[str], folder: Path, parser: str, text: bytes, *wanted: str) -> list[str] | None:
    """What the functions read; None where they refuse."""
    script = f"say() {{ :; }}\n{functions(wanted)}\ntake_xml guest || exit 1\nprintf '%s\\n' \"$facts\"\n"
    (folder / "script").write_text(script)
    env = {"PATH": programs(folder, parser)}
    done = subprocess.run([*shell, str(folder / "script")], input=text, env=env, capture_output=True, timeout=60)
    return None if done.returncode else done.stdout.decode().splitlines()


@pytest.mark.parametrize(
    ("inside", "wanted", "found"),
    [
        (DECOYS, ("memoryBacking/hugepages", "cputune/vcpupin cpuset"), []),
        (
            f"{DECOYS}<memoryBacking><!-- <x/> --><hugepages><page\n unit = \"KiB\"\n size='2048'/></hugepages>"
            "</memoryBacking>",
            ("memoryBacking/hugepages", "memoryBacking/hugepages/page size unit nodeset"),
            ["memoryBacking/hugepages", "memoryBacking/hugepages/page|2048|KiB|"],
        ),
        (
            "<cputune><vcpupin vcpu='0' cpuset='4, 5'/><vcpupin\tvcpu='1'\tcpuset=\"&#54;-7,^&#x36;\"/></cputune>",
            ("cputune/vcpupin cpuset",),
            ["cputune/vcpupin|4,5", "cputune/vcpupin|6-7,^6"],
        ),
        ("<memory>1<!-- 5 -->0<![CDATA[2]]>4</memory>", ("memory unit .",), ["memory|KiB|8192", "memory||1024"]),
        ("<x:memory xmlns:x='u'>5</x:memory><memoryx>6</memoryx>", ("memory unit .",), ["memory|KiB|8192"]),
        ("<!DOCTYPE-like-text/>".replace("!", ""), ("memory unit .",), ["memory|KiB|8192"]),
    ],
)
def test_only_the_guests_own_elements_are_read(
    shell: list[str], parser: str, inside: str, wanted: tuple[str, ...], found: list[str], tmp_path: Path
) -> None:
    text = f"<?xml version='1.0'?>\n<domain type='kvm'>{OWN}{inside}</domain>\n".encode()
    assert facts(shell, tmp_path, parser, text, *wanted) == [f"uuid|{UUID}", *found]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<domain/>",
        b"no XML",
        f"<domain>{OWN}".encode(),
        f"<domains><domain>{OWN}</domain></domains>".encode(),
        f"<domain>{OWN}<memory>\xff</memory></domain>".encode("latin-1"),
        b"<domain><uuid>../../etc</uuid></domain>",
        f"<domain>{OWN}<memory unit='$(touch ran)'>1</memory></domain>".encode(),
        f"<domain>{OWN}<memory unit='a|b'>1</memory></domain>".encode(),
        f"<domain>{OWN}<memory unit='a&#10;uuid'>`x`</memory></domain>".encode(),
        b"\0<domain>\0</domain>",
        b"<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
            b"<!ENTITY %c '%s'>" % (c, b"&%c;" % (c - 1) * 10) for c in range(ord("b"), ord("m"))
        ) + b"]><domain><uuid>&l;</uuid></domain>",
        b"<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><domain><uuid>&a;</uuid></domain>",
    ],
    ids=range(13),
)  # fmt: skip
def test_what_cannot_be_read_is_refused(shell: list[str], parser: str, text: bytes, tmp_path: Path) -> None:
    assert facts(shell, tmp_path, parser, text, "memory unit .") is None
    assert not (tmp_path / "ran").exists()


def pools(folder: Path) -> Path:
    """A host's tree with a pool, as the pages hook sees it."""
    place = folder / "sys/kernel/mm/hugepages/hugepages-2048kB"
    for made in (place, folder / "proc/sys/vm", folder / "run"):
        made.mkdir(parents=True)
    for name in ("nr_hugepages", "free_hugepages", "resv_hugepages"):
        (place / name).write_text("0\n")
    (folder / "proc/meminfo").write_text("MemAvailable: 33554432 kB\nHugepagesize:    2048 kB\n")
    return place / "nr_hugepages"


def call(shell: list[str], folder: Path, hook: str, operation: str, text: str, path: str) -> None:
    (folder / "hook").write_text(hook)
    env = {"PATH": path, "VFIOTUI_HOOK_ROOT": str(folder)}
    words = [*shell, str(folder / "hook"), "game", operation, "begin", "-"]
    done = subprocess.run(words, input=text, text=True, env=env, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_a_parser_the_hook_does_nothing_and_says_so(shell: list[str], tmp_path: Path) -> None:
    pool = pools(tmp_path)
    path = programs(tmp_path)
    text = f"<domain>{OWN}<memoryBacking><hugepages/></memoryBacking></domain>"
    call(shell, tmp_path, pages_hook(["game"]), "prepare", text, path)
    assert pool.read_text() == "0\n"
    if "busybox" not in shell[0]:
        # busybox takes its own logger, wherever PATH leads.
        assert "neither python3 nor xmllint is here to read the XML of game" in (tmp_path / "journal").read_text()


def test_what_was_set_aside_is_given_back_where_the_parser_is_gone_meanwhile(shell: list[str], tmp_path: Path) -> None:
    need("python3", "python3")
    pool = pools(tmp_path)
    path = programs(tmp_path, "python3")
    text = f"<domain>{OWN}<memoryBacking><hugepages/></memoryBacking></domain>"
    call(shell, tmp_path, pages_hook(["game"]), "prepare", text, path)
    assert pool.read_text() == "4\n"
    (pool.parent / "free_hugepages").write_text("4\n")
    (tmp_path / "bin/python3").unlink()
    call(shell, tmp_path, pages_hook(["game"]), "release", text, path)
    assert pool.read_text() == "0\n"


def test_the_host_is_not_squeezed_by_what_metadata_says(shell: list[str], parser: str, tmp_path: Path) -> None:
    (tmp_path / "sys/devices/system/cpu").mkdir(parents=True)
    (tmp_path / "sys/devices/system/cpu/online").write_text("0-15\n")
    irq = tmp_path / "proc/irq/24/smp_affinity_list"
    irq.parent.mkdir(parents=True)
    irq.write_text("0-15\n")
    path = programs(tmp_path, parser)
    call(shell, tmp_path, cores_hook(["game"]), "prepare", f"<domain>{OWN}{DECOYS}</domain>", path)
    assert irq.read_text() == "0-15\n"
    pins = "<cputune><vcpupin vcpu='0' cpuset='4-5'/></cputune>"
    call(shell, tmp_path, cores_hook(["game"]), "prepare", f"<domain>{OWN}{DECOYS}{pins}</domain>", path)
    assert irq.read_text() == "0,1,2,3,6,7,8,9,10,11,12,13,14,15\n"


@pytest.mark.needs_libvirtd
def test_what_libvirt_itself_writes_is_read(tmp_path: Path) -> None:
    """libvirt keeps comments, CDATA and foreign elements of <metadata> as they were given."""
    for parser in PARSERS.items():
        need(*parser)
    with lone_daemon() as daemon:
        daemon.define("game")
        text = daemon.virsh("dumpxml", "game", "--inactive").stdout
        backing = (
            "<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages></memoryBacking>"
            "<cputune><vcpupin vcpu='0' cpuset='0'/></cputune>"
        )
        daemon.virsh("define", "/dev/stdin", text=text.replace("</uuid>", f"</uuid>{DECOYS}{backing}"))
        stored = daemon.virsh("dumpxml", "game", "--inactive").stdout
        uuid = daemon.virsh("domuuid", "game").stdout.strip()
    assert "<page size='7'" in stored or '<page size="7"' in stored
    for parser in PARSERS:
        folder = tmp_path / parser
        folder.mkdir()
        found = facts([need("dash", "dash")], folder, parser, stored.encode(), *WANTED, "cputune/vcpupin cpuset")
        assert found == [
            f"uuid|{uuid}",
            "memory|KiB|32768",
            "memoryBacking/hugepages",
            "memoryBacking/hugepages/page|2048|KiB|",
            "cputune/vcpupin|0",
        ], parser
