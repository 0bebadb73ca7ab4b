"""Guests of every spelling are in a capture, and damaged ones with what their parser said."""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.host.capture.captures import captured
from tests.hosts import HOSTS
from tests.machines import root_of
from vfiotui.host.capture.capture import collect
from vfiotui.host.guest import domains
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.guest.domain import Domain

HEAD = "<domain type='kvm'>"
NAME = "B\u00f6b f\u00fcr \u6771\u4eac"
GRAPHICS = (
    "<graphics type='spice' passwd='correct horse'/><graphics type='vnc' passwd='simple'/>"
    "<graphics type='egl-headless'/>"
)
TITLE = "<title>B\u00f6b</title>"
BODY = f"<memory unit='MiB'>2048</memory><devices>{GRAPHICS}</devices></domain>"


def text_of(name: str, more: str = "") -> str:
    """A guest's definition with something private in it."""
    return f"{HEAD}<name>{name}</name>{more}{BODY}"


SPELLINGS: dict[str, bytes] = {
    "plain": text_of("plain").encode(),
    "a": text_of("a", "<description>f\u00fcr B\u00f6b</description>").encode(),
    NAME: text_of(NAME, f"<title>{NAME}</title>").encode(),
    "marked": codecs.BOM_UTF8 + text_of("marked").encode(),
    "wide": codecs.BOM_UTF16_LE + text_of("wide", f"<title>{NAME}</title>").encode("utf-16-le"),
    "latin": b"<?xml version='1.0' encoding='ISO-8859-1'?>" + text_of("latin", TITLE).encode("latin-1"),
    "crlf": text_of("crlf", "\n<description>one\ntwo</description>\n").replace("\n", "\r\n").encode(),
    "noted": f"<!-- B\u00f6b's --><?x y?>{text_of('noted', '<!-- <name>other</name> -->')}<!-- end -->".encode(),
    "marked-up": text_of("marked-up", "<description><![CDATA[<graphics type='sdl'/>]]></description>").encode(),
    "entity": text_of("entity", "<title>&lt;graphics/&gt; &#x42;&amp;</title>").encode(),
    "x&y": text_of("x&amp;y").encode(),
}  # fmt: skip
DAMAGED: dict[str, bytes] = {
    "cut": text_of("cut")[:90].encode(),
    "empty": b"",
    "nul": text_of("nul").encode().replace(b"<devices>", b"\0<devices>"),
    "crossed": text_of("crossed").replace("</devices></domain>", "</domain></devices>").encode(),
    "bytes": text_of("bytes", "<title>\u00fc</title>").encode("latin-1"),
    "doctype": b"<!DOCTYPE domain [<!ENTITY a 'b'>]>" + text_of("doctype").encode(),
    "another": b"<mirabelle><name>another</name></mirabelle>",
    "nameless": f"{HEAD}{BODY}".encode(),
    "unprefixed": text_of("unprefixed", "<qemu:x/>").encode(),
}


def root_with(files: dict[str, bytes], folder: str = domains.DEFINED, mode: Mode = Mode.ROOT) -> Root:
    """A disk with these files of guests."""
    tree = root_of(replace(HOSTS["clean"], guests=())).tree
    nodes = {p: n for p, n in tree._nodes.items() if not p.startswith(domains.DEFINED)}  # type: ignore[attr-defined]
    nodes.update({f"{folder}/{name}.xml": File(data) for name, data in files.items()})
    return Root(type(tree)(nodes), mode)  # type: ignore[call-arg]


def guests_of(root: Root) -> tuple[Domain, ...]:
    """All sound guests."""
    found = domains.read(root).domains
    assert not isinstance(found, Unread)
    return found


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_guest_of_any_spelling_is_in_the_capture(name: str) -> None:
    host = root_with({name: SPELLINGS[name]})
    capture, _ = captured(host)
    (before,), (guest,) = guests_of(host), guests_of(capture)
    assert guest.name == "guest-1"
    assert guest.memory_kib == before.memory_kib == 2 << 20
    assert guest.devices.graphics == before.devices.graphics and len(guest.devices.graphics) == 3
    assert not any(word in guest.xml for word in ("horse", "simple", "B\u00f6b", "\u6771", "other", "sdl"))


def test_many_guests_keep_their_order_and_number() -> None:
    host = root_with(SPELLINGS)
    capture, _ = captured(host)
    assert [g.name for g in guests_of(capture)] == [f"guest-{n:02d}" for n in range(1, len(SPELLINGS) + 1)]
    assert [g.os_id for g in guests_of(capture)] == [g.os_id for g in guests_of(host)]


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("folder", [domains.DEFINED, domains.RUNNING])
def test_a_damaged_guest_keeps_what_its_parser_said(name: str, folder: str) -> None:
    host = root_with({name: DAMAGED[name]}, folder, Mode.CAPTURE)
    capture, _ = captured(host)
    (before,), (after,) = domains.read(host).unread, domains.read(capture).unread
    assert after.why.why is Why.DAMAGED and after.name == "guest-1"
    assert re.sub(r"name-\d+", "mirabelle", after.why.reason) == before.why.reason


def test_the_words_of_a_parser_are_listed_and_hold_no_name() -> None:
    capture = collect(host := root_with(DAMAGED), domains.read(host))
    told = capture.left_out[f"{domains.DEFINED}/another.xml"]
    assert told.startswith("it could not be parsed: the XML is no domain but <") and "mirabelle" not in told


def test_a_damaged_network_keeps_what_its_parser_said() -> None:
    host = root_with({"lan": b"<network><name>lan</name>"}, domains.NETWORKS)
    file = root_with(
        {
            "x": text_of("x", "")
            .replace("<devices>", "<devices><interface type='network'><source network='lan'/></interface>")
            .encode()
        }
    )
    nodes = {**host.tree._nodes, **file.tree._nodes}  # type: ignore[attr-defined]
    root = Root(type(host.tree)(nodes), Mode.ROOT)  # type: ignore[call-arg]
    told = domains.read_network(root, "lan")
    capture, renamed = captured(root)
    after = domains.read_network(capture, renamed("lan"))
    assert isinstance(told, Unread) and isinstance(after, Unread)
    assert (after.why, after.reason) == (Why.DAMAGED, told.reason)


def test_a_mounted_disk_with_such_guests_is_captured(tmp_path: Path) -> None:
    folder = tmp_path / "disk" / domains.DEFINED.lstrip("/")
    folder.mkdir(parents=True)
    for name, data in {**SPELLINGS, **DAMAGED}.items():
        (folder / f"{name}.xml").write_bytes(data)
    root = Root.mounted(str(tmp_path / "disk"))
    capture, _ = captured(root)
    assert len(guests_of(capture)) == len(SPELLINGS) == len(guests_of(root))
    assert len(domains.read(capture).unread) == len(domains.read(root).unread) == len(DAMAGED)
