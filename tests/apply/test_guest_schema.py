"""A plan for a guest is compared with libvirt's schema before anything is written."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.apply.live_target import live_target
from tests.requirements import need
from tests.virt.libvirtd import GUEST, Daemon, lone_daemon
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.host import changes
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import or_else
from vfiotui.model.change.change import Change, Effect, define_domain, remove_file, write_file
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan
from vfiotui.model.finding.finding import Risk
from vfiotui.virt.define import definition, writable
from vfiotui.virt.schema import FOLDER

FILE = "/etc/libvirt/qemu/game.xml"
PLAIN = GUEST.format(name="game", emulator="/usr/bin/qemu-system-x86_64").encode()
ODD = PLAIN.replace(b"hvm</type>", b"hvm</type><kernel>vmlinuz</kernel>")
"""libvirt takes a kernel by a path that is not absolute, and its schema refuses it."""
PINNED = b"<vcpu placement='static' cpuset='0'>2</vcpu>"
WRONG = b"<vcpu placement='somewhere'>2</vcpu>"


def changed(xml: bytes, vcpu: bytes) -> bytes:
    """A definition with another element for its vCPUs."""
    before, _, rest = xml.partition(b"<vcpu")
    return before + vcpu + rest.partition(b"</vcpu>")[2]


def plan_of(*steps: Change) -> Plan:
    return Plan("Edit a guest", steps)


def file_step(before: bytes | None, after: bytes) -> Change:
    return write_file(FILE, before, after, "edit game", risk=Risk.R2, effect=Effect.GUEST)


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A mounted system with libvirt's schema and no guest."""
    need("virsh", "libvirt-clients")
    shutil.copytree(FOLDER, tmp_path / FOLDER.lstrip("/"))
    (tmp_path / "etc/libvirt/qemu").mkdir(parents=True)
    (tmp_path / "var/lib").mkdir(parents=True)
    return tmp_path


def with_guest(system: Path, xml: bytes) -> Target:
    (system / FILE.lstrip("/")).write_bytes(xml)
    return Target(Root.mounted(str(system)))


def told(target: Target, plan: Plan) -> list[str]:
    """What an apply that ends well says."""
    said: list[str] = []
    outcome = apply(target, plan, said.append)
    assert outcome.state is State.DONE, outcome.word
    return said


@pytest.mark.parametrize("before", [PLAIN, ODD], ids=["valid before", "refused before"])
def test_a_definition_that_fits_no_worse_is_written(system: Path, before: bytes) -> None:
    target = with_guest(system, before)
    said = told(target, plan_of(file_step(before, changed(before, PINNED))))
    assert PINNED in (system / FILE.lstrip("/")).read_bytes()
    assert not any("schema" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        (PLAIN, changed(PLAIN, WRONG), "element vcpu"),
        (PLAIN, ODD, "line 5"),
        (None, changed(PLAIN, WRONG), "element vcpu"),
        (PLAIN, PLAIN[:-9], "damaged"),
        (PLAIN, b"", "damaged"),
        (PLAIN, PLAIN.replace(b"game", b"\xff\xfe"), "damaged"),
        (PLAIN, PLAIN.replace(b"game", b"\0"), "damaged"),
        (PLAIN, b"<!DOCTYPE domain [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>" + PLAIN.replace(b"game", b"&b;"), ""),
        (PLAIN, b"<a>" * 100_000, "damaged"),
    ],
)
def test_what_the_schema_newly_refuses_is_not_written(
    system: Path, before: bytes | None, after: bytes, names: str
) -> None:
    target = with_guest(system, PLAIN)
    if before is None:
        os.unlink(system / FILE.lstrip("/"))
    with pytest.raises(ApplyError, match=f"nothing was changed: .*definition of game .*schema .*{names}"):
        apply(target, plan_of(file_step(before, after)), lambda _: None)
    file = system / FILE.lstrip("/")
    assert (file.read_bytes() if before else file.exists()) == (before or False)
    assert or_else(changes.read(target.root), ()) == ()


def test_another_file_and_a_removal_are_no_definition(system: Path) -> None:
    target = with_guest(system, PLAIN)
    other = write_file("/etc/libvirt/qemu.conf", None, b"<", "x", risk=Risk.R2, effect=Effect.GUEST)
    gone = remove_file(FILE, PLAIN, "x", risk=Risk.R2, effect=Effect.GUEST)
    assert not any("schema" in sentence for sentence in told(target, plan_of(other, gone)))


@pytest.mark.parametrize("lacks", ["schema", "parts", "pipe", "lxml"])
def test_what_cannot_be_compared_is_said_and_written(system: Path, monkeypatch: pytest.MonkeyPatch, lacks: str) -> None:
    first = system / FOLDER.lstrip("/") / "domain.rng"
    if lacks == "parts":
        (first.parent / "domaincommon.rng").write_bytes(b"<grammar")
    elif lacks == "lxml":
        monkeypatch.setitem(sys.modules, "lxml", None)
    else:
        first.unlink()
    if lacks == "pipe":
        os.mkfifo(first)
    target = with_guest(system, PLAIN)
    said = told(target, plan_of(file_step(PLAIN, changed(PLAIN, PINNED))))
    (sentence,) = (s for s in said if "schema" in s)
    assert sentence.startswith("game: the new definition was not compared with libvirt's schema: ")
    assert ("lxml cannot be loaded" in sentence) == (lacks == "lxml")


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with lone_daemon() as real:
        yield real


@pytest.fixture
def define(daemon: Daemon) -> Iterator[Callable[[bytes], bytes]]:
    """Defines the guest without asking the schema, and gives what libvirt stored."""

    def defined(xml: bytes) -> bytes:
        daemon.virsh("define", "/dev/stdin", text=xml.decode())
        return stored(daemon)

    yield defined
    daemon.virsh("undefine", "game", check=False)


def stored(daemon: Daemon) -> bytes:
    with writable(daemon.uri) as connection:
        found = definition(connection, "game")
    assert found is not None
    return found


@pytest.mark.needs_libvirtd
def test_a_guest_that_the_schema_refuses_already_is_edited_and_put_back(
    daemon: Daemon, define: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    target, before = live_target(tmp_path), define(ODD)
    assert b"<kernel>vmlinuz" in before
    plan = plan_of(define_domain("game", before, changed(before, PINNED), "edit game", where=daemon.uri))
    outcome = apply(target, plan, lambda _: None)
    assert outcome.state is State.DONE, outcome.word
    assert b"cpuset='0'" in stored(daemon)
    assert undo(target, outcome.name, lambda _: None).state is State.UNDONE
    assert stored(daemon) == before


@pytest.mark.needs_libvirtd
def test_libvirt_is_not_asked_for_what_its_schema_refuses(
    daemon: Daemon, define: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    target, before = live_target(tmp_path), define(PLAIN)
    plan = plan_of(define_domain("game", before, changed(before, WRONG), "edit game", where=daemon.uri))
    with pytest.raises(ApplyError, match="nothing was changed: the new definition of game does not fit"):
        apply(target, plan, lambda _: None)
    assert stored(daemon) == before


def test_a_guest_of_another_host_is_left_to_its_libvirt(tmp_path: Path) -> None:
    from vfiotui.apply.guest_schema import compare

    step = define_domain("game", PLAIN, changed(PLAIN, WRONG), "edit game", where="qemu+ssh://root@box/system")
    assert compare(live_target(tmp_path), plan_of(step)) == (
        [],
        ["game: libvirt's schema is on another host; libvirt compares it there"],
    )
