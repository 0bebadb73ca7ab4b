"""libvirt's schema judges domains, out of any root."""

from __future__ import annotations

import pytest

from tests.hosts import TOWER
from tests.requirements import need
from vfiotui.formats.domain_xml.properties import DomainXml
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread
from vfiotui.virt.schema import Schema


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
    assert not isinstance(problems, Unread) and problems and "line" in problems[0]
    broken = schema.problems("<domain>")
    assert not isinstance(broken, Unread) and "damaged" in broken[0]


def test_without_libvirt_there_is_no_schema() -> None:
    assert isinstance(Schema(Root(MemoryTree({}), Mode.ROOT).bytes).problems("<domain/>"), Unread)
