"""What is configured for vfio-pci is bound to it.

Expected
    Every function that an id or driver_override names has a vfio driver.
Why
    The host's driver was faster: the guest then starts late, or not at all, because its card is in use.
How it is read
    ids of modprobe.d and the running command line, driver_override, against the driver that is bound.
Fix
    Load vfio-pci before the driver that was faster: a softdep line in modprobe.d, and vfio_pci early in the
    initramfs; then build it and boot.
Valid for
    Every kernel with vfio; libvirt may also bind when the guest starts, then the ids are not needed.
Sources
    drivers/vfio/pci/vfio_pci.c; modprobe.d(5).
"""

from __future__ import annotations

from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.host_use import is_given
from vfiotui.model.pci.vfio_ids import configured_ids
from vfiotui.rules.engine import CLASS, DRIVERS, OPTIONS, Answers, fails, fix, holds, known, not_applicable, rule, seen


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
    softdeps = {w[1]: w for f in boot.modprobe for _, t in f.numbered() if (w := t.split())[0] == "softdep" and w[1:]}
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
            continue
        driver = str(device.driver).replace("-", "_")
        late = any(name.replace("-", "_") in (driver, "drm") for name in softdeps)
        yield fails(
            device.bdf,
            f"{device.name} is configured for vfio-pci and bound to {device.driver}"
            + (", in spite of a softdep line: is the initramfs new?" if late else ": no softdep line holds it back."),
            bound,
            *evidence,
            fix=fix(
                "build the initramfs again and boot"
                if late
                else f"softdep {device.driver} pre: vfio-pci, then build the initramfs and boot",
                Risk.R3,
                ("modprobe.softdep", f"{device.driver} pre: vfio-pci"),
            ),
        )
    if not judged:
        yield not_applicable("host", "nothing is configured for vfio-pci")
