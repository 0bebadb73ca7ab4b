"""The devices that a person chose, as they were stored."""

from __future__ import annotations

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.pci.selection import FILE, Chosen, from_json


def read(root: Root) -> Reading[tuple[Chosen, ...]]:
    """The selection; empty where none was made."""
    text = root.text(FILE)
    if isinstance(text, Unread):
        return () if text.why is Why.ABSENT else text
    try:
        return from_json(text)
    except ValueError as error:
        return Unread(str(error), Why.DAMAGED, FILE)
