"""The lines of a change's journal: read strictly, for an undo acts on what they say.

Each line is one event as JSON. The last write before a power cut may be torn, and the next one begins a new line behind
it; every other line that is no event is damage. undo.sh judges the same lines by the same rules.
"""

from __future__ import annotations

import json
from typing import Any

JOURNAL_LIMIT = 1 << 20
"""Bytes; an apply and an undo of a plan of 100 steps write about 20,000."""
LINE_LIMIT = 1 << 16
START = '{"event": "'
"""How each line begins: a torn one is the beginning of such a line."""
WORKERS = frozenset({"apply", "undo", "command"})
"""Events that name a process."""
STEPS = frozenset({"command", "begin", "end", "back"})
"""Events that name a step."""
ENDS = frozenset({"done", "undone", "rolled back", "stuck"})
EVENTS = WORKERS | STEPS | ENDS
PID_LIMIT = 1 << 22
"""No process of Linux has a higher number (PID_MAX_LIMIT in include/linux/threads.h)."""


class Damaged(ValueError):
    """A sentence fragment: what is wrong with a journal."""


def _is_number(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _checked(event: object, number: int, steps: int | None) -> dict[str, Any]:
    """The event of a line; `steps` is how many the plan has, None where that is not known."""
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise Damaged(f"line {number} of its journal is no event")
    name = event["event"]
    if name not in EVENTS:
        raise Damaged(f"line {number} of its journal is an event that this version does not know: {name[:40]!r}")
    if name in STEPS and not _is_number(event.get("step"), 1, steps or 1_000_000):
        raise Damaged(f"line {number} of its journal names a step that the plan does not have")
    if name in WORKERS and not (
        _is_number(event.get("pid"), 1, PID_LIMIT)
        and _is_number(event.get("start"), 0, 1 << 63)
        and isinstance(event.get("boot"), str)
    ):
        raise Damaged(f"line {number} of its journal names an impossible process")
    if any(not isinstance(event.get(word, ""), str) for word in ("at", "why", "host", "kept")):
        raise Damaged(f"line {number} of its journal holds no text where one belongs")
    left = event.get("left", [])
    if not isinstance(left, list) or not all(isinstance(word, str) for word in left) or (left and name != "done"):
        raise Damaged(f"line {number} of its journal has steps left where none can be")
    return event


def _torn(line: str) -> bool:
    """Whether a line is the beginning of one, as a power cut leaves it."""
    return (line.startswith(START) or START.startswith(line)) and not line.endswith("}")


def read_events(data: bytes, steps: int | None = None) -> tuple[dict[str, Any], ...]:
    """The events of a journal, in order; Damaged says what is wrong with it.

    >>> [e["event"] for e in read_events(b'{"event": "apply", "pid": 7, "start": 1, "boot": ""}\\n{"event": "do')]
    ['apply']
    """
    if len(data) > JOURNAL_LIMIT:
        raise Damaged(f"its journal is longer than {JOURNAL_LIMIT} bytes")
    if not data.strip(b"\0"):
        raise Damaged("its journal holds nothing but zeros" if data else "its journal is empty")
    if not all(byte == 10 or 32 <= byte <= 126 for byte in data):
        raise Damaged("its journal holds bytes that no line of it has")
    found = []
    for number, line in enumerate(data.decode("ascii").split("\n"), 1):
        try:
            if len(line) > LINE_LIMIT:
                raise Damaged(f"line {number} of its journal is no event")
            event = json.loads(line)
        except Damaged:
            raise
        except (ValueError, RecursionError):
            if not _torn(line):
                raise Damaged(f"line {number} of its journal is no event") from None
            continue
        if json.dumps(event) != line:
            raise Damaged(f"line {number} of its journal is not as it was written")
        found.append(_checked(event, number, steps))
    if not found or found[0]["event"] != "apply":
        raise Damaged("its journal has lost its beginning")
    return tuple(found)
