"""libvirt's schema judges domains, out of any root."""

from __future__ import annotations

import pytest

from tests.hosts import HOSTS, TOWER
from tests.requirements import need
from vfiotui.formats.domain_xml.properties import DomainXml
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.virt.schema import FOLDER, Schema


@pytest.fixture(scope="module")
def schema() -> Schema:
    need("virt-xml-validate", "libvirt-clients")
    return Schema(Root.live().bytes)


@pytest.mark.parametrize("guest", TOWER.guests, ids=lambda g: g.name)
def test_the_demos_guests_are_valid_and_stay_so_when_they_are_edited(schema: Schema, guest: object) -> None:
    domain = DomainXml(guest.xml)  # type: ignore[attr-defined]
    assert schema.problems(domain.xml) == ()
    domain.vcpu_pins = {v: frozenset({v}) for v in range(domain.vcpus or 1)}
    domain.memory_mode = "strict"
    domain.memory_nodes = frozenset({0})
    domain.cache_mode = "passthrough"
    domain.locked = True
    assert schema.problems(domain.xml) == ()


def test_what_does_not_fit_is_told(schema: Schema) -> None:
    domain = DomainXml(TOWER.guests[0].xml)
    domain.placement = "somewhere"
    problems = schema.problems(domain.xml)
    assert not isinstance(problems, Unread) and problems and "vcpu" in problems[0]
    broken = schema.problems("<domain>")
    assert not isinstance(broken, Unread) and "damaged" in broken[0]


def test_without_libvirt_there_is_no_schema() -> None:
    assert isinstance(Schema(Root(MemoryTree({}), Mode.ROOT).bytes).problems("<domain/>"), Unread)


def test_the_parts_put_together_judge_as_the_files_do(schema: Schema) -> None:
    from lxml import etree

    files = etree.RelaxNG(file=f"{FOLDER}/domain.rng")
    for guest in (g for host in HOSTS.values() for g in host.guests):
        for xml in (
            guest.xml,
            guest.xml.replace("<devices>", "<gadgets/><devices>"),
            guest.xml.replace("'pci'", "'x'"),
        ):
            assert (schema.problems(xml) == ()) == files.validate(etree.fromstring(xml))


HOSTILE = {
    "absolute": b"<include href='/etc/passwd'/>",
    "above": b"<include href='../x.rng'/>",
    "from the net": b"<include href='http://localhost:1/x.rng'/>",
    "itself": b"<include href='domain.rng'/>",
    "no name": b"<include/>",
    "external": b"<externalRef href='/dev/zero'/>",
    "missing": b"<include href='nothing.rng'/>",
    "no grammar": b"<start><ref name='gone'/></start>",
    "cut off": b"<start>",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_schema_leads_nowhere(body: bytes) -> None:
    """Every part is read through the root that was given: libxml2 loads none by itself."""
    grammar = b"<grammar xmlns='http://relaxng.org/ns/structure/1.0'>" + body + b"</grammar>"
    asked = []

    def read(path: str) -> Reading[bytes]:
        asked.append(path)
        return grammar if path == f"{FOLDER}/domain.rng" else Unread("is not there", Why.ABSENT, path)

    said = Schema(read).problems("<domain/>")
    assert isinstance(said, Unread) and said.why is Why.DAMAGED
    assert set(asked) <= {f"{FOLDER}/domain.rng", f"{FOLDER}/nothing.rng"} and len(asked) < 60
