"""Which machine this is, without telling its id to anybody."""

from __future__ import annotations

import hashlib

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import or_else


def machine(root: Root) -> str:
    """A fingerprint of the machine-id (machine-id(5)); empty where there is none."""
    text = or_else(root.text("/etc/machine-id", 256), "").strip()
    return hashlib.sha256(f"vfiotui {text}".encode()).hexdigest()[:12] if text else ""
