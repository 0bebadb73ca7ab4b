"""Settings of /proc/sys: at every boot, and now."""

from __future__ import annotations

from vfiotui.formats.system import sysctl
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import Effect, set_value
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.draft import FILE_NAME, Draft, Phase, PlanError, Planner

OWN = "/etc/sysctl.d/90-vfiotui.conf"
WRITES = (rf"/etc/sysctl\.d/{FILE_NAME}\.conf", r"/etc/sysctl\.conf")


def _split(argument: str) -> tuple[str, str]:
    key, equals, value = argument.partition("=")
    if not equals or not key.strip() or ".." in key:
        raise PlanError(f"{argument!r} is no KEY=VALUE, such as vm.nr_hugepages=4096")
    return key.strip(), value.strip()


def reads(argument: str) -> tuple[str, ...]:
    """The value of the running kernel."""
    return (f"/proc/sys/{sysctl.path_of(_split(argument)[0])}",)


def at_boot(draft: Draft, key: str, value: str, why: str) -> None:
    """A line in the last file that sets the key, else in our own."""
    setting = [
        p
        for p in (*draft.snapshot.below("/etc/sysctl.d", ".conf"), "/etc/sysctl.conf")
        if any(sysctl.path_of(k) == sysctl.path_of(key) for k, _ in sysctl.settings(draft.text(p) or ""))
    ]
    path = setting[-1] if setting else OWN
    after = sysctl.set_value(draft.text(path) or "", key, value)
    draft.write(path, after, why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.BOOT)


def draw(draft: Draft, argument: str) -> None:
    """At every boot; the running kernel too, where there is one."""
    key, value = _split(argument)
    at_boot(draft, key, value, f"set {key} to {value} at every boot")
    (place,) = reads(argument)
    now = draft.snapshot.content(place)
    if not isinstance(now, Unread) and now.decode("utf-8", "replace").split() != value.split():
        draft.add(set_value(place, now, value.encode(), f"set {key} to {value} now", risk=Risk.R1), Phase.RUNTIME)


PLANNERS = (Planner("sysctl.set", "KEY=VALUE", "set a kernel setting now and at every boot", "Set {}", draw, reads),)
