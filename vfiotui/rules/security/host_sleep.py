"""The host does not sleep while a guest has its devices.

Expected
    Where a guest is given PCI devices, a hook of libvirt holds the host awake while the guest runs.
Why
    A device in a guest's hands is not put to sleep and woken with the host: the guest becomes unstable, and
    shutting it down afterwards can freeze the host.
How it is read
    The hooks below /etc/libvirt/hooks: one that asks systemd to inhibit sleep, or starts a unit that does.
Fix
    A hook in /etc/libvirt/hooks/qemu.d that starts systemd-inhibit --what=sleep with the guest, and ends it after.
Valid for
    Guests of the system's libvirt. Whether newer versions hold the host awake by themselves is not confirmed, so
    this is advice.
Sources
    libvirt hooks; systemd-inhibit(1).
"""

from __future__ import annotations

from vfiotui.formats.libvirt_hooks import sleep_hook
from vfiotui.model.base.reading import or_else
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk, Severity
from vfiotui.model.guest.domain import Domain, Virt
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, fix, holds, known, not_applicable, rule, seen, unknown

WORDS = ("inhibit", "nosleep", "no-sleep")
FOLDER = "/etc/libvirt/hooks/qemu.d"


def given(domains: tuple[Domain, ...]) -> list[str]:
    """The guests that are given PCI devices of the host."""
    names = [d.name for d in domains if d.takes_pci is True]
    return names or [d.name for d in domains if known(d.takes_pci)]


def serves(hook: ConfigFile, names: list[str]) -> bool:
    """Whether a hook is of use to all of these guests: our own names those that it serves."""
    return hook.path != sleep_hook.PATH or set(names) <= set(sleep_hook.guests_of(hook.text) or names)


def keep_awake(virt: Virt, text: str) -> Fix:
    """The fix by our own hook, for each guest of the system that has PCI devices."""
    domains = [d for d in known(virt.domains) if d.name in given(known(virt.domains))]
    if any(d.owner for d in domains):
        return by_hand(ByHand.SCRIPT, f"{text}; hooks of the system do not run for guests of a session")
    return fix(text, Risk.R2, *(("sleep.inhibit", d.name) for d in domains))


@rule(
    "HOST-SLEEP",
    Severity.INFO,
    needs=("virt", "boot", "access"),
    fires="awake-not",
    silent="clean",
    changes=(Part.POWER,),
)
def check(facts: Facts) -> Answers:
    virt = known(facts.virt)
    names = given(known(virt.domains))
    hooks = known(facts.boot).hooks
    there = known(facts.access).hooks
    unseen = {h.path for h in or_else(there, ())} - {h.path for h in hooks}
    guards = [h for h in hooks if any(word in h.text for word in WORDS) and serves(h, names)]
    if not names:
        yield not_applicable("host", "no guest has PCI devices of the host")
    elif guards:
        yield holds("host", "a hook holds the host awake", seen(guards[0].path, "asks that the host does not sleep"))
    elif unseen:
        yield unknown("host", f"what {', '.join(sorted(unseen))} does cannot be read", seen(min(unseen), "needs root"))
    else:
        known(there)
        yield fails(
            "host",
            f"Nothing keeps the host from sleeping while {' or '.join(names)} has its devices.",
            seen(FOLDER, f"{len(hooks)} hooks, none inhibits sleep" if hooks else "is not there, or holds no hook"),
            fix=keep_awake(virt, "a hook that inhibits sleep while the guest runs"),
        )
