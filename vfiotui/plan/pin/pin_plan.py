"""From a wanted pinning to a plan: the stored definition, the running threads, or both."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.formats.domain_xml.xml_text import decode
from vfiotui.model.change.change import Change, Effect, define_domain, write_file
from vfiotui.model.change.plan import Plan
from vfiotui.model.cpu.pinning import Pinning, pins_text
from vfiotui.model.cpu.topology import CpuSet, Topology
from vfiotui.model.finding.finding import Risk
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.plan.draft import ANY_NAME, PlanError
from vfiotui.plan.pin.xml import changes, with_pinning

WRITES = (rf"/etc/libvirt/qemu/{ANY_NAME}\.xml",)
"""Definitions on a mounted disk, where no libvirt takes them."""
NONE: CpuSet = frozenset()
BOTH, CONFIG, LIVE = "running guest and definition", "definition only", "running guest only"
SCOPES = {BOTH: (True, True), CONFIG: (True, False), LIVE: (False, True)}
"""What a plan may change, the widest first: the stored definition, the running threads."""


def widest(guest: StoredGuest) -> str:
    """The widest scope that the guest allows; PlanError where it neither runs nor has a stored definition."""
    stored, running = guest.definition is not None, guest.running is not None
    if not stored and not running:
        raise PlanError(f"{guest.name} neither runs nor has a stored definition")
    return BOTH if stored and running else CONFIG if stored else LIVE


def plan_pins(
    guest: StoredGuest, wanted: Pinning, topology: Topology | None, scope: str, failures: Sequence[str] = ()
) -> Plan:
    """The plan; PlanError says why there is none. A pinning that is there already gives no step.

    With the host's topology the guest's processor is tuned to the pinning, too. `failures` are half sentences: what
    is wrong with the pinning all the same; the plan bears them as notes.
    """
    config, live = SCOPES[scope]
    steps: list[Change] = []
    notes: list[str] = []
    if config:
        steps += _stored(guest, wanted, topology)
    if live:
        steps += _running(guest, wanted, notes)
    elif guest.running is not None and config and steps:
        notes.append(f"{guest.name} runs on as it is until its next start")
    notes += [f"with these pins, {words}" for words in failures]
    return Plan(f"Pin {guest.name}", tuple(steps), notes=tuple(notes))


def _stored(guest: StoredGuest, wanted: Pinning, topology: Topology | None) -> list[Change]:
    if guest.definition is None:
        raise PlanError(f"{guest.name} has no stored definition: it can be pinned while it runs only (--live)")
    try:
        text, encoding = decode(guest.definition)
        edited = with_pinning(text, wanted, topology)
    except ValueError as error:
        raise PlanError(f"the definition of {guest.name} cannot be edited: {error}") from error
    after = edited.encode(encoding)
    if after == guest.definition:
        return []
    said = changes(text, edited)
    why = f"the definition of {guest.name} gets its pins: {'; '.join(said[:3])}{' …' if len(said) > 3 else ''}"
    if guest.file:
        return [write_file(guest.file, guest.definition, after, why, risk=Risk.R2, effect=Effect.GUEST)]
    return [define_domain(guest.name, guest.definition, after, why, where=guest.where)]


def _running(guest: StoredGuest, wanted: Pinning, notes: list[str]) -> list[Change]:
    if guest.running is None:
        raise PlanError(f"{guest.name} does not run: change its definition (--config)")
    pins = {name: wanted.where(name) or NONE for name in wanted.threads}
    # A vCPU that is off has no thread, unless someone switched it on meanwhile.
    off = {f"v{number}" for number in wanted.off}
    absent = [name for name in pins if name not in guest.running and pins[name] and name not in off]
    extra = [name for name in guest.running if name not in pins]
    if absent or extra:
        notes.append(
            f"{guest.name} runs with other threads than it will have ({', '.join([*absent, *extra][:4])}): "
            "those are pinned at its next start"
        )
    new = {name: cpus for name, cpus in pins.items() if name in guest.running and cpus != guest.running[name]}
    if not new:
        return []
    old = {name: guest.running[name] for name in new}
    why = f"{len(new)} running threads of {guest.name} move"
    before, after = pins_text(old).encode(), pins_text(new).encode()
    return [Change("pins", guest.name, why, before, after, Risk.R1, Effect.NOW, where=guest.where)]
