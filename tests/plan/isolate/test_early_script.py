"""Scripts that bind by address before udev: what the plan writes, what real shells make of it, what it makes sure."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.machines import facts_of, root_of
from tests.plan.isolate.boots import CARD, NOUVEAU, SOUND, TOOL_FILES, TWIN, TWINS, VFIO, image_of
from tests.requirements import need
from vfiotui.demo.description import Host
from vfiotui.formats.initramfs.boot_image import early_boot, missing
from vfiotui.formats.refused import EditRefused
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.boot.early_boot import Moment
from vfiotui.model.boot.image import Image, ImageFile
from vfiotui.model.boot.next_boot import NextBoot
from vfiotui.model.change.plan import Plan
from vfiotui.model.pci.selection import FILE, Chosen
from vfiotui.plan.boot.image_edits import DRACUT
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan
from vfiotui.plan.isolate.early_script import (
    DRACUT_HOOK,
    DRACUT_SETUP,
    MKINITCPIO_HOOK,
    MKINITCPIO_INSTALL,
    SCRIPT,
    UNIT,
    UNIT_SCRIPT,
    UNIT_TEXT,
    dracut_hook_text,
    mkinitcpio_hook_text,
    script_text,
    unit_script_text,
)
from vfiotui.plan.isolate.override_rule import MKINITCPIO, RULE
from vfiotui.plan.isolate.predicted import predicted

HOOKS = "HOOKS=(base udev modconf kms block filesystems)\n"
MAIN = {"dracut": {DRACUT: 'hostonly="yes"\n'}, "mkinitcpio": {MKINITCPIO: f"MODULES=()\nFILES=()\n{HOOKS}"}}
INSIDE = {
    "dracut": {"usr/lib/dracut-lib.sh": "", VFIO: "", NOUVEAU: ""},
    "mkinitcpio": {"buildconfig": "", "config": 'EARLYHOOKS="udev"\n', VFIO: "", NOUVEAU: ""},
}
HOOK = {"dracut": DRACUT_HOOK, "mkinitcpio": MKINITCPIO_HOOK}


def machine(tool: str, files: dict[str, str]) -> Host:
    whole = {**TOOL_FILES[tool], **files}
    return replace(TWINS, files=whole, remove=("/etc/initramfs-tools", "/usr/sbin/update-initramfs"))


def planned(host: Host, tool: str, goal: str = "isolate.override") -> Plan:
    facts, snapshot = facts_of(host), read_config_snapshot(root_of(host))
    plan = make_plan(facts, snapshot, [(goal, CARD)])
    return predicted(plan, facts, snapshot, (NextBoot(None, image_of(INSIDE[tool], tool)),))


def files(plan: Plan) -> dict[str, str | None]:
    return {s.subject: None if s.after is None else s.after.decode() for s in plan.steps if s.kind == "file"}


@pytest.mark.parametrize("tool", HOOK)
def test_a_card_beside_its_twin_is_sure_where_a_script_comes_before_udev(tool: str) -> None:
    plan = planned(machine(tool, MAIN[tool]), tool)
    told = dict(plan.forecast)
    assert told[CARD] == told[SOUND] == ("vfio-pci",) and told[TWIN] == ("nouveau",)
    (look,) = (s for s in plan.steps if s.kind == "image")
    assert f"same {HOOK[tool]}" in look.wants
    # Without the script the twin's event may load the driver first.
    rest = replace(plan, steps=tuple(s for s in plan.steps if s.subject not in HOOK.values()))
    host = machine(tool, MAIN[tool])
    left = predicted(
        rest, facts_of(host), read_config_snapshot(root_of(host)), (NextBoot(None, image_of(INSIDE[tool], tool)),)
    )
    assert len(dict(left.forecast)[CARD]) > 1


@pytest.mark.parametrize("tool", HOOK)
def test_another_method_takes_the_script_and_its_places_away(tool: str) -> None:
    before = files(planned(machine(tool, MAIN[tool]), tool))
    kept = {p: t for p, t in before.items() if t is not None and not p.startswith("/boot")}
    after = files(planned(machine(tool, {**MAIN[tool], **kept}), tool, "isolate.dynamic"))
    assert after[HOOK[tool]] is None and after[RULE] is None
    main = next(iter(MAIN[tool]))
    assert RULE not in (after[main] or "") and "vfiotui" not in (after[main] or "") and FILE in after


def test_mkinitcpio_gets_the_hook_ahead_of_udev() -> None:
    found = files(planned(machine("mkinitcpio", MAIN["mkinitcpio"]), "mkinitcpio"))
    assert "HOOKS=(base vfiotui udev modconf" in (found[MKINITCPIO] or "")
    assert "add_runscript" in (found[MKINITCPIO_INSTALL] or "")


@pytest.mark.parametrize("hooks", ["HOOKS=(systemd modconf kms)\n", "HOOKS=($(list))\n"])
def test_no_hook_where_none_would_run(hooks: str) -> None:
    """Without the hook base an image with systemd has no shell."""
    try:
        found = files(planned(machine("mkinitcpio", {MKINITCPIO: f"MODULES=()\n{hooks}"}), "mkinitcpio"))
    except (PlanError, EditRefused):
        return
    assert MKINITCPIO_HOOK not in found and UNIT not in found
    assert "vfiotui" not in (found[MKINITCPIO] or "").replace(RULE, "").replace("modprobe.d/vfiotui.conf", "")


SYSTEMD_HOOKS = {MKINITCPIO: "MODULES=()\nHOOKS=(base systemd modconf kms)\n"}
SYSTEMD_IMAGE = {"buildconfig": "", "config": "", "etc/modules-load.d/MODULES.conf": "", VFIO: "", NOUVEAU: ""}


def test_an_image_with_systemd_gets_a_unit_ahead_of_udev() -> None:
    plan = planned(machine("mkinitcpio", SYSTEMD_HOOKS), "mkinitcpio")
    found, told = files(plan), dict(plan.forecast)
    assert told[CARD] == told[SOUND] == ("vfio-pci",) and told[TWIN] == ("nouveau",)
    assert "HOOKS=(base systemd modconf kms vfiotui)" in (found[MKINITCPIO] or "") and MKINITCPIO_HOOK not in found
    assert "Before=systemd-modules-load.service systemd-udevd.service" in (found[UNIT] or "")
    (look,) = (s for s in plan.steps if s.kind == "image")
    assert f"same {UNIT_SCRIPT}" in look.wants
    (script,) = (s for s in plan.steps if s.subject == UNIT_SCRIPT)
    assert script.mode == 0o755


def test_the_unit_goes_with_the_last_device_that_is_bound_by_address() -> None:
    before = files(planned(machine("mkinitcpio", SYSTEMD_HOOKS), "mkinitcpio"))
    kept = {p: t for p, t in before.items() if t is not None and not p.startswith("/boot")}
    after = files(planned(machine("mkinitcpio", {**SYSTEMD_HOOKS, **kept}), "mkinitcpio", "isolate.dynamic"))
    assert after[UNIT] is after[UNIT_SCRIPT] is after[MKINITCPIO_INSTALL] is None
    assert "vfiotui)" not in (after[MKINITCPIO] or "")


def with_links(inside: dict[str, str], links: dict[str, str]) -> Image:
    image = image_of(inside, "mkinitcpio")
    nodes = {path: ImageFile(path, 0o120777, len(to), to) for path, to in links.items()}
    return replace(image, files={**image.files, **nodes})


def test_the_built_image_with_systemd_is_read_so() -> None:
    """A hook script is never run there, and the list of modules is not ordered against udev."""
    name = "vfiotui-bind-vfio.service"
    unit, script = f"etc/systemd/system/{name}", "usr/lib/vfiotui/bind-vfio"
    links = {"init": "usr/lib/systemd/systemd", f"etc/systemd/system/sysinit.target.wants/{name}": f"../{name}"}
    inside = {
        **SYSTEMD_IMAGE,
        "etc/modules-load.d/MODULES.conf": "vfio_pci\n",
        "hooks/vfiotui": mkinitcpio_hook_text((ONE,)),
        unit: UNIT_TEXT,
        script: unit_script_text((ONE,)),
    }
    early = early_boot(with_links(inside, links))
    assert (early.early, early.early_at) == ((("vfio_pci", ""),), Moment.COLDPLUG)
    assert [(s.path, s.before_udev) for s in early.scripts] == [(f"/{script}", True)]
    unwanted = early_boot(with_links(inside, {"init": "usr/lib/systemd/systemd"}))
    assert [s.before_udev for s in unwanted.scripts] == [None], "nothing starts the unit"
    bare = {path: text for path, text in inside.items() if "MODULES" not in path}
    assert early_boot(with_links({**bare, "config": 'MODULES="vfio_pci"\n'}, links)).early == ()
    text = unit_script_text((ONE,)).encode()
    assert missing(with_links(inside, links), (f"same {UNIT_SCRIPT}",), lambda path: text) == ()


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """systemd-analyze finds nothing wrong with it, but for the shell that only the image has."""
    script = tmp_path / "bind-vfio"
    script.write_text(unit_script_text((ONE,)))
    script.chmod(0o755)
    unit = tmp_path / "vfiotui-bind-vfio.service"
    unit.write_text(UNIT_TEXT.replace("/usr/bin/ash /usr/lib/vfiotui/bind-vfio", f"/bin/sh {script}"))
    done = subprocess.run(
        [need("systemd-analyze", "systemd"), "verify", "--man=no", str(unit)], capture_output=True, text=True
    )
    said = [line for line in done.stderr.splitlines() if unit.name in line]
    assert said == []


def test_no_module_where_ostree_keeps_usr_closed() -> None:
    host = machine("dracut", {**MAIN["dracut"], "/usr/bin/rpm-ostree": "x"})
    found = files(planned(host, "dracut"))
    assert RULE in found and DRACUT_HOOK not in found and DRACUT_SETUP not in found


def test_the_built_images_are_read_so() -> None:
    text = mkinitcpio_hook_text((ONE,))
    inside = {**INSIDE["mkinitcpio"], "config": 'EARLYHOOKS="vfiotui udev"\n', "hooks/vfiotui": text}
    (script,) = early_boot(image_of(inside, "mkinitcpio")).scripts
    assert script.before_udev is True
    assert missing(image_of(inside), (f"same {MKINITCPIO_HOOK}",), lambda path: text.encode()) == ()
    later = {**inside, "config": 'EARLYHOOKS="udev vfiotui"\n'}
    assert early_boot(image_of(later, "mkinitcpio")).scripts[0].before_udev is False


SHELLS = (("dash", "dash", ()), ("busybox", "busybox-static", ("ash",)))
ONE, OTHER = Chosen(CARD, "10de", "13c2", "", "", ""), Chosen(TWIN, "10de", "9999", "", "", "")


@pytest.mark.parametrize(("program", "package", "more"), SHELLS, ids=["dash", "ash"])
@pytest.mark.parametrize("words", ["quiet", "quiet vfiotui=off", "module_blacklist=x,vfio_pci"])
@pytest.mark.parametrize("form", ["dracut", "mkinitcpio", "initramfs-tools", "systemd"])
def test_real_shells_bind_what_is_meant_and_nothing_else(
    form: str, words: str, program: str, package: str, more: tuple[str, ...], tmp_path: Path
) -> None:
    """Over a folder in place of sysfs: the numbers must fit, the escape's words end it, the init's shell lives on."""
    for bdf in (CARD, TWIN):
        device = tmp_path / "devices" / bdf
        device.mkdir(parents=True)
        (device / "vendor").write_text("0x10de\n")
        (device / "device").write_text("0x13c2\n")
        (device / "driver_override").write_text("")
    (tmp_path / "drivers_probe").write_text("")
    (tmp_path / "cmdline").write_text(words)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/modprobe").write_text(f"#!/bin/sh\necho $@ >>{tmp_path}/loaded\n")
    (tmp_path / "bin/modprobe").chmod(0o755)
    make = {
        "dracut": dracut_hook_text,
        "mkinitcpio": mkinitcpio_hook_text,
        "initramfs-tools": script_text,
        "systemd": unit_script_text,
    }
    text = (
        make[form]((ONE, OTHER)).replace("/sys/bus/pci", str(tmp_path)).replace("/proc/cmdline", f"{tmp_path}/cmdline")
    )
    (tmp_path / "script").write_text(text.replace("modprobe vfio-pci", f"{tmp_path}/bin/modprobe vfio-pci"))
    run = {"dracut": ". ./script", "mkinitcpio": ". ./script; run_earlyhook", "initramfs-tools": "sh ./script"}.get(
        form, "sh ./script"
    )
    told = subprocess.run(
        [need(program, package), *more, "-c", f"set -e; {run}; echo on"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert (told.stdout, told.stderr) == ("on\n", "")
    bound = words == "quiet"
    assert (tmp_path / "devices" / CARD / "driver_override").read_text() == ("vfio-pci\n" if bound else "")
    assert (tmp_path / "devices" / TWIN / "driver_override").read_text() == ""
    assert (tmp_path / "drivers_probe").read_text() == (f"{CARD}\n" if bound else "")
    assert (tmp_path / "loaded").exists() is bound


def test_initramfs_tools_asks_for_its_order(tmp_path: Path) -> None:
    script = tmp_path / SCRIPT.rpartition("/")[2]
    script.write_text(script_text((ONE,)))
    done = subprocess.run(["sh", str(script), "prereqs"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "\n")
