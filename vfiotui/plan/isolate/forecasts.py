"""The next boot of every device over all boots that may come: one forecast for each candidate, put together."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.boot.next_boot import NextBoot, narrowed
from vfiotui.model.boot.prediction import NOBODY, Forecast
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.change.plan import Plan
from vfiotui.model.facts import Facts
from vfiotui.plan.isolate.boot_event import DRIVER
from vfiotui.plan.isolate.prediction import forecast


def forecasts(
    facts: Facts, snapshot: ConfigSnapshot, boots: tuple[NextBoot, ...], plan: Plan | None = None
) -> Reading[tuple[Forecast, ...]]:
    """The next boot of every device, in order of the addresses; Unread where the bus or the boot chain is.

    What the candidates of the boot path would do differently is kept as several outcomes, with what leaves it open.
    """
    found: list[tuple[str, tuple[Forecast, ...]]] = []
    for boot in boots:
        told = forecast(narrowed(facts, boot), snapshot, boot.image, plan)
        if isinstance(told, Unread):
            return told
        found.append(("" if boot.entry is None else boot.entry.name, told))
    if len(found) == 1:
        return found[0][1]
    path = None if isinstance(facts.boot, Unread) else facts.boot.path
    left_open = "" if path is None or isinstance(path, Unread) else path.open
    return tuple(
        _together([(name, told[i]) for name, told in found], left_open) for i in range(min(len(t) for _, t in found))
    )


def _together(told: list[tuple[str, Forecast]], left_open: str) -> Forecast:
    """One forecast of those of the candidates."""
    first = told[0][1]
    if all(one.outcomes == first.outcomes for _, one in told):
        return first
    outcomes = dict.fromkeys(o for _, one in told for o in one.outcomes)
    ordered = tuple(sorted(outcomes, key=lambda o: (o != DRIVER, o == NOBODY, o)))
    each = "; ".join(f"entry '{name}' gives {one.text}" for name, one in told)
    why = f"{left_open.rstrip('.') or 'Several entries may be started'}: {each}."
    evidence = dict.fromkeys(e for _, one in told for e in one.evidence)
    hint = next((one.advice for _, one in told if one.advice), "")
    return Forecast(first.bdf, ordered, why, tuple(evidence), hint)
