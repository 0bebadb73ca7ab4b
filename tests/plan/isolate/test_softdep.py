"""softdep lines: one for every driver that could claim a chosen device, and a word on built-in ones."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from tests.hosts.base import CLEAN
from tests.machines import facts_of
from tests.requirements import need
from vfiotui.model.base.reading import Unread
from vfiotui.model.pci.functions import PciBus
from vfiotui.plan.isolate.softdep import softdeps

CARD, SOUND, BRIDGE = "0000:01:00.0", "0000:01:00.1", "0000:00:01.0"


def bus_of(**changes: object) -> PciBus:
    found = facts_of(replace(CLEAN, **changes)).pci  # type: ignore[arg-type]
    assert isinstance(found, PciBus)
    return found


def test_every_driver_that_could_claim_a_function_gets_a_line() -> None:
    bus = bus_of()
    chosen = [d for d in bus.devices if d.bdf in (CARD, SOUND, BRIDGE)]
    assert softdeps(chosen, frozenset()).lines == (
        "softdep nouveau pre: vfio-pci",
        "softdep snd_hda_intel pre: vfio-pci",
    )


def test_built_in_drivers_are_named_and_get_no_line() -> None:
    chosen = [d for d in bus_of().devices if d.bdf in (CARD, SOUND)]
    found = softdeps(chosen, frozenset({"nouveau"}))
    assert found.builtin == ("nouveau",) and found.modules == ("snd_hda_intel",)


def test_without_the_table_it_says_so() -> None:
    bus = bus_of(remove=("/lib/modules/6.12.9-amd64/modules.alias",))
    found = softdeps([d for d in bus.devices if d.bdf == CARD], frozenset())
    assert not found.lines and all(isinstance(u, Unread) for u in found.unknown) and found.unknown


def test_modprobe_obeys_the_lines(tmp_path: Path) -> None:
    chosen = [d for d in bus_of().devices if d.bdf in (CARD, SOUND)]
    lines = softdeps(chosen, frozenset()).lines
    (tmp_path / "vfio.conf").write_text("\n".join(lines) + "\n")
    words = [need("modprobe", "kmod"), "-C", str(tmp_path), "--showconfig"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    assert set(lines) <= {line.strip() for line in told}
