"""Reads the guard: which hooks fit this system, whether they are installed and whole, and what the last check found."""

from __future__ import annotations

import os
import re

from vfiotui.formats.guard_hooks.hooks import HOOKS, Hook
from vfiotui.formats.guard_hooks.runner import INSTALLED, PATH, STATE, program_of, running
from vfiotui.host.changes import boot_id
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.guard import Guard, GuardProgram, GuardState, from_json

LIMIT = 1 << 20
BOOT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A boot_id (random(4))."""
SHARED = 0o022
STICKY = 0o1000


def read_guard(root: Root) -> Guard:
    """The guard of a system."""
    script = _below(root, "/etc", _text(root, PATH))
    state = read_state(root)
    marks = {hook.path: _fits(root, hook) for hook in HOOKS}
    starts: Reading[bool] = Unread("the guard is off", Why.NOT_HERE)
    damaged: Reading[tuple[str, ...]] = ()
    if isinstance(script, str):
        starts = _starts(root, script)
        damaged = _damaged(root, script, marks)
    return Guard(
        tuple(path for path, fits in marks.items() if fits is True),
        script,
        starts,
        damaged,
        state,
        _is_of_boot(root, state),
    )


def _text(root: Root, path: str) -> Reading[str]:
    """A file to the last byte; each byte that is no UTF-8 as a surrogate. Unread where it holds a NUL."""
    data = root.bytes(path, LIMIT)
    if isinstance(data, Unread):
        return data
    if b"\0" in data:
        return Unread("holds bytes that are no text", Why.DAMAGED, path)
    return data.decode("utf-8", "surrogateescape")


def _below(root: Root, folder: str, text: Reading[str]) -> Reading[str]:
    """A file that is absent says something only where its folder is there: a disk may be mounted without it."""
    if isinstance(text, Unread) and text.why is Why.ABSENT and root.exists(folder) is not True:
        return Unread("is not there: nothing below it was seen", Why.NOT_HERE, folder)
    return text


def _is_of_boot(root: Root, state: Reading[GuardState]) -> bool:
    """Whether a check was made in the running boot; true where one of the two names is not known."""
    if isinstance(state, Unread):
        return True
    names = (state.boot, boot_id(root))
    return names[0] == names[1] or not all(BOOT.fullmatch(name) for name in names)


def _starts(root: Root, script: str) -> Reading[bool]:
    """Whether what the script starts is there; true for a script that is not ours, which counts as damaged."""
    program = program_of(script)
    if program is None:
        return True
    parts = (program.path, *([f"{program.code}/vfiotui"] if program.code else []))
    found = [root.exists(part) for part in parts]
    return False if False in found else next((one for one in found if isinstance(one, Unread)), True)


def _damaged(root: Root, script: str, marks: dict[str, Reading[bool]]) -> Reading[tuple[str, ...]]:
    states = {PATH: _is_damaged(root, PATH, None if program_of(script) is None else script, 0o755)}
    states |= {h.path: _is_damaged(root, h.path, h.text, h.mode) for h in HOOKS if marks[h.path] is True}
    found = tuple(path for path, damaged in states.items() if damaged is True)
    unread = [one for one in (*states.values(), *marks.values()) if isinstance(one, Unread)]
    return unread[0] if unread and not found else found


def read_state(root: Root) -> Reading[GuardState]:
    """What the last check found; ABSENT where there was none."""
    text = _below(root, "/var/lib", root.text(STATE, LIMIT))
    if isinstance(text, Unread):
        return text
    try:
        return from_json(text)
    except ValueError as error:
        return Unread(f"cannot be read: {error}", Why.DAMAGED, STATE)


def _fits(root: Root, hook: Hook) -> Reading[bool]:
    found = [root.exists(mark) for mark in hook.marks]
    return True if True in found else next((one for one in found if isinstance(one, Unread)), False)


def _is_damaged(root: Root, path: str, expected: str | None, mode: int) -> Reading[bool]:
    """Whether a file of the guard is not there, has another text, or cannot be run although it should be."""
    text = _text(root, path)
    if isinstance(text, Unread):
        return True if text.why in (Why.ABSENT, Why.NOT_A_FILE) else text
    if text != expected:
        return True
    found = root.stat(path)
    if isinstance(found, Unread):
        return found
    return bool(mode & 0o100) and root.said is None and not found.mode & 0o100


def not_executable(root: Root) -> tuple[str, ...]:
    """The guard's programs that lack the executable bit, so that nothing runs them; none of a capture."""
    if root.said is not None:
        return ()
    paths = (PATH, *(hook.path for hook in HOOKS if hook.mode & 0o100))
    found = ((path, root.stat(path)) for path in paths)
    return tuple(p for p, s in found if not isinstance(s, Unread) and s.kind == "file" and not s.mode & 0o100)


def find_program(root: Root) -> Reading[GuardProgram]:
    """How a hook of this system can start this program.

    On the running system it is the program that runs now, where only root can change it; else one that is installed in
    a usual place. Unread where there is none, with what to do.
    """
    path = next((p for p in INSTALLED if root.exists(p) is True and _is_roots(root, p)), None)
    installed = None if path is None else GuardProgram(path)
    if not root.is_live:
        where = ", ".join(INSTALLED)
        absent = Unread(f"vfiotui is not installed in that system: none of {where} is there", Why.ABSENT)
        return installed or absent
    program = running()
    parts = (program.path, os.path.realpath(program.path), f"{program.code}/vfiotui")
    loose = next((part for part in parts if not _is_roots(root, part)), None)
    if loose is None:
        return program
    return installed or Unread(
        f"others than root may change {loose}, and root would run it at each update: install vfiotui for the whole "
        "system, such as below /opt",
        Why.FORBIDDEN,
    )


def _is_roots(root: Root, path: str) -> bool:
    """Whether a path without links, and every folder above it, can be changed by root only; captures keep no modes."""
    while True:
        found = root.stat(path)
        if isinstance(found, Unread) or found.owner > 0:
            return False
        if found.mode & SHARED and not found.mode & STICKY and root.said is None:
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)
