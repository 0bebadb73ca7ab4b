"""No device that is assigned to a guest carries the host's way to the network.

Expected
    No interface with the default route or with an ssh connection is on a device that is assigned to a guest.
Why
    The host falls off the network when the guest starts, and remote administration with it.
How it is read
    /proc/net/route, /proc/net/ipv6_route and /proc/net/tcp, through bridges and bonds of /sys/class/net, against
    the devices that are assigned to guests.
Fix
    Give the guest another port, a virtual function of the card, or a bridge.
Valid for
    Every kernel with vfio.
Sources
    Documentation/ABI/testing/sysfs-class-net; proc_net(5).
"""

from __future__ import annotations

from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.functions import PciBus
from vfiotui.model.pci.host_use import HostUse, lost_networks
from vfiotui.model.pci.passthrough import PassthroughDevices, device_of
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, given_rule, holds, known, seen


@given_rule(
    "PASSTHROUGH-NETWORK",
    Severity.FAIL,
    reads=("/proc/net/route", "/proc/net/ipv6_route?", "/proc/net/tcp", "/proc/net/tcp6?", "/sys/class/net/*/device"),
)
def check(bus: PciBus, use: HostUse, given: PassthroughDevices) -> Answers:
    known(use.networks)
    bad = False
    for bdf, why in given.items():
        for net in lost_networks(use, bdf):
            if not net.default_route and not net.ssh_from:
                continue
            bad = True
            what = " and ".join(
                w
                for w in (
                    "the default route" if net.default_route else "",
                    f"the ssh connection from {net.ssh_from}" if net.ssh_from else "",
                )
                if w
            )
            yield fails(
                bdf,
                f"{device_of(bus, bdf).name} is assigned to a guest, and {what} goes over its {net.interface}.",
                *why,
                seen("/proc/net/route", f"{net.interface}{' default' if net.default_route else ''}"),
                fix=by_hand(ByHand.CHOICE, "give the guest another port, a virtual function or a bridge", Risk.R3),
            )
    if not bad:
        yield holds("host", f"none of {len(given)} devices for guests carries the host's network")
