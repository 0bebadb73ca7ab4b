"""Guests as rows: the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.finding.finding import Finding
from vfiotui.model.finding.report import count, of_guest
from vfiotui.model.guest.domain import Domain, UnreadGuest, Virt
from vfiotui.model.guest.running import Running, age_words, of_domain, percent, reached_at
from vfiotui.model.memory.guest_backing import GuestBacking
from vfiotui.tui.row import BLANK, Row, Run, row
from vfiotui.tui.screens.memory.words import gib
from vfiotui.tui.screens.pin.view import pin_words
from vfiotui.tui.text import clean, fit, wrap

MORE, TAIL = 100, 112
"""Cells from which USB, autostart and uptime are shown, and from which pins and screens are."""
DOCTOR = 18
"""Cells for two counts: "2 failed 13 warn"."""


def link_rows(virt: Virt | None, width: int) -> list[Row]:
    """How libvirt is reached, or why not and what to do."""
    if virt is None:
        return [row(("libvirt is being asked …", "accent"))]
    style = "dim" if virt.connected or not virt.uri else "warn"
    where = f"{virt.uri}: " if virt.uri and virt.connected else ""
    return [row((line, style)) for line in wrap(f"{where}{virt.detail}", width)]


def guest_rows(virt: Virt | None, findings: Sequence[Finding], running: Mapping[str, Running], width: int) -> list[Row]:
    """The list of guests, each with the counts of what is wrong with it, and what it uses while it runs."""
    if virt is None:
        return []
    if isinstance(virt.domains, Unread):
        return [row(("no guest can be shown; running ones run on, and screen 5 shows their threads", "dim"))]
    if not virt.names:
        where = "on this connection" if virt.connected else "in these files"
        return [row((f"no guest is defined {where}", "dim"))]
    most = 48 if width >= 156 else 20
    name = min(max(8, *(cell_len(clean(n)) for n in virt.names)), most)
    head = f"{'guest':{name}} {'state':11} {'doctor':{DOCTOR}} {'vCPU':>4} {'CPU':>7} {'memory':>8} {'PCI':>3}"
    head += f" {'USB':>3} {'auto':4} {'up':>7}" if width >= MORE else ""
    head += "  pins, screen" if width >= TAIL else ""
    rows = [row((fit(head, width), "head"))]
    rows += [_guest_row(d, of_guest(findings, d.name), of_domain(d, running), width, name) for d in virt.domains]
    return rows + [_unread_row(g, width, name) for g in virt.unread]


def other_rows(virt: Virt | None, guests: Reading[tuple[GuestBacking, ...]] | None, width: int) -> list[Row]:
    """Running virtual machines that this connection does not know: a plain QEMU, another user's, another VMM's."""
    if guests is None or isinstance(guests, Unread):
        return []
    domains = () if virt is None or isinstance(virt.domains, Unread) else virt.domains
    known = {d.name for d in domains if d.running}
    others = [g for g in guests if g.name not in known]
    if not others:
        return []
    name = min(max(8, *(cell_len(clean(g.name)) for g in others)), 48 if width >= 156 else 20)
    head = f"{'not of this connection':{max(name, 22)}} {'process':>10} {'memory':>8}"
    rows = [BLANK, row((fit(head, width), "head"))]
    for guest in others:
        size = "?" if isinstance(guest.memory_kib, Unread) else gib(guest.memory_kib)
        words = f"{fit(clean(guest.name), max(name, 22))} {guest.pid:>10} {size:>8}"
        rows.append(row((fit(words, width), "accent")))
    return [*rows, row(("they run without this libvirt: screen 5 shows their threads, 4 their pages", "dim"))]


def doctor_runs(findings: Sequence[Finding]) -> tuple[Run, ...]:
    """The counts of what is wrong, worst first, in one width; "ok" where nothing is, "?" where nobody has looked."""
    counts = count(findings)
    if not findings:
        return ((fit("?", DOCTOR), "dim"),)
    words = [
        (number, mark, style)
        for number, mark, style in (
            (counts.failed, "failed", "fail"),
            (counts.warnings, "warn", "warn"),
            (counts.not_checked, "unchecked", "unknown"),
            (counts.info, "info", "info"),
        )
        if number
    ][:2]
    runs: list[Run] = [(f"{number} {mark} ", style) for number, mark, style in words] or [("ok ", "holds")]
    if sum(len(text) for text, _ in runs) > DOCTOR:
        del runs[1:]
    return (*runs, (" " * max(DOCTOR - sum(len(text) for text, _ in runs), 0), ""))


def _unread_row(guest: UnreadGuest, width: int, name: int) -> Row:
    return row(
        (fit(guest.name, name), "unknown"),
        " ",
        (fit("not read", 11), "unknown"),
        " ",
        (fit(str(guest.why), max(width - name - 13, 0)), "unknown"),
        key=f"guest {guest.name}",
    )


def _guest_row(domain: Domain, findings: Sequence[Finding], use: Running | None, width: int, name: int) -> Row:
    pci = sum(h.kind == "pci" for h in domain.hostdevs)
    usb = sum(h.kind == "usb" for h in domain.hostdevs)
    style = "holds" if domain.running else "fail" if domain.state == "crashed" else "dim"
    more = f" {usb:>3} {'yes ' if domain.autostart else 'no  '} {_age(use):>7}" if width >= MORE else ""
    tail = "  ".join((pin_words(domain), *reached_at(domain))) if width >= TAIL else ""
    return row(
        (fit(domain.name, name), "accent" if domain.running else ""),
        " ",
        (fit(domain.state, 11), style),
        " ",
        *doctor_runs(findings),
        f" {domain.vcpus:>4} {_cpu(use):>7} {gib(domain.memory_kib):>8} {pci:>3}{more}",
        fit(f"  {tail}", max(width - name - 56 - DOCTOR, 0)) if tail else "",
        key=f"guest {domain.name}",
    )


def _cpu(use: Running | None) -> str:
    """What it keeps busy; nothing for a guest that is off, "?" where its process is not seen."""
    return "" if use is None else "?" if isinstance(use.cpu, Unread) else percent(use.cpu)


def _age(use: Running | None) -> str:
    """How long it has run, by the largest unit."""
    return "" if use is None else "?" if isinstance(use.age, Unread) else " ".join(age_words(use.age).split()[:2])
