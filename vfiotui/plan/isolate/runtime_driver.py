"""Running devices: taken from their host drivers for vfio-pci now, or given back, without a reboot."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.change.change import Effect, bind_driver, bind_host_driver
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk
from vfiotui.model.pci.functions import PciDevice
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.isolate.isolate import addresses
from vfiotui.plan.isolate.select import choose

VFIO = "vfio-pci"


def _guest_of(facts: Facts, device: PciDevice) -> str | None:
    """The running guest that has the device."""
    domains = () if isinstance(facts.virt, Unread) else or_else(facts.virt.domains, ())
    return next(
        (d.name for d in domains if d.running and any(h.kind == "pci" and h.address == device.bdf for h in d.hostdevs)),
        None,
    )


def _managing(facts: Facts, device: PciDevice) -> tuple[str, ...]:
    """Guests to which libvirt gives the device by itself."""
    domains = () if isinstance(facts.virt, Unread) else or_else(facts.virt.domains, ())
    return tuple(d.name for d in domains if any(h.address == device.bdf and h.managed for h in d.pci_hostdevs))


def _holders(draft: Draft, device: PciDevice) -> None:
    """Names who holds the device; one that a driver waits for without end is refused."""
    found = draft.facts.holders
    if isinstance(found, Unread):
        draft.note(f"who holds {device.bdf} could not be seen ({found}): an unbind waits for them")
        return
    names: dict[str, None] = {}
    for holder in found.found:
        if holder.bdf == device.bdf or (holder.group is not None and holder.group == device.group):
            names[f"{holder.who} through {holder.node}"] = None
    if names and not any("/dev/snd/" not in name for name in names):
        draft.note(f"{device.bdf} is held by {', '.join(names)}: their sound ends")
    elif names:
        raise PlanError(f"{device.bdf} is held by {', '.join(names)}: stop them first, or its driver never lets go")
    if found.gap:
        draft.note(f"not everybody who may hold {device.bdf} was seen: {found.gap}")


def _bound(device: PciDevice) -> str | None:
    if isinstance(device.driver, Unread):
        raise PlanError(f"which driver has {device.bdf} cannot be seen: {device.driver}")
    return device.driver


def _bind(draft: Draft, argument: str) -> None:
    choice = choose(draft.facts, addresses(argument))
    if choice.refusals:
        raise PlanError("; ".join(choice.refusals))
    loaded = draft.facts.modules
    if isinstance(loaded, Unread) or (not isinstance(loaded.loaded, Unread) and "vfio_pci" not in loaded.loaded):
        draft.run(("modprobe", VFIO), "load vfio-pci", Phase.RUNTIME, products=(), risk=Risk.R1, effect=Effect.NOW)
    for device in choice.devices:
        bound = _bound(device)
        for guest in _managing(draft.facts, device):
            draft.note(f"libvirt gives {device.bdf} to {guest} by itself when it starts: this is not needed for it")
        if bound != VFIO:
            _holders(draft, device)
            risk = Risk.R3 if device.is_display else Risk.R1
            draft.add(
                bind_driver(device.bdf, bound, VFIO, f"give {device.bdf} to vfio-pci now", risk=risk), Phase.RUNTIME
            )
    for warning in choice.warnings:
        draft.note(warning)
    draft.note("it lasts until the next boot; libvirt does the same by itself where the guest says managed='yes'")


def _release(draft: Draft, argument: str) -> None:
    choice = choose(draft.facts, addresses(argument))
    if not choice.devices:
        raise PlanError("; ".join(choice.refusals))
    for device in choice.devices:
        guest = _guest_of(draft.facts, device)
        if guest:
            raise PlanError(f"{device.bdf} is in use by the guest {guest}: shut it down first")
        bound = _bound(device)
        if bound is None or "vfio" not in bound:
            continue
        _holders(draft, device)
        own = tuple(m for m in or_else(device.modules, ()) if not m.startswith("vfio"))
        if own:
            draft.run(
                # Of several that claim a card, blacklisted ones are left out as at a boot: cirrusfb beside cirrus.
                ("modprobe", "-a", "-b", *own),
                f"load {', '.join(own)}",
                Phase.RUNTIME,
                products=(),
                risk=Risk.R1,
                effect=Effect.NOW,
            )
        draft.add(bind_host_driver(device.bdf, bound, f"give {device.bdf} back to the host", own), Phase.RUNTIME)


PLANNERS = (
    Planner("driver.vfio", "BDF,…", "bind running devices to vfio-pci until the next boot", "Bind {} now", _bind),
    Planner("driver.host", "BDF,…", "give running devices back to the host's drivers now", "Give {} back", _release),
)
