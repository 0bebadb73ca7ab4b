"""Keys of a guest's settings become goals; each changes what it says, and the rest of the guest still fits it."""

from __future__ import annotations

import pytest

from tests.hosts.guest_texts import FINE
from tests.plan.guest.definitions import host_of, planned, with_words
from vfiotui.model.change.plan import Plan
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import PLANNERS
from vfiotui.plan.guest.setting_keys import SETTINGS, setting_goal

SPICE = (
    "<channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>"
    "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
    "<input type='tablet' bus='usb'/><input type='keyboard' bus='ps2'/>"
    "<graphics type='spice' autoport='yes'/><graphics type='vnc'/><audio id='1' type='spice'/>"
    "<redirdev bus='usb' type='spicevmc'/><video><model type='qxl'/></video>"
)
EMULATED = with_words(("<video><model type='none'/></video>", SPICE), ("<memballoon model='none'/>", ""))


def plan_of(*pairs: str, xml: str = FINE) -> Plan:
    return planned(host_of(xml), *(setting_goal("win", pair) for pair in pairs))


def after(plan: Plan) -> str:
    (step,) = plan.steps
    return (step.after or b"").decode().removesuffix("\n")


@pytest.mark.parametrize(
    ("pair", "old", "new"),
    [
        ("memory=6G", "<memory unit='GiB'>4</memory>", "<memory unit='KiB'>6291456</memory>"),
        ("memory=6144M", "<memory unit='GiB'>4</memory>", "<memory unit='KiB'>6291456</memory>"),
        ("title=a <b> & 'c'", "  <metadata>", "  <title>a &lt;b&gt; &amp; &apos;c&apos;</title>\n  <metadata>"),
        ("description=games", "  <metadata>", "  <description>games</description>\n  <metadata>"),
        ("hidden=on", "<acpi/>", None),
        ("hugepages=default", "<hugepages/>", "<hugepages/>"),
    ],
)
def test_a_key_changes_these_words(pair: str, old: str, new: str | None) -> None:
    plan = plan_of(pair)
    if new is None:
        assert after(plan) != FINE
    elif new == old:
        assert plan.steps == ()
    else:
        assert after(plan).replace("&#39;", "&apos;") == FINE.replace(old, new)


def test_more_vcpus_make_more_cores_and_fewer_lose_their_pins() -> None:
    plan = plan_of("vcpus=8")
    text = after(plan)
    assert "<vcpu placement='static'>8</vcpu>" in text and "dies='1' cores='4' threads='2'" in text
    assert any("vCPUs from 4 on have no pin" in n for n in plan.notes) and text.count("<vcpupin") == 4
    text = after(plan_of("vcpus=2"))
    assert text.count("<vcpupin") == 2 and "cores='1' threads='2'" in text
    assert plan_of("vcpus=4").steps == ()


def test_the_boot_order_names_devices_and_no_others() -> None:
    xml = with_words(
        ("hvm</type>", "hvm</type>\n    <boot dev='hd'/>"), ("<memballoon", "<interface type='user'/><memballoon")
    )
    text = after(plan_of("boot=vdb,network,01:00.0", xml=xml))
    assert "<boot dev=" not in text and text.count("<boot order=") == 3
    assert text.split("ata-games")[1].index("<boot order='1'/>") < text.split("ata-games")[1].index("</disk>")
    assert plan_of("boot=vdb,network,01:00.0", xml=text).steps == ()
    assert after(plan_of("boot=vda", xml=text)).count("<boot order=") == 1


def test_ports_are_added_until_so_many_are_free_beside_those_that_devices_will_take() -> None:
    text = after(plan_of("ports=2"))
    # Two disks have no place yet.
    assert text.count("pcie-root-port") == 5 and "index='10' model='pcie-root-port'" in text
    assert plan_of("ports=2", xml=text).steps == ()


def test_the_card_is_the_screen_and_a_keyboard_and_a_console_stay() -> None:
    plan = plan_of("screen=card", xml=EMULATED)
    text = after(plan)
    for gone in ("spice", "<graphics", "redirdev", "tablet", "qxl"):
        assert gone not in text
    assert "<video>\n      <model type='none'/>" in text and "<memballoon model='none'/>" in text
    assert "guest_agent" in text and "evdev" in text and "<serial type='pty'/>" in text
    assert any("virsh console win" in n for n in plan.notes) and any("sound went over SPICE" in n for n in plan.notes)
    assert plan_of("screen=card", xml=text).steps == ()


def test_looking_glass_keeps_spice_for_its_keyboard() -> None:
    shmem = "<shmem name='looking-glass'><model type='ivshmem-plain'/><size unit='M'>32</size></shmem>"
    text = after(plan_of("screen=card", xml=EMULATED.replace("<tpm ", f"{shmem}<tpm ")))
    assert "<graphics type='spice'" in text and "<graphics type='vnc'" not in text and "spicevmc" in text


def test_without_a_keyboard_or_a_card_the_emulated_screen_stays() -> None:
    bare = EMULATED.replace("<input type='evdev'><source dev='/dev/input/by-id/usb-Logitech-event-kbd'/></input>", "")
    bare = (
        bare[: bare.index("<hostdev mode='subsystem' type='usb'")]
        + bare[bare.index("</hostdev>", bare.index("0x0037")) + 10 :]
    )
    with pytest.raises(PlanError, match="win would have no keyboard"):
        plan_of("screen=card", xml=bare)
    none = EMULATED.replace("bus='0x01'", "bus='0x0e'")
    with pytest.raises(PlanError, match="is passed no graphics card"):
        plan_of("screen=card", xml=none)


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        ("memory", "'memory' is no KEY=VALUE"),
        ("colour=red", "there is no key 'colour'; there are memory, "),
        ("memory=0", "'0' is no size"),
        ("memory=-4G", "is no size"),
        ("memory=4X", "is no size"),
        ("vcpus=0", "needs a vCPU"),
        ("vcpus=3", "3 vCPUs do not fill cores of win: a multiple of 2 does"),
        ("vcpus=99999999999999999999", "no number of vCPUs"),
        ("boot=vdz", "win has no disk 'vdz'"),
        ("boot=vda,vda", "names a device twice"),
        ("boot=network", "no network card"),
        ("title=a\x1bb", "one line without control characters"),
        ("description=" + "x" * 3000, "at most 2000 characters"),
        ("firmware=bios", "'bios' is none of efi"),
        ("screen=none", "only card can be planned"),
        ("autostart=maybe", "neither on nor off"),
        ("ports=99", "no number of ports"),
    ],
)  # fmt: skip
def test_a_key_or_value_that_means_nothing_is_refused(pair: str, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        plan_of(pair)


def test_every_key_has_its_goal() -> None:
    assert [key for key, one in SETTINGS.items() if one.goal not in PLANNERS] == []
    assert setting_goal("win", "firmware=secure") == ("domain.firmware.secure", "win/")
