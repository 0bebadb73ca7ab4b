"""Boots that were predicted device by device: by ids, by address, without passthrough, a trial, and the undo."""

from __future__ import annotations

from typing import Any

from tests.lab.machine import DRIVERS, STATE, Lab

GPU, SOUND, NIC, TWIN = "0000:01:00.0", "0000:01:00.1", "0000:04:00.0", "0000:0d:00.0"
BOOT_GPU, BAD_GPU = "0000:00:01.0", "0000:0c:00.0"
STORE = f"{STATE} >/root/before; {DRIVERS} >/root/drivers"
COMPARE = f"{STATE} | grep -v grubenv | diff - /root/before | grep '^[<>]' | grep -v grubenv || true"


def predicted(lab: Lab) -> dict[str, list[str]]:
    """What the program expects of the next boot."""
    devices: list[dict[str, Any]] = lab.json("isolate")["devices"]
    return {d["bdf"]: d["forecast"] for d in devices}


def right(lab: Lab, name: str, told: dict[str, list[str]]) -> dict[str, str]:
    """The drivers of this boot; every device must have been predicted, with no choice left."""
    now = lab.drivers()
    wrong = {b: (told.get(b), d) for b, d in now.items() if told.get(b) != ["" if d == "none" else d]}
    print(f"{name}: {len(now) - len(wrong)} of {len(now)} devices as predicted; {wrong or 'all'}")
    assert not wrong and told.keys() == now.keys()
    return now


def as_at_first(lab: Lab, name: str) -> dict[str, str]:
    """The drivers of this boot, which must be those of the untouched machine."""
    now = lab.drivers()
    first = dict(line.split() for line in lab.must("cat /root/drivers").splitlines())
    print(f"{name}: {sum(first.get(b) == d for b, d in now.items())} of {len(now)} devices as at first")
    assert now == first
    return now


def given(drivers: dict[str, str]) -> set[str]:
    """The addresses that vfio-pci has."""
    return {bdf for bdf, driver in drivers.items() if driver == "vfio-pci"}


def test_the_bad_group_is_refused_with_the_reason(lab: Lab) -> None:
    answer = lab.vfiotui("isolate 0c:00.0 --method ids")
    assert answer.code == 4 and "1234:1111 is also 0000:00:01.0" in answer.err, answer.all
    lab.must(
        f"i=$(ls /sys/bus/pci/devices/{TWIN}/net); ip addr add 10.99.0.2/24 dev $i; ip link set $i up; "
        "ip route add default via 10.99.0.1 dev $i metric 1 onlink"
    )
    answer = lab.vfiotui("isolate 0c:00.0")
    assert answer.code == 4 and f"{TWIN} carries the default route" in answer.err, answer.all
    lab.must(f"i=$(ls /sys/bus/pci/devices/{TWIN}/net); ip addr flush dev $i; ip link set $i down")
    assert given(lab.drivers()) == set()


def test_ids_and_an_address_at_one_boot(lab: Lab) -> None:
    """The card by its ids; the NIC by its address, because another one has the same ids."""
    lab.must(STORE)
    done = lab.vfiotui("apply isolate.auto=01:00.0 isolate.auto=04:00.0 --yes")
    assert done.code == 0 and "waiting" not in done.err, done.all
    plan = lab.json("changes 1")["plan"]
    assert any("method override" in n for n in plan["notes"]) and any("method ids" in n for n in plan["notes"])
    assert lab.vfiotui("verify").code == 1
    told = predicted(lab)
    assert told == plan["forecast"]
    lab.reboot()
    drivers = right(lab, "ids and address", told)
    assert given(drivers) == {GPU, SOUND, NIC} and drivers[TWIN] == "e1000e"
    assert lab.vfiotui("verify").code == 0


def test_the_entry_without_passthrough_gives_everything_to_the_host(lab: Lab) -> None:
    entry = lab.must("grep -o \"'vfiotui-[^']*'\" /boot/grub/grub.cfg | head -n 1").strip().strip("'")
    lab.must(f"grub-reboot '{entry}'")
    lab.reboot()
    drivers = as_at_first(lab, "without passthrough")
    assert "vfiotui=off" in lab.must("cat /proc/cmdline")
    assert given(drivers) == set() and drivers[GPU] == "cirrus" and drivers[NIC] == "e1000e"
    answer = lab.vfiotui("verify")
    assert answer.code == 1 and "started without passthrough" in answer.out


def test_the_undo_brings_the_old_boot_back_to_the_byte(lab: Lab) -> None:
    done = lab.vfiotui("isolate --undo --yes")
    assert done.code == 0, done.all
    assert lab.must(COMPARE) == ""


def test_an_unhealthy_trial_is_followed_by_a_start_without(lab: Lab) -> None:
    """The card whose ids the boot card shares, by its address, together with the NIC of its group."""
    lab.must("printf '#!/bin/sh\\nexit 1\\n' >/root/healthy && chmod 755 /root/healthy && mkdir -p /etc/vfiotui")
    lab.must("cp /root/healthy /etc/vfiotui/healthy")
    done = lab.vfiotui("isolate 0c:00.0 --trial --apply --yes")
    assert done.code == 0, done.all
    told = predicted(lab)
    lab.reboot()
    drivers = right(lab, "the trial: address", told)
    assert given(drivers) == {BAD_GPU, TWIN} and drivers[BOOT_GPU] == "bochs-drm"
    lab.wait("grub-editenv - list | grep -q vfiotui_trial=failed", "the trial has failed")
    lab.reboot()
    assert given(as_at_first(lab, "after the unhealthy trial")) == set()
    lab.wait("! test -e /etc/systemd/system/vfiotui-trial.service", "the check is removed")
    assert "was not healthy" in lab.vfiotui("verify").out


def test_undone_the_host_boots_as_at_first(lab: Lab) -> None:
    lab.must("rm /etc/vfiotui/healthy")
    done = lab.vfiotui("isolate --undo --yes")
    assert done.code == 0, done.all
    assert lab.must("grub-editenv - list | grep vfiotui || true") == ""
    told = predicted(lab)
    lab.reboot()
    assert given(right(lab, "undone", told)) == set()
