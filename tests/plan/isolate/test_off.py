"""Devices go back to the host whatever bound them: each place loses this device and no other, or is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, gpu
from tests.machines import facts_of, root_of
from tests.plan.isolate.boots import CARD, SOUND, TWIN
from vfiotui.demo.description import Host
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.next_boot import NextBoot
from vfiotui.model.change.plan import Plan, from_json, to_json
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan
from vfiotui.plan.isolate.predicted import predicted
from vfiotui.plan.judged import judged

MODPROBE, LIST, GRUB = "/etc/modprobe.d/vfio.conf", "/etc/initramfs-tools/modules", "/etc/default/grub"
RULES, UNIT = "/etc/udev/rules.d/10-vfio.rules", "/etc/systemd/system/gpu-bind.service"
WANTS = "/etc/systemd/system/multi-user.target.wants/gpu-bind.service"
IDS, LONG = "10de:13c2,10de:0fbb", "10de:13c2,10de:0fbb,1b21:1242"
USB = replace(AUDIO, bdf="0000:04:00.0", vendor=0x1B21, device=0x1242, class_code=0x0C0330, group=9, driver="xhci_hcd")
SOFTDEP = "softdep nouveau pre: vfio-pci\nsoftdep snd_hda_intel pre: vfio-pci\n"
PROGRAMS = ("update-initramfs", "update-grub", "systemctl")


def host(files: Mapping[str, str | bytes], twins: bool = False, **more: object) -> Host:
    """A machine with a card for guests, perhaps its twin, and these files; nothing else is configured."""
    cards = [gpu(CARD, 2, driver="vfio-pci"), replace(AUDIO, driver="vfio-pci")]
    more_cards = [gpu(TWIN, 5, driver="vfio-pci")] if twins else []
    devices = (BRIDGE, IGPU, *cards, *more_cards, USB)
    return replace(CLEAN, name="by-hand", pci=devices, files=files, **more)  # type: ignore[arg-type]


def off(given: Host, *bdfs: str, programs: tuple[str, ...] = PROGRAMS) -> Plan:
    """The plan with its prediction; an image that cannot be read is what the files make of it."""
    root = root_of(given)
    found = {p: f"/usr/sbin/{p}" for p in programs}
    snapshot = replace(read_config_snapshot(root), programs=found, not_executable=frozenset())
    facts = facts_of(given)
    plan = make_plan(facts, snapshot, [("isolate.off", ",".join(bdfs))])
    return predicted(plan, facts, snapshot, (NextBoot(None, Unread("was not read")),))


def after(plan: Plan) -> dict[str, str | None]:
    """Path → the text that the plan leaves, None for a file that goes."""
    return {s.subject: None if s.after is None else s.after.decode() for s in plan.steps if s.kind == "file"}


def told(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Address → drivers of the next boot."""
    return dict(plan.forecast)


def test_ids_in_modprobe_d_and_all_that_served_them() -> None:
    text = f"# mine\noptions vfio-pci ids={IDS} disable_vga=1\n{SOFTDEP}"
    plan = off(host({MODPROBE: text, LIST: "# list\nvfio_pci\nvfio\nusbhid\n"}), CARD, SOUND)
    assert after(plan) == {MODPROBE: "# mine\noptions vfio-pci disable_vga=1\n", LIST: "# list\nusbhid\n"}
    assert [s.argv[0] for s in plan.steps if s.kind == "command"] == ["update-initramfs"]
    assert told(plan)[CARD] == ("nouveau",) and told(plan)[SOUND] == ("snd_hda_intel",)
    assert dict(plan.released) == {CARD: "", SOUND: ""}
    assert plan.steps[-1].kind == "path" and plan.steps[-1].wants == (f"host {CARD}", f"host {SOUND}")


def test_other_ids_of_the_list_stay_with_what_they_need() -> None:
    text = f"options vfio-pci ids={LONG}\n{SOFTDEP}softdep xhci_pci pre: vfio-pci\n"
    plan = off(host({MODPROBE: text, LIST: "vfio_pci\n"}), CARD, SOUND)
    assert after(plan) == {MODPROBE: text.replace(f"{IDS},", "")}
    assert "vfio-pci" in told(plan)[USB.bdf] and told(plan)[CARD] == ("nouveau",)


def test_one_function_of_a_slot() -> None:
    plan = off(host({MODPROBE: f"options vfio-pci ids={IDS}\n{SOFTDEP}", LIST: "vfio_pci\n"}), SOUND)
    assert after(plan)[MODPROBE] == f"options vfio-pci ids=10de:13c2\n{SOFTDEP}"
    assert any(CARD in note and "same slot" in note for note in plan.notes)


