"""The form for a new guest: from the key n to the plan, with what is wrong said below."""

from __future__ import annotations

import pytest

from tests.machines import root_of
from tests.tui.consoles import LINUX, console
from vfiotui.demo.machine import machine
from vfiotui.model.base.mode import Mode
from vfiotui.model.guest.new_guest import READ
from vfiotui.tui.screens.guests.new import QUESTIONS

TOWER = machine("tower")


def test_the_form_asks_what_a_file_may_answer() -> None:
    assert {q.name for q in QUESTIONS} == READ.keys() - {"pin", "keep-cores"}


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_from_the_key_to_the_plan(size: tuple[int, int]) -> None:
    ability = LINUX if size == (80, 24) else None
    async with console(root_of(TOWER, Mode.DEMO), size, ability=ability) as found:
        await found.press("6", "n")
        await found.shows("new guest", "virtio-iso", "isolation", "the guest's name")
        await found.press(*"[b]x", "ctrl+s")
        await found.shows("New guest [b]x", "qemu-img create")


async def test_what_is_wrong_is_said_and_typed_answers_stay() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (80, 24)) as found:
        await found.press("6", "n", "ctrl+s")
        await found.shows("a guest needs a name")
        await found.press(*"vm", "enter", "enter", "enter", *"16", "ctrl+s")
        await found.shows("no size with a unit")
        await found.press("G", "down", *"none", "down", "down", *"/gone", "ctrl+s")
        await found.shows("iso: there is nothing at /gone")
        await found.press("escape", "n")
        await found.shows("/gone", "16G")
        await found.press("escape")
        await found.shows("win10")


async def test_the_hint_names_cards_of_the_host() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (120, 40)) as found:
        await found.press("6", "n", *["down"] * 8)
        await found.shows("PCI addresses", "0b:00.0")
