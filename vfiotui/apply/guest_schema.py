"""A guest's new definition is compared with libvirt's schema before a plan writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from vfiotui.apply.target import Target
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import Change
from vfiotui.model.change.plan import Plan
from vfiotui.virt.schema import Schema

FILE = re.compile(r"/etc/libvirt/qemu/([^/]+)\.xml")


def schema_of(target: Target) -> Schema:
    """The schema of the libvirt that will read the definitions: the running system's, or the mounted one's own."""
    return Schema((Root.live() if target.is_live else target.root).bytes)


def compare(target: Target, plan: Plan) -> tuple[list[str], list[str]]:
    """What the schema says against the plan's definitions, and which of them could not be compared: sentences.

    Only what the guest did not have before counts: libvirt runs guests that its own schema refuses.
    """
    wrong: list[str] = []
    unchecked: list[str] = []
    schema = schema_of(target)
    for guest, step in _definitions(plan):
        if _is_remote(step.where):
            unchecked.append(f"{guest}: libvirt's schema is on another host; libvirt compares it there")
            continue
        added = schema.added(step.before, step.after or b"")
        if isinstance(added, Unread):
            unchecked.append(f"{guest}: the new definition was not compared with libvirt's schema: {added}")
        elif added:
            wrong.append(f"the new definition of {guest} does not fit libvirt's schema ({', '.join(added)})")
    return wrong, unchecked


def _definitions(plan: Plan) -> Iterator[tuple[str, Change]]:
    """The guests that steps define, in libvirt or in its files, with the step."""
    for step in plan.steps:
        file = FILE.fullmatch(step.subject) if step.kind == "file" else None
        if step.after is not None and (file or step.kind == "domain"):
            yield file[1] if file else step.subject, step


def _is_remote(uri: str) -> bool:
    try:
        return bool(urlsplit(uri).netloc)
    except ValueError:
        return True
