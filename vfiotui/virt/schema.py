"""libvirt's own RELAX NG schema of domain XML, where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vfiotui.model.base.reading import Reading, Unread, Why

FOLDER = "/usr/share/libvirt/schemas"
FIRST = "domain.rng"
SHOWN = 5
"""Complaints that are told; a broken document begets many."""


class Schema:
    """The schema of a root; it is compiled once."""

    def __init__(self, read: Callable[[str], Reading[bytes]]) -> None:
        """`read` gives the bytes of a path: `Root.bytes`."""
        self._read = read
        self._compiled: Reading[Any] | None = None

    def problems(self, xml: str) -> Reading[tuple[str, ...]]:
        """What libvirt's schema says against a domain: sentences, none where it is valid; Unread without a schema."""
        compiled = self._schema()
        if isinstance(compiled, Unread):
            return compiled
        from lxml import etree

        try:
            document = etree.fromstring(xml.encode("utf-8"), _parser(etree))
        except (etree.XMLSyntaxError, ValueError) as error:
            return (f"the XML is damaged: {error}",)
        if compiled.validate(document):
            return ()
        told = dict.fromkeys(f"line {e.line}: {e.message}" for e in compiled.error_log)
        return tuple(told)[:SHOWN] or ("the XML does not fit libvirt's schema",)

    def _schema(self) -> Reading[Any]:
        if self._compiled is None:
            self._compiled = self._compile()
        return self._compiled

    def _compile(self) -> Reading[Any]:
        first = self._read(f"{FOLDER}/{FIRST}")
        if isinstance(first, Unread):
            return Unread(f"libvirt's schema {first.reason}: it comes with libvirt", first.why, first.path)
        try:
            from lxml import etree
        except ImportError as error:
            return Unread(f"lxml cannot be loaded ({error})", Why.NOT_HERE)
        read = self._read

        resolver: Any = etree.Resolver

        class FromRoot(resolver):  # type: ignore[misc]
            """The parts of the schema, out of the same root."""

            def resolve(self, url: str, pubid: str, context: Any) -> Any:
                part = read(f"{FOLDER}/{url.rpartition('/')[2]}")
                return self.resolve_empty(context) if isinstance(part, Unread) else self.resolve_string(part, context)

        parser = _parser(etree)
        parser.resolvers.add(FromRoot())
        try:
            return etree.RelaxNG(etree.fromstring(first, parser, base_url=f"{FOLDER}/{FIRST}"))
        except etree.LxmlError as error:
            return Unread(f"libvirt's schema cannot be used: {error}", Why.DAMAGED, f"{FOLDER}/{FIRST}")


def _parser(etree: Any) -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
