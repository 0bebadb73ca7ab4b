"""The card on which Xorg draws: one BusID line changes, in decimal, and every other byte stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts.base import CLEAN
from tests.plan.guest.definitions import planned
from vfiotui.demo.description import Host
from vfiotui.plan.draft import PlanError
from vfiotui.plan.judged import judged

CONF = "/etc/X11/xorg.conf.d/10-gpu.conf"
IGPU = "0000:00:02.0"
TEXT = 'Section "Device"\r\n\tBusID  "PCI:01:00.0" # lspci said so\r\nEndSection\r\n'


def host(text: str = TEXT) -> Host:
    return replace(CLEAN, files={**CLEAN.files, CONF: text})


def test_the_line_names_the_hosts_card() -> None:
    plan = planned(host(), ("xorg.busid", f"{CONF}:2={IGPU}"))
    assert judged(plan).strange == ()
    (step,) = plan.steps
    assert step.after == TEXT.replace("PCI:01:00.0", "PCI:0:2:0").encode()
    assert planned(host((step.after or b"").decode()), ("xorg.busid", f"{CONF}:2={IGPU}")).steps == ()


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        (f"{CONF}:1={IGPU}", "no BusID line"),
        (f"{CONF}:9999999={IGPU}", "no BusID line"),
        (f"{CONF}:0={IGPU}", "no BusID line"),
        (f"{CONF}:2=0000:00:01.0", "no display controller"),
        (f"{CONF}:2=nonsense", "no FILE:LINE=BDF"),
        (f"/etc/passwd:2={IGPU}", "no FILE:LINE=BDF"),
        (f"/etc/X11/xorg.conf:2={IGPU}", "is not there"),
    ],
)
def test_a_wrong_line_or_card_is_refused(argument: str, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        planned(host(), ("xorg.busid", argument))
