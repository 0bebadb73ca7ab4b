"""Goals by which a guest gets a USB device whenever it is plugged in or the guest starts: by port, or by ids."""

from __future__ import annotations

import re
from collections.abc import Iterable

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.usb_follow import units
from vfiotui.formats.usb_follow.script import script
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import Effect, run_command, set_link
from vfiotui.model.finding.finding import Risk
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.usb_follow import PATH, Follow, follows_of, root_speed
from vfiotui.model.pci.usb import DEVICE_PATH, Usb
from vfiotui.model.pci.usb_use import usb_use
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.guest.guest_hook import GuestHook, guest_named, leave, serve
from vfiotui.plan.guest.usb_named import kind_of, usb_of

WRITES = (re.escape(PATH),)
HOOK = GuestHook(units.HOOK, units.hook, units.hook_guests)
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
OWN: dict[str, tuple[str, int]] = {
    units.SCRIPT: (script(), 0o755),
    units.SERVICE: (units.SERVICE_TEXT, 0o644),
    units.WATCH: (units.WATCH_TEXT, 0o644),
}
"""Files that are the same for all rules."""


def _rules(draft: Draft) -> tuple[Follow, ...]:
    text = draft.text(PATH)
    found, strange = follows_of(text or "")
    if strange:
        raise PlanError(f"{PATH} holds what is no rule ({strange[0][:80]!r}): correct or remove that line first")
    return found


def _guest(draft: Draft, name: str) -> Domain:
    domain = guest_named(draft, name)
    stored = draft.snapshot.guests.get(name)
    if stored is not None and not isinstance(stored, Unread) and stored.elsewhere:
        raise PlanError(f"{name} runs on another host: rules are made there")
    if not UUID.fullmatch(domain.uuid):
        raise PlanError(f"{name} has no UUID that can be read: start it once, or define it anew")
    return domain


def _wanted(draft: Draft, domain: Domain, word: str) -> tuple[Follow, ...]:
    """The rules for a word: one, or two for a port whose socket has a name on a bus of USB 3, too."""
    kind = kind_of(word)
    if kind == "number":
        raise PlanError(f"{word} is another number each time it is plugged in: follow a port or ids")
    if kind == "ids":
        return (Follow(domain.name, domain.uuid, ids=word.lower()),)
    usb = usb_of(draft)
    controller = usb.controller_of(word)
    if controller is None:
        raise PlanError(f"this host has no bus {word.partition('-')[0]}: 'vfiotui usb list --ports' names the ports")
    mates = [other for port, other in controller.peers if port == word]
    if not _exists(usb, word):
        raise PlanError(f"there is no port {word}: 'vfiotui usb list --ports' names the ports")
    found = []
    for port in (word, *mates):
        bus, _, chain = port.partition("-")
        speed = root_speed(controller, int(bus))
        if not speed:
            raise PlanError(
                f"the speed of bus {bus}, by which the buses of a controller are known apart, cannot be read"
            )
        found.append(Follow(domain.name, domain.uuid, controller=controller.bdf, speed=speed, chain=chain))
    if mates:
        draft.note(f"{word} and {' and '.join(mates)} are one socket, for USB 2 and for USB 3: both are followed")
    return tuple(found)


def _exists(usb: Usb, port: str) -> bool:
    """Whether the hub that a port would be of has it; a hub that does not say how many it has is believed."""
    if any(d.path == port for d in usb.devices):
        return True
    controller = usb.controller_of(port)
    bus, _, chain = port.partition("-")
    above, dot, last = port.rpartition(".")
    root = None if controller is None else controller.root(int(bus))
    hub = next((d for d in usb.devices if d.path == above), None) if dot else root
    if hub is None:
        # A hub that is not plugged in now may be so later.
        return bool(dot)
    if not hub.is_hub:
        return False
    return isinstance(hub.ports, Unread) or not hub.ports or int(last if dot else chain) <= hub.ports


