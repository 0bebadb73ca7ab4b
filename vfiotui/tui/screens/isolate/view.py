"""Devices by group: what is chosen, how each is configured, on disk, booted and bound, and what the next boot does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from rich.cells import cell_len

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.boot.verification import newest_forecast, verify
from vfiotui.model.facts import Facts
from vfiotui.model.pci.binding_state import BindingState
from vfiotui.model.pci.functions import PciDevice, short
from vfiotui.plan.isolate.isolation_view import IsolationView
from vfiotui.plan.isolate.method import Method, Verdict
from vfiotui.plan.isolate.select import Choice
from vfiotui.tui.row import Row, Run, row
from vfiotui.tui.screens.host.groups import kind_of
from vfiotui.tui.text import clean, fit, shown, wrap

HEADS = ("configured", "on disk", "booted", "bound", "next boot")
FLOORS = (10, 11, 8, 7, 9, 10)
"""Cells that the name and the five columns have at the least, a blank included."""


def verified_rows(facts: Facts, width: int) -> list[Row]:
    """What this boot did against what was predicted; nothing where no change predicted one."""
    record = newest_forecast(or_else(facts.changes, ()))
    if record is None or isinstance(record.plan, Unread) or isinstance(facts.pci, Unread):
        return []
    if record.plan.waits_for_boot and record.state == "waiting for reboot":
        words: Run = (f"change {record.number:04d} waits for the next boot", "accent")
        return [row(words, ("   u undo", "key"))]
    found = verify(record.plan.forecast, facts.pci)
    right = sum(v.right for v in found)
    style = "holds" if right == len(found) else "fail"
    text = f"change {record.number:04d}: {right} of {len(found)} devices match the prediction"
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
    cards = [d for d in view.bus.devices if d.is_display]
    beside = {d.slot for d in cards} | {d.group for d in cards if isinstance(d.group, int)}
    shown_devices = [
        d for d in sorted(view.bus.devices, key=lambda d: (not {d.slot, d.group} & beside, *_place(d)))
        if not d.is_bridge and (not text or text.lower() in f"{d.bdf} {d.ids} {d.name}".lower())
    ]  # fmt: skip
    words = {d.bdf: _words(d, view) for d in shown_devices}
    address, kind, group = (
        max([least, *(cell_len(of(d)) + 1 for d in shown_devices)])
        for least, of in ((8, _address), (6, kind_of), (4, _group))
    )
    name, *cells = _shares(shown_devices, words, max(width - 5 - address - kind - group, 0))
    heads = "".join(fit(h, c) for h, c in zip(HEADS, cells, strict=True))
    head = f"give {'device':{address}}{'class':{kind}}{'grp':{group}}{fit('name', name)}{heads}"
    rows = [*verified_rows(facts, width), row((fit(head, width), "head"))]
    along = {d.bdf for d in chosen.devices} if chosen else set()
    for device in shown_devices:
        mark = _mark(device.bdf, view, wanted, along)
        left = (_cell(_address(device), address), _cell(kind_of(device), kind), _cell(_group(device), group))
        rows.append(_line(device, view, mark, left, words[device.bdf], (name, *cells)))
    if not shown_devices:
        rows.append(
            row((f"no device matches {clean(text)!r}" if text else "there is no device besides bridges", "dim"))
        )
    return rows


def _place(device: PciDevice) -> tuple[int, str]:
    return (device.group if isinstance(device.group, int) else 1 << 30), device.bdf


def _address(device: PciDevice) -> str:
    return short(device.bdf)


def _group(device: PciDevice) -> str:
    return "?" if isinstance(device.group, Unread) else shown(device.group)


def _words(device: PciDevice, view: IsolationView) -> tuple[str, ...]:
    """What stands in the five columns."""
    columns, told = view.columns.get(device.bdf), view.forecasts.get(device.bdf)
    if columns is None:
        return ("", "", "", "", told.text if told else "")
    bound: Reading[str] = columns.bound if isinstance(columns.bound, Unread) else columns.bound or "none"
    four = (columns.configured, columns.on_disk, columns.booted, bound)
    return (
        *("?" if isinstance(c, Unread) else clean(c).replace(" + ", "+") or "–" for c in four),
        told.text if told else "",
    )


def _shares(devices: Iterable[PciDevice], words: Mapping[str, tuple[str, ...]], room: int) -> list[int]:
    """Cells of the name and the five columns, a blank each included: what they need, or a fair part of the room."""
    needs = [max([len("name"), *(cell_len(clean(d.name)) for d in devices)]) + 1]
    needs += [max([len(h), *(cell_len(w[i]) for w in words.values())]) + 1 for i, h in enumerate(HEADS)]
    sizes = list(FLOORS)
    sizes[0] = min(max(min(room - sum(sizes[1:]), room // 3), sizes[0]), needs[0])
    for index in (4, 5, 1, 2, 3, 0):
        more = min(needs[index] - sizes[index], room - sum(sizes))
        sizes[index] += max(more, 0)
    return sizes


def _mark(bdf: str, view: IsolationView, wanted: Set[str], along: Set[str]) -> Run:
    if bdf in wanted:
        return "[x]", "accent"
    if bdf in along:
        return "[+]", "accent"
    return ("[-]", "dim") if view.choices[bdf].refusals else ("[ ]", "")


def _cell(text: str, width: int) -> str:
    """The text and a blank."""
    return fit(text, width - 1) + " "


def _line(
    device: PciDevice, view: IsolationView, mark: Run, left: tuple[str, str, str], words: tuple[str, ...],
    cells: tuple[int, ...],
) -> Row:  # fmt: skip
    columns: BindingState | None = view.columns.get(device.bdf)
    told = view.forecasts.get(device.bdf)
    drifts = columns is not None and bool(columns.drift)
    address, kind, group = left
    given = columns is not None and isinstance(columns.bound, str) and "vfio" in columns.bound
    next_style = "" if told is None else "holds" if told.given else "" if told.sure else "unknown"
    styles = ["accent", "accent", "accent", "holds" if given else "", next_style]
    return row(
        mark,
        ("! " if drifts else "  ", "warn"),
        (address, "accent" if device.is_display else ""),
        (kind, "dim"),
        (group, ""),
        (_cell(device.name, cells[0]), ""),
        *(
            (_cell(word, size), "unknown" if word == "?" else "dim" if word in ("–", "none") else style)
            for word, size, style in zip(words, cells[1:], styles, strict=True)
        ),
        key=f"device {device.bdf}",
    )


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
    device = view.bus.get(bdf)
    if alone is not None and device is not None:
        rows.append(row((clean(bdf), "head"), f"  {fit(device.name, max(width - len(bdf) - 2, 0)).rstrip()}"))
        said = [(f"cannot be passed through: {'; '.join(alone.refusals)}", "fail")] if alone.refusals else []
        said += [(s, "warn") for s in (columns.drift if columns else ())]
        if columns and isinstance(columns.on_disk, Unread):
            said.append((f"on disk: unknown, {columns.on_disk}", "unknown"))
        said += [(f"next boot: {told.why} {told.advice}".strip(), "" if told.sure else "unknown")] if told else []
        for text, style in said:
            rows += [row((line, style)) for line in wrap(text, width)[:2]]
    if chosen is None or not chosen.devices:
        return rows
    if chosen.added:
        names = ", ".join(short(b) for b in chosen.added)
        rows.append(row(("also assigned  ", "head"), fit(f"{names}: of the same slot or group", width - 12)))
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
