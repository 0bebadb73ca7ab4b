"""ISO-NOT-BOUND says which line of modprobe.d does nothing, and asks for nothing that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, gpu
from tests.machines import facts_of
from vfiotui.demo.description import Host
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.rules import rule_of

CARD, SOUND = "0000:01:00.0", "0000:01:00.1"
IDS = "options vfio-pci ids=10de:13c2,10de:0fbb\n"
CONF = "/etc/modprobe.d/vfio.conf"


def ask(files: Mapping[str, str], code: str = "ISO-NOT-BOUND", **changes: object) -> dict[str, Finding]:
    """What the check says of each device of a host whose card is bound to nouveau."""
    cards = (gpu(CARD, 2, driver="nouveau"), replace(AUDIO, driver="snd_hda_intel"))
    host: Host = replace(CLEAN, pci=(BRIDGE, IGPU, *cards), files=dict(files))
    rule = rule_of(code)
    assert rule is not None
    return {f.subject: f for f in rule.ask(facts_of(replace(host, **changes)))}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("softdep nouveau vfio-pci\n", "'pre:' is missing before vfio-pci"),
        ("softdep nouveau post: vfio-pci\n", "loaded after it, not before"),
        ("softdep vfio-pci pre: nouveau\n", "the wrong way round"),
        ("softdep nouveau pre: i2c_core\nsoftdep nouveau pre: vfio-pci\n", "the first softdep line of nouveau, at /"),
        ("alias nouveau off\n", "does not keep udev from loading nouveau"),
        ("install nouveau /bin/false\nsoftdep nouveau post: i2c_core\n", "runs no install command"),
        ("", "no softdep line holds it back"),
    ],
)  # fmt: skip
def test_a_line_that_does_nothing_is_named(lines: str, told: str) -> None:
    found = ask({CONF: IDS + lines})[CARD]
    assert found.verdict is Verdict.FAILED and told in found.sentence
    assert found.fix is not None and found.fix.goal == (("modprobe.softdep", "nouveau pre: vfio-pci"),)


@pytest.mark.parametrize(
    ("files", "changes", "told"),
    [
        ({CONF: IDS + "softdep nouveau pre: vfio-pci\n"}, {}, "in spite of a softdep line"),
        ({CONF: IDS + "softdep drm pre: vfio-pci\n"}, {}, "in spite of a softdep line"),
        ({CONF: IDS + "install nouveau /bin/false\n"}, {}, "'install nouveau /bin/false' keeps that driver away"),
        ({CONF: IDS + "blacklist nouveau\n"}, {}, "'blacklist nouveau' keeps"),
        ({CONF: IDS + "options nouveau modeset=0\n"}, {}, "'modeset=0 of nouveau' keeps"),
        ({CONF: IDS}, {"default_cmdline": "quiet nomodeset"}, "'nomodeset' keeps"),
        ({CONF: IDS}, {"default_cmdline": "modprobe.blacklist=nouveau"}, "'modprobe.blacklist=nouveau' keeps"),
    ],
)
def test_what_holds_the_driver_back_asks_for_a_new_image(
    files: Mapping[str, str], changes: Mapping[str, object], told: str
) -> None:
    found = ask(files, **changes)[CARD]
    assert found.verdict is Verdict.FAILED and told in found.sentence
    assert found.fix is not None and found.fix.goal[0][0] == "initramfs.rebuild"


@pytest.mark.parametrize(
    "files",
    [
        {CONF: "# my card \\\n" + IDS},
        {CONF: IDS, "/etc/modprobe.d/zz.conf": "options vfio-pci ids=1002:ffff\n"},
        {CONF: IDS + "options vfio_pci ids=\n"},
        {CONF: "options vfio-pci.ids=10de:13c2\n"},
    ],
)
def test_ids_that_kmod_does_not_hand_on_are_not_configured(files: Mapping[str, str]) -> None:
    assert ask(files)["host"].verdict is Verdict.NOT_APPLICABLE


def test_of_two_lines_the_last_is_in_force() -> None:
    two = "options vfio-pci ids=10de:13c2\noptions vfio-pci ids=10de:0fbb\n"
    assert set(ask({CONF: two})) == {SOUND}


def test_ids_of_initramfs_tools_own_list_are_configured() -> None:
    lines = "softdep nouveau pre: vfio_pci\noptions vfio_pci ids=10de:0fbb\nvfio_pci ids=10de:13c2\n"
    assert set(ask({"/etc/initramfs-tools/modules": lines, "/usr/sbin/update-initramfs": ""})) == {CARD}


def test_the_boot_display_is_not_asked_to_wait_for_vfio_pci() -> None:
    pair = (gpu(CARD, 2, driver="nouveau"), gpu("0000:02:00.0", 5, driver="nouveau", boot_vga=True))
    found = ask({CONF: IDS}, pci=(BRIDGE, *pair))
    assert found[CARD].verdict is Verdict.FAILED
    assert found["0000:02:00.0"].verdict is Verdict.NOT_APPLICABLE
    assert "ISO-SAME-ID" in found["0000:02:00.0"].sentence
    assert ask({CONF: IDS}, "ISO-SAME-ID", pci=(BRIDGE, *pair))["10de:13c2"].verdict is Verdict.FAILED


def test_a_swallowed_line_blacklists_nothing_and_a_pattern_of_text_is_none() -> None:
    swallowed = {CONF: "# not i915 \\\nblacklist i915\n"}
    assert ask(swallowed, "ISO-BLACKLIST")["host"].verdict is Verdict.PASSED
    assert ask({CONF: "blacklist \\\n i915\n"}, "ISO-BLACKLIST")["0000:00:02.0"].verdict is Verdict.FAILED
