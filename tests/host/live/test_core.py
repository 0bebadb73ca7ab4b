"""One host CPU closely: shares of idle states, throttling, interrupts by source; and what cannot be known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.trees import folder_root
from vfiotui.host.live.core import NO_IDLE, NO_THROTTLE, CoreReader
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.core import Core
from vfiotui.model.live.rates import RESET

TOP = "/sys/devices/system/cpu/cpu2"


def machine(folder: Path, *, us: int = 0, usage: int = 0, hot: int = 0, irq: int = 0) -> Root:
    return folder_root(
        folder,
        {
            f"{TOP}/cpuidle/state0/name": "POLL\n",
            f"{TOP}/cpuidle/state0/disable": "0\n",
            f"{TOP}/cpuidle/state0/time": "0\n",
            f"{TOP}/cpuidle/state0/usage": "0\n",
            f"{TOP}/cpuidle/state1/name": "C6\n",
            f"{TOP}/cpuidle/state1/disable": "1\n",
            f"{TOP}/cpuidle/state1/time": f"{us}\n",
            f"{TOP}/cpuidle/state1/usage": f"{usage}\n",
            f"{TOP}/thermal_throttle/core_throttle_count": f"{hot}\n",
            f"{TOP}/thermal_throttle/package_throttle_count": f"{hot * 2}\n",
            "/proc/interrupts": "           CPU0       CPU2\n"
            f"  87:  5 {irq:10}  IR-PCI-MSI-0000:01:00.0 0-edge      xhci_hcd:usb1, vfio-intx\n",
            "/proc/softirqs": "           CPU0       CPU2\n  NET_RX:  1 1\n",
        },
    )


def two_looks(tmp_path: Path, before: dict[str, int], after: dict[str, int]) -> Core:
    reader = CoreReader(machine(tmp_path, **before), 2)
    first = reader.read()
    assert first.seconds == 0 and isinstance(first.sources, Unread)
    machine(tmp_path, **after)
    core = reader.read()
    reader.close()
    return core


def test_shares_and_rates_are_of_the_time_between_two_looks(tmp_path: Path) -> None:
    core = two_looks(tmp_path, {"hot": 3}, {"us": 1000, "usage": 50, "hot": 5, "irq": 90})
    assert isinstance(core.idle, tuple)
    poll, deep = core.idle
    assert (poll.name, poll.share, poll.disabled) == ("POLL", 0.0, False)
    assert deep.name == "C6" and deep.disabled
    assert deep.per_second == pytest.approx(50 / core.seconds)
    assert deep.share == pytest.approx(min(1000 / 1e6 / core.seconds, 1.0))
    assert core.throttled == pytest.approx(2 / core.seconds) and core.throttled_ever == 5
    assert core.package_throttled == pytest.approx(4 / core.seconds)
    assert isinstance(core.sources, tuple)
    assert [s.name for s in core.sources] == ["87 xhci_hcd:usb1, vfio-intx"]


def test_a_counter_that_ran_backwards_has_no_rate(tmp_path: Path) -> None:
    core = two_looks(tmp_path, {"us": 5000}, {"us": 10})
    assert isinstance(core.idle, tuple) and core.idle[1].share == RESET


def test_what_the_kernel_does_not_show_is_unknown(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/proc/interrupts": "CPU2\n"})
    reader = CoreReader(root, 2)
    core = reader.read()
    assert core.idle == NO_IDLE and core.throttled == core.throttled_ever == NO_THROTTLE


def test_this_host_is_read() -> None:
    cpu = min(os.sched_getaffinity(0))
    reader = CoreReader(Root.live(), cpu)
    reader.read()
    core = reader.read()
    reader.close()
    assert core.cpu == cpu and core.seconds > 0
    if isinstance(core.idle, tuple):
        assert all(isinstance(s.share, Unread) or 0 <= s.share <= 1 for s in core.idle)
