"""The journal of changes, read as it lies in the root: one folder for each change."""

from __future__ import annotations

import json
import re

from vfiotui.host.root import Root
from vfiotui.model.change import ChangeRecord
from vfiotui.model.reading import Reading, Unread, Why, or_else

JOURNAL = "/var/lib/vfiotui/changes"
FOLDER = re.compile(r"(\d{4,9})-([\w.-]{1,80})$")


def _title(text: str, otherwise: str) -> str:
    """The title in a plan, or the slug where the plan is damaged."""
    try:
        plan = json.loads(text)
    except (ValueError, RecursionError):
        return otherwise
    title = plan.get("title") if isinstance(plan, dict) else None
    return title if isinstance(title, str) and title else otherwise


def read(root: Root) -> Reading[tuple[ChangeRecord, ...]]:
    """All changes, newest first; none where there is no journal yet."""
    names = root.names(JOURNAL)
    if isinstance(names, Unread):
        return () if names.why is Why.ABSENT else names
    found = []
    for match in filter(None, map(FOLDER.match, names)):
        folder = f"{JOURNAL}/{match[0]}"
        state = or_else(root.text(f"{folder}/state", 4096), "interrupted").strip() or "interrupted"
        title = _title(or_else(root.text(f"{folder}/plan.json"), ""), match[2])
        found.append(ChangeRecord(int(match[1]), match[2], state, title, folder))
    return tuple(sorted(found, key=lambda c: -c.number))
