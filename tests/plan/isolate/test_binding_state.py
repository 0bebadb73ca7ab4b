"""The four columns: each says what its own source holds, and drift between them is named."""

from __future__ import annotations

from collections.abc import Mapping

from tests.plan.isolate.boots import CARD, HOST, SOUND, VFIO, image_of, machine
from vfiotui.model.base.reading import Unread
from vfiotui.model.pci.binding_state import BindingState
from vfiotui.plan.isolate.binding_state import columns

IDS = "options vfio-pci ids=10de:13c2,10de:0fbb\n"
CONF, INSIDE = "/etc/modprobe.d/vfio.conf", "etc/modprobe.d/vfio.conf"
RULE = f'ACTION=="add", SUBSYSTEM=="pci", KERNEL=="{CARD}", ATTR{{driver_override}}="vfio-pci"\n'


def rows(
    files: Mapping[str, str], image: Mapping[str, str] | None, name: str = "clean", **changes: object
) -> dict[str, BindingState]:
    facts, snapshot = machine(name, tuple(files.items()), "initramfs-tools", tuple(changes.items()))
    read = Unread("needs root") if image is None else image_of(image, "initramfs-tools")
    found = columns(facts, snapshot, read)
    assert not isinstance(found, Unread)
    return {r.bdf: r for r in found}


def test_all_four_agree() -> None:
    found = rows({CONF: IDS}, {INSIDE: IDS, VFIO: ""})[CARD]
    assert (found.configured, found.on_disk, found.booted, found.bound) == ("ids", "ids", "ids", "vfio-pci")
    assert found.drift == () and found.concerned


def test_devices_that_nothing_concerns_have_empty_columns() -> None:
    found = rows({CONF: IDS}, {INSIDE: IDS, VFIO: ""})[HOST]
    assert (found.configured, found.on_disk, found.booted, found.bound) == ("", "", "", "i915")
    assert not found.concerned


def test_an_image_without_the_new_ids_is_drift() -> None:
    old = "options vfio-pci ids=10de:13c2\n"
    found = rows({CONF: IDS}, {INSIDE: old, VFIO: ""})
    assert found[SOUND].on_disk == "" and "neither in the initramfs nor" in found[SOUND].drift[0]
    assert any(f"{CONF} differs from its copy" in sentence for sentence in found[CARD].drift)


def test_what_was_taken_out_and_not_rebuilt_is_drift() -> None:
    found = rows({}, {INSIDE: IDS, VFIO: ""})[CARD]
    assert (found.configured, found.on_disk) == ("", "ids") and "in the initramfs or the boot entry" in found.drift[0]


def test_bound_by_hand_is_named() -> None:
    found = rows({}, {VFIO: ""})[CARD]
    assert "the next boot gives the device back" in found.drift[0]


def test_a_lost_race_is_named() -> None:
    words = "root=/dev/x vfio-pci.ids=10de:13c2"
    found = rows({}, {VFIO: ""}, "twins", cmdline=words, default_cmdline="vfio-pci.ids=10de:13c2")[CARD]
    assert (found.configured, found.on_disk, found.booted, found.bound) == ("ids", "ids", "ids", "nouveau")
    assert "the driver in use is nouveau" in found.drift[-1]


def test_a_reboot_that_is_due_is_named() -> None:
    image = {INSIDE: IDS, VFIO: "", "lib/udev/rules.d/10-v.rules": RULE}
    found = rows({CONF: IDS, "/etc/udev/rules.d/10-v.rules": RULE}, image)[CARD]
    assert (found.configured, found.on_disk, found.booted) == ("ids + override", "ids + override", "ids")
    assert any("reboot" in sentence for sentence in found.drift)


def test_an_image_that_cannot_be_read_is_unknown() -> None:
    found = rows({CONF: IDS}, None)[CARD]
    assert isinstance(found.on_disk, Unread) and found.on_disk.reason == "needs root"


def test_ids_of_the_list_and_of_pci_stub_are_configured() -> None:
    listed = {"/etc/initramfs-tools/modules": "options vfio_pci ids=1:2\nvfio_pci ids=10de:13c2\n"}
    facts, snapshot = machine("twins", tuple(listed.items()), "initramfs-tools", ())
    rows = columns(facts, snapshot, image_of({"conf/modules": "vfio_pci ids=10de:13c2\n"}, "initramfs-tools"))
    assert not isinstance(rows, Unread)
    found = {r.bdf: r for r in rows}
    assert (found[CARD].configured, found[CARD].on_disk) == ("ids", "ids") and found[SOUND].configured == ""
    stub = (("default_cmdline", "pci-stub.ids=10de:0fbb"),)
    rows = columns(*machine("twins", (), "initramfs-tools", stub), image_of({}, "initramfs-tools"))
    assert not isinstance(rows, Unread) and {r.bdf: r.configured for r in rows}[SOUND] == "pci-stub"
