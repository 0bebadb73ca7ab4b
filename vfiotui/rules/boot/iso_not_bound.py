"""What is configured for vfio-pci is bound to it.

Expected
    Every function that an id or driver_override names has a vfio driver.
Why
    The host's driver was faster: the guest then starts late, or not at all, because its card is in use.
How it is read
    The ids in force of modprobe.d and the running command line, driver_override, against the driver that is bound;
    softdep, blacklist, install and alias lines about that driver, as kmod obeys them.
Fix
    Load vfio-pci before the driver that was faster: a softdep line in modprobe.d, and vfio_pci early in the
    initramfs; then build it and boot.
Valid for
    Every kernel with vfio; libvirt may also bind when the guest starts, then the ids are not needed.
Sources
    drivers/vfio/pci/vfio_pci.c; modprobe.d(5); libkmod-module.c.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.boot.boot import Boot
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Evidence, Risk, Severity
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.host_use import is_given
from vfiotui.model.pci.vfio_ids import VfioId, configured_ids
from vfiotui.rules.engine import (
    CLASS,
    DRIVERS,
    OPTIONS,
    Answer,
    Answers,
    fails,
    fix,
    holds,
    known,
    not_applicable,
    rule,
    seen,
)
from vfiotui.rules.held_back import held_back


@rule(
    "ISO-NOT-BOUND",
    Severity.WARN,
    needs=("pci", "boot"),
    fires="lost-race",
    silent="clean",
    reads=(*OPTIONS, *DRIVERS, CLASS, "/sys/bus/pci/devices/*/driver_override"),
)
def check(facts: Facts) -> Answers:
    bus, boot = known(facts.pci), known(facts.boot)
    if facts.mode is Mode.ROOT:
        yield not_applicable("host", "a mounted disk binds nothing")
        return
    ids = [i for i in configured_ids(boot) if not i.on_cmdline or i.where == "/proc/cmdline"]
    judged = 0
    for device in bus.devices:
        named = [i for i in ids if i.matches(device)]
        override = isinstance(device.driver_override, str) and "vfio" in device.driver_override
        if device.is_bridge or not (named or override):
            continue
        judged += 1
        evidence = [seen(i.where, i.text) for i in named]
        if override:
            evidence.append(seen(f"/sys/bus/pci/devices/{device.bdf}/driver_override", device.driver_override))
        bound = seen(f"/sys/bus/pci/devices/{device.bdf}/driver", device.driver or "none")
        if is_given(device) or known(device.driver) is None:
            yield holds(device.bdf, "bound as configured" if device.driver else "no driver is bound", bound, *evidence)
        elif not override and known(device.boot_vga) is True and _twins(device, bus, named):
            told = "it is the boot display, and the ids are those of another card too: see ISO-SAME-ID"
            yield not_applicable(device.bdf, told, bound, *evidence)
        else:
            yield _late(device, boot, bound, evidence)
    if not judged:
        yield not_applicable("host", "nothing is configured for vfio-pci")


def _twins(device: PciDevice, bus: PciBus, named: list[VfioId]) -> bool:
    return any(i.matches(d) and d.slot != device.slot for i in named for d in bus.devices)


def _late(device: PciDevice, boot: Boot, bound: Evidence, evidence: list[Evidence]) -> Answer:
    """The host's driver has it: whether the configuration says so too, and what of it does nothing."""
    held = held_back(boot, str(device.driver), device.is_display)
    tool = or_else(boot.initramfs, "")
    renew = fix("build the initramfs again and boot", Risk.R3, ("initramfs.rebuild", tool))
    softdep = fix(
        f"softdep {device.driver} pre: vfio-pci, then build the initramfs and boot",
        Risk.R3,
        ("modprobe.softdep", f"{device.driver} pre: vfio-pci"),
    )
    if held.softdep:
        why, taken, what = ", in spite of a softdep line: is the initramfs new?", held.softdep, renew
    elif held.away:
        words = tuple(dict.fromkeys(f"'{e.seen}'" for e in held.away))
        keeps = f"{' and '.join(words)} {'keep' if len(words) > 1 else 'keeps'} that driver away"
        why, taken, what = f", though {keeps}: is the initramfs new?", held.away, renew
    elif held.vain:
        said = "; ".join(f"'{e.seen}' does not hold it back: {why}" for why, e in held.vain)
        why, taken, what = f": {said}.", tuple(e for _, e in held.vain), softdep
    else:
        why, taken, what = ": no softdep line holds it back.", (), softdep
    sentence = f"{device.name} is configured for vfio-pci and bound to {device.driver}{why}"
    return fails(device.bdf, sentence, bound, *evidence, *taken, fix=what)
