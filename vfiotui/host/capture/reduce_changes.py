"""The journal of changes without what the changes wrote: numbers, states, kinds of steps and the prediction."""

from __future__ import annotations

import json
import re
from typing import Any

from vfiotui.host.capture.reduce_text import kernel_words
from vfiotui.host.capture.scrub import Scrubber
from vfiotui.model.base.value import replace
from vfiotui.model.change.journal_events import EVENTS, START
from vfiotui.model.change.plan import BadPlan, Plan, from_json, to_json

DATE = re.compile(r"[0-9T:.+Z -]{4,40}")


def plan(text: str, scrub: Scrubber) -> str | None:
    """A plan: title, the kinds and subjects of its steps, risk and effect, the prediction; no contents."""
    try:
        source = from_json(text)
    except BadPlan:
        return None
    steps = tuple(
        replace(
            step,
            kind=scrub.text(step.kind),
            subject=scrub.path(step.subject) if step.subject.startswith("/") else scrub.text(step.subject),
            why=scrub.sentence(step.why),
            before=None if step.before is None else b"",
            after=None if step.after is None else b"",
            argv=tuple(map(scrub.text, step.argv)),
            back=tuple(map(scrub.text, step.back)),
            products=tuple(map(scrub.path, step.products)),
            wants=tuple(map(scrub.text, step.wants)),
            bans=tuple(map(scrub.text, step.bans)),
            where=scrub.text(step.where),
        )
        for step in source.steps
    )
    made = Plan(
        title=scrub.sentence(source.title),
        steps=steps,
        goals=tuple((scrub.text(a), scrub.text(b)) for a, b in source.goals),
        forecast=tuple((scrub.text(bdf), tuple(map(scrub.text, drivers))) for bdf, drivers in source.forecast),
        cmdline=None if source.cmdline is None else kernel_words(source.cmdline, scrub),
    )
    return to_json(made)


def journal(data: bytes, scrub: Scrubber) -> bytes:
    """The events of a change: what began and ended when, and why something failed; damage stays damage."""
    if not data.strip(b"\0"):
        return data[:8]
    return b"\n".join(_line(line, scrub) for line in data.split(b"\n"))


def _line(line: bytes, scrub: Scrubber) -> bytes:
    if not all(32 <= byte <= 126 for byte in line):
        return b"\x01"
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        torn = line.startswith(START.encode()) or START.encode().startswith(line)
        return (START.encode() if line else b"") if torn and not line.endswith(b"}") else b"x"
    return json.dumps(_event(event, scrub) if isinstance(event, dict) else 0).encode()


def _event(event: dict[str, Any], scrub: Scrubber) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    name = event.get("event")
    kept["event"] = name if name in EVENTS else "unknown"
    for key in ("step", "pid", "start"):
        if isinstance(event.get(key), int):
            kept[key] = event[key]
    if isinstance(event.get("boot"), str):
        kept["boot"] = scrub.text(event["boot"])
    if isinstance(event.get("why"), str):
        kept["why"] = scrub.sentence(event["why"])
    if isinstance(event.get("at"), str):
        kept["at"] = event["at"] if DATE.fullmatch(event["at"]) else ""
    return kept
