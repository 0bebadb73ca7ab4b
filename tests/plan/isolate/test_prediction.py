"""The forecast: per tool and method what is sure, what is a race, and what is not reached at all."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.plan.isolate.boots import CARD, HOST, NOUVEAU, SOUND, TWIN, VFIO, boot, plan_of

IDS = "options vfio-pci ids=10de:13c2,10de:0fbb\n"
SOFT = "softdep nouveau pre: vfio-pci\nsoftdep snd_hda_intel pre: vfio-pci\n"
CONF, INSIDE = "/etc/modprobe.d/vfio.conf", "etc/modprobe.d/vfio.conf"
RULE = f'ACTION=="add", SUBSYSTEM=="pci", KERNEL=="{CARD}", ATTR{{driver_override}}="vfio-pci"'
PROBE = ', RUN{builtin}+="kmod load vfio-pci", RUN+="/bin/sh -c \'echo $kernel > /sys/bus/pci/drivers_probe\'"\n'
SCRIPT = f"#!/bin/sh\necho vfio-pci > /sys/bus/pci/devices/{CARD}/driver_override\n"
ORDER = "/scripts/init-top/a-vfio\n/scripts/init-top/udev\n"
V, N, NO = "vfio-pci", "nouveau", "no driver"

Row = tuple[str, dict[str, str], dict[str, str] | None, str]

INITRAMFS_TOOLS: Mapping[str, Row] = {
    "nothing is configured": (N, {}, {NOUVEAU: ""}, ""),
    "ids, softdep, both drivers in the image": (
        V, {CONF: IDS + SOFT}, {INSIDE: IDS + SOFT, VFIO: "", NOUVEAU: ""}, "softdep line in the initramfs"),
    "ids and softdep, the image holds no graphics driver": (
        V, {CONF: IDS + SOFT}, {INSIDE: IDS + SOFT}, "softdep line in the running system"),
    "ids, the list comes behind udev": (
        N, {CONF: IDS}, {INSIDE: IDS, "conf/modules": "vfio_pci\n", VFIO: "", NOUVEAU: ""},
        "nouveau is loaded by udev"),
    "ids, the list, the graphics driver waits in the root": (
        V, {CONF: IDS}, {INSIDE: IDS, "conf/modules": "vfio_pci\n", VFIO: ""}, "conf/modules, behind udev"),
    "ids in the list's own line": (
        V, {}, {"conf/modules": "vfio_pci ids=10de:13c2\n", VFIO: ""}, "takes 10de:13c2"),
    "ids and nothing that loads vfio-pci": (N, {CONF: IDS}, {INSIDE: IDS}, "nouveau"),
    "ids that the image does not know yet": (
        N, {CONF: IDS + SOFT}, {"conf/modules": "vfio_pci\n", VFIO: ""}, "nouveau is loaded by udev"),
    "a softdep line that the image does not have vfio-pci for": (
        N, {CONF: IDS + SOFT}, {INSIDE: IDS + SOFT, NOUVEAU: ""}, "udev in the initramfs"),
    "a softdep line of drm holds nouveau back": (
        V, {CONF: IDS}, {INSIDE: IDS + "softdep drm pre: vfio-pci\n", VFIO: "", NOUVEAU: ""}, "softdep line"),
    "modules-load.d races with udev": ("vfio-pci or nouveau", {
        CONF: IDS, "/etc/modules-load.d/vfio.conf": "vfio-pci\n"}, {INSIDE: IDS}, "not ordered"),
    "only the sound's softdep line": (
        "vfio-pci or nouveau", {CONF: IDS + SOFT.split("\n")[1] + "\n"}, {}, "not ordered"),
    "blacklisted, and loaded by nothing": (
        NO, {CONF: "blacklist nouveau\n"}, {INSIDE: "blacklist nouveau\n"}, "nothing that is loaded"),
    "blacklisted in the root only": (N, {CONF: "blacklist nouveau\n"}, {NOUVEAU: ""}, "udev in the initramfs"),
    "a rule of the image, the driver waits in the root": (
        NO, {"/etc/udev/rules.d/10-v.rules": RULE + "\n"}, {"lib/udev/rules.d/10-v.rules": RULE + "\n"},
        "nothing binds"),
    "a rule of the image that loads and probes": (
        V, {}, {"lib/udev/rules.d/10-v.rules": RULE + PROBE, VFIO: ""}, "udev rule in the initramfs"),
    "a rule, then the list behind udev": (
        V, {}, {"lib/udev/rules.d/10-v.rules": RULE + "\n", "conf/modules": "vfio_pci\n", VFIO: ""}, "conf/modules"),
    "a script before udev": (
        V, {}, {"scripts/init-top/a-vfio": SCRIPT, "scripts/init-top/ORDER": ORDER, "conf/modules": "vfio_pci\n",
                VFIO: "", NOUVEAU: ""}, "the script /scripts/init-top/a-vfio"),
    "a script behind udev comes too late": (
        N, {}, {"scripts/init-bottom/v": SCRIPT, "conf/modules": "vfio_pci\n", VFIO: "", NOUVEAU: ""}, "nouveau"),
    "driverctl takes a card from its driver, or hangs": (
        "vfio-pci or nouveau", {f"/etc/driverctl.d/pci-{CARD}": "vfio-pci\n"}, {NOUVEAU: ""}, "driverctl"),
    "the image cannot be read, and it does not matter": (V, {CONF: IDS + SOFT}, None, ""),
}  # fmt: skip


def judge(row: Row, tool: str, name: str = "clean", bdf: str = CARD, **changes: object) -> None:
    outcome, files, image, word = row
    found = boot(files, image, tool, name, **changes)[bdf]
    assert (found.text, word in found.why) == (outcome, True), found
    assert found.sure is (" or " not in outcome)


@pytest.mark.parametrize("case", INITRAMFS_TOOLS)
def test_initramfs_tools(case: str) -> None:
    judge(INITRAMFS_TOOLS[case], "initramfs-tools")


LIST = 'MODULES="vfio_pci vfio"\n'
LOAD = "usr/lib/modules-load.d/MODULES.conf"
MKINITCPIO: Mapping[str, Row] = {
    "busybox: the list comes before udev": (
        V, {CONF: IDS}, {"config": LIST, INSIDE: IDS, VFIO: "", NOUVEAU: ""}, "before udev"),
    "busybox: the host's driver is listed first": (
        N, {CONF: IDS}, {"config": 'MODULES="nouveau vfio_pci"\n', INSIDE: IDS, VFIO: "", NOUVEAU: ""}, "nouveau is"),
    "busybox: without modconf the ids stay outside": (
        N, {CONF: IDS}, {"config": LIST, VFIO: "", NOUVEAU: ""}, "nouveau"),
    "systemd: the list races with udev": (
        "vfio-pci or nouveau", {CONF: IDS}, {LOAD: "vfio_pci\n", INSIDE: IDS, VFIO: "", NOUVEAU: ""}, "not ordered"),
    "systemd: softdep lines end the race": (
        V, {CONF: IDS}, {LOAD: "vfio_pci\n", INSIDE: IDS + SOFT, VFIO: "", NOUVEAU: ""}, "vfio-pci is loaded"),
    "systemd: no graphics driver in the image": (
        V, {CONF: IDS}, {LOAD: "vfio_pci\n", INSIDE: IDS, VFIO: ""}, "vfio-pci is loaded"),
}  # fmt: skip


@pytest.mark.parametrize("case", MKINITCPIO)
def test_mkinitcpio(case: str) -> None:
    judge(MKINITCPIO[case], "mkinitcpio")


FORCED = "etc/cmdline.d/20-force_drivers.conf"
DRACUT: Mapping[str, Row] = {
    "forced drivers come before udev": (
        V, {CONF: IDS}, {FORCED: "rd.driver.pre=vfio_pci\n", INSIDE: IDS, VFIO: "", NOUVEAU: ""}, "before udev"),
    "hostonly=no loses the ids": (
        N, {CONF: IDS}, {FORCED: "rd.driver.pre=vfio_pci\n", VFIO: "", NOUVEAU: ""}, "nouveau is loaded"),
    "add_drivers loads nothing": (
        N, {CONF: IDS}, {INSIDE: IDS, VFIO: "", NOUVEAU: ""}, "nouveau is loaded"),
    "a pre-udev hook sets the override first": (
        V, {}, {FORCED: "rd.driver.pre=vfio_pci\n", "usr/lib/dracut/hooks/pre-udev/00-v.sh": SCRIPT, VFIO: "",
                NOUVEAU: ""}, "the script"),
}  # fmt: skip


@pytest.mark.parametrize("case", DRACUT)
def test_dracut(case: str) -> None:
    judge(DRACUT[case], "dracut")


GIVEN = "modprobeoptions:\n    vfio_pci: ids=10de:13c2,10de:0fbb\nkernel: 6.12.9-amd64\n"
FORCED = "moduledependencies:\n    vfio_pci:\n        - vfio\nmodulesforceload:\n    - vfio_pci\n    - vfio\n"
FLAT, FLAT_NOUVEAU = "usr/lib/modules/vfio_pci.ko", "usr/lib/modules/nouveau.ko"
BOOSTER: Mapping[str, Row] = {
    "forced modules race with udev's": ("vfio-pci or nouveau", {CONF: IDS}, {
        "etc/booster.init.yaml": FORCED + GIVEN, FLAT: "", FLAT_NOUVEAU: ""}, "not"),
    "softdep does not help": ("vfio-pci or nouveau", {CONF: IDS + SOFT}, {
        "etc/booster.init.yaml": FORCED + GIVEN, VFIO: "", NOUVEAU: ""}, "not"),
    "no graphics driver in the image": (V, {CONF: IDS}, {
        "etc/booster.init.yaml": FORCED + GIVEN, FLAT: ""}, "booster.init.yaml"),
    "the image knows no ids": (N, {CONF: IDS}, {
        "etc/booster.init.yaml": FORCED, FLAT: "", FLAT_NOUVEAU: ""}, "nouveau"),
    "nothing is forced": (N, {CONF: IDS}, {
        "etc/booster.init.yaml": GIVEN, FLAT: "", FLAT_NOUVEAU: ""}, "nouveau"),
}  # fmt: skip


@pytest.mark.parametrize("case", BOOSTER)
def test_booster(case: str) -> None:
    judge(BOOSTER[case], "booster")


def test_the_command_line_forces_a_module_in_boosters_image() -> None:
    image = {"etc/booster.init.yaml": GIVEN, FLAT: ""}
    assert boot({CONF: IDS}, image, "booster")[CARD].driver == N
    found = boot({CONF: IDS}, image, "booster", default_cmdline="rd.modules_force_load=vfio_pci")[CARD]
    assert found.driver == V and "rd.modules_force_load" in found.why


BUILT_IN = "kernel/drivers/vfio/pci/vfio-pci.ko"
IN_KERNEL: Mapping[str, tuple[Row, dict[str, object]]] = {
    "the command line reaches a built-in vfio-pci": (
        (V, {}, {NOUVEAU: ""}, "built into the kernel"),
        {"builtin": (BUILT_IN,), "default_cmdline": "vfio-pci.ids=10de:13c2"}),
    "modprobe.d does not": ((N, {CONF: IDS}, {INSIDE: IDS, NOUVEAU: ""}, "nouveau"), {"builtin": (BUILT_IN,)}),
    "a built-in driver is first": (
        (N, {CONF: IDS + SOFT}, {INSIDE: IDS + SOFT, "conf/modules": "vfio_pci\n", VFIO: ""}, "built into the kernel"),
        {"builtin": ("kernel/drivers/gpu/drm/nouveau/nouveau.ko",)}),
    "both built in": (
        ("vfio-pci or nouveau", {}, {}, "not ordered"),
        {"builtin": (BUILT_IN, "kernel/drivers/gpu/drm/nouveau/nouveau.ko"),
         "default_cmdline": "vfio_pci.ids=10de:13c2"}),
    "the command line reaches a module too": (
        (V, {CONF: SOFT}, {INSIDE: SOFT, VFIO: "", NOUVEAU: ""}, "takes 10de:13c2"),
        {"default_cmdline": "vfio-pci.ids=10de:13c2"}),
    "its value replaces that of modprobe.d": (
        (N, {CONF: IDS + SOFT}, {INSIDE: IDS + SOFT, VFIO: "", NOUVEAU: ""}, "nouveau"),
        {"default_cmdline": "vfio-pci.ids=1:2"}),
    "module_blacklist keeps vfio-pci away": (
        (N, {CONF: IDS + SOFT}, {INSIDE: IDS + SOFT, VFIO: "", NOUVEAU: ""}, "nouveau"),
        {"default_cmdline": "module_blacklist=vfio_pci"}),
}  # fmt: skip


@pytest.mark.parametrize("case", IN_KERNEL)
def test_kernel_and_command_line(case: str) -> None:
    row, changes = IN_KERNEL[case]
    judge(row, "initramfs-tools", **changes)


def test_the_same_ids_take_the_twin_along() -> None:
    found = boot({CONF: IDS + SOFT}, {INSIDE: IDS + SOFT, VFIO: "", NOUVEAU: ""}, name="twins")
    assert found[CARD].driver == found[TWIN].driver == found[SOUND].driver == V
    assert found[HOST].driver == "i915"


def test_a_rule_beside_a_twin_is_a_race() -> None:
    image = {"lib/udev/rules.d/10-v.rules": RULE + PROBE, VFIO: "", NOUVEAU: ""}
    found = boot({}, image, name="twins")
    assert found[CARD].text == "vfio-pci or nouveau" and "init-top" in found[CARD].advice
    assert found[TWIN].driver == "nouveau"


def test_a_rule_beside_a_twin_is_sure_where_the_image_has_no_graphics_driver() -> None:
    found = boot({}, {"lib/udev/rules.d/10-v.rules": RULE + PROBE, VFIO: ""}, name="twins")
    assert found[CARD].driver == V and found[TWIN].driver == "nouveau"


def test_a_plan_is_taken_at_its_word() -> None:
    image = {NOUVEAU: "", VFIO: ""}
    assert boot({}, image)[CARD].driver == N
    plan = plan_of({CONF: IDS + SOFT})
    found = boot({}, image, plan=plan)[CARD]
    assert found.driver == V and any(e.path.startswith(CONF) for e in found.evidence)
    assert boot({}, image, plan=plan_of({CONF: IDS + SOFT}, rebuild=False))[CARD].driver == N
    words = plan_of({}, cmdline="quiet vfio-pci.ids=10de:13c2", rebuild=False)
    assert boot({CONF: SOFT}, {**image, INSIDE: SOFT}, plan=words)[CARD].driver == V


def test_subsystem_ids_tell_twins_apart() -> None:
    ids = "options vfio-pci ids=10de:13c2:1234:5678\n" + SOFT
    assert boot({CONF: ids}, {INSIDE: ids, VFIO: "", NOUVEAU: ""})[CARD].driver == N


def test_every_sure_answer_about_vfio_shows_what_was_read() -> None:
    found = boot({CONF: IDS + SOFT}, {INSIDE: IDS + SOFT, VFIO: "", NOUVEAU: ""})[CARD]
    assert any("ids=" in e.seen for e in found.evidence) and any("softdep" in e.seen for e in found.evidence)
    assert found.advice == ""