def _must_suit(draft: Draft, wanted: Iterable[Follow], word: str) -> None:
    """PlanError where the host needs what sits there now, or another guest follows it."""
    usb = draft.facts.usb
    if isinstance(usb, Unread):
        return
    for controller in usb.controllers:
        for device in controller.devices:
            if any(f.means(device, controller) for f in wanted):
                needs = usb_use(device, draft.facts.host_use, draft.facts.virt).needs
                if needs:
                    raise PlanError(
                        f"the host needs what is plugged in there: {device.label or device.path} ({device.path}), "
                        f"{needs[0]}; plug it in elsewhere first"
                    )
        if any(not f.ids and f.controller == controller.bdf for f in wanted):
            draft.note(
                f"to pass the controller {controller.bdf} whole is the better way where 'vfiotui usb list' says it "
                "can be: a guest then has all its ports, without this host in between"
            )


def _follow(draft: Draft, argument: str) -> None:
    guest, _, word = argument.partition("/")
    domain = _guest(draft, guest)
    if "systemctl" not in draft.snapshot.programs:
        raise PlanError("no systemd was found here, which starts the replay: 'vfiotui usb attach' gives a device once")
    if "virsh" not in draft.snapshot.programs:
        raise PlanError(
            "virsh was not found here, which gives the devices: install libvirt-clients (Debian) or libvirt-client"
        )
    there = _rules(draft)
    wanted = _wanted(draft, domain, word)
    _must_suit(draft, wanted, word)
    for rule in wanted:
        other = next((f for f in there if _same(f, rule) and f.uuid != domain.uuid), None)
        if other is not None:
            raise PlanError(f"{other.guest} follows {word} already: 'vfiotui usb unfollow {other.guest} {word}' first")
    new = tuple(f for f in wanted if not any(_same(f, t) for t in there))
    if not new:
        return
    why = f"{guest} gets {word} when it is plugged in, and when it starts"
    _write_all(draft, (*there, *new), why)
    if guest not in _served(draft):
        serve(draft, HOOK, guest, f"have {guest} get what it follows when it starts")
    _turn_on(draft, why)
    draft.note("what the host has mounted is left with the host; the journal of vfiotui-usb.service says so")
    if not isinstance(draft.facts.usb, Unread) and kind_of(word) == "ids":
        alike = [d.path for d in draft.facts.usb.devices if d.ids == word.lower()]
        if len(alike) > 1:
            draft.note(
                f"{guest} gets each of the devices {word}: {', '.join(alike)}; follow a port to mean one of them"
            )


def _same(one: Follow, other: Follow) -> bool:
    """Whether two rules mean the same, whichever guest they give it to."""
    names = ("ids", "controller", "speed", "chain")
    return all(getattr(one, n) == getattr(other, n) for n in names)


def _served(draft: Draft) -> tuple[str, ...]:
    text = draft.text(HOOK.path)
    return units.hook_guests(text) if text is not None else ()


def _write_all(draft: Draft, follows: tuple[Follow, ...], why: str) -> None:
    """The rules, and the files that are the same for all of them."""
    for path in (*OWN, units.RULES):
        _must_be_ours(draft, path)
    for path, (text, mode) in OWN.items():
        draft.write(path, text, "give USB devices to running guests", Phase.HOST_FILE, risk=Risk.R2, effect=Effect.NOW,
                    mode=mode)  # fmt: skip
    draft.write(PATH, units.config(follows), why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.NOW, mode=0o644)
    text = units.rules(follows)
    draft.write(units.RULES, text, why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.NOW, mode=0o644)


def _must_be_ours(draft: Draft, path: str) -> None:
    text = draft.text(path)
    if text is not None and "Made by vfiotui" not in text[:200]:
        raise EditRefused(f"{path} was not written by vfiotui: move it elsewhere.", 1, text.partition("\n")[0])


def _turn_on(draft: Draft, why: str) -> None:
    """systemd watches for the file that starts the replay, from now on and after each boot."""
    link = draft.snapshot.unit_links.get(units.WANTED)
    if link is None and not draft.changes(units.WANTED):
        target = units.WATCH
        draft.add(
            set_link(units.WANTED, None, target, "watch after each boot", risk=Risk.R1, effect=Effect.BOOT),
            Phase.RUNTIME,
        )
    if isinstance(draft.facts.usb, Unread):
        # A system that does not run.
        return
    _systemctl(draft, ("daemon-reload",), (), "systemd reads the units", again=True)
    _systemctl(draft, ("start", WATCHED), ("stop", WATCHED), "watch from now on")
    _systemctl(draft, ("start", "--no-block", "vfiotui-usb.service"), (), why)