def test_an_id_that_a_twin_shares_is_said() -> None:
    plan = off(host({MODPROBE: f"options vfio-pci ids={IDS}\n{SOFTDEP}", LIST: "vfio_pci\n"}, twins=True), CARD, SOUND)
    assert any(TWIN in note and "10de:13c2" in note for note in plan.notes)
    assert any(note.startswith(f"{TWIN} goes back") for note in plan.notes)


@pytest.mark.parametrize(
    ("word", "rest"),
    [
        (f"vfio-pci.ids={IDS}", ""),
        (f"vfio_pci.ids={IDS}", ""),
        (f"pci-stub.ids={IDS}", ""),
        (f"vfio-pci.ids={LONG}", " vfio-pci.ids=1b21:1242"),
        ("vfio-pci.ids=10de:ffffffff,1b21:1242", " vfio-pci.ids=1b21:1242"),
        ("vfio-pci.ids=10de:13c2:1458:0001,10de:0fbb", ""),
    ],
)
def test_words_of_the_command_line(word: str, rest: str) -> None:
    line = f"quiet {word}"
    given = host({}, default_cmdline=line, cmdline=f"BOOT_IMAGE=/vmlinuz root=/dev/nvme0n1p2 ro {line}")
    plan = off(given, CARD, SOUND)
    text = after(plan)[GRUB] or ""
    assert f'GRUB_CMDLINE_LINUX_DEFAULT="quiet{rest}"' in text
    assert "10de" not in (plan.cmdline or "") and told(plan)[CARD] == ("nouveau",)


def test_a_list_that_was_replaced_does_not_count_from_now_on() -> None:
    """The last ids= counts; without it the one before would bind a device that the host has today."""
    text = f"options vfio-pci ids=1b21:1242\noptions vfio-pci ids={IDS}\n"
    plan = off(host({MODPROBE: text, LIST: "vfio_pci\n"}), CARD, SOUND)
    assert after(plan)[MODPROBE] == "" and told(plan)[USB.bdf] == ("xhci_hcd",)
    assert any("1b21:1242" in note and f"{MODPROBE}:1" in note for note in plan.notes)


def test_words_that_hid_modprobe_d() -> None:
    given = host(
        {MODPROBE: "options vfio-pci ids=1b21:1242\n", LIST: "vfio_pci\n"}, default_cmdline=f"vfio-pci.ids={IDS}"
    )
    plan = off(given, CARD, SOUND)
    assert after(plan)[MODPROBE] == "" and told(plan)[USB.bdf] == ("xhci_hcd",)


def test_ids_behind_the_module_in_the_list_of_initramfs_tools() -> None:
    plan = off(host({LIST: f"vfio-pci ids={LONG} disable_vga=1\n"}), CARD, SOUND)
    assert after(plan)[LIST] == "vfio-pci ids=1b21:1242 disable_vga=1\n"


def test_a_file_of_a_package_is_hidden_by_a_namesake() -> None:
    path = "/usr/lib/modprobe.d/vfio.conf"
    plan = off(host({path: f"options vfio-pci ids={IDS}\n", LIST: "vfio_pci\n"}), CARD, SOUND)
    assert after(plan)[MODPROBE] == "" and path not in after(plan)
    assert told(plan)[CARD] == ("nouveau",)


def test_drivers_that_were_kept_out_may_load_again() -> None:
    text = f"options vfio-pci ids={IDS}\nblacklist nouveau\nblacklist pcspkr\ninstall snd_hda_intel /bin/false\n"
    plan = off(host({MODPROBE: text, LIST: "vfio_pci\n"}, default_cmdline="module_blacklist=nouveau,x"), CARD, SOUND)
    assert after(plan)[MODPROBE] == "blacklist pcspkr\n" and "module_blacklist=x" in (after(plan)[GRUB] or "")
    assert told(plan)[CARD] == ("nouveau",) and told(plan)[SOUND] == ("snd_hda_intel",)


