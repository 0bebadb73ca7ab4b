"""X is configured to use a card that the host has.

Expected
    Every BusID in Xorg's configuration names a display controller that is here and is not assigned to a guest.
Why
    X ends with "no screens found" when the card of its configuration is bound to vfio-pci, or is not there. The
    numbers are decimal; those of lspci are hexadecimal.
How it is read
    BusID lines of /etc/X11/xorg.conf and /etc/X11/xorg.conf.d, against the devices, their drivers and the guests.
Fix
    Name the host's card: PCI:bus:device:function in decimal.
Valid for
    Xorg. Wayland compositors have settings of their own.
Sources
    xorg.conf(5), section Device.
"""

from __future__ import annotations

from vfiotui.formats.system.xorg_conf import BusId, bus_ids, busid_of
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.functions import PciBus
from vfiotui.model.pci.passthrough import PassthroughDevices, passthrough_devices
from vfiotui.rules.engine import MEANT, Answers, ByHand, by_hand, fails, fix, holds, known, not_applicable, rule, seen


def _trouble(named: BusId, bus: PciBus, given: PassthroughDevices) -> str:
    """What is wrong with a BusID; empty where nothing is."""
    device = None if named.bdf is None else bus.get(named.bdf)
    if named.bdf is None:
        return "is no BusID: it wants decimal numbers, PCI:bus:device:function."
    if device is None or not device.is_display:
        return f"means {named.bdf}, where there is no display controller."
    return f"means {named.bdf} {device.name}, which is assigned to a guest." if device.bdf in given else ""


@rule(
    "XORG-BUSID",
    Severity.WARN,
    needs=("pci", "xorg"),
    fires="xorg-wrong",
    silent="clean",
    counts_guests=True,
    reads=(*MEANT, "/etc/X11/xorg.conf", "/etc/X11/xorg.conf.d/*"),
)
def check(facts: Facts) -> Answers:
    bus, files = known(facts.pci), known(facts.xorg)
    given = passthrough_devices(bus, facts.boot, facts.virt)
    mine = [d for d in bus.devices if d.is_display and d.bdf not in given]
    advice = f"write {busid_of(mine[0].bdf)}, {mine[0].name}" if mine else "keep a card for the host"
    named = [(file.path, n) for file in files for n in bus_ids(file.text)]
    if not named:
        yield not_applicable("host", "Xorg's configuration names no card")
    for path, bus_id in named:
        place = f"{path}:{bus_id.line}"
        trouble = _trouble(bus_id, bus, given)
        if trouble:
            yield fails(
                path,
                f"BusID {bus_id.text} {trouble}",
                seen(place, f'BusID "{bus_id.text}"'),
                fix=fix(advice, Risk.R3, ("xorg.busid", f"{place}={mine[0].bdf}"))
                if mine
                else by_hand(ByHand.CHOICE, advice),
            )
        else:
            yield holds(path, f"BusID {bus_id.text} is a card of the host", seen(place, bus_id.text))
