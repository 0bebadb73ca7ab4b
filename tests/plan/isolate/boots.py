"""Machines, images and plans for forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, gpu
from tests.machines import facts_of, root_of
from vfiotui.demo.description import Host
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.boot.image import Image, ImageFile, Part
from vfiotui.model.boot.prediction import Forecast
from vfiotui.model.change.change import Effect, run_command, write_file
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.change.plan import Plan
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.isolate.prediction import forecast

CARD, SOUND, TWIN, HOST = "0000:01:00.0", "0000:01:00.1", "0000:02:00.0", "0000:00:02.0"
TWINS = replace(
    CLEAN,
    name="twins",
    pci=(
        BRIDGE,
        IGPU,
        gpu(CARD, 2, driver="nouveau"),
        replace(AUDIO, driver="snd_hda_intel"),
        gpu(TWIN, 5, driver="nouveau"),
    ),
    files={},
)
"""Two cards of the same ids, both with the host's driver, and nothing is configured."""
VFIO = "usr/lib/modules/6.12.9-amd64/kernel/drivers/vfio/pci/vfio-pci.ko.xz"
NOUVEAU = "usr/lib/modules/6.12.9-amd64/kernel/drivers/gpu/drm/nouveau/nouveau.ko.xz"
SIGNS = {
    "initramfs-tools": {"conf/initramfs.conf": ""},
    "mkinitcpio": {"buildconfig": ""},
    "dracut": {"usr/lib/dracut-lib.sh": ""},
    "booster": {},
}
PROGRAMS = {
    "initramfs-tools": "/usr/sbin/update-initramfs",
    "mkinitcpio": "/usr/bin/mkinitcpio",
    "dracut": "/usr/bin/dracut",
    "booster": "/usr/bin/booster",
}
PRESET = "ALL_kver=/boot/vmlinuz-linux\nPRESETS=('default')\ndefault_image=/boot/initramfs-linux.img\n"
TOOL_FILES: dict[str, dict[str, str | bytes]] = {
    tool: {path: b"\x7fELF", **({"/etc/mkinitcpio.d/linux.preset": PRESET} if tool == "mkinitcpio" else {})}
    for tool, path in PROGRAMS.items()
}
"""What a machine has on which a tool builds the initramfs."""
NONE = Unread("was not read")


def image_of(files: Mapping[str, str], tool: str = "") -> Image:
    """An image with these files."""
    whole = {**SIGNS.get(tool, {}), **files}
    nodes = {p: ImageFile(p, 0o100644, len(t), "", t.encode()) for p, t in whole.items()}
    return Image("/boot/initrd.img", 1, (Part(0, "none", tuple(nodes)),), nodes)


@cache
def machine(name: str, files: tuple[tuple[str, str], ...], tool: str, changes: object) -> tuple[Facts, ConfigSnapshot]:
    """Facts and ground of a described machine with some files more, where a tool builds the initramfs."""
    host: Host = TWINS if name == "twins" else CLEAN
    remove = () if tool == "initramfs-tools" else ("/etc/initramfs-tools", "/usr/sbin/update-initramfs")
    host = replace(host, files={**TOOL_FILES[tool], **dict(files)}, remove=remove, **dict(changes))  # type: ignore[call-overload]
    return facts_of(host), read_config_snapshot(root_of(host))


def boot(
    files: Mapping[str, str],
    image: Mapping[str, str] | None = None,
    tool: str = "initramfs-tools",
    name: str = "clean",
    plan: Plan | None = None,
    **changes: object,
) -> dict[str, Forecast]:
    """The forecast of a machine with these files and this image, by address."""
    facts, snapshot = machine(name, tuple(files.items()), tool, tuple(changes.items()))
    read: Reading[Image] = NONE if image is None else image_of(image, tool)
    found = forecast(facts, snapshot, read, plan)
    assert not isinstance(found, Unread)
    return {f.bdf: f for f in found}


def plan_of(files: Mapping[str, str], cmdline: str = "", rebuild: bool = True) -> Plan:
    """A plan that writes these files, leaves these words for the kernel, and builds the image anew."""
    steps = [
        write_file(path, None, text.encode(), "for the test", risk=Risk.R2, effect=Effect.BOOT)
        for path, text in files.items()
    ]
    if rebuild:
        steps.append(run_command(("update-initramfs", "-u"), "build", risk=Risk.R3, effect=Effect.BOOT))
    return Plan("test", tuple(steps), cmdline=cmdline)
