"""Devices by group: what is chosen, how each is configured, on disk, booted and bound, and what the next boot does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from rich.cells import cell_len

from vfiotui.model.base.counted import counted
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

HEADS = ("configured", "on disk", "booted", "driver", "next boot")
SELECTED = "→vfio-pci"
"""What "next boot" shows of a selected device."""
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
    method: Method | None = None,
) -> list[Row]:
    """A line for every device that is no bridge, by group; `text` keeps only what holds it.

    "next boot" shows of selected devices what the plan is for, with an arrow: whether it works is the plan's answer.
    """
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
    along = {d.bdf for d in chosen.devices} if chosen else set()
    moved = along if chosen is not None and _moves(view, chosen, method) else set()
    words = {d.bdf: _words(d, view, d.bdf in moved) for d in shown_devices}
    address, kind, group = (
        max([least, *(cell_len(of(d)) + 1 for d in shown_devices)])
        for least, of in ((8, _address), (6, kind_of), (4, _group))
    )
    name, *cells = _shares(shown_devices, words, max(width - 5 - address - kind - group, 0))
    heads = "".join(fit(h, c) for h, c in zip(HEADS, cells, strict=True))
    head = f"     {'device':{address}}{'class':{kind}}{'grp':{group}}{fit('name', name)}{heads}"
    rows = [*verified_rows(facts, width), row((fit(head, width), "head"))]
    for device in shown_devices:
        mark = _mark(device.bdf, view, wanted, along)
        left = (_cell(_address(device), address), _cell(kind_of(device), kind), _cell(_group(device), group))
        rows.append(_line(device, view, mark, left, words[device.bdf], (name, *cells)))
    if not shown_devices:
        rows.append(
            row((f"no device matches {clean(text)!r}" if text else "there is no device besides bridges", "dim"))
        )
    return rows


def devices_title(view: Reading[IsolationView] | None) -> str:
    """The table's title: how many graphics cards there are, and how many of them the next boot gives to vfio-pci."""
    if view is None or isinstance(view, Unread):
        return "devices"
    cards = {d.slot for d in view.bus.devices if d.is_display}
    isolated = {d.slot for d in view.bus.devices if d.is_display and _goes_to_vfio(view, d.bdf)}
    return f"devices · {counted(len(cards), 'card')} · {len(isolated)} isolated at the next boot"


def _goes_to_vfio(view: IsolationView, bdf: str) -> bool:
    told = view.forecasts.get(bdf)
    return told is not None and told.given and told.sure


def about_title(view: Reading[IsolationView] | None, bdf: str) -> str:
    """The title of the pane about one device: its address."""
    known = view is not None and not isinstance(view, Unread) and view.bus.get(bdf) is not None
    return clean(bdf) if known else "device"


def _place(device: PciDevice) -> tuple[int, str]:
    return (device.group if isinstance(device.group, int) else 1 << 30), device.bdf


def _address(device: PciDevice) -> str:
    return short(device.bdf)


def _group(device: PciDevice) -> str:
    return "?" if isinstance(device.group, Unread) else shown(device.group)


def _moves(view: IsolationView, chosen: Choice, method: Method | None) -> bool:
    """Whether the choice binds its devices at boot; libvirt does it later, when the guest starts."""
    taken = method_of(view.methods(chosen), method)
    return taken is not None and taken.works and taken.method is not Method.DYNAMIC


def first_candidate(view: IsolationView) -> str:
    """The key of the row for the cursor to begin on: the first card that can be selected and stays with the host."""
    free = [
        d for d in view.bus.devices if not d.is_bridge and d.bdf in view.choices and not view.choices[d.bdf].refusals
    ]
    order = sorted(free, key=lambda d: (not d.is_display, _goes_to_vfio(view, d.bdf), d.boot_vga is True, *_place(d)))
    return f"device {order[0].bdf}" if order else ""


def _words(device: PciDevice, view: IsolationView, moves: bool) -> tuple[str, ...]:
    """What stands in the five columns."""
    columns, told = view.columns.get(device.bdf), view.forecasts.get(device.bdf)
    if columns is None:
        return ("", "", "", "", told.text if told else "")
    bound: Reading[str] = columns.bound if isinstance(columns.bound, Unread) else columns.bound or "none"
    four = (columns.configured, columns.on_disk, columns.booted, bound)
    return (
        *("?" if isinstance(c, Unread) else clean(c).replace(" + ", "+") or "–" for c in four),
        SELECTED if moves else told.text if told else "",
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
    if words[-1] == SELECTED:
        next_style = "accent"
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


def shortened(text: str, width: int, lines: int) -> list[str]:
    """The cleaned text in at most so many lines; the last one shows that it was cut.

    >>> shortened("a long sentence", 7, 2), shortened("a word", 7, 2)
    (['a long', 'senten…'], ['a word'])
    """
    found = wrap(text, width)
    return found if len(found) <= lines else [*found[: lines - 1], fit(" ".join(found[lines - 1 :]), width)]


def detail_rows(
    view: Reading[IsolationView] | None,
    bdf: str,
    chosen: Choice | None,
    method: Method | None,
    width: int,
    lines: int = 2,
) -> list[Row]:
    """The device under the cursor, and the choice with its method; a sentence has at most so many lines."""
    if view is None or isinstance(view, Unread):
        return []
    rows: list[Row] = []
    alone, told, columns = view.choices.get(bdf), view.forecasts.get(bdf), view.columns.get(bdf)
    device = view.bus.get(bdf)
    if alone is not None and device is not None:
        rows.append(row((fit(device.name, width).rstrip(), "head")))
        said = [(f"cannot be passed through: {'; '.join(alone.refusals)}", "fail")] if alone.refusals else []
        said += [(s, "warn") for s in (columns.drift if columns else ())]
        if columns and isinstance(columns.on_disk, Unread):
            said.append((f"on disk: unknown, {columns.on_disk}", "unknown"))
        said += [(f"next boot: {told.why} {told.advice}".strip(), "" if told.sure else "unknown")] if told else []
        for text, style in said:
            rows += [row((line, style)) for line in shortened(text, width, lines)]
    if chosen is None or not chosen.devices:
        return rows
    if chosen.added:
        by_why: dict[str, list[str]] = {}
        for other, why in chosen.reasons:
            by_why.setdefault(why.replace("0000:", ""), []).append(short(other))
        told_why = "; ".join(f"{', '.join(names)}: {why}" for why, names in by_why.items())
        rows += [
            row(("also assigned  " if not n else " " * 15, "head"), line)
            for n, line in enumerate(wrap(told_why, max(width - 15, 20))[:2])
        ]
    for refusal in chosen.refusals[:lines]:
        rows += [row((line, "fail")) for line in shortened(refusal, width, lines - 1)]
    for warning in chosen.warnings[: lines - 1]:
        rows += [row((line, "warn")) for line in shortened(warning, width, lines - 1)]
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
