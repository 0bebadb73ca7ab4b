"""What a -cpu of <qemu:commandline> makes of the guest's processor.

QEMU takes the last -cpu of its command line: what libvirt wrote of <cpu>, <hyperv>, <kvm> and the hypervclock is lost;
topology and pins are not in it (QEMU, target/i386/cpu.c x86_cpu_parse_featurestr; libvirt, qemuBuildCpuCommandLine).
"""

from __future__ import annotations

from collections.abc import Mapping

from vfiotui.model.base.value import replace
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.domain_cpu import GuestCpu, Timer
from vfiotui.model.guest.domain_devices import QemuLine

MODES = {"host": "host-passthrough", "max": "maximum"}
"""Models that are no model, with libvirt's word for them."""
HYPERV = "hv-"
CLOCK, VENDOR, EVERYTHING, SPINLOCKS = "time", "vendor-id", "passthrough", "spinlocks"
NEVER = 0xFFFFFFFF
"""Tries before a spinning vCPU asks the hypervisor: this many are none at all."""


def last_cpu(line: QemuLine) -> str:
    """The value of the last -cpu; empty where there is none."""
    options = zip(line.arguments, line.arguments[1:], strict=False)
    return next((value for option, value in reversed([*options]) if option in ("-cpu", "--cpu")), "")


def properties(value: str) -> tuple[str, dict[str, str]]:
    """Model and properties of a -cpu, with - for _; words with a sign count after all others, and minus last.

    >>> properties("host,kvm=off,hv_relaxed,+topoext,-hypervisor")
    ('host', {'kvm': 'off', 'hv-relaxed': 'on', 'topoext': 'on', 'hypervisor': 'off'})
    """
    model, *words = value.split(",")
    plain: dict[str, str] = {}
    signed: dict[str, dict[str, str]] = {"+": {}, "-": {}}
    for word in (w.strip() for w in words):
        if word[:1] in signed:
            signed[word[0]][_name(word[1:])] = "on" if word[0] == "+" else "off"
        elif word:
            name, equals, said = word.partition("=")
            plain[_name(name)] = said if equals else "on"
    return model.strip(), plain | signed["+"] | signed["-"]


def _name(word: str) -> str:
    return word.replace("_", "-")


def with_argument(domain: Domain) -> Domain:
    """The guest as QEMU gets it; the same where its command line has no -cpu, or a machine that is no PC."""
    value = last_cpu(domain.qemu)
    if not value or not domain.boot.is_x86:
        return domain
    model, said = properties(value)
    given = {n.removeprefix(HYPERV): _hyperv(n, v) for n, v in said.items() if n.startswith(HYPERV)}
    on = frozenset(name.replace("-", "_") for name, state in given.items() if state)
    vendor = said.get(HYPERV + VENDOR)
    mode = "passthrough" if EVERYTHING in on else "custom"
    timers = tuple(t for t in domain.clock.timers if t.name != "hypervclock")
    return replace(
        domain,
        cpu_argument=value,
        cpu_mode=MODES.get(model, "custom"),
        cpu=_cpu(model, said, domain.cpu),
        hyperv=replace(
            domain.hyperv,
            # That the XML has <hyperv> still tells what kind of guest it is.
            mode=mode if on or domain.hyperv.mode else "",
            on=on - {CLOCK, EVERYTHING} if vendor is None else (on - {CLOCK, EVERYTHING}) | {"vendor_id"},
            vendor_id=vendor,
        ),
        kvm_hidden=said.get("kvm") == "off",
        clock=replace(domain.clock, timers=(*timers, Timer("hypervclock", CLOCK in on))),
    )


def _hyperv(name: str, value: str) -> bool:
    """Whether an enlightenment is on."""
    if name == HYPERV + SPINLOCKS:
        try:
            return int(value, 0) != NEVER
        except ValueError:
            return False
    return name == HYPERV + VENDOR or value in ("on", "yes", "true", "y")


def _cpu(model: str, said: Mapping[str, str], cpu: GuestCpu) -> GuestCpu:
    features = tuple(
        (name, "require" if value == "on" else "disable")
        for name, value in said.items()
        if value in ("on", "off") and not name.startswith(HYPERV) and name != "kvm"
    )
    bits = said.get("phys-bits", "")
    limit = said.get("host-phys-bits-limit", "")
    own = said.get("host-phys-bits") == "on"
    return GuestCpu(
        model="" if model in MODES else model,
        features=features,
        cache_mode="passthrough" if said.get("host-cache-info") == "on" else "",
        clusters=cpu.clusters,
        address_mode="passthrough" if own else "emulate" if bits.isdecimal() and bits.isascii() else "",
        address_bits=int(bits[:4]) if bits.isdecimal() and bits.isascii() and not own else None,
        address_limit=int(limit[:4]) if limit.isdecimal() and limit.isascii() else None,
    )
