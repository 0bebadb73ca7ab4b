"""The Isolate screen: devices are chosen with what must go along, and the plan is one key away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from tests.hosts import HOSTS, TOWER
from tests.machines import known_facts, root_of
from tests.plan.isolate.test_isolate import CARD, HOST_CARD
from tests.tui.consoles import LINUX, SIZES, console
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.boot.next_image import read_boots
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.path import BootPath
from vfiotui.model.change.change import Effect, write_file
from vfiotui.model.change.journal import ChangeRecord, Progress, State
from vfiotui.model.change.plan import Expected, Plan
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.isolate.isolation_view import isolation_view
from vfiotui.tui.screens.base.choice import ChoiceScreen
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.screens.isolate.screen import IsolateScreen
from vfiotui.tui.screens.isolate.view import detail_rows, isolate_rows, verified_rows
from vfiotui.tui.screens.plan.screen import PlanScreen
from vfiotui.tui.widgets.rows import Rows


def point_at(screen: object, bdf: str) -> None:
    assert isinstance(screen, IsolateScreen)
    screen.query_one("#devices", Rows).select(f"device {bdf}")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=str)
async def test_a_card_is_chosen_with_its_sound_and_planned(size: tuple[int, int]) -> None:
    async with console(root_of(HOST_CARD, Mode.DEMO), size, ability=LINUX if size[0] == 80 else None) as found:
        await found.press("2")
        await found.shows("01:00.0", "next boot", "[ ]")
        point_at(found.app.screen, "0000:01:00.0")
        await found.press("space")
        await found.shows("[x]", "[+]", "also assigned", "method  ids: no other device has these ids")
        await found.press("m")
        await found.until(lambda: isinstance(found.app.screen, ChoiceScreen))
        await found.shows("override", "dynamic", "libvirt takes the device")
        await found.press("down", "down", "enter")
        await found.shows("method  override")
        await found.press("p")
        await found.until(lambda: isinstance(found.app.screen, PlanScreen))
        await found.shows("Isolate 0000:01:00.0")
        await found.press("escape")
        await found.press("space")
        await found.until(lambda: "[x]" not in found.text and "[+]" not in found.text)


async def test_what_must_stay_says_why_and_is_not_chosen() -> None:
    async with console(root_of(TOWER), (80, 24)) as found:
        await found.press("2")
        await found.shows("[-]", "next boot")
        point_at(found.app.screen, "0000:01:00.0")
        await found.shows("cannot be passed through", "holds /")
        await found.press("space")
        await found.until(lambda: isinstance(found.app.screen, TextScreen))
        await found.shows("it stays with the host", "nvme0n1p2")
        await found.press("escape")
        await found.until(lambda: isinstance(found.app.screen, IsolateScreen))
        assert "[x]" not in found.text


def path_of(facts: Facts) -> Reading[BootPath]:
    assert isinstance(facts.boot, Boot)
    return facts.boot.path


@pytest.mark.parametrize("width", [79, 119, 159])
def test_cards_come_first_with_their_slots_and_every_heading_is_whole(width: int) -> None:
    facts, root = known_facts("tower"), root_of(TOWER)
    view = isolation_view(facts, read_config_snapshot(root), read_boots(root, path_of(facts)))
    rows = isolate_rows(facts, view, None, set(), "", width)
    head, *devices = (r.text for r in rows)
    assert all(word in head for word in ("configured", "on disk", "booted", "driver", "next boot"))
    assert [d[5:12] for d in devices[6:10]] == ["08:00.0", "08:00.1", "0b:00.0", "0b:00.1"]
    assert all(cell_len(text) <= width for text in (head, *devices))
    assert devices[6][head.index("driver") :].startswith("vfio-pci")


def test_what_is_unknown_on_disk_tells_why() -> None:
    image = f"/boot/initrd.img-{TOWER.release}"
    facts, root = known_facts("tower"), root_of(replace(TOWER, files={**TOWER.files, image: ""}))
    view = isolation_view(facts, read_config_snapshot(root), read_boots(root, path_of(facts)))
    text = "\n".join(r.text for r in detail_rows(view, "0000:08:00.0", None, None, 200))
    assert text.startswith("GM204 [GeForce GTX 970]\n")
    assert f"on disk: unknown, {image}: is empty" in text


async def test_without_a_change_there_is_nothing_to_undo() -> None:
    async with console(root_of(HOSTS["clean"]), (80, 24)) as found:
        await found.press("2")
        await found.shows("next boot", "01:00.0")
        await found.press("u")
        await found.shows("No change that isolates devices is in force")


def record(state: State, *forecast: Expected) -> ChangeRecord:
    step = write_file("/etc/x", None, b"x", "for the next boot", risk=Risk.R1, effect=Effect.BOOT)
    plan = Plan("Isolate", (step,), (("isolate.ids", CARD),), forecast=forecast)
    return ChangeRecord(3, "isolate", state, "Isolate", "/var/lib/vfiotui/changes/0003-isolate", Progress(state), plan)


@pytest.mark.parametrize(
    ("state", "driver", "words", "style"),
    [
        (State.DONE, "vfio-pci", "change 0003: 1 of 1 devices match the prediction", "holds"),
        (State.DONE, "nouveau", f"{CARD}: nouveau was predicted, it has vfio-pci", "fail"),
        (State.WAITING, "vfio-pci", "change 0003 waits for the next boot", "accent"),
    ],
)
def test_the_last_boot_is_judged_by_its_forecast(state: State, driver: str, words: str, style: str) -> None:
    facts = replace(known_facts("clean"), changes=(record(state, (CARD, (driver,))),))
    rows = verified_rows(facts, 79)
    assert any(words in r.text for r in rows) and any(style == s for r in rows for _, s in r.runs)


def test_what_was_not_foretold_is_not_judged() -> None:
    facts = known_facts("clean")
    assert verified_rows(facts, 79) == []
    assert verified_rows(replace(facts, changes=(record(State.UNDONE, (CARD, ("",))),)), 79) == []


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_next_boot_stands_below_the_devices(size: tuple[int, int]) -> None:
    async with console(root_of(TOWER), size) as found:
        await found.press("2")
        await found.shows("GRUB starts 'Debian GNU/Linux', kernel 6.12.9-amd64", "3 cards", "08:00.0")
        await found.press("b")
        await found.shows("in /boot/grub/grub.cfg:4", "configured")
        await found.press("escape")
        await found.until(lambda: isinstance(found.app.screen, IsolateScreen))


async def test_the_cursor_begins_on_a_card_that_can_be_selected() -> None:
    async with console(root_of(TOWER), (160, 50)) as found:
        await found.press("2")
        await found.shows("3 cards")
        assert isinstance(found.app.screen, IsolateScreen)
        table = found.app.screen.query_one("#devices", Rows)
        assert table.key == "device 0000:0b:00.0"
        await found.press("space")
        await found.shows("→vfio-pci")
        await found.press("space")
        await found.until(lambda: "→vfio-pci" not in found.text)


def test_a_longer_sentence_shows_that_it_is_cut() -> None:
    facts, root = known_facts("tower"), root_of(TOWER)
    view = isolation_view(facts, read_config_snapshot(root), read_boots(root, path_of(facts)))
    short, long = (detail_rows(view, "0000:02:00.0", None, None, 60, lines) for lines in (2, 9))
    assert sum(r.text.endswith("…") for r in short) == 1 and not any("…" in r.text for r in long)
    assert len(long) > len(short) and all(cell_len(r.text) <= 60 for r in (*short, *long))
