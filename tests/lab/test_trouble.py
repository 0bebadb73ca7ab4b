"""What goes wrong in the middle leaves the host as it was: a failing tool, a power cut."""

from __future__ import annotations

from tests.lab.machine import TREE, Lab
from tests.lab.test_boots import predicted, right

BROKEN = "/etc/initramfs-tools/hooks/broken"
BREAK = f"printf '#!/bin/sh\\n[ \"$1\" = prereqs ] && exit 0\\nexit 1\\n' >{BROKEN} && chmod 755 {BROKEN}"
APPLY = "apply isolate.auto=01:00.0 --yes"


def test_a_failing_rebuild_takes_everything_back(lab: Lab) -> None:
    lab.must(BREAK)
    before = lab.files()
    done = lab.vfiotui(APPLY)
    assert done.code == 4 and "rolled back" in done.all, done.all
    assert lab.files() == before
    lab.must(f"rm {BROKEN}")


def test_a_power_cut_in_the_middle_of_the_rebuild_is_recovered(lab: Lab) -> None:
    lab.must("sync")
    before, drivers = lab.files(), lab.drivers()
    lab.must(f"systemd-run -q --unit=apply --working-directory={TREE} python3 -m vfiotui {APPLY}")
    lab.wait("pgrep -x mkinitramfs || pgrep -f /usr/sbin/mkinitramfs", "the image is being built")
    told = predicted(lab)
    lab.power_cut()
    # The files are written, the image is not: the host comes up all the same, and as predicted.
    right(lab, "after the power cut", told)
    newest = lab.json("changes")["changes"][0]
    assert newest["state"] == "interrupted"
    assert "is interrupted" in lab.vfiotui("apply cmdline.add=x=1 --yes").err
    done = lab.vfiotui("undo --yes")
    assert done.code == 0, done.all
    assert lab.files() == before
    lab.reboot()
    assert lab.drivers() == drivers
