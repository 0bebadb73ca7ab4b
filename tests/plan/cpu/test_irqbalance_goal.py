"""irqbalance's banned CPUs, in the file that its service reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import HOSTS
from tests.plan.guest.definitions import planned
from vfiotui.model.change.plan import Plan
from vfiotui.plan.draft import PlanError

DEBIAN, FEDORA = "/etc/default/irqbalance", "/etc/sysconfig/irqbalance"


def ban(cpus: str, **files: str) -> Plan:
    named = {name.replace("__", "/"): text for name, text in files.items()}
    host = replace(HOSTS["clean"], files={**HOSTS["clean"].files, **{f"/{n}": t for n, t in named.items()}})
    return planned(host, ("irqbalance.ban", cpus))


def test_the_list_joins_what_is_banned_and_a_mask_counts() -> None:
    text = '# notes\nIRQBALANCE_BANNED_CPUS="00000003"\n#IRQBALANCE_BANNED_CPULIST=\nIRQBALANCE_ARGS="x"\n'
    (step,) = ban("4-5", etc__default__irqbalance=text).steps
    assert step.subject == DEBIAN
    added = '#IRQBALANCE_BANNED_CPULIST=\nIRQBALANCE_BANNED_CPULIST="0-1,4-5"\n'
    assert step.after == text.replace("#IRQBALANCE_BANNED_CPULIST=\n", added).encode()
    assert ban("4-5", etc__default__irqbalance=(step.after or b"").decode()).steps == ()


def test_without_a_file_the_service_says_which_one_it_reads() -> None:
    unit = f"[Service]\nEnvironmentFile=-/usr/lib/irqbalance/defaults.env\nEnvironmentFile=-{FEDORA}\n"
    (step,) = ban("1", **{"usr__lib__systemd__system__irqbalance.service": unit}).steps
    assert (step.subject, step.after) == (FEDORA, b'IRQBALANCE_BANNED_CPULIST="1"\n')
    assert ban("1").steps[0].subject == DEBIAN


@pytest.mark.parametrize(
    ("cpus", "text", "sentence"),
    [
        ("", "", "names no CPU"),
        ("x", "", "names no CPU"),
        ("1", "IRQBALANCE_BANNED_CPULIST=$(nproc)\n", "line 1 of .* lets the shell compute"),
        ("1", "IRQBALANCE_BANNED_CPULIST=a-b\n", "no set of CPUs"),
    ],
)
def test_what_cannot_be_known_is_a_sentence(cpus: str, text: str, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        ban(cpus, etc__default__irqbalance=text)
