"""Forecasts of hosts that list thousands of modules: the answer stays right, and is found without playing them."""

from __future__ import annotations

from tests.plan.isolate.boots import CARD, NOUVEAU, TWIN, VFIO, boot
from vfiotui.plan.isolate.boot_event import Does, Event, play

MANY = tuple(f"m{number}" for number in range(2_000))
IDS = "options vfio-pci ids=10de:13c2,10de:0fbb\n"
SOFT = "softdep nouveau pre: vfio-pci\nsoftdep snd_hda_intel pre: vfio-pci\n"
CONF, INSIDE = "/etc/modprobe.d/vfio.conf", "etc/modprobe.d/vfio.conf"
LISTED = "\n".join(MANY) + "\n"


def test_modules_that_take_nothing_do_not_make_it_unordered() -> None:
    lists = {"/etc/modules-load.d/many.conf": LISTED, CONF: IDS + SOFT}
    image = {INSIDE: IDS + SOFT, "conf/modules": LISTED, VFIO: "", NOUVEAU: ""}
    found = boot(lists, image)[CARD]
    assert (found.driver, found.sure) == ("vfio-pci", True) and "softdep" in found.why, found
    assert boot({"/etc/modules-load.d/many.conf": LISTED}, {"conf/modules": LISTED})[CARD].driver == "nouveau"


def test_every_listed_module_may_pull_vfio_pci() -> None:
    pulling = IDS + "".join(f"softdep {name} pre: vfio-pci\n" for name in MANY)
    found = boot({CONF: pulling}, {INSIDE: pulling, "conf/modules": LISTED, VFIO: "", NOUVEAU: ""})[CARD]
    assert (found.driver, found.sure) == ("nouveau", True), found
    found = boot({CONF: pulling}, {INSIDE: pulling, "conf/modules": LISTED, VFIO: ""})[CARD]
    assert (found.driver, found.sure) == ("vfio-pci", True), found


def test_a_pattern_pulls_for_every_driver_that_it_fits() -> None:
    soft = IDS + "softdep snd_hda_* pre: vfio-pci\n"
    found = boot({CONF: soft}, {INSIDE: soft, VFIO: "", "usr/lib/modules/6.12.9-amd64/snd-hda-intel.ko": ""})
    assert "vfio-pci" in found[CARD].outcomes, found[CARD]


def test_an_idle_module_counts_where_an_override_names_it() -> None:
    rule = f'ACTION=="add", SUBSYSTEM=="pci", KERNEL=="{TWIN}", ATTR{{driver_override}}="m7"\n'
    files = {"/etc/udev/rules.d/10-m.rules": rule, "/etc/modules-load.d/many.conf": LISTED}
    found = boot(files, {"lib/udev/rules.d/10-m.rules": rule}, name="twins")
    assert found[TWIN].driver == "m7" and found[CARD].driver == "nouveau", found[TWIN]


def test_many_lanes_of_many_modules_are_played_to_the_end() -> None:
    lane = tuple(Event(Does.LOAD, name, name) for name in MANY)
    ends = play([(lane, lane[::-1], (Event(Does.LOAD, "vfio_pci", "v", takes=True), *lane))])
    assert [(end.bound, end.unknown) for end in ends] == [("vfio_pci", "")]


def test_a_second_load_of_a_module_that_took_nothing_changes_nothing() -> None:
    """The ids come with the first load or never (kernel/module: a module that is loaded is not loaded again)."""
    first = Event(Does.LOAD, "vfio_pci", "without ids")
    ends = play([((first, Event(Does.LOAD, "vfio_pci", "with ids", takes=True)),)])
    assert [end.bound for end in ends] == [""]