def test_a_driver_stays_out_for_a_card_that_stays_bound() -> None:
    files = {
        MODPROBE: "options vfio-pci ids=10de:13c2:1458:0001\nblacklist nouveau\n",
        RULES: f'KERNEL=="{TWIN}", SUBSYSTEM=="pci", ATTR{{driver_override}}="vfio-pci"\n',
        LIST: "vfio_pci\n",
    }
    plan = off(host(files, twins=True), CARD)
    assert "blacklist nouveau" in (after(plan)[MODPROBE] or "") and dict(plan.released)[CARD]
    assert any("nouveau stays out" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (f'KERNEL=="{CARD}", ATTR{{driver_override}}="vfio-pci"\n', ""),
        (f'KERNEL=="{CARD}", \\\n  ATTR{{driver_override}}="vfio-pci"\n', ""),
        (
            'SUBSYSTEM=="pci", KERNEL=="0000:01:00.[01]", ATTR{driver_override}="vfio-pci"\n',
            f'KERNEL!="{CARD}", SUBSYSTEM=="pci", KERNEL=="0000:01:00.[01]", ATTR{{driver_override}}="vfio-pci"\n',
        ),
        (
            f'KERNEL=="{CARD}", RUN+="/bin/sh -c \'echo vfio-pci > /sys/bus/pci/devices/{CARD}/driver_override\'"\n',
            "",
        ),
    ],
)
def test_udev_rules(rule: str, left: str) -> None:
    head, tail = "# mine\r\n", 'KERNEL=="sda", MODE="0600"\n'
    plan = off(host({RULES: head + rule + tail}), CARD)
    assert after(plan)[RULES] == head + left + tail
    assert "vfio-pci" not in told(plan)[CARD] and dict(plan.released)[CARD] == ""
    assert judged(plan).strange == ()


def test_a_rule_that_is_not_understood_is_named_and_left() -> None:
    text = f'KERNEL=="{CARD}", ENV{{MINE}}=="1", ATTR{{driver_override}}="vfio-pci"\n'
    plan_text = f"options vfio-pci ids={IDS}\n"
    plan = off(host({RULES: text, MODPROBE: plan_text, LIST: "vfio_pci\n"}), CARD, SOUND)
    assert RULES not in after(plan) and f"{RULES}:1" in dict(plan.released)[CARD]


def test_a_driver_that_driverctl_stores() -> None:
    path = f"/etc/driverctl.d/pci-{CARD}"
    plan = off(host({path: "vfio-pci\n"}), CARD)
    assert after(plan) == {path: None} and told(plan)[CARD] == ("nouveau",)
    assert not [s for s in plan.steps if s.kind == "command"]


def unit(*bdfs: str) -> str:
    lines = "".join(f"ExecStart=/bin/sh -c 'echo vfio-pci >/sys/bus/pci/devices/{b}/driver_override'\n" for b in bdfs)
    return f"[Service]\nType=oneshot\n{lines}[Install]\nWantedBy=multi-user.target\n"


def test_a_unit_for_the_device_alone_is_disabled() -> None:
    """Without systemctl: the disk may be mounted only, or another system's."""
    plan = off(host({UNIT: unit(CARD)}, enabled=(*CLEAN.enabled, "gpu-bind")), CARD, programs=("update-initramfs",))
    step = plan.steps[0]
    assert not [s for s in plan.steps if s.kind == "command"]
    assert (step.kind, step.subject, step.after) == ("link", WANTS, None)
    assert step.before == b"/usr/lib/systemd/system/gpu-bind.service"
    assert told(plan)[CARD] == ("nouveau",) and judged(plan).strange == ()
    assert judged(replace(plan, steps=(replace(step, after=b"/tmp/x.service"),))).strange
    assert judged(replace(plan, steps=(replace(step, subject="/etc/systemd/system/x.service"),))).strange


def test_a_unit_that_has_no_link_is_named() -> None:
    """Somebody copied the file instead: what starts it is no link of systemctl's."""
    with pytest.raises(PlanError, match=rf"nothing is planned.*{UNIT}:3"):
        off(host({UNIT: unit(CARD), WANTS: unit(CARD)}), CARD)


def test_a_unit_that_no_boot_starts_is_left_alone() -> None:
    plan = off(host({UNIT: unit(CARD), MODPROBE: f"options vfio-pci ids={IDS}\n", LIST: "vfio_pci\n"}), CARD, SOUND)
    assert not [s for s in plan.steps if s.kind == "link"] and dict(plan.released)[CARD] == ""


def test_a_unit_for_others_too_is_named_with_its_line() -> None:
    with pytest.raises(PlanError, match=rf"{UNIT}:3 .*for {SOUND} too"):
        off(host({UNIT: unit(CARD, SOUND), WANTS: ""}), CARD)


def test_a_script_of_a_person_is_named_with_its_line() -> None:
    script = f"#!/bin/sh\n# {CARD}\necho vfio-pci > /sys/bus/pci/devices/{CARD}/driver_override\n"
    files = {"/usr/local/bin/bind.sh": script, UNIT: "[Service]\nExecStart=/usr/local/bin/bind.sh\n", WANTS: ""}
    with pytest.raises(PlanError, match=r"/usr/local/bin/bind\.sh:3 \(run by .*gpu-bind\.service\)"):
        off(host(files), CARD)


