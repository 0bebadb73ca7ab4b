"""The Pin screen: six very different machines, an editor by keys alone, and what it writes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import MouseScrollDown

from tests.hosts import TOWER
from tests.machines import root_of
from tests.pin_machines import SIX, host, topology
from tests.tree_on_disk import write
from tests.tui.consoles import LINUX, Console, caps, console
from vfiotui.demo.builder import build
from vfiotui.demo.description import PciDesc
from vfiotui.formats.domain_xml.properties import DomainXml
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.cpu.pinning import Pinning
from vfiotui.tui.screens.pin.screen import PinScreen
from vfiotui.tui.terminal.capabilities import ASCII
from vfiotui.tui.widgets.core_map import CoreMap
from vfiotui.tui.widgets.line import Line

CARD = PciDesc("0000:81:00.0", 0x10DE, 0x13C2, 0x030000, group=5, driver="vfio-pci", node=1)


async def at_pins(found: Console) -> PinScreen:
    await found.press("3")
    await found.until(lambda: found.app.current_mode == "pin")
    screen = found.app.screen
    assert isinstance(screen, PinScreen)
    await found.until(lambda: screen.desk.context is not None)
    return screen


def now(screen: PinScreen) -> Pinning:
    assert screen.desk.editor is not None
    return screen.desk.editor.present


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=str)
@pytest.mark.parametrize("machine", SIX)
async def test_every_machine_is_drawn_and_every_cpu_reached_at_every_size(machine: str, size: tuple[int, int]) -> None:
    online = {c.cpu for c in topology(machine).online_cpus}
    async with console(root_of(host(machine), Mode.DEMO), size, ability=LINUX if size[0] == 80 else None) as found:
        screen = await at_pins(found)
        page = screen.query_one(CoreMap)
        await found.shows("L3" if machine != "arm" else "no L3", "game")
        for _ in range(3 if size[0] == 80 else 1):
            assert set(page._cells) == online
            assert all(x + w <= page.size.width for _, x, w in page._cells.values())
            await found.press("end")
            assert page.number != min(online)
            line = page._cells[page.number][0] - page.scroll_offset.y
            assert 0 <= line < page.size.height, "the cursor's cell is in sight"
            await found.press("home", "z")
        await found.press("t", "g")
        await found.shows("proposal 1 of")
        kept = now(screen)
        assert len(kept.vcpus) == kept.count == 4 and screen.desk.score().total >= 90
        assert [p for p in screen.desk.problems() if p.severity != "info"] == []


async def test_pins_are_edited_by_keys_alone_with_undo_and_redo() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (100, 30)) as found:
        screen = await at_pins(found)
        start = now(screen)
        await found.press("right", "space")
        assert now(screen).vcpus[0] == {1} and screen.desk.editor.thread == "v1"  # type: ignore[union-attr]
        await found.shows("edited")
        await found.press("space")
        assert now(screen).vcpus[1] == {13}, "the cursor has gone on to the sibling"
        assert screen.query_one(CoreMap).number == 2, "and to the next core"
        await found.press("u")
        assert now(screen).vcpus[1] == {18}
        await found.press("U", "u", "u")
        assert now(screen) == start
        await found.press("u")
        await found.shows("nothing to undo")

        await found.press("left_square_bracket")
        assert screen.desk.editor.thread == "io1"  # type: ignore[union-attr]
        await found.press("home", "c")
        assert now(screen).iothread_pins == {1: {0, 12}}
        await found.press("left_square_bracket", "e")
        assert now(screen).emulator == {0, 2, 3}
        await found.press("x")
        assert now(screen).emulator is None
        await found.shows("the emulator may run on the vCPUs' CPUs")


async def test_a_guest_is_pinned_core_by_core_with_one_key() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (100, 30)) as found:
        screen = await at_pins(found)
        page = screen.query_one(CoreMap)
        page.go(4)
        await found.press(*["space"] * 8)
        assert [min(c) for c in now(screen).vcpus.values()] == [4, 16, 5, 17, 6, 18, 7, 19]
        assert (page.number, screen.desk.editor.thread) == (19, "emu")  # type: ignore[union-attr]
        await found.press("space")
        assert page.number == 19, "the emulator has no core of its own"
        page.go(11)
        screen.desk.editor.pick("v0")  # type: ignore[union-attr]
        await found.press("space", "space")
        assert now(screen).vcpus[1] == {23} and page.number == 23, "no CPU is left behind it"


async def test_whole_caches_swaps_and_marked_ranges() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (100, 30)) as found:
        screen = await at_pins(found)
        await found.press("L")
        assert [min(c) for c in now(screen).vcpus.values()] == [0, 12, 1, 13, 2, 14, 3, 15]
        await found.shows("the emulator shares CPU 2-3 with vCPUs")
        await found.press("u")
        page = screen.query_one(CoreMap)
        page.go(18)
        await found.press("s")
        assert (now(screen).vcpus[0], now(screen).vcpus[1]) == ({18}, {6})
        await found.shows("no overlap")
        page.go(9)
        await found.press("m", "left")
        await found.press("x")
        assert {6, 7} & now(screen).vcpus.keys() and len(now(screen).vcpus) < 8
        await found.press("u", "m", "escape", "X")
        assert len(now(screen).vcpus) == 7


@pytest.mark.parametrize(
    ("cpu", "words"),
    [(7, "vCPUs 0,2 are all pinned to CPU 7"), (10, "SMT pair split"), (1, "SMT pair split")],
)
async def test_every_invalid_state_is_said_at_once(cpu: int, words: str) -> None:
    async with console(root_of(TOWER, Mode.DEMO), (100, 40)) as found:
        screen = await at_pins(found)
        screen.query_one(CoreMap).go(cpu)
        await found.press("space")
        await found.shows(words)
        if cpu == 7:
            await found.shows("overlap", "[v0!")


async def test_goals_change_what_is_proposed() -> None:
    async with console(root_of(host("x3d"), Mode.DEMO), (160, 50)) as found:
        screen = await at_pins(found)
        await found.press("t", "g")
        await found.shows("prefer cache")
        assert now(screen).guest_cpus <= {*range(8), *range(16, 24)}
        await found.press("p")
        await found.shows("prefer frequency")
        assert now(screen).guest_cpus <= {*range(8, 16), *range(24, 32)}
        await found.press("plus", "plus")
        assert now(screen).count == 8
        await found.press("minus", "S")
        await found.shows("one vCPU on each core")
        assert now(screen).shape is not None and now(screen).shape.threads == 1  # type: ignore[union-attr]
        await found.press("H", "w")
        await found.shows(" why ", "of 25", "cache or MHz")
        await found.press("escape", *"+" * 60)
        await found.shows("find no place")


async def test_edits_of_one_guest_stay_while_another_is_looked_at() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (100, 30)) as found:
        screen = await at_pins(found)
        await found.press("space", "t")
        assert screen.desk.domain is not None and screen.desk.domain.name == "arch-test"
        await found.press("t", "t")
        assert screen.desk.domain.name == "win10" and now(screen).vcpus[0] == {0}
        await found.press("r")
        await found.until(lambda: found.app.store.get("reading") is False)
        assert now(screen).vcpus[0] == {0}, "reading again forgets nothing"


async def test_load_and_frequency_stand_in_the_cells_on_demand_only() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (100, 30)) as found:
        await at_pins(found)
        assert "live" not in found.app.store.wanted()
        await found.press("v")
        await found.shows("%")
        await found.press("v")
        await found.shows("M ]")
        await found.press("v")
        await found.shows("[v0    ]")
        assert "live" not in found.app.store.wanted()


async def test_a_plan_is_shown_applied_and_undone(tmp_path: Path) -> None:
    write(build(TOWER), str(tmp_path))
    (tmp_path / "var/lib").mkdir(parents=True, exist_ok=True)
    # A disk that is mounted somewhere has no daemon's state on it.
    shutil.rmtree(tmp_path / "run/libvirt")
    file = tmp_path / "etc/libvirt/qemu/win10.xml"
    before = file.read_bytes()
    async with console(Root.mounted(str(tmp_path)), (100, 40)) as found:
        screen = await at_pins(found)
        page = screen.query_one(CoreMap)
        await found.press("t")
        page.go(10)
        await found.press("c", "d")
        await found.shows(" diff ", "vcpu='0' cpuset='6'", "vcpu='0' cpuset='10'")
        await found.press("escape", "a")
        await found.shows(" plan ", "Pin win10: definition only", "at the guest's next start", "s save as JSON")
        await found.press("escape")
        assert file.read_bytes() == before
        await found.press("a")
        await found.shows(" plan ")
        await found.press("a", "y")
        await found.shows("state     done")
        domain = DomainXml(file.read_text())
        assert domain.vcpu_pins[0] == {10} and domain.vcpu_pins[1] == {22}
        assert file.read_bytes() == before.replace(b"vcpu='0' cpuset='6'", b"vcpu='0' cpuset='10'").replace(
            b"vcpu='1' cpuset='18'", b"vcpu='1' cpuset='22'"
        )
        await found.press("3")
        await found.until(lambda: found.app.current_mode == "pin" and not screen.desk.editor.changed, "the new pins")  # type: ignore[union-attr]
        await found.press("7")
        await found.shows("0001")
        await found.press("enter", "u")
        await found.shows("Taking back: Pin win10")
        await found.press("u", "y")
        await found.shows("nothing of it is in force")
        assert file.read_bytes() == before
        await found.press("3")
        await found.until(lambda: now(screen).vcpus[0] == {6}, "the pins of before")


async def test_the_demo_refuses_to_be_changed_with_a_sentence() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (100, 30)) as found:
        await at_pins(found)
        await found.press("space", "a")
        await found.shows(" plan ")
        await found.press("a")
        await found.shows("made up")


async def test_glyphs_of_ascii_draw_the_map() -> None:
    async with console(root_of(host("hybrid"), Mode.DEMO), (80, 24), ability=caps(ASCII)) as found:
        await at_pins(found)
        assert found.text.isascii()
        await found.shows("+ L3 #0", "[v0    ]")


async def test_threads_that_left_their_pins_are_told_with_the_live_figures() -> None:
    moved = replace(TOWER.guests[0], pins=(6, 18, 7, 19, 8, 20, 9, 3))
    drifted = replace(TOWER, guests=(moved, *TOWER.guests[1:]))
    async with console(root_of(drifted, Mode.DEMO), (120, 40)) as found:
        await at_pins(found)
        await found.shows("nothing is wrong")
        await found.press("v")
        await found.shows("drift: v7 is pinned to CPU 21, but may run on 3")


async def test_the_mouse_picks_threads_places_them_and_chooses_guests() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (100, 30)) as found:
        screen = await at_pins(found)
        page = screen.query_one(CoreMap)
        start = now(screen)

        def place(cpu: int) -> tuple[int, int]:
            line, x, _ = page._cells[cpu]
            return x + 1, line - page.scroll_offset.y

        await found.pilot.click(page, offset=place(4))
        assert page.number == 4 and now(screen) == start, "the first click only looks"
        await found.pilot.click(page, offset=place(4))
        assert now(screen).vcpus[0] == {4}

        words = screen.query_one("#threads", Line)
        await found.pilot.click(words, offset=(words.text.index("v6:") + 1, 0))
        await found.shows("a click on a CPU places v6")
        await found.pilot.click(page, offset=place(1))
        await found.pilot.click(page, offset=place(13))
        assert (now(screen).vcpus[6], now(screen).vcpus[7]) == ({1}, {13})
        await found.press("u", "u", "u")
        await found.pilot.click(page, offset=place(5))
        assert now(screen) == start, "the keyboard ends the mouse's picking"

        await found.pilot.click(words, offset=(2, 0))
        guest = next(i for i, line in enumerate(found.lines) if "macos" in line and "vCPUs on" in line)
        await found.pilot.click(page, offset=(5, guest - page.region.y))
        assert screen.desk.domain is not None and screen.desk.domain.name == "macos"


async def test_the_wheel_scrolls_a_map_that_does_not_fit() -> None:
    async with console(root_of(host("gaps"), Mode.DEMO), (80, 24), ability=LINUX) as found:
        screen = await at_pins(found)
        await found.press("z")
        page = screen.query_one(CoreMap)
        await found.until(lambda: page.max_scroll_y > 20)
        page.post_message(MouseScrollDown(page, 5, 5, 0, 1, 0, False, False, False))
        await found.until(lambda: page.scroll_offset.y > 0)
        assert page.number == min(page._cells), "the cursor stays"


async def test_a_device_to_be_near_to_as_many_as_sensible_and_iothreads() -> None:
    async with console(root_of(replace(host("epyc"), pci=(CARD,)), Mode.DEMO), (120, 40)) as found:
        screen = await at_pins(found)
        await found.press("t", "n", "g")
        await found.shows("near 0000:81:00.0 (node 1)", "node 1 (card 81:00.0 is here)")
        assert min(now(screen).guest_cpus) >= 64 and now(screen).nodes == {1}
        await found.press("M", "i", "i", "I")
        assert now(screen).count == 16 and set(now(screen).iothread_pins) == {1}
        await found.press("n")
        assert screen.desk.context is not None and screen.desk.context.near == frozenset()
    async with console(root_of(TOWER, Mode.DEMO), (80, 24), ability=LINUX) as found:
        await at_pins(found)
        await found.press("n")
        await found.shows("this host has one NUMA node")


async def test_the_plan_of_a_bad_pinning_says_what_is_wrong_with_it_and_room_is_used() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (120, 40)) as found:
        screen = await at_pins(found)
        await found.shows("score 100 of 100", "whole cores: nothing else runs beside a vCPU")
        screen.query_one(CoreMap).go(7)
        await found.press("space")
        await found.shows("fail overlap")
        await found.press("a")
        await found.shows(" plan ", "1 failure remains", "vCPUs 0,2 are all pinned to CPU 7")


async def test_words_that_do_not_fit_are_left_out_whole() -> None:
    async with console(root_of(host("arm"), Mode.DEMO), (80, 24), ability=LINUX) as found:
        await at_pins(found)
        line = found.lines[-3].rstrip()
        assert line.endswith("E core") and "up to" not in line


async def test_pins_of_the_definition_only_are_told_to_count_from_the_next_start() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (160, 50)) as found:
        screen = await at_pins(found)
        await found.press("right", "space")
        await found.shows("edited")
        virt, desk = found.app.store.get("virt"), screen.desk
        assert desk.domain is not None and desk.domain.running and "definition" not in found.text
        stored = replace(desk.domain, state="shut off", vcpu_pins=((0, frozenset({1})), *desk.domain.vcpu_pins[1:]))
        later = [replace(d, from_next_start=stored) if d.name == stored.name else d for d in virt.domains]
        found.app.store.push("virt", replace(virt, domains=tuple(later)))
        await found.shows("from its next start")
        assert "edited" not in found.text
        await found.press("w")
        await found.shows("other pins, which count from the next start: v0 on 1")
