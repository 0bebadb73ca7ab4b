"""Goals about what a guest is told of its hypervisor: enlightenments, timers, KVM's signature."""

from __future__ import annotations

from vfiotui.formats.domain_xml.elements.features import Hyperv
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.guest.domain_cpu import ENLIGHTENMENT_NEEDS
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal, pair, switch

NAMES = frozenset(Hyperv.order) - {"vendor_id"}
RETRIES = 8191
"""Tries of a spinlock before the hypervisor runs another vCPU (QEMU docs, system/i386/hyperv)."""
LONGEST = 12
TIMERS = ("platform", "hpet", "kvmclock", "pit", "rtc", "tsc", "hypervclock", "armvtimer")


def _names(value: str) -> list[str]:
    names = [n.strip() for n in value.split(",") if n.strip()]
    strange = [n for n in names if n not in NAMES]
    if strange or not names:
        raise PlanError(f"{(strange or [value])[0]!r} is no enlightenment: {', '.join(sorted(NAMES))}")
    return names


def _on(work: Definition, value: str) -> None:
    names = _names(value)
    for name in names:
        names += [n for n in ENLIGHTENMENT_NEEDS.get(name, ()) if n not in names]
    for name in names:
        if name == "hypervclock":
            _set_timer(work, name, True)
            continue
        work.xml.set_attribute(f"features/hyperv/{name}", "state", "on")
        if name == "spinlocks" and work.xml.spinlock_retries is None:
            work.xml.spinlock_retries = RETRIES


def _off(work: Definition, value: str) -> None:
    for name in _names(value):
        users = sorted(n for n in work.domain.hyperv.on if name in ENLIGHTENMENT_NEEDS.get(n, ()))
        if users:
            raise PlanError(f"{', '.join(users)} of {work.name} needs {name}: switch that off first")
        if work.xml.root.find(f"features/hyperv/{name}") is not None:
            work.xml.set_attribute(f"features/hyperv/{name}", "state", "off")


def _vendor(work: Definition, value: str) -> None:
    if len(value) > LONGEST or "," in value or not value.isprintable():
        raise PlanError(f"{value!r} is no vendor id: at most {LONGEST} characters, none of them a comma")
    if value:
        work.xml.set_attribute("features/hyperv/vendor_id", "state", "on")
        work.xml.set_attribute("features/hyperv/vendor_id", "value", value)
    elif found := work.xml.root.all("features/hyperv/vendor_id"):
        work.xml.remove_all(found)


def _hidden(work: Definition, value: str) -> None:
    if switch(value):
        work.xml.kvm_hidden = True
    elif found := work.xml.root.all("features/kvm/hidden"):
        work.xml.remove_all(found)


def _timer(work: Definition, value: str) -> None:
    name, word = pair(value, "TIMER=yes or TIMER=no")
    if name not in TIMERS:
        raise PlanError(f"{name!r} is no timer: {', '.join(TIMERS)}")
    _set_timer(work, name, switch(word))


def _set_timer(work: Definition, name: str, present: bool) -> None:
    word = "yes" if present else "no"
    found: Element | None = next((t for t in work.xml.root.all("clock/timer") if t.get("name") == name), None)
    if found is not None:
        work.xml.set_on(found, "present", word)
        return
    q = work.xml.document.quote
    if work.xml.root.find("clock") is None:
        # What libvirt takes for a guest without a clock (formatdomain, time keeping).
        work.xml.add("", f"<clock offset={q}utc{q}/>")
    work.xml.add("clock", f"<timer name={q}{name}{q} present={q}{word}{q}/>")


PLANNERS = (
    definition_goal(
        "domain.hyperv.on", "NAME,…", "turn Hyper-V enlightenments on, with those that they need", "hyperv {2} on", _on
    ),
    definition_goal("domain.hyperv.off", "NAME,…", "turn Hyper-V enlightenments off", "hyperv {2} off", _off),
    definition_goal(
        "domain.hyperv.vendor-id",
        "[ID]",
        "set the hypervisor's vendor id; without ID, remove it",
        "vendor_id {2}",
        _vendor,
    ),
    definition_goal(
        "domain.kvm.hidden", "on|off", "hide KVM's signature from the guest, or show it", "KVM hidden: {2}", _hidden
    ),
    definition_goal(
        "domain.timer", "NAME=yes|no", "turn a timer of the guest on or off: hpet, hypervclock, …", "timer {2}", _timer
    ),
)
