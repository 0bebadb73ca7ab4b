"""The lid and logind's settings for it, as logind.conf(5) has them."""

from __future__ import annotations

import pytest

from tests.host.live.process_nodes import root_of
from vfiotui.host.cpu.lid import read
from vfiotui.model.base.nodes import File
from vfiotui.model.base.reading import Unread
from vfiotui.model.cpu.lid import Lid

STATE = "/proc/acpi/button/lid/LID0/state"
MAIN, DROP_IN = "/etc/systemd/logind.conf", "/etc/systemd/logind.conf.d/10-lid.conf"


def lid(**files: str) -> Lid:
    """The lid of a machine with these files; STATE is open where it is not given."""
    found = read(root_of({"/etc/hostname": File(b"host\n"), **{p: File(t.encode()) for p, t in files.items()}}))
    assert isinstance(found, Lid)
    return found


def values(files: dict[str, str]) -> list[str]:
    settings = lid(**{STATE: "state:      open\n", **files}).settings
    assert not isinstance(settings, Unread)
    return [s.value for s in settings]


def test_a_machine_without_a_lid_has_none() -> None:
    assert read(root_of({"/proc/acpi/button/power/PWRB/info": File(b"type: Power Button\n")})) is None


@pytest.mark.parametrize(
    ("files", "right"),
    [
        ({}, ["suspend", "suspend", "ignore"]),
        ({MAIN: "[Login]\n#HandleLidSwitch=ignore\n"}, ["suspend", "suspend", "ignore"]),
        ({MAIN: "[Login]\nHandleLidSwitch=ignore\n"}, ["ignore", "ignore", "ignore"]),
        ({MAIN: "HandleLidSwitch=ignore\n[Other]\nHandleLidSwitch=lock\n"}, ["suspend", "suspend", "ignore"]),
        ({MAIN: "[Login]\nHandleLidSwitch = lock\r\n", DROP_IN: "[Login]\nHandleLidSwitchExternalPower=ignore"},
         ["lock", "ignore", "ignore"]),
        ({MAIN: "[Login]\nHandleLidSwitch=ignore\n", DROP_IN: "[Login]\nHandleLidSwitch=\nHandleLidSwitch=sloop\n"},
         ["ignore", "ignore", "ignore"]),
        ({"/usr/lib/systemd/logind.conf": "[Login]\nHandleLidSwitch=ignore\n"}, ["ignore", "ignore", "ignore"]),
        ({"/usr/lib/systemd/logind.conf": "[Login]\nHandleLidSwitch=ignore\n", MAIN: "[Login]\n"},
         ["suspend", "suspend", "ignore"]),
    ],
)  # fmt: skip
def test_the_settings_are_those_that_logind_obeys(files: dict[str, str], right: list[str]) -> None:
    assert values(files) == right


@pytest.mark.parametrize(("text", "closed"), [("state:      closed\n", True), ("state:      open\n", False)])
def test_the_state_is_that_of_the_kernel(text: str, closed: bool) -> None:
    assert lid(**{STATE: text}).closed is closed


def test_a_state_that_is_neither_is_unread() -> None:
    assert "neither open nor closed" in str(lid(**{STATE: "state: \x1b[2J[/dev/vfio/1]\n"}).closed)