WATCHED = "vfiotui-usb.path"


def _systemctl(draft: Draft, words: tuple[str, ...], back: tuple[str, ...], why: str, again: bool = False) -> None:
    undo = ("systemctl", *back) if back else ()
    step = run_command(("systemctl", *words), why, back=undo, again=again, risk=Risk.R2, effect=Effect.NOW)
    draft.add(step, Phase.GUEST)


def _unfollow(draft: Draft, argument: str) -> None:
    guest, _, word = argument.partition("/")
    there = _rules(draft)
    mine = [f for f in there if f.guest == guest]
    if not mine:
        raise PlanError(f"{guest} follows no USB device: 'vfiotui usb list' shows who does")
    gone = mine if word == "all" else [f for f in mine if _named(draft, f, word)]
    if not gone:
        known = ", ".join(f.words(_usb(draft)) for f in mine)
        raise PlanError(f"{guest} does not follow {word}; it follows: {known}")
    left = tuple(f for f in there if f not in gone)
    why = f"{guest} no longer gets {word} by itself"
    if left:
        _write_all(draft, left, why)
    else:
        _remove_all(draft, why)
    if not any(f.guest == guest for f in left) and guest in _served(draft):
        leave(draft, HOOK, guest, f"have {guest} get nothing at its start any more")
    draft.note(f"what {guest} has now it keeps: 'vfiotui usb detach {guest} DEVICE' takes it")


def _usb(draft: Draft) -> Usb | None:
    return None if isinstance(draft.facts.usb, Unread) else draft.facts.usb


def _named(draft: Draft, follow: Follow, word: str) -> bool:
    """Whether a word names a rule: ids, or a port by one of the names of its socket."""
    if follow.ids:
        return follow.ids == word.lower()
    usb = _usb(draft)
    if usb is None or not DEVICE_PATH.fullmatch(word):
        return word == follow.chain
    controller = usb.controller_of(word)
    if controller is None:
        return False
    names = (word, *(other for port, other in controller.peers if port == word))
    return any(
        follow.is_at(controller, int(n.partition("-")[0])) and follow.chain == n.partition("-")[2] for n in names
    )


def _remove_all(draft: Draft, why: str) -> None:
    """Nothing is followed any more: files, link and watch go."""
    live = not isinstance(draft.facts.usb, Unread)
    if live and "systemctl" in draft.snapshot.programs:
        stop = run_command(
            ("systemctl", "stop", WATCHED), "watch no longer", back=("systemctl", "start", WATCHED), risk=Risk.R2,
            effect=Effect.NOW,
        )  # fmt: skip
        draft.add(stop, Phase.RUNTIME)
    link = draft.snapshot.unit_links.get(units.WANTED)
    if link is not None:
        draft.add(
            set_link(units.WANTED, link, None, "no longer watch after a boot", risk=Risk.R1, effect=Effect.BOOT),
            Phase.RUNTIME,
        )
    for path in (PATH, units.RULES, *OWN):
        _must_be_ours(draft, path)
        draft.write(path, None, why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.NOW)
    if live and "systemctl" in draft.snapshot.programs:
        _systemctl(draft, ("daemon-reload",), (), "systemd forgets the units", again=True)


def _reads(argument: str) -> tuple[str, ...]:
    return (PATH, units.RULES, *OWN)


PLANNERS = (
    Planner(
        "usb.follow", "GUEST/DEVICE", "give a guest what is plugged into a port, or has these ids, always",
        "{1} follows USB {2}", _follow, _reads,
    ),
    Planner(
        "usb.unfollow", "GUEST/DEVICE", "give it by itself no more; all for every rule",
        "{1} follows USB {2} no more",
        _unfollow, _reads,
    ),
)  # fmt: skip
