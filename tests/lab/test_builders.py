"""Forecasts against the kernel: real images of initramfs-tools, dracut and mkinitcpio, started from power-on.

Every case sets a system up, changes it with the program or by hand, asks for the drivers of the next start, starts the
machine with the kernel, images and words of the boot path, and compares each device with /sys. GRUB's note of a trial
that failed must give all to the host; then the change is undone and every byte compared. Once for each builder the
machine is started after both.

It needs root, debootstrap, QEMU and some minutes for each start; VFIOTUI_BOOTS names a folder for the systems, of
2 GB each.
mkinitcpio is in no registry of Debian: VFIOTUI_MKINITCPIO names a folder into which its public source was installed
(`meson setup build --prefix=/usr --sysconfdir=/etc --libdir=lib -Ddocs=false`, then `DESTDIR=FOLDER meson install`).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.boots.cases import BUILDERS, CASES, VFIO, Case
from tests.lab.boots.hardware import Started
from tests.lab.boots.system import Host, Next, builder_disk, make_base, mounted

table: list[str] = []


@pytest.fixture(scope="module")
def cache() -> Iterator[Path]:
    folder = os.environ.get("VFIOTUI_BOOTS")
    if not folder:
        pytest.skip("VFIOTUI_BOOTS names no folder: these starts take minutes")
    yield Path(folder).resolve()
    print("\n".join(table))


def disk_of(cache: Path, builder: str) -> Path:
    install, files, variable = BUILDERS[builder]
    tree = os.environ.get(variable, "") if variable else ""
    if variable and not tree:
        pytest.skip(f"{variable} names no folder with {builder}: install its public source there")
    if not install:
        return make_base(cache)
    return builder_disk(cache, builder, install, files, Path(tree) if tree else None)


@pytest.fixture
def host(request: pytest.FixtureRequest, cache: Path, tmp_path: Path) -> Iterator[Host]:
    """A copy of the builder's disk, mounted."""
    case: Case = request.getfixturevalue("case")
    disk = disk_of(cache, case.builder)
    copy = cache / f"try-{os.getpid()}.img"
    subprocess.run(["cp", "--sparse=always", str(disk), str(copy)], check=True)
    try:
        with mounted(copy, tmp_path) as found:
            yield found
    finally:
        copy.unlink()


def compared(name: str, told: Next, started: Started) -> None:
    """Each device has a driver that was predicted, and the words are those of the boot path."""
    assert started.words.split() == told.entry.words.split()
    wrong = {b: (told.drivers.get(b), d) for b, d in started.drivers.items() if d not in told.drivers.get(b, ())}
    open_ones = {b: f for b, f in told.drivers.items() if len(f) > 1}
    count = len(started.drivers)
    table.append(f"{name:58} {count - len(wrong)} of {count} as predicted, {len(open_ones)} open")
    print(table[-1], wrong or "", open_ones or "")
    assert not wrong and told.drivers.keys() == started.drivers.keys()


def failed_trial(host: Host, case: Case, name: str) -> None:
    """GRUB noted that the trial began, and nobody took the note away: the next start leaves all to the host."""
    with host.noted("vfiotui_trial=running"):
        told = host.predicted()
        assert "vfiotui=off" in told.entry.words.split(), told.entry
        given = {bdf: drivers for bdf, drivers in told.drivers.items() if VFIO in drivers}
        assert not given, f"after a trial that failed: {given}"
        if case.start_again:
            compared(f"{name}, a trial that failed", told, host.start(told.entry))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.builder}: {case.name}")
def test_every_driver_is_the_predicted_one(host: Host, case: Case) -> None:
    name = f"{case.builder}: {case.name}"
    if case.by_hand:
        host.shell(case.by_hand)
    before, untouched = host.files(), host.predicted()
    if case.goals:
        host.change(*case.goals)
    told = host.predicted()
    started = host.start(told.entry)
    compared(name, told, started)
    for bdf, driver in case.right.items():
        assert started.drivers[bdf] == driver, f"{bdf} has {started.drivers[bdf]}"
        assert told.drivers[bdf] == (driver,), f"{bdf} was predicted to have {told.drivers[bdf]}"
    if not case.goals:
        return
    failed_trial(host, case, name)
    host.undo()
    after = host.files()
    differing = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
    assert not differing, differing
    again = host.predicted()
    assert again == untouched
    if case.start_again:
        compared(f"{name}, undone", again, host.start(again.entry))
