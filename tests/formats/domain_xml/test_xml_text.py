"""Edits of XML as text: what is not meant stays, byte for byte."""

from __future__ import annotations

import gc
import weakref
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfiotui.formats.domain_xml.properties import DomainXml
from vfiotui.formats.domain_xml.schema import order_of
from vfiotui.formats.domain_xml.xml_text import XmlText, decode

ODD = (
    "<?xml version='1.0' encoding='UTF-8'?>\r\n<!-- made by virsh, do not edit -->\r\n"
    "<domain  type = \"kvm\"\r\n  xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' >\r\n"
    "\t<name>Tom &amp; Jérôme &#x41;</name>\r\n\t<vcpu placement='static' >\r\n 4 <!-- four --></vcpu>\r\n"
    "\t<cputune >\r\n\t\t<vcpupin vcpu = '0x1' cpuset=\"3\" /><!-- one -->\r\n\t\t<shares>2048</shares></cputune>\r\n"
    "\t<unknown a='1>2'><![CDATA[<vcpu>9</vcpu>]]></unknown>\r\n\t<cpu mode='host-passthrough'/>\r\n"
    "\t<devices><disk type='file'><driver name='qemu'/><target dev='vda' bus='virtio'/></disk></devices>\r\n"
    "\t<qemu:commandline><qemu:arg value='-foo'/></qemu:commandline>\r\n</domain>"
)


def without(text: str, *pieces: str) -> str:
    for piece in pieces:
        assert piece in text, (piece, text)
        text = text.replace(piece, "", 1)
    return text


def test_setting_every_property_to_what_it_is_changes_no_byte() -> None:
    domain = DomainXml(ODD)
    for name, declared in vars(DomainXml).items():
        if hasattr(declared, "__set__") and not isinstance(declared, property):
            setattr(domain, name, getattr(domain, name))
    assert domain.xml == ODD


def test_only_the_edited_value_changes() -> None:
    domain = DomainXml(ODD)
    assert domain.vcpus == 4 and domain.vcpu_pins == {1: {3}}
    domain.vcpu_pins = {1: frozenset({7})}
    assert domain.xml == ODD.replace('cpuset="3"', 'cpuset="7"')
    domain.vcpus = 8
    assert domain.xml == ODD.replace('cpuset="3"', 'cpuset="7"').replace(" 4 <!--", " 8 <!--")


def test_new_elements_stand_where_libvirt_writes_them_in_the_documents_own_manner() -> None:
    domain = DomainXml(ODD)
    domain.vcpu_pins = {0: frozenset({2}), 1: frozenset({3}), 2: frozenset({4})}
    domain.emulator_pin = frozenset({0, 1})
    domain.iothread_count = 1
    domain.iothread_pins = {1: frozenset({0, 1})}
    domain.cores = 4
    bare = without(
        domain.xml,
        "\r\n\t\t<vcpupin vcpu='0' cpuset='2'/>",
        "\r\n\t\t<vcpupin vcpu='2' cpuset='4'/>",
        "\r\n\t\t<emulatorpin cpuset='0-1'/>",
        "\r\n\t\t<iothreadpin iothread='1' cpuset='0-1'/>",
        "\r\n\t<iothreads>1</iothreads>",
        ">\r\n\t\t<topology cores='4'/>\r\n\t</cpu>",
    )
    assert bare == ODD.replace("<cpu mode='host-passthrough'/>", "<cpu mode='host-passthrough'")
    tune = domain.root.find("cputune")
    assert tune is not None and [c.tag for c in tune.children][-2:] == ["emulatorpin", "iothreadpin"]


def test_what_was_added_goes_without_a_trace() -> None:
    plain = "<domain>\n  <name>a</name>\n  <vcpu>2</vcpu>\n</domain>\n"
    domain = DomainXml(plain)
    domain.vcpu_pins = {0: frozenset({2}), 1: frozenset({3})}
    domain.memory_nodes = frozenset({0})
    domain.memory_mode = "strict"
    domain.cpu_features = {"topoext": "require"}
    assert domain.xml == (
        "<domain>\n  <name>a</name>\n  <vcpu>2</vcpu>\n  <cputune>\n    <vcpupin vcpu='0' cpuset='2'/>\n"
        "    <vcpupin vcpu='1' cpuset='3'/>\n  </cputune>\n  <numatune>\n    <memory nodeset='0' mode='strict'/>\n"
        "  </numatune>\n  <cpu>\n    <feature name='topoext' policy='require'/>\n  </cpu>\n</domain>\n"
    )
    domain.vcpu_pins = {}
    domain.memory_mode = None
    domain.memory_nodes = None
    domain.cpu_features = {}
    assert domain.xml == plain


