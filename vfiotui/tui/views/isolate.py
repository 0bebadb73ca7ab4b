"""Devices by group: what is chosen, how each is configured, on disk, booted and bound, and what the next boot does."""

from __future__ import annotations

from collections.abc import Iterable, Set

from vfiotui.model.columns import Columns
from vfiotui.model.facts import Facts
from vfiotui.model.pci import PciDevice, short
from vfiotui.model.reading import Reading, Unread, or_else
from vfiotui.model.verified import newest_forecast, verify
from vfiotui.plan.choose import Choice
from vfiotui.plan.isolation_view import IsolationView
from vfiotui.plan.method import Method, Verdict
from vfiotui.tui.row import Row, Run, row
from vfiotui.tui.text import clean, fit, shown, wrap
from vfiotui.tui.views.groups import kind_of

NARROW = (11, 9, 9, 9, 9)
WIDE = (18, 16, 16, 16, 24)
"""Cells of the columns: configured, on disk, booted, bound now, next boot."""
HEADS = ("configured", "on disk", "booted", "bound", "next boot")
LEFT = 25
"""Cells before the columns, without the name."""


def verified_rows(facts: Facts, width: int) -> list[Row]:
    """What this boot did against what was foretold; nothing where no change foretold one."""
    record = newest_forecast(or_else(facts.changes, ()))
    if record is None or isinstance(record.plan, Unread) or isinstance(facts.pci, Unread):
        return []
    if record.plan.waits_for_boot and record.state == "waiting for reboot":
        words: Run = (f"change {record.number:04d} waits for the next boot", "accent")
        return [row(words, ("   u undo", "key"))]
    found = verify(record.plan.forecast, facts.pci)
    right = sum(v.right for v in found)
    style = "holds" if right == len(found) else "fail"
    text = f"change {record.number:04d}: {right} of {len(found)} devices came as foretold"
    rows = [row((text, style), ("   u undo", "key"))]
    wrong = [v.sentence for v in found if not v.right]
    rows += [row((line, "fail")) for s in wrong[:3] for line in wrap(s, width)]
    return rows + ([row((f"and {len(wrong) - 3} more: vfiotui verify", "fail"))] if len(wrong) > 3 else [])


def isolate_rows(
    facts: Facts | None,
    view: Reading[IsolationView] | None,
    chosen: Choice | None,
    wanted: Set[str],
    text: str,
    width: int,
) -> list[Row]:
    """A line for every device that is no bridge, by group; `text` keeps only what holds it."""
    if facts is None or view is None:
        return [row(("reading the devices …", "accent"))]
    if isinstance(view, Unread):
        return [row((line, "unknown")) for line in wrap(f"the devices cannot be judged: {view}", width)]
    cells = WIDE if width >= 130 else NARROW
    name = max(width - LEFT - sum(cells), 4)
    heads = "".join(fit(h, c) for h, c in zip(HEADS, cells, strict=True))
    head = f"give {'device':8}{'class':7}{'grp':4}{fit('name', name)} {heads}"
    rows = [*verified_rows(facts, width), row((fit(head, width), "head"))]
    along = {d.bdf for d in chosen.devices} if chosen else set()
    shown_devices = [
        d for d in sorted(view.bus.devices, key=_by_group)
        if not d.is_bridge and (not text or text.lower() in f"{d.bdf} {d.ids} {d.name}".lower())
    ]  # fmt: skip
    for device in shown_devices:
        rows.append(_line(device, view, _mark(device.bdf, view, wanted, along), name, cells))
    if not shown_devices:
        rows.append(
            row((f"no device matches {clean(text)!r}" if text else "there is no device besides bridges", "dim"))
        )
    return rows


def _by_group(device: PciDevice) -> tuple[int, str]:
    group = device.group
    return (group if isinstance(group, int) else 1 << 30), device.bdf


def _mark(bdf: str, view: IsolationView, wanted: Set[str], along: Set[str]) -> Run:
    if bdf in wanted:
        return "[x]", "accent"
    if bdf in along:
        return "[+]", "accent"
    return ("[-]", "dim") if view.choices[bdf].refusals else ("[ ]", "")


