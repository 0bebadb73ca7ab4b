"""A fix that brings ids of vfio-pci into force: without more the host's drivers would take the devices first."""

from __future__ import annotations

import re

from vfiotui.model.base.value import replace
from vfiotui.model.finding.finding import Fix

FIRST = ("vfio.first", "ids")


def with_vfio_first(fix: Fix, about: str) -> Fix:
    """The fix, with vfio-pci loaded first where the corrected text is about its ids and a plan corrects it."""
    ids = "vfio" in about and re.search(r"\bids\b", about)
    return replace(fix, goal=(*fix.goal, FIRST)) if ids and fix.goal else fix
