"""Where a finding leads: the device, the guest and the files that it speaks of."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.facts import Facts
from vfiotui.model.finding.concern import domains_of, subjects_of
from vfiotui.model.finding.finding import Finding
from vfiotui.model.pci.functions import BDF
from vfiotui.tui.row import Row, row
from vfiotui.tui.text import clean, fit


@dataclass(frozen=True, slots=True)
class Place:
    """One place to go to."""

    kind: str
    """device, guest or file."""
    name: str
    """An address, a guest's name or a path."""
    line: int = 0
    """Of a file, from 1; 0 where there is none."""

    @property
    def key(self) -> str:
        """What tells it from other places."""
        return f"{self.kind} {self.name}"


def split_line(path: str) -> tuple[str, int]:
    """A path and the line number behind it, 0 where there is none.

    >>> split_line("/etc/modprobe.d/vfio.conf:3")
    ('/etc/modprobe.d/vfio.conf', 3)
    >>> split_line("/sys/bus/pci/devices/0000:01:00.0/reset_method")
    ('/sys/bus/pci/devices/0000:01:00.0/reset_method', 0)
    """
    head, colon, tail = path.rpartition(":")
    return (head, int(tail)) if colon and tail.isdigit() and tail[0] != "0" and len(tail) < 8 else (path, 0)


def places_of(finding: Finding, facts: Facts) -> tuple[Place, ...]:
    """The places of a finding that this machine has: devices first, then guests, then files."""
    found: list[Place] = []
    bus = None if isinstance(facts.pci, Unread) else facts.pci
    words = " ".join((finding.subject, finding.sentence, *(e.path for e in finding.evidence)))
    for bdf in BDF.findall(words):
        if bus is not None and bus.get(bdf) is not None:
            found.append(Place("device", bdf))
    for domain in domains_of(facts):
        if finding.subject in subjects_of(domain, facts) or finding.subject.startswith(f"{domain.name} "):
            found.append(Place("guest", domain.name))
    for evidence in finding.evidence:
        if evidence.path.startswith("/"):
            found.append(Place("file", *split_line(evidence.path)))
    return tuple(dict.fromkeys(found))


def place_rows(places: tuple[Place, ...], facts: Facts, width: int) -> list[Row]:
    """One line for each place, with its key."""
    rows = [row(("Enter goes there:", "head"))] if places else []
    for place in places:
        text = f"{place.name}:{place.line}" if place.line else place.name
        rows.append(
            row((f"{place.kind:7}", "accent"), fit(f"{text}{_more(place, facts)}", max(width - 7, 10)), key=place.key)
        )
    return rows


def _more(place: Place, facts: Facts) -> str:
    if place.kind == "device" and not isinstance(facts.pci, Unread):
        device = facts.pci.get(place.name)
        return "" if device is None else f"  {clean(device.name)}"
    if place.kind == "guest":
        return "".join(f"  {d.state}" for d in domains_of(facts) if d.name == place.name)
    return ""
