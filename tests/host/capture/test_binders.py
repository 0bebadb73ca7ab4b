"""What binds or removes devices at run time leads to the same forecast in a capture as on its host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.host.capture.captures import captured
from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, gpu
from tests.machines import root_of
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.capture import reduce_text
from vfiotui.host.capture.scrub import Scrubber
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.plan.isolate.prediction import forecast

CARD = "0000:01:00.0"
UNIT = "/etc/systemd/system/gpu-bind.service"
WANTS = {"/etc/systemd/system/multi-user.target.wants/gpu-bind.service": ""}
OVERRIDE = f"/bin/sh -c 'echo vfio-pci > /sys/bus/pci/devices/{CARD}/driver_override'"
JUMP = 'SUBSYSTEM=="pci", GOTO="end"\nSUBSYSTEM=="pci", ATTR{remove}="1"\nLABEL="end"\n'
REMOVE = 'SUBSYSTEM=="pci", ATTR{vendor}=="0x10de", ATTR{class}=="0x03*", ATTR{remove}="1"\n'

MACHINES: Mapping[str, tuple[dict[str, str], str]] = {
    "supergfxd": (
        {"/etc/supergfxd.conf": '{"mode": "Vfio", "vfio_enable": true, "vfio_save": true, "hotplug_type": "None"}',
         "/etc/systemd/system/multi-user.target.wants/supergfxd.service": ""}, "vfio-pci"),
    "an own unit": ({UNIT: f"[Unit]\nDescription=mine\n[Service]\nExecStart={OVERRIDE}\n", **WANTS}, "not known"),
    "an own script": (
        {"/etc/rc.local": "#!/bin/sh\n/usr/local/bin/vfio-bind\n",
         "/usr/local/bin/vfio-bind": f"#!/bin/sh\n{OVERRIDE}\n"}, "not known"),
    "a rule that removes": ({"/usr/lib/udev/rules.d/50-remove-nvidia.rules": REMOVE}, "no driver"),
    "a rule that is jumped over": (
        {"/etc/udev/rules.d/50-remove-nvidia.rules": JUMP}, "nouveau"),
    "optimus-manager": ({"/etc/optimus-manager/optimus-manager.conf": "[optimus]\npci_remove=yes\n"}, "not known"),
}  # fmt: skip


def forecast_of(root: Root) -> tuple[str, tuple[str, ...]]:
    """The forecast of the card, with every possible driver."""
    found = forecast(gather(root, domains.read(root)), read_config_snapshot(root), Unread("was not read"))
    assert not isinstance(found, Unread)
    card = next(f for f in found if f.bdf == CARD)
    return card.text, card.outcomes


@pytest.mark.parametrize("name", MACHINES)
def test_the_forecast_of_a_capture_is_that_of_its_host(name: str) -> None:
    files, outcome = MACHINES[name]
    cards = (gpu(CARD, 2, driver="nouveau"), replace(AUDIO, driver="snd_hda_intel"))
    root = root_of(replace(CLEAN, pci=(BRIDGE, IGPU, *cards), files=files))
    opened, _ = captured(root)
    assert forecast_of(root)[0] == outcome
    assert forecast_of(opened) == forecast_of(root)


def test_nothing_else_of_these_files_leaves() -> None:
    scrub = Scrubber()
    unit = f"[Service]\nEnvironment=T=hunter2\nExecStart={OVERRIDE}\n# driver_override hunter2\nExecStop=/hunter2\n"
    told = reduce_text.unit(unit, scrub)
    assert "hunter2" not in told and "driver_override" in told
    mode = reduce_text.supergfxd('{"mode": "Vfio", "token": "hunter2"}', scrub)
    assert mode is not None and "hunter2" not in mode and "Vfio" in mode
    assert reduce_text.supergfxd('{"mode": "hunter2 at home"}', scrub) is None
    assert "hunter2" not in reduce_text.udev('RUN+="/bin/hunter2 --all"\n', scrub)
