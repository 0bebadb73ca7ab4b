"""Ids of vfio-pci that a plan takes out of force or brings into it: every place is edited, and vfio-pci comes first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import HOSTS
from tests.hosts.dead_words import GRUB, PAIR, VFIO_CONF, booted, of
from tests.machines import facts_of
from tests.plan.test_silenced import Inputs
from vfiotui.demo.description import Host
from vfiotui.model.change.plan import Goal, Plan
from vfiotui.plan.draft import PlanError
from vfiotui.plan.service import plan_goals

LIST = "/etc/initramfs-tools/modules"
OWN = "/etc/modprobe.d/vfiotui.conf"
CARD, SOUND = PAIR.split(",")


def planned(host: Host, *goals: Goal) -> Plan:
    return plan_goals(Inputs(host, facts_of(host)), goals)


def written(plan: Plan) -> dict[str, str]:
    return {s.subject: (s.after or b"").decode() for s in plan.steps if s.kind == "file"}


@pytest.mark.parametrize(
    ("host", "path", "left"),
    [
        (booted(f"vfio-pci.ids={PAIR}"), GRUB, f"vfio-pci.ids={SOUND}"),
        (of({LIST: f"vfio_pci ids={PAIR}\n"}), LIST, f"vfio_pci ids={SOUND}\n"),
        (of({VFIO_CONF: f"options vfio-pci ids={PAIR}\n"}), VFIO_CONF, f"options vfio-pci ids={SOUND}\n"),
    ],
    ids=["command line", "list", "modprobe.d"],
)
def test_an_id_goes_out_of_each_place_that_gives_it(host: Host, path: str, left: str) -> None:
    text = written(planned(host, ("vfio.ids.remove", CARD)))[path]
    assert left in text and CARD not in text


def test_the_last_id_takes_its_word_along() -> None:
    text = written(planned(booted(f"vfio-pci.ids={CARD}"), ("vfio.ids.remove", CARD)))[GRUB]
    assert "vfio-pci" not in text and "quiet" in text


def test_an_id_that_nothing_gives_is_a_sentence() -> None:
    with pytest.raises(PlanError, match=r"nothing gives the id 1234:5678 to vfio-pci"):
        planned(of({VFIO_CONF: f"options vfio-pci ids={PAIR}\n"}), ("vfio.ids.remove", "1234:5678"))


def test_the_drivers_of_the_host_wait_for_vfio_pci_and_a_second_plan_has_nothing_to_do() -> None:
    host = of({VFIO_CONF: f"options vfio-pci ids={PAIR}\n"})
    files = written(planned(host, ("vfio.first", "ids")))
    assert {"softdep nouveau pre: vfio-pci", "softdep snd_hda_intel pre: vfio-pci"} <= set(files[OWN].splitlines())
    assert "vfio_pci" in files[LIST].splitlines()
    after = replace(host, files={**host.files, **files})
    assert written(planned(after, ("vfio.first", "ids"))) == {}


def test_the_ids_are_those_that_the_plan_leaves() -> None:
    host = of({VFIO_CONF: f"option vfio-pci ids={PAIR}\n"})
    assert written(planned(host, ("vfio.first", "ids"))) == {}
    files = written(planned(host, ("config.repair", f"verb:{VFIO_CONF}"), ("vfio.first", "ids")))
    assert "softdep nouveau pre: vfio-pci" in files[OWN]


def test_a_built_in_vfio_pci_waits_for_nobody() -> None:
    assert written(planned(HOSTS["same-id"], ("vfio.first", "ids"))) == {}


def test_without_the_bus_the_plan_says_that_nothing_was_checked() -> None:
    host = of({VFIO_CONF: f"options vfio-pci ids={PAIR}\n"}, ("/sys/bus/pci",))
    plan = planned(host, ("vfio.first", "ids"))
    assert plan.steps == () and any("not checked which drivers" in note for note in plan.notes)
    assert CARD not in written(planned(host, ("vfio.ids.remove", CARD)))[VFIO_CONF]


def test_another_argument_is_refused() -> None:
    with pytest.raises(PlanError, match=r"vfio\.first=ids"):
        planned(HOSTS["clean"], ("vfio.first", "all"))


def test_iothreads_beside_the_emulator_follow_it_to_the_cpus_of_the_host() -> None:
    host = HOSTS["guest-isolated"]
    (step,) = planned(host, ("pin.emulator", "win")).steps
    text = (step.after or b"").decode()
    assert "<emulatorpin cpuset='3,7'/>" in text and "iothread='1' cpuset='3,7'" in text
