"""Two keys of the Isolate screen: o takes an isolation off whoever made it, g turns the guard on and off."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import CLEAN, HOSTS
from tests.machines import root_of
from tests.plan.isolate.boots import CARD, SOUND
from tests.plan.isolate.test_off import IDS, MODPROBE, RULES, SOFTDEP, USB, WANTS, host, unit
from tests.plan.isolate.test_off import UNIT as UNIT_FILE
from tests.tui.consoles import LINUX, Console, console
from vfiotui.demo.builder import build
from vfiotui.demo.description import Host
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.screens.isolate.screen import IsolateScreen
from vfiotui.tui.screens.plan.screen import PlanScreen
from vfiotui.tui.widgets.rows import Rows

MODULES = {"/etc/initramfs-tools/modules": "vfio_pci\n"}
BY_HAND = host({MODPROBE: f"options vfio-pci ids={IDS}\n{SOFTDEP}", **MODULES})
BY_RULE = host({RULES: f'KERNEL=="{SOUND}", ATTR{{driver_override}}="vfio-pci"\n', **MODULES})
BY_UNIT_OF_ALL = host({UNIT_FILE: unit(CARD, SOUND, USB.bdf), WANTS: ""})


async def at(found: Console, bdf: str) -> None:
    """Goes to a device of the Isolate screen."""
    await found.press("2")
    await found.until(lambda: isinstance(found.app.screen, IsolateScreen), "the screen")
    await found.shows("next boot", bdf[5:])
    found.app.screen.query_one("#devices", Rows).select(f"device {bdf}")
    await found.pilot.pause()


async def plan_of(found: Console) -> PlanScreen:
    """The Plan screen that a key opens."""
    await found.until(lambda: isinstance(found.app.screen, PlanScreen), "the plan")
    screen = found.app.screen
    assert isinstance(screen, PlanScreen)
    return screen


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=str)
async def test_o_plans_to_take_a_hand_made_isolation_off(size: tuple[int, int]) -> None:
    async with console(root_of(BY_HAND, Mode.DEMO), size, ability=LINUX if size[0] == 80 else None) as found:
        await at(found, CARD)
        await found.press("o")
        screen = await plan_of(found)
        assert screen._plan.goals == (("isolate.off", CARD),)
        await found.shows(f"Give {CARD} back to the host")
        assert next(s.subject for s in screen._plan.steps if s.kind == "file") == MODPROBE
        assert f"{SOUND} of the same slot stays with vfio-pci" in " ".join(screen._plan.notes)


async def test_o_takes_all_that_is_selected() -> None:
    async with console(root_of(BY_HAND, Mode.DEMO), (120, 40)) as found:
        await at(found, CARD)
        await found.press("space")
        await found.shows("[x]")
        await found.press("o")
        screen = await plan_of(found)
        assert screen._plan.goals == (("isolate.off", f"{CARD},{SOUND}"),)
        assert dict(screen._plan.released) == {CARD: "", SOUND: ""}


async def test_o_says_where_nothing_binds_the_device() -> None:
    async with console(root_of(BY_RULE, Mode.DEMO), (80, 24)) as found:
        await at(found, USB.bdf)
        await found.press("o")
        await found.shows("Nothing binds this device to vfio-pci, now or at the next boot.")
        assert isinstance(found.app.screen, TextScreen)


async def test_o_names_the_script_that_it_does_not_edit() -> None:
    async with console(root_of(BY_UNIT_OF_ALL, Mode.DEMO), (120, 40)) as found:
        await at(found, CARD)
        await found.press("o")
        await found.shows(UNIT_FILE, SOUND)
        assert not isinstance(found.app.screen, PlanScreen)


@pytest.mark.parametrize(
    ("given", "goal", "title"),
    [
        (HOSTS["guarded"], "guard.off", "Turn the guard off"),
        (HOSTS["guard-damaged"], "guard.on", "Turn the guard on"),
        (replace(HOSTS["guarded"], name="guard-off", files={
            path: text for path, text in HOSTS["guarded"].files.items() if "guard" not in path
        }), "guard.on", "Turn the guard on"),
    ],
    ids=["on", "damaged", "off"],
)  # fmt: skip
async def test_g_turns_the_guard_on_mends_it_and_turns_it_off(given: Host, goal: str, title: str) -> None:
    async with console(root_of(given), (120, 40)) as found:
        await at(found, CARD)
        await found.press("g")
        screen = await plan_of(found)
        assert screen._plan.goals == ((goal, "yes"),) and screen._plan.steps
        await found.shows(title)


async def test_g_says_where_no_hook_fits() -> None:
    tree = {path: node for path, node in build(CLEAN).items() if path != "/usr/sbin/update-initramfs"}
    async with console(Root(MemoryTree(tree), Mode.CAPTURE), (80, 24)) as found:
        await at(found, CARD)
        await found.press("g")
        await found.shows("vfiotui guard check")
        assert not isinstance(found.app.screen, PlanScreen)
