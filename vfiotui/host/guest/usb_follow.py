"""The rules by which guests get USB devices, from the file that the replay reads."""

from __future__ import annotations

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, if_absent
from vfiotui.model.guest.usb_follow import PATH, Follow, follows_of


def read(root: Root) -> Reading[tuple[Follow, ...]]:
    """All rules; none where there is no file, Unread where a line of it is none."""
    text = if_absent(root.text(PATH, 1 << 20), "")
    if isinstance(text, Unread):
        return text
    found, strange = follows_of(text)
    return Unread(f"holds what is no rule: {strange[0][:80]!r}", Why.DAMAGED, PATH) if strange else found
