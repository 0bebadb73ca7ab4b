"""What binds or removes devices at run time is played, or makes the answer "not known"."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.plan.isolate.boots import CARD, HOST, SOUND, VFIO, boot
from vfiotui.model.boot.binders import gpu_mode

GFX = "/etc/supergfxd.conf"
VFIO_MODE = '{"mode": "Vfio", "vfio_enable": true, "vfio_save": true}'
UNIT = "/etc/systemd/system/gpu-bind.service"
WANTS = "/etc/systemd/system/multi-user.target.wants/gpu-bind.service"
DAEMON = {"/etc/systemd/system/multi-user.target.wants/supergfxd.service": ""}


def unit(command: str) -> str:
    return f"[Unit]\nDescription=cards\n[Service]\nType=oneshot\nExecStart={command}\n"


def test_supergfxd_restores_its_mode_vfio() -> None:
    found = boot({GFX: VFIO_MODE, **DAEMON}, {})
    assert found[CARD].driver == found[SOUND].driver == "vfio-pci"
    assert "supergfxd" in found[CARD].why and found[HOST].driver == "i915"


def test_supergfxd_removes_the_card_in_its_mode_integrated() -> None:
    found = boot({GFX: '{"mode": "Integrated"}', **DAEMON}, {})
    assert found[CARD].driver == "" and "removes it" in found[CARD].why


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ('{"mode": "Hybrid", "vfio_enable": true, "vfio_save": true}', "nouveau"),
        ('{"mode": "Vfio", "vfio_enable": true, "vfio_save": false}', "nouveau"),
        ('{"mode": "AsusEgpu"}', "not known"),
        ("{", "not known"),
        ("[" * 100_000, "not known"),
        ('{"mode": 3}', "not known"),
        ("null", "not known"),
    ],
)
def test_other_modes_of_supergfxd(text: str, outcome: str) -> None:
    found = boot({GFX: text, **DAEMON}, {})
    assert found[CARD].text == outcome and found[HOST].driver == "i915"
    if outcome == "not known":
        assert "supergfxd" in found[CARD].why and not found[CARD].sure and found[CARD].driver is None


def test_a_configuration_that_was_left_behind_is_not_sure() -> None:
    found = boot({GFX: VFIO_MODE}, {}, name="twins")[CARD]
    assert found.text == "not known" and {"vfio-pci", "nouveau", ""} <= set(found.outcomes)


@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        (f"/bin/sh -c 'echo vfio-pci > /sys/bus/pci/devices/{CARD}/driver_override'", "not known"),
        ("/bin/sh -c 'echo 10de 13c2 > /sys/bus/pci/drivers/vfio-pci/new_id'", "not known"),
        ("/bin/sh -c 'echo 10de 0fbb > /sys/bus/pci/drivers/vfio-pci/new_id'", "nouveau"),
        ("/bin/sh -c 'echo 0000:05:00.0 > /sys/bus/pci/drivers/nvme/unbind'", "nouveau"),
        ("/usr/bin/driverctl --nosave set-override 0000:01:00.0 vfio-pci", "not known"),
        ("/usr/bin/true", "nouveau"),
    ],
)
def test_an_own_unit(command: str, outcome: str) -> None:
    found = boot({UNIT: unit(command), WANTS: ""}, {})
    assert found[CARD].text == outcome, found[CARD]
    assert found[HOST].driver == "i915"
    if outcome == "not known":
        assert f"because {UNIT} binds devices at run time" in found[CARD].why
        assert any(e.path == UNIT for e in found[CARD].evidence)


def test_a_unit_that_no_target_wants_does_nothing() -> None:
    command = f"/bin/sh -c 'echo vfio-pci > /sys/bus/pci/devices/{CARD}/driver_override'"
    assert boot({UNIT: unit(command)}, {})[CARD].driver == "nouveau"


SCRIPT = "#!/bin/bash\nfor d in 01:00.0; do echo $d > /sys/bus/pci/drivers/nouveau/unbind; echo 0000:$d; done\n"


@pytest.mark.parametrize(
    ("files", "outcome"),
    [
        ({UNIT: unit("/usr/local/bin/take-gpu"), WANTS: "", "/usr/local/bin/take-gpu": SCRIPT}, "not known"),
        ({"/etc/rc.local": "#!/bin/sh\n/usr/local/bin/take-gpu\n", "/usr/local/bin/take-gpu": SCRIPT}, "not known"),
        ({"/usr/local/bin/take-gpu": SCRIPT}, "nouveau"),
        ({UNIT: unit("/usr/local/bin/take-gpu"), WANTS: "", "/usr/local/bin/take-gpu": "#!/bin/sh\ntrue\n"}, "nouveau"),
        ({UNIT: unit("/usr/local/bin/x"), WANTS: "", "/usr/local/bin/x": "\0driver_override"}, "nouveau"),
    ],
)
def test_a_script_of_the_host(files: Mapping[str, str], outcome: str) -> None:
    assert boot(files, {})[CARD].text == outcome


def test_optimus_manager_that_removes_the_card() -> None:
    path = "/etc/optimus-manager/optimus-manager.conf"
    assert boot({path: "[optimus]\npci_remove=yes\n"}, {})[CARD].text == "not known"
    assert boot({path: "[optimus]\npci_remove=no\n"}, {})[CARD].driver == "nouveau"


def test_a_rule_of_a_package_removes_the_card_unless_its_namesake_hides_it() -> None:
    name, rule = "50-remove-nvidia.rules", 'SUBSYSTEM=="pci", ATTR{vendor}=="0x10de", ATTR{remove}="1"\n'
    assert "removes it" in boot({f"/usr/lib/udev/rules.d/{name}": rule}, {VFIO: ""})[CARD].why
    hidden = {f"/usr/lib/udev/rules.d/{name}": rule, f"/etc/udev/rules.d/{name}": "# nothing is removed\n"}
    assert boot(hidden, {VFIO: ""})[CARD].driver == "nouveau"


def test_the_mode_is_read_as_json() -> None:
    assert gpu_mode(VFIO_MODE).restored and not gpu_mode('{"mode": "Vfio", "vfio_save": 1}').restored


@pytest.mark.parametrize(
    ("install", "links", "outcome"),
    [
        ("[Install]\nWantedBy=multi-user.target\n", {}, "nouveau"),
        ("[Install]\nWantedBy=multi-user.target\n", {WANTS: ""}, "not known"),
        ("", {}, "not known"),
    ],
    ids=["disabled since it was started", "enabled", "started by another unit"],
)
def test_a_unit_that_runs_now_starts_at_the_next_boot_where_something_starts_it(
    install: str, links: Mapping[str, str], outcome: str
) -> None:
    text = unit(f"/bin/sh -c 'echo vfio-pci > /sys/bus/pci/devices/{CARD}/driver_override'") + install
    runs = {"/run/systemd/units/invocation:gpu-bind.service": ""}
    assert boot({UNIT: text, **runs, **links}, {})[CARD].text == outcome
