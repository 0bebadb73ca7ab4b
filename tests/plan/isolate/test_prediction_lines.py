"""The forecast plays lines of modprobe.d, words of the kernel, udev rules and scripts as their readers obey them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.plan.isolate.boots import CARD, HOST, NOUVEAU, SOUND, TWIN, VFIO, boot
from tests.plan.isolate.test_prediction import CONF, IDS, INSIDE, NO, RULE, SOFT, N, Row, V, judge

LISTED = {"/etc/modules-load.d/v.conf": "vfio-pci\n"}
NOUVEAU_WAITS = SOFT.split("\n")[0] + "\n"
EITHER = "vfio-pci or nouveau"
DRM_BUILT_IN = {"builtin": ("kernel/drivers/gpu/drm/drm.ko",)}
STUB = {"builtin": ("kernel/drivers/pci/pci-stub.ko",)}


def line(words: str, **more: object) -> dict[str, object]:
    return {"default_cmdline": words, **more}


LINES: Mapping[str, tuple[Row, dict[str, object]]] = {
    "install /bin/false keeps nouveau away": (
        (V, {CONF: IDS + "install nouveau /bin/false\n", **LISTED}, {}, "modules-load.d"), {}),
    "a softdep line makes the install line void": (
        (N, {CONF: "install nouveau /bin/false\nsoftdep nouveau pre: i2c_core\n"}, {}, "nouveau is loaded"), {}),
    "the first softdep line counts": (
        (N, {CONF: IDS + "softdep nouveau pre: i2c_core\n" + NOUVEAU_WAITS}, {}, "nouveau is loaded"), {}),
    "softdep without pre:": ((N, {CONF: IDS + "softdep nouveau vfio-pci\n"}, {}, "nouveau is loaded"), {}),
    "post: comes too late": ((N, {CONF: IDS + "softdep nouveau post: vfio-pci\n"}, {}, "nouveau is loaded"), {}),
    "the wrong way round": (
        (N, {CONF: IDS + "softdep vfio-pci pre: nouveau\n", **LISTED}, {}, "nouveau is loaded"), {}),
    "a weakdep line loads nothing": ((N, {CONF: IDS + "weakdep nouveau vfio-pci\n"}, {}, "nouveau is"), {}),
    "a pattern is a name": ((V, {CONF: IDS + "softdep nouv* pre: vfio_pci\n"}, {}, "softdep line"), {}),
    "drm in the kernel has no softdep line": (
        (N, {CONF: IDS + "softdep drm pre: vfio-pci\n"}, {}, "nouveau is loaded"), DRM_BUILT_IN),
    "alias off keeps udev from nothing": ((N, {CONF: "alias nouveau off\n"}, {}, "nouveau is loaded"), {}),
    "alias off hides vfio-pci from a list": (
        (N, {CONF: IDS + "alias vfio-pci off\n", **LISTED}, {}, "nouveau is loaded"), {}),
    "an alias line for the card replaces the kernel's": (
        (V, {CONF: IDS + "alias pci:v000010DEd000013C2sv*sd*bc03sc*i* vfio-pci\n"}, {}, "vfio-pci is loaded"), {}),
    "an install command that loads vfio-pci first": (
        (V, {CONF: IDS + "install nouveau /sbin/modprobe vfio-pci; /sbin/modprobe -i nouveau\n"}, {},
         "install command of nouveau"), {}),
    "an install command that runs a program": (
        ("not known", {CONF: "install nouveau /usr/local/bin/choose\n"}, {}, "the install command of nouveau"), {}),
    "aliases that lead to each other": (
        (N, {CONF: IDS + "alias vfio-pci a\nalias a vfio_pci\n", **LISTED}, {}, "nouveau is loaded"), {}),
    "softdep lines that lead to each other": (
        (V, {CONF: IDS + SOFT + "softdep vfio-pci pre: nouveau\n"}, {}, "softdep line"), {}),
    "a list of systemd obeys the blacklist": (
        (N, {CONF: IDS + "blacklist vfio-pci\n", **LISTED}, {}, "nouveau is loaded"), {}),
    "a list of initramfs-tools does not": (
        (V, {CONF: IDS}, {INSIDE: IDS + "blacklist vfio-pci\n", "conf/modules": "vfio_pci\n", VFIO: ""},
         "conf/modules"), {}),
    "a swallowed line": ((N, {CONF: "# my card \\\n" + IDS + SOFT}, {}, "nouveau"), {}),
    "the list's own ids replace the command line's": (
        (V, {}, {"conf/modules": "vfio_pci ids=10de:13c2\n", VFIO: ""}, "takes 10de:13c2"), line("vfio-pci.ids=1:2")),
}  # fmt: skip

WORDS: Mapping[str, tuple[Row, dict[str, object]]] = {
    "nomodeset": ((V, {CONF: IDS, **LISTED}, {}, "nouveau takes no card because of nomodeset"), line("nomodeset")),
    "nouveau.modeset=0": ((V, {CONF: IDS, **LISTED}, {}, "nouveau.modeset=0"), line("nouveau.modeset=0")),
    "modeset=0 in modprobe.d": ((NO, {CONF: "options nouveau modeset=0\n"}, {}, "modeset=0 of nouveau"), {}),
    "the command line's modeset replaces it": (
        (N, {CONF: "options nouveau modeset=0\n"}, {}, "nouveau is loaded"), line("nouveau.modeset=1")),
    "modeset=1 goes past nomodeset": ((N, {}, {}, "nouveau is loaded"), line("nomodeset nouveau.modeset=1")),
    "rd.driver.blacklist is dracut's": ((EITHER, {CONF: IDS, **LISTED}, {}, ""), line("rd.driver.blacklist=nouveau")),
    "rd.driver.blacklist without vfio": ((N, {}, {NOUVEAU: ""}, "nouveau"), line("rd.driver.blacklist=nouveau")),
    "blacklist= is initramfs-tools'": (
        (V, {CONF: IDS}, {INSIDE: IDS, "conf/modules": "vfio_pci\n", VFIO: "", NOUVEAU: ""}, "conf/modules"),
        line("blacklist=nouveau")),
    "modprobe.blacklist counts everywhere": (
        (NO, {}, {NOUVEAU: ""}, "nothing that is"), line("modprobe.blacklist=nouveau")),
    "module_blacklist counts for lists too": (
        (N, {CONF: IDS, **LISTED}, {}, "nouveau is loaded"), line("module_blacklist=vfio_pci")),
    "modules_load= is read by systemd": ((EITHER, {CONF: IDS}, {}, "modules_load="), line("modules_load=vfio-pci")),
    "pci-stub in the kernel is the first driver": (("pci-stub", {}, {NOUVEAU: ""}, "takes 10de:13c2"),
                                                   line("pci-stub.ids=10de:13c2", **STUB)),
    "pci-stub as a module is loaded by nobody": (
        (N, {}, {NOUVEAU: ""}, "nouveau"), line("pci-stub.ids=10de:13c2")),
    "pci-stub as a module of the list": (
        ("pci-stub", {CONF: "options pci-stub ids=10de:13c2\nsoftdep nouveau pre: pci-stub\n"}, {}, "softdep"), {}),
    "pci-stub in a list of systemd races with udev": (
        ("nouveau or pci-stub", {"/etc/modules-load.d/s.conf": "pci-stub\n"}, {}, "not ordered"),
        line("pci-stub.ids=10de:13c2")),
    "a built-in driver whose init function is left out": (
        (V, {CONF: IDS, **LISTED}, {}, "modules-load.d"),
        line("initcall_blacklist=nouveau_drm_init", builtin=("kernel/drivers/gpu/drm/nouveau/nouveau.ko",))),
}  # fmt: skip


@pytest.mark.parametrize("case", [*LINES, *WORDS])
def test_initramfs_tools(case: str) -> None:
    row, changes = {**LINES, **WORDS}[case]
    outcome, files, image, word = row
    found = boot(files, image, **changes)[CARD]
    assert (found.text, word in found.why) == (outcome, True), found
    assert found.sure is (" or " not in outcome and outcome != "not known")


DRACUT: Mapping[str, tuple[Row, str]] = {
    "rd.driver.blacklist holds in the initramfs only": (
        (EITHER, {CONF: IDS, **LISTED}, {INSIDE: IDS, NOUVEAU: ""}, ""), "rd.driver.blacklist=nouveau"),
    "without it the initramfs decides": ((N, {CONF: IDS, **LISTED}, {INSIDE: IDS, NOUVEAU: ""}, "initramfs"), ""),
    "rd.driver.pre comes before udev": (
        (V, {CONF: IDS}, {INSIDE: IDS, NOUVEAU: "", VFIO: ""}, "rd.driver.pre"), "rd.driver.pre=vfio_pci"),
    "rd.driver.post keeps nouveau from udev, and loads it at the end": (
        (V, {CONF: IDS}, {INSIDE: IDS, NOUVEAU: "", VFIO: "", "etc/cmdline.d/x.conf": "rd.driver.pre=vfio_pci\n"}, ""),
        "rd.driver.post=nouveau"),
    "rd.driver.post of vfio-pci is too late for nothing that waits": (
        (V, {CONF: IDS}, {INSIDE: IDS, VFIO: ""}, "rd.driver.post"), "rd.driver.post=vfio_pci"),
}  # fmt: skip


@pytest.mark.parametrize("case", DRACUT)
def test_dracut(case: str) -> None:
    row, words = DRACUT[case]
    judge(row, "dracut", default_cmdline=words)


def test_mkinitcpio_obeys_its_blacklist_and_earlymodules() -> None:
    image = {"config": 'MODULES="vfio_pci"\n', INSIDE: IDS + "blacklist vfio-pci\n", VFIO: "", NOUVEAU: ""}
    assert boot({CONF: IDS}, image, "mkinitcpio")[CARD].driver == N
    image = {"config": 'MODULES=""\n', INSIDE: IDS, VFIO: "", NOUVEAU: ""}
    found = boot({CONF: IDS}, image, "mkinitcpio", default_cmdline="earlymodules=vfio_pci")[CARD]
    assert found.driver == V and "earlymodules=" in found.why


def test_nomodeset_leaves_the_hosts_own_card_without_a_driver() -> None:
    found = boot({}, {}, default_cmdline="nomodeset")
    assert found[HOST].driver == "" and "nomodeset" in found[HOST].why
    assert found[SOUND].driver == "snd_hda_intel"


RULES = "/etc/udev/rules.d/10-v.rules"
COMMAND = "/bin/sh -c 'echo vfio-pci > /sys/bus/pci/devices/{}/driver_override'"
RUN = f'ACTION=="add", SUBSYSTEM=="pci", KERNEL=="{{}}", RUN+="{COMMAND}"'


def test_a_command_of_a_rule_is_not_ordered_beside_a_twin() -> None:
    found = boot({RULES: RUN.format(CARD, CARD) + "\n"}, {}, name="twins")
    assert found[CARD].text == "nouveau or no driver" and "runs a command" in found[CARD].why
    assert found[TWIN].driver == N
    late = boot({"/etc/udev/rules.d/99-v.rules": RUN.format(CARD, CARD) + "\n"}, {})
    assert late[CARD].driver == N, "80-drivers.rules loads it first"


def test_a_rule_that_writes_elsewhere_is_for_that_device() -> None:
    found = boot({RULES: RUN.format(CARD, TWIN) + "\n"}, {}, name="twins")
    assert found[CARD].driver == N


@pytest.mark.parametrize(
    ("condition", "taken"),
    [
        ('KERNEL=="0000:01:00.[0-9]"', True),
        ('KERNEL=="0000:0[12]:00.0|0000:05:00.0"', True),
        ('KERNELS=="0000:01:00.0"', True),
        ('KERNELS=="0000:00:1f.0"', False),
        ('ENV{PCI_SLOT_NAME}=="0000:01:00.0"', True),
        ('ENV{PCI_ID}=="10DE:13C2"', True),
        ('ENV{PCI_CLASS}=="30000"', True),
        ('ATTR{class}=="0x03*", ATTR{boot_vga}!="1"', True),
        ('ATTR{boot_vga}=="1"', False),
        ('ENV{MODALIAS}=="pci:v000010DEd000013C2*"', True),
        ('DRIVER==""', True),
        ('SUBSYSTEM!="pci"', False),
        ('ACTION=="remove"', False),
    ],
)
def test_conditions_of_rules(condition: str, taken: bool) -> None:
    found = boot({RULES: f'{condition}, ATTR{{driver_override}}="vfio-pci"\n'}, {})[CARD]
    assert (found.text != N) is taken, found


@pytest.mark.parametrize(
    ("guard", "taken"),
    [
        ('SUBSYSTEM!="pci", GOTO="end"', True),
        ('SUBSYSTEM=="pci", GOTO="end"', False),
        ('GOTO="end"', False),
        ('KERNEL=="0000:01:00.0", GOTO="end"', False),
        ('KERNEL=="0000:01:00.0", GOTO="other"\nLABEL="other"', True),
    ],
)
def test_a_jump_leads_past_a_rule(guard: str, taken: bool) -> None:
    found = boot({RULES: f'{guard}\n{RULE}\nLABEL="end"\n'}, {})[CARD]
    assert (found.text != N) is taken, found


def test_a_condition_that_is_not_understood_leaves_it_open() -> None:
    found = boot({RULES: f'TEST=="/etc/nobody-knows", {RULE}\n'}, {VFIO: ""})[CARD]
    assert found.text == "nouveau or no driver"


def test_a_rule_takes_the_card_off_the_bus() -> None:
    rule = 'ACTION=="add", SUBSYSTEM=="pci", ATTR{vendor}=="0x10de", ATTR{class}=="0x03[0-9]*", ATTR{remove}="1"\n'
    found = boot({"/etc/udev/rules.d/50-remove-nvidia.rules": rule, CONF: IDS, **LISTED}, {})
    assert found[CARD].driver == "" and "removes it" in found[CARD].why
    assert found[SOUND].text == "vfio-pci or snd_hda_intel"


LOOP = "#!/bin/sh\nfor d in 01:00.0 01:00.1; do\n echo vfio-pci > /sys/bus/pci/devices/{}/driver_override\ndone\n"
ORDER = "/scripts/init-top/v\n/scripts/init-top/udev\n"


@pytest.mark.parametrize(("path", "outcome"), [("0000:$d", NO), ('0000:"$d"', NO), ("*$d", NO), ("$d", N), ("${d}", N)])
def test_a_script_that_joins_its_addresses(path: str, outcome: str) -> None:
    image = {"scripts/init-top/v": LOOP.format(path), "scripts/init-top/ORDER": ORDER, NOUVEAU: ""}
    found = boot({}, image)
    assert found[CARD].text == outcome, found[CARD]
    assert found[HOST].driver == "i915" and found[HOST].sure


def test_far_too_many_orders_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vfiotui.plan.isolate.boot_event.STATES_LIMIT", 3)
    found = boot({CONF: IDS, **LISTED}, {})[CARD]
    assert found.text == "not known" and not found.sure and found.driver is None and not found.given


@pytest.mark.parametrize("text", ["\0", "\\", 'KERNEL=="', "LABEL=\n" * 50, 'GOTO="x"\n', "\xff" + RULE, RULE + "\\"])
def test_hostile_rules_end_in_an_answer(text: str) -> None:
    assert boot({RULES: text}, {})[HOST].driver == "i915"


@pytest.mark.parametrize("text", ["softdep\n", "install nouveau\n", "alias * *\n", "alias nouveau nouveau\n",
                                  "softdep * pre: * post: *\n", "install * \\\n", "options \0 \0\n"])  # fmt: skip
def test_hostile_lines_end_in_an_answer(text: str) -> None:
    assert boot({CONF: text, **LISTED}, {})[CARD].text


def test_the_script_of_an_install_line_runs_when_its_module_is_asked_for() -> None:
    lines = IDS + "install vfio-pci /usr/bin/vfio-pci-override.sh\n"
    loop = "for i in $(ls /sys/bus/pci/devices/*/boot_vga); do\n echo vfio-pci > ${i%/*}/driver_override\ndone\n"
    script = f"#!/bin/sh\n{loop}"
    image = {
        "config": 'MODULES="vfio_pci"\n',
        INSIDE: lines,
        "usr/bin/vfio-pci-override.sh": script,
        VFIO: "",
        NOUVEAU: "",
    }
    found = boot({CONF: lines}, image, "mkinitcpio")
    assert found[CARD].driver == V and "config, before udev" in found[CARD].why
    assert found[HOST].driver == "i915", "the card of the firmware's screen is no card that the script means"


def test_a_rule_that_runs_an_own_script_is_not_known() -> None:
    script = "#!/bin/sh\necho vfio-pci > /sys/bus/pci/devices/$1/driver_override\n"
    rule = 'ACTION=="add", ATTR{vendor}=="0x10de", RUN+="/usr/local/bin/vfio-bind %k"\n'
    files = {RULES: rule, "/usr/local/bin/vfio-bind": script}
    found = boot(files, {})
    assert found[CARD].text == "not known" and "/usr/local/bin/vfio-bind" in found[CARD].why
    assert found[HOST].driver == "i915"
