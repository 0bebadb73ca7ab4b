"""Whether what generators made can be believed: judged by what is in it, not by an exit code.

One function for every way back that runs a generator: `why_not`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from vfiotui.apply.menu import missing_of_menu
from vfiotui.apply.steps.look import words_left
from vfiotui.apply.target import Target
from vfiotui.host.boot import image
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.change.plan import Plan

IMAGE = re.compile(r"(initrd|initramfs|booster)[^/]*$")


def _image(target: Target, path: str) -> str | None:
    found = image.read(target.root, path)
    if isinstance(found, Unread):
        return f"{path} cannot be read: it {found.reason}"
    return f"{path} cannot be read to its end: {found.fault}" if found.fault else None


def why_not(target: Target, plan: Plan, made: Iterable[str]) -> str | None:
    """Why the undo of a plan has not the wanted effect although generators ran again, as a sentence; `made` are the
    paths that they made. None where all is well."""
    for path in made:
        if IMAGE.search(path):
            problem = _image(target, path)
            if problem:
                return problem
        if path.endswith("/grub.cfg"):
            missing = missing_of_menu(target, or_else(target.root.text(path), ""))
            if missing:
                return f"{path} names {missing[0]}, which is not there"
    files = [step for step in plan.steps if step.kind == "file"]
    for step in plan.steps:
        if step.kind == "look":
            old = b"\n".join(f.before or b"" for f in files).decode("utf-8", "replace")
            added = tuple(word for word in step.wants if word not in old)
            left = words_left(target, step.subject, added)
            if left:
                return f"{step.subject} still holds {' and '.join(left)}"
    return None
