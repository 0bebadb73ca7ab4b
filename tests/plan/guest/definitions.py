"""Plans about the definition of the guest win, on the host on which nothing is wrong with it."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts.guest_texts import FINE, changed
from tests.hosts.guests import FINE_HOST
from tests.machines import root_of
from vfiotui.demo.description import GuestDesc, Host
from vfiotui.host.guest import domains
from vfiotui.model.change.plan import Goal, Plan
from vfiotui.plan.service import plan_goals
from vfiotui.state.plan_inputs import RootInputs

SECURE = "/usr/share/qemu/firmware/50-secure.json"
DESCRIPTOR = """{"interface-types": ["uefi"], "features": ["secure-boot", "enrolled-keys", "requires-smm"],
"mapping": {"device": "flash", "executable": {"filename": "/usr/share/OVMF/CODE.secboot.fd", "format": "raw"},
"nvram-template": {"filename": "/usr/share/OVMF/VARS.fd", "format": "raw"}}}"""


def host_of(xml: str = FINE, **changes: object) -> Host:
    """The fine host with firmware for Secure Boot, and a guest win of this XML."""
    files = {**FINE_HOST.files, SECURE: DESCRIPTOR}
    return replace(FINE_HOST, guests=(GuestDesc("win", xml),), **{"files": files, **changes})  # type: ignore[arg-type]


def planned(host: Host, *goals: Goal) -> Plan:
    root = root_of(host)
    return plan_goals(RootInputs(root, lambda: domains.read(root), daemon=False), goals)


def of_win(*words: str) -> list[Goal]:
    """Goals about the guest win: "cpu.mode=host-passthrough"."""
    pairs = (word.partition("=") for word in words)
    return [(f"domain.{name}", f"win/{value}") for name, _, value in pairs]


def edited(xml: str, *words: str) -> str:
    """What goals make of the XML of win; the same where there is nothing to do."""
    plan = planned(host_of(xml), *of_win(*words))
    assert len(plan.steps) < 2
    # The described machine ends every file with a line end.
    return (plan.steps[0].after or b"").decode().removesuffix("\n") if plan.steps else xml


def with_words(*pairs: tuple[str, str]) -> str:
    """The fine guest's XML with some words replaced."""
    return changed(*pairs).xml