def test_a_document_in_one_line_stays_in_one_line() -> None:
    domain = DomainXml("<domain><vcpu>2</vcpu><devices/></domain>")
    domain.vcpu_pins = {0: frozenset({1})}
    domain.add("devices", "<hostdev mode='subsystem'><source/></hostdev>")
    assert domain.xml == (
        "<domain><vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='1'/></cputune>"
        "<devices><hostdev mode='subsystem'><source/></hostdev></devices></domain>"
    )


def test_an_element_of_several_lines_is_indented_like_its_siblings() -> None:
    domain = DomainXml("<domain>\n   <devices>\n      <disk/>\n   </devices>\n</domain>")
    domain.add("devices", "<hostdev>\n  <source/>\n</hostdev>")
    assert "      <disk/>\n      <hostdev>\n        <source/>\n      </hostdev>\n   </devices>" in domain.xml
    domain.remove(domain.devices("hostdev")[0])
    assert domain.xml == "<domain>\n   <devices>\n      <disk/>\n   </devices>\n</domain>"


def test_the_iothread_of_a_disk() -> None:
    domain = DomainXml(ODD)
    assert len(domain.thread_users) == 1
    domain.set_driver(domain.thread_users[0], "iothread", "1")
    assert domain.xml == ODD.replace("<driver name='qemu'/>", "<driver name='qemu' iothread='1'/>")
    domain.set_driver(domain.thread_users[0], "iothread", None)
    assert domain.xml == ODD


def test_hostile_values_stay_inside_their_quotes() -> None:
    domain = DomainXml("<domain/>")
    evil = "x' y=\"<&>"
    domain.vendor_id = evil
    assert domain.vendor_id == evil
    domain.set_text("title", "]]><a/>&")
    assert ET.fromstring(domain.xml).findtext("title") == "]]><a/>&"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<domain>",
        "no",
        "<a/>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><domain>&b;</domain>",
        "<domain>\x00</domain>",
        "\ud800",
    ],
)
def test_what_is_no_domain_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"the XML .+"):
        DomainXml(text)


@pytest.mark.parametrize(
    "data",
    [
        "<?xml version='1.0' encoding='ISO-8859-1'?><domain><name>é</name></domain>".encode("iso-8859-1"),
        b"\xef\xbb\xbf<domain><name>\xc3\xa9</name></domain>\n",
        "\ufeff<domain><name>é</name></domain>".encode("utf-16-le"),
    ],
)
def test_every_encoding_comes_back_as_it_was(data: bytes) -> None:
    text, encoding = decode(data)
    domain = DomainXml(text)
    assert domain.root.find("name").text == "é"  # type: ignore[union-attr]
    assert domain.xml.encode(encoding) == data


@pytest.mark.parametrize("data", [b"<?xml version='1.0' encoding='no-such'?><a/>", b"\xff\xfe<", b"<a>\xff</a>"])
def test_bytes_of_no_encoding_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="the XML"):
        decode(data)


names = st.sampled_from([*order_of(""), "x", "own:thing"])
blanks = st.text(" \t\n", max_size=3)
words = st.text("aé\u202e\U0001f600>'\"/=- ", max_size=6)
comments = words.map(lambda w: f"<!--{w.replace('-', ' ')}-->")