def _cell(value: Reading[str], width: int, style: str) -> Run:
    if isinstance(value, Unread):
        return fit("?", width), "unknown"
    return fit(value.replace(" + ", "+") or "–", width - 1) + " ", style if value else "dim"


def _line(device: PciDevice, view: IsolationView, mark: Run, name: int, cells: tuple[int, ...]) -> Row:
    columns: Columns | None = view.columns.get(device.bdf)
    told = view.forecasts.get(device.bdf)
    drifts = columns is not None and bool(columns.drift)
    runs: list[Run] = [
        mark,
        ("! " if drifts else "  ", "warn"),
        (fit(short(device.bdf), 8), "accent" if device.is_display else ""),
        (fit(kind_of(device), 6) + " ", "dim"),
        (fit(shown(device.group), 4), ""),
        (fit(device.name, name) + " ", ""),
    ]
    if columns is not None:
        given = isinstance(columns.bound, str) and "vfio" in columns.bound
        bound: Reading[str] = columns.bound if isinstance(columns.bound, Unread) else columns.bound or "none"
        runs += [
            _cell(columns.configured, cells[0], "accent"),
            _cell(columns.on_disk, cells[1], "accent"),
            _cell(columns.booted, cells[2], "accent"),
            _cell(bound, cells[3], "holds" if given else ""),
        ]
    if told is not None:
        runs.append((fit(told.text, cells[4]), "holds" if told.given else "" if told.sure else "unknown"))
    return row(*runs, key=f"device {device.bdf}")


def method_of(methods: Iterable[Verdict], named: Method | None) -> Verdict | None:
    """The method that a person named, else the simplest that works."""
    return next((v for v in methods if (v.works if named is None else v.method is named)), None)


def detail_rows(
    view: Reading[IsolationView] | None, bdf: str, chosen: Choice | None, method: Method | None, width: int
) -> list[Row]:
    """The device under the cursor, and the choice with its method."""
    if view is None or isinstance(view, Unread):
        return []
    rows: list[Row] = []
    alone, told, columns = view.choices.get(bdf), view.forecasts.get(bdf), view.columns.get(bdf)
    if alone is not None:
        said = [(f"cannot be given away: {'; '.join(alone.refusals)}", "fail")] if alone.refusals else []
        said += [(s, "warn") for s in (columns.drift if columns else ())]
        said += [(f"next boot: {told.why} {told.advice}".strip(), "" if told.sure else "unknown")] if told else []
        for text, style in said:
            lines = wrap(f"{short(bdf)}  {text}", width)
            rows += [row((line, style)) for line in lines[:2]]
    if chosen is None or not chosen.devices:
        return rows
    if chosen.added:
        names = ", ".join(short(b) for b in chosen.added)
        rows.append(row(("goes along  ", "head"), fit(f"{names}: of the same slot or group", width - 12)))
    for refusal in chosen.refusals[:2]:
        rows.append(row((fit(refusal, width), "fail")))
    for warning in chosen.warnings[:1]:
        rows.append(row((fit(warning, width), "warn")))
    taken = method_of(view.methods(chosen), method)
    if taken is not None:
        style = "" if taken.works else "fail"
        rows.append(row(("method  ", "head"), (fit(f"{taken.method}: {taken.why}", width - 8), style)))
    return rows


def method_rows(methods: Iterable[Verdict], width: int) -> list[Row]:
    """Every method with its reason; those that do not do here are shown and cannot be chosen."""
    rows = []
    for verdict in methods:
        lines = wrap(verdict.why, max(width - 12, 20))
        key = f"method {verdict.method}" if verdict.works else ""
        rows.append(row((f"{verdict.method:12}", "head" if key else "dim"), (lines[0], "" if key else "dim"), key=key))
        rows += [row(" " * 12, (line, "dim")) for line in lines[1:]]
    return rows
