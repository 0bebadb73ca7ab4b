"""What can happen to one device while the host boots, and every end that the order of it allows.

Inside of a moment the lanes run side by side: their events are put into every order that keeps each lane's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from vfiotui.model.base.value import dataclass, replace

VFIO = "vfio_pci"
STUB = "pci_stub"
"""Takes devices by its ids as vfio-pci does, and no guest gets them."""
PCIBACK = "xen_pciback"
"""Takes devices by their addresses for guests of Xen, in its dom0."""
HOLDERS = (VFIO, STUB, PCIBACK)
DRIVER = "vfio-pci"
HELD_BY = {VFIO: DRIVER, STUB: "pci-stub", PCIBACK: "pciback"}
"""Module → its driver, as sysfs shows it: those that keep a device from the host."""
STATES_LIMIT = 20_000
"""Far more than any honest configuration has."""


class Does(Enum):
    """Kinds of events."""

    LOAD = "a module is loaded"
    OVERRIDE = "driver_override is set"
    PROBE = "the bus offers the device to all drivers"
    RELEASE = "its driver is unbound"
    REMOVE = "the device is taken off the bus"
    UNKNOWN = "something runs that cannot be played"


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    does: Does
    name: str
    """The module, or the driver of an override."""
    text: str
    """A sentence fragment: "nouveau is loaded by udev in the initramfs"."""
    seen: tuple[tuple[str, str], ...] = ()
    """Path and what stands there."""
    takes: bool = False
    """A module: whether it claims the device by itself, vfio-pci by its ids."""
    first: Event | None = None
    """What a softdep line loads ahead of it."""
    may_fail: bool = False
    """A release that may never end."""
    refuses: bool = False
    """A module that claims the device and does not take it, for the reason that the text names."""


Lane = tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class State:
    """The device at one moment."""

    bound: str = ""
    """The module that holds it, or empty."""
    loaded: frozenset[tuple[str, bool]] = frozenset()
    """Modules with whether they claim it."""
    refused: frozenset[str] = frozenset()
    """Modules that are loaded and take no device."""
    override: str = ""
    trail: tuple[Event, ...] = ()
    """The events that decided."""
    gone: bool = False
    """Whether the device was taken off the bus."""
    unknown: str = ""
    """What happened that cannot be played; empty where all of it was."""

    @property
    def key(self) -> tuple[object, ...]:
        """The state without its history."""
        return self.bound, self.loaded, self.refused, self.override, self.gone, self.unknown


def _accepts(state: State, module: str, takes: bool) -> bool:
    if state.override:
        return HELD_BY.get(module, module).replace("-", "_") == state.override.replace("-", "_")
    return takes


def _after(state: State, event: Event) -> Iterable[State]:
    if state.gone or state.unknown:
        yield state
    elif event.does is Does.UNKNOWN:
        yield replace(state, unknown=event.text, trail=(*state.trail, event))
    elif event.does is Does.REMOVE:
        yield replace(state, gone=True, bound="", trail=(*state.trail, event))
    elif event.does is Does.LOAD:
        if event.first is not None:
            for between in _after(state, event.first):
                yield from _after(between, replace(event, first=None))
            return
        if event.name in state.refused or any(name == event.name for name, _ in state.loaded):
            yield state
            return
        asked = not state.bound and _accepts(state, event.name, event.takes)
        if event.refuses:
            state = replace(state, refused=state.refused | {event.name})
        else:
            state = replace(state, loaded=state.loaded | {(event.name, event.takes)})
        if asked:
            bound = "" if event.refuses else event.name
            state = replace(state, bound=bound, trail=(*state.trail, event))
        yield state
    elif event.does is Does.OVERRIDE:
        yield (
            state if state.override == event.name else replace(state, override=event.name, trail=(*state.trail, event))
        )
    elif event.does is Does.PROBE:
        able = sorted(n for n, takes in state.loaded if _accepts(state, n, takes))
        if state.bound or not able:
            yield state
        for name in able if not state.bound else ():
            yield replace(state, bound=name, trail=(*state.trail, event))
    else:
        if not state.bound or state.bound == VFIO or event.may_fail:
            yield state
        if state.bound and state.bound != VFIO:
            yield replace(state, bound="", trail=(*state.trail, event))


def play(moments: Iterable[tuple[Lane, ...]]) -> tuple[State, ...]:
    """Every state in which the device can be after the last moment, each with one way that leads there."""
    states: dict[object, State] = {State().key: State()}
    for lanes in _that_matter(tuple(moments)):
        shortened = tuple(dict.fromkeys(lane for lane in lanes if lane))
        ends: dict[object, State] = {}
        for state in states.values():
            ends.update({s.key: s for s in _orders(state, shortened)})
        states = ends
    return tuple(states.values())


def _that_matter(moments: tuple[tuple[Lane, ...], ...]) -> Iterable[tuple[Lane, ...]]:
    """The moments without loads of modules that never touch the device: a host may list thousands of them."""
    names: set[str] = set()
    todo = [event for lanes in moments for lane in lanes for event in lane]
    for event in todo:
        if event.does is Does.OVERRIDE:
            names.update((event.name.replace("-", "_"), *(m for m, name in HELD_BY.items() if name == event.name)))
        elif event.takes or event.refuses:
            names.add(event.name)
        if event.first is not None:
            todo.append(event.first)
    for lanes in moments:
        yield tuple(tuple(_shortened(lane, names)) for lane in lanes)


def _shortened(lane: Lane, names: set[str]) -> Iterable[Event]:
    """A lane with the loads of these modules only, each of them once: a second load does nothing."""
    met = set()
    for event in lane:
        told: Event | None = event
        while told is not None and told.does is Does.LOAD and (told.name not in names or told.name in met):
            told = told.first
        if told is not None:
            yield told
            if told.does is Does.LOAD:
                met.add(told.name)


def _orders(start: State, lanes: tuple[Lane, ...]) -> Iterable[State]:
    """All ends of all orders; what was reached in two ways is gone on from once."""
    todo = [((0,) * len(lanes), start)]
    met = {(todo[0][0], start.key)}
    ends: dict[object, State] = {}
    while todo and len(met) < STATES_LIMIT:
        places, state = todo.pop()
        if all(place == len(lane) for place, lane in zip(places, lanes, strict=True)):
            ends.setdefault(state.key, state)
        for index, lane in enumerate(lanes):
            if places[index] == len(lane):
                continue
            further = (*places[:index], places[index] + 1, *places[index + 1 :])
            for after in _after(state, lane[places[index]]):
                if (further, after.key) not in met:
                    met.add((further, after.key))
                    todo.append((further, after))
    if todo:
        lost = replace(start, unknown="more orders are possible than are played")
        ends.setdefault(lost.key, lost)
    return ends.values()
