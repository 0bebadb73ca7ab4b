"""A plan: ordered changes that a person can read, edit, carry elsewhere and apply as one."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from vfiotui.model.base.value import dataclass
from vfiotui.model.change.change import Change, Effect
from vfiotui.model.finding.finding import Risk

FORMAT = 1
Expected = tuple[str, tuple[str, ...]]
"""An address, and the drivers that may have it: one where it is sure, "" for none."""
Goal = tuple[str, str]
"""The name of a planner and its argument: ("cmdline.add", "iommu=pt")."""


class BadPlan(ValueError):
    """A sentence: what is wrong with a plan that was read."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that must hold before the first step; checked by apply/preflight.py."""

    name: str
    """program, space, mounted, absent, available, room."""
    subject: str
    value: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered changes with what must hold before them and what to do if the screen stays black."""

    title: str
    steps: tuple[Change, ...]
    goals: tuple[Goal, ...] = ()
    conditions: tuple[Condition, ...] = ()
    notes: tuple[str, ...] = ()
    """What no step does and a person should know or do."""
    escape: tuple[str, ...] = ()
    """How to come back when the next boot fails: words for the boot menu, entries, commands."""
    machine: str = ""
    """The fingerprint of the machine for which it was made; empty fits all."""
    forecast: tuple[Expected, ...] = ()
    """What the next boot makes of every device; empty where the plan changes nothing about it."""
    cmdline: str | None = None
    """The kernel's words of the next boot, where the plan changes them; None elsewhere."""
    chosen: tuple[tuple[str, str], ...] = ()
    """The addresses that vfio-pci shall have after the next boot, each with why it is not sure that it will."""
    released: tuple[tuple[str, str], ...] = ()
    """The addresses that the host's drivers shall have again, each with what no step edits, or why it is not sure."""
    left: tuple[Change, ...] = ()
    """What only a person can do, as `why`, with the look that finds whether it is true; no subject where none can."""

    @property
    def risk(self) -> Risk:
        """The worst of the steps."""
        return max((s.risk for s in self.steps), default=Risk.R0)

    @property
    def slug(self) -> str:
        """The title as a part of a folder's name."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")[:48].strip("-") or "change"

    @property
    def next_boot(self) -> tuple[str, ...]:
        """The devices that the plan is about, and others that vfio-pci has after the next boot or may have, each with
        its drivers; those of which it is not sure that it comes as planned come first, with why."""
        told, why = dict(self.forecast), dict((*self.chosen, *self.released))
        given = [b for b, drivers in self.forecast if any("vfio" in d for d in drivers) and b not in why]
        first = [b for b in why if why[b]]

        def line(bdf: str) -> str:
            drivers = " or ".join(d or "no driver" for d in told[bdf]) if bdf in told else "not known"
            return f"{bdf}: {drivers}" + (f": {why[bdf]}" if why.get(bdf) else "")

        rest = [b for b in (*(b for b, _ in self.forecast), *why) if b in {*why, *given} and b not in first]
        return tuple(line(b) for b in (*first, *dict.fromkeys(rest)))

    @property
    def waits_for_boot(self) -> bool:
        """Whether a part of it takes effect at reboot only."""
        return any(s.effect is Effect.BOOT for s in self.steps)


def text_of(content: bytes | None) -> str | None:
    """Content as text, when every byte of it survives the way there and back."""
    if content is None:
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _pack(content: bytes | None) -> Any:
    """Content for JSON: the lines with their ends, or base64 where it is no text."""
    if content is None:
        return None
    text = text_of(content)
    if text is None:
        return {"base64": base64.b64encode(content).decode()}
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _unpack(value: Any, where: str) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        try:
            return "".join(value).encode()
        except UnicodeEncodeError as error:
            raise BadPlan(f"{where} holds half a character: {error}") from error
    if isinstance(value, dict) and isinstance(value.get("base64"), str):
        try:
            return base64.b64decode(value["base64"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise BadPlan(f"{where} is no base64: {error}") from error
    raise BadPlan(f"{where} is neither null, a list of lines, nor base64")


def _step_to_json(step: Change) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": step.kind, "subject": step.subject, "why": step.why}
    found["risk"], found["effect"] = str(step.risk), str(step.effect)
    for name in ("argv", "back", "products", "wants", "bans"):
        if getattr(step, name):
            found[name] = list(getattr(step, name))
    if step.again:
        found["again"] = True
    if step.where:
        found["where"] = step.where
    if step.mode is not None:
        found["mode"] = f"{step.mode:04o}"
    if step.kind not in ("command", "look", "image", "path"):
        found["before"], found["after"] = _pack(step.before), _pack(step.after)
    return found


def to_json(plan: Plan) -> str:
    """The plan as a document that a person can edit; texts are lists of lines with their ends."""
    document = {
        "plan": FORMAT,
        "title": plan.title,
        "risk": str(plan.risk),
        "machine": plan.machine,
        "goals": [list(w) for w in plan.goals],
        "conditions": [{name: getattr(c, name) for name in Condition.__match_args__} for c in plan.conditions],
        "steps": [_step_to_json(s) for s in plan.steps],
        "notes": list(plan.notes),
        "escape": list(plan.escape),
        "forecast": {bdf: list(drivers) for bdf, drivers in plan.forecast},
        **({"chosen": dict(plan.chosen)} if plan.chosen else {}),
        **({"released": dict(plan.released)} if plan.released else {}),
        **({} if plan.cmdline is None else {"cmdline": plan.cmdline}),
        **({"left": [_step_to_json(s) for s in plan.left]} if plan.left else {}),
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def _text(source: Mapping[str, Any], name: str, where: str, otherwise: str | None = None) -> str:
    value = source.get(name, otherwise)
    if not isinstance(value, str):
        raise BadPlan(f"{where} has no text {name!r}")
    return value


def _texts(source: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = source.get(name, [])
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise BadPlan(f"{name!r} of {where} is no list of texts")
    return tuple(value)


def _flag(source: Mapping[str, Any], name: str, where: str) -> bool:
    value = source.get(name, False)
    if not isinstance(value, bool):
        raise BadPlan(f"{name!r} of {where} is neither true nor false")
    return value


def _maps(source: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = source.get(name, [])
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise BadPlan(f"{name!r} of the plan is no list of objects")
    return value


def _step(source: dict[str, Any], number: int) -> Change:
    where = f"step {number}"
    try:
        risk = Risk(_text(source, "risk", where, "R2"))
        effect = Effect(_text(source, "effect", where, "now"))
        mode = int(_text(source, "mode", where), 8) if "mode" in source else None
    except ValueError as error:
        raise error if isinstance(error, BadPlan) else BadPlan(f"{where}: {error}") from error
    if mode is not None and not 0 <= mode <= 0o7777:
        raise BadPlan(f"{where} has an impossible mode")
    return Change(
        kind=_text(source, "kind", where),
        subject=_text(source, "subject", where),
        why=_text(source, "why", where, ""),
        before=_unpack(source.get("before"), f"'before' of {where}"),
        after=_unpack(source.get("after"), f"'after' of {where}"),
        risk=risk,
        effect=effect,
        mode=mode,
        argv=_texts(source, "argv", where),
        back=_texts(source, "back", where),
        products=_texts(source, "products", where),
        again=_flag(source, "again", where),
        wants=_texts(source, "wants", where),
        bans=_texts(source, "bans", where),
        where=_text(source, "where", where, ""),
    )


def _condition(source: dict[str, Any]) -> Condition:
    found = Condition(*(_text(source, name, "a condition", "") for name in Condition.__match_args__))
    sized = found.name in ("space", "available")
    if sized and not (found.value.isascii() and found.value.isdigit() and len(found.value) < 20):
        raise BadPlan(f"the condition {found.name!r} of the plan has no number as its value")
    return found


def _left(source: dict[str, Any], number: int) -> Change:
    found = _step(source, number)
    if found.kind not in ("look", "image"):
        raise BadPlan(f"what is left to do (number {number}) is of the kind {found.kind!r}: only looks are")
    return found


def _forecast(source: Mapping[str, Any]) -> tuple[Expected, ...]:
    value = source.get("forecast", {})
    if not isinstance(value, dict) or not all(
        isinstance(drivers, list) and all(isinstance(d, str) for d in drivers) for drivers in value.values()
    ):
        raise BadPlan("'forecast' of the plan does not map addresses to lists of drivers")
    return tuple((bdf, tuple(drivers)) for bdf, drivers in value.items())


def _devices(source: Mapping[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    value = source.get(name, {})
    if not isinstance(value, dict) or not all(isinstance(why, str) for why in value.values()):
        raise BadPlan(f"{name!r} of the plan does not map addresses to texts")
    return tuple(value.items())


def from_json(text: str) -> Plan:
    """The plan in a document; BadPlan says what is wrong with it."""
    try:
        source = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadPlan(f"the plan is no JSON: {error}") from error
    if not isinstance(source, dict) or source.get("plan") != FORMAT:
        raise BadPlan(f"this is no plan of format {FORMAT}")
    goals = source.get("goals", source.get("wishes", []))
    if not isinstance(goals, list) or not all(
        isinstance(w, list) and len(w) == 2 and all(isinstance(p, str) for p in w) for w in goals
    ):
        raise BadPlan("'goals' of the plan is no list of pairs")
    conditions = tuple(map(_condition, _maps(source, "conditions")))
    return Plan(
        title=_text(source, "title", "the plan"),
        steps=tuple(_step(s, n) for n, s in enumerate(_maps(source, "steps"), 1)),
        goals=tuple((w[0], w[1]) for w in goals),
        conditions=conditions,
        notes=_texts(source, "notes", "the plan"),
        escape=_texts(source, "escape", "the plan"),
        machine=_text(source, "machine", "the plan", ""),
        forecast=_forecast(source),
        cmdline=_text(source, "cmdline", "the plan") if source.get("cmdline") is not None else None,
        chosen=_devices(source, "chosen"),
        released=_devices(source, "released"),
        left=tuple(_left(s, n) for n, s in enumerate(_maps(source, "left"), 1)),
    )