def test_a_script_of_the_initramfs_refuses_the_plan() -> None:
    path = "/etc/initramfs-tools/scripts/init-top/bind.sh"
    text = f"#!/bin/sh\necho vfio-pci > /sys/bus/pci/devices/{CARD}/driver_override\nmodprobe vfio-pci\n"
    text += f"echo {CARD} > /sys/bus/pci/drivers_probe\n"
    with pytest.raises(PlanError, match=rf"nothing is planned.*{path}:2"):
        off(host({path: text, MODPROBE: f"options vfio-pci ids={IDS}\n"}), CARD)


def test_the_install_line_of_vfio_pci() -> None:
    script = '#!/bin/sh\nfor i in /sys/bus/pci/devices/*/boot_vga; do echo vfio-pci > "$i/driver_override"; done\n'
    script += "modprobe -i vfio-pci\n"
    files = {
        "/usr/local/bin/vfio-override.sh": script,
        MODPROBE: "install vfio-pci /usr/local/bin/vfio-override.sh\n# mine\n" + SOFTDEP,
        LIST: "vfio-pci\n",
    }
    plan = off(host(files), CARD, SOUND)
    assert after(plan)[MODPROBE] == "# mine\n" and told(plan)[CARD] == ("nouveau",)
    with pytest.raises(PlanError, match=rf"{MODPROBE}:1 .*for {SOUND} too"):
        off(host(files), CARD)


def test_what_this_program_stored_and_made() -> None:
    given = host({})
    root = root_of(given)
    snapshot = replace(read_config_snapshot(root), programs={p: f"/usr/sbin/{p}" for p in PROGRAMS})
    made = make_plan(facts_of(given), snapshot, [("isolate.override", CARD)])
    files = {s.subject: s.after or b"" for s in made.steps if s.kind == "file"}
    plan = off(host(files), CARD, SOUND)
    own = after(plan)
    assert own["/etc/vfiotui/isolated.json"] is None and own["/etc/udev/rules.d/09-vfiotui-override.rules"] is None
    assert told(plan)[CARD] == ("nouveau",) and judged(plan).strange == ()


def test_nothing_that_binds_leaves_nothing_to_do() -> None:
    plan = off(host({}), CARD)
    assert plan.steps == () and told(plan)[CARD] == ("nouveau",)


@pytest.mark.parametrize(
    ("bdf", "words"), [("0000:99:00.0", "no device at"), ("0000:00:01.0", "is a bridge"), ("x", "no PCI address")]
)
def test_what_is_no_device(bdf: str, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        off(host({}), bdf)


DAMAGED: tuple[bytes, ...] = (
    b"options vfio-pci ids=10de:13c2\0,10de:0fbb\n",
    b"\xef\xbb\xbfoptions vfio-pci ids=10de:13c2\r\n",
    b"options vfio-pci ids=10de:13c2\xff\xfe\n",
    b'options vfio-pci ids="10de:13c2\n',
    b"options vfio-pci ids=10de:13c2 \\",
    b"options vfio-pci ids=,,10de:13c2,,,\r\noptions kvm x=1\r\n",
    b"ids=10de:13c2\n" * 300,
)


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_damaged_files_give_an_answer(content: bytes) -> None:
    """A plan, or a sentence; and no line of another matter changes."""
    places = (MODPROBE, RULES, LIST, f"/etc/driverctl.d/pci-{CARD}", UNIT, "/etc/rc.local")
    try:
        plan = off(host({**dict.fromkeys(places, content), WANTS: ""}), CARD)
    except PlanError as error:
        assert str(error)
        return
    for step in plan.steps:
        if step.subject == MODPROBE and step.after is not None:
            assert (b"options kvm x=1\r\n" in step.after) is (b"options kvm" in content)


def test_a_plan_with_what_it_gives_back_goes_through_json() -> None:
    plan = off(host({MODPROBE: f"options vfio-pci ids={IDS}\n", LIST: "vfio_pci\n"}), CARD, SOUND)
    assert from_json(to_json(plan)).released == plan.released == ((CARD, ""), (SOUND, ""))


def test_rules_of_its_own_in_a_plan_from_a_file_are_strange() -> None:
    plan = off(host({RULES: f'KERNEL=="{CARD}", ATTR{{driver_override}}="vfio-pci"\n# end\n'}), CARD)
    step = next(s for s in plan.steps if s.kind == "file")
    odd = replace(step, after=b'RUN+="/tmp/x"\n')
    assert judged(replace(plan, steps=(odd,))).strange
    enabling = replace(step, kind="command", subject="", argv=("systemctl", "enable", "x.service"))
    assert judged(replace(plan, steps=(enabling,))).strange
