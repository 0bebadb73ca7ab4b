"""The guard's files in a capture: hooks of ours as they are, the program's place and the last check by pseudonym."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.formats.guard_hooks.hooks import HOOKS
from vfiotui.formats.guard_hooks.runner import PATH, STATE, program_of
from vfiotui.formats.guard_hooks.runner import runner as written
from vfiotui.host.capture.scrub import Scrubber
from vfiotui.model.base.value import replace
from vfiotui.model.boot.guard import GuardProgram, Lost, from_json, to_json

TEXTS = frozenset(hook.text for hook in HOOKS)


def runner(data: bytes, scrub: Scrubber) -> bytes:
    """The guard's script, where it is ours; of any other only that it is none of ours."""
    program = program_of(data.decode("utf-8", "replace"))
    if program is None:
        return b"x\n"
    code = scrub.path(program.code) if program.code else ""
    return written(GuardProgram(scrub.path(program.path), code)).encode()


def hook(data: bytes, scrub: Scrubber) -> bytes:
    """A hook of ours; of any other only that it is none of ours."""
    return data if data.decode("utf-8", "replace") in TEXTS else b"x\n"


def state(data: bytes, scrub: Scrubber) -> bytes:
    """What the last check found, its sentences scrubbed."""
    try:
        found = from_json(data.decode("utf-8", "replace"))
    except ValueError:
        return b"x\n"
    lost = tuple(Lost(scrub.text(one.what), scrub.sentence(one.sentence)) for one in found.lost)
    scrubbed = replace(
        found,
        at=found.at if found.at.isascii() and len(found.at) < 40 else "",
        boot=scrub.text(found.boot),
        by=scrub.text(found.by),
        lost=lost,
        unknown=tuple(map(scrub.sentence, found.unknown)),
    )
    return to_json(scrubbed).encode()


LIST: tuple[tuple[str, str, Callable[[bytes, Scrubber], bytes]], ...] = (
    (PATH, "place of this program", runner),
    (STATE, "devices and words that the next boot loses", state),
    *((one.path, "whether it is ours", hook) for one in HOOKS),
)
"""Path, what stays of it, and what reduces it."""