@st.composite
def documents(draw: st.DrawFn) -> str:
    def element(depth: int) -> str:
        name = draw(names)
        more = draw(st.sampled_from(["", " a='1>2'", ' b = "\'x"', " xmlns:own='u' "]))
        lead = f"<own:thing xmlns:own='u'{more.replace(' xmlns:own=', ' c=')}" if ":" in name else f"<{name}{more}"
        if draw(st.booleans()):
            return f"{lead}{draw(blanks)}/>"
        inner = [draw(st.one_of(blanks, comments, words)) for _ in range(draw(st.integers(0, 2)))]
        inner += [element(depth + 1) for _ in range(draw(st.integers(0, 3)) if depth < 3 else 0)]
        return f"{lead}{draw(blanks)}>{''.join(draw(st.permutations(inner)))}</{name}{draw(blanks)}>"

    body = "".join(draw(blanks) + element(0) for _ in range(draw(st.integers(0, 5))))
    eol = draw(st.sampled_from(["\n", "\r\n"]))
    return f"<domain>{body}{draw(blanks)}</domain>{draw(blanks)}".replace("]]>", "").replace("\n", eol)


@given(documents())
def test_pins_come_and_go_without_a_trace_in_any_document(text: str) -> None:
    domain = DomainXml(text)
    assert domain.xml == text
    pins = {v: frozenset({v + 2}) for v in range(3)}
    old = domain.root.find("cputune")
    domain.vcpu_pins = pins
    assert domain.vcpu_pins == pins
    assert ET.fromstring(domain.xml).find("cputune") is not None
    again = domain.xml
    domain.vcpu_pins = pins
    assert domain.xml == again
    domain.vcpu_pins = {}
    if old is None:
        assert domain.xml == text
    else:
        assert domain.vcpu_pins == {}


def test_edits_at_one_place_keep_their_order() -> None:
    document = XmlText("<a><b/></a>")
    b = document.root.children[0]
    document.edit([(b.end, b.end, b"<c/>"), (b.start, b.end, b"<d/>"), (b.end, b.end, b"<e/>")])
    assert document.text == "<a><d/><c/><e/></a>"


def test_a_part_is_a_document_of_its_own_with_the_namespaces_around_it() -> None:
    text = "<s xmlns:q='u' xmlns:r='a'><d xmlns:r='b' n='1'>\n  <q:x r:y='&amp;'/></d> </s>"
    document = XmlText(text)
    part = document.part(document.root.children[0])
    assert part == "<d xmlns:q='u' xmlns:r='b' n='1'>\n  <q:x r:y='&amp;'/></d>"
    assert XmlText(part).root.children[0].tag == "{u}x"
    assert document.part(document.root) == text


def test_elements_at_any_depth_come_in_their_order() -> None:
    root = XmlText("<a><b n='1'><b n='2'/></b><c><b n='3'/></c><b n='4'/></a>").root
    assert [e.get("n") for e in root.below("b")] == ["1", "2", "3", "4"]
    assert [e.get("n") for e in root.all("b")] == ["1", "4"]
    assert [e.get("n", "none") for e in root.all("c/b")] == ["3"]
    assert root.find("c/b/b") is None


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("<a/>", ""),
        ("<a ></a>", ""),
        ("<a>1</a>", "1"),
        ("<a>&lt;\u00e9&#x41;</a>", "<\u00e9A"),
        ("<a> 1\r\n2\r</a>", " 1\n2\n"),
        ("<a>1<b>9</b><!-- 8 -->2<![CDATA[<3>]]><?p 7?>4</a>", "12<3>4"),
        ("<x:a y:b='>'>1<z:c/>2</x:a>", "12"),
    ],
)
def test_the_text_directly_inside(written: str, text: str) -> None:
    root = XmlText(f"<r xmlns:x='x' xmlns:y='y' xmlns:z='z'>{written}</r>").root
    assert root.children[0].text == text
    assert root.text == ""


def test_many_children_are_found_as_few() -> None:
    root = XmlText("<a>" + "<b><c n='1'/></b><d n='2'/>" * 20 + "</a>").root
    assert len(root.all("b/c")) == len(root.all("d")) == 20
    assert len(root.all("*")) == 40 and len(root.all("*/c")) == 20
    assert root.find("d") is root.children[1] and root.find("e") is None and root.all("e/f") == []


def test_what_was_read_goes_without_a_collection() -> None:
    """Reading makes no circles: many guests cost no more memory than one."""
    document = XmlText("<domain>" + "<vcpu>1</vcpu>" * 50 + "</domain>")
    gone = weakref.ref(document)
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        del document
        assert gone() is None
        assert len(gc.get_objects()) <= before - 50
    finally:
        gc.enable()
