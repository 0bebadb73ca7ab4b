"""Captures of described machines, opened again, and what became of the names in them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping

from vfiotui.host.capture.capture import collect
from vfiotui.host.capture.collector import Capture
from vfiotui.host.capture.statement import opened
from vfiotui.host.guest import domains
from vfiotui.host.root.archive import pack, unpack
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode


def reopened(capture: Capture) -> Root:
    """The machine in a capture, through a packed file."""
    buffer = io.BytesIO()
    pack(capture.nodes, buffer)
    buffer.seek(0)
    return Root(opened(unpack(buffer, "test")), Mode.CAPTURE)


def captured(root: Root) -> tuple[Root, Callable[[str], str]]:
    """The root as it opens from its own capture, and a function that puts the pseudonyms into a text."""
    capture = collect(root, domains.read(root))
    return reopened(capture), pseudonyms(capture.scrub.names)


def pseudonyms(names: Mapping[str, str]) -> Callable[[str], str]:
    """Replaces whole words by what they became."""
    changed = {name: new for name, new in names.items() if name != new and len(name) > 1}
    longest = sorted(changed, key=len, reverse=True)
    pattern = re.compile(r"(?<![\w-])(?:" + ("|".join(map(re.escape, longest)) or "(?!)") + r")(?![\w-])")
    return lambda text: pattern.sub(lambda match: changed[match[0]], text)
