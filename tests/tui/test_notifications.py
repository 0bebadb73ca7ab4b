"""What the console tells once: a guest without the huge pages it asks for, a next boot that loses the isolation."""

from __future__ import annotations

from dataclasses import replace

from tests.hosts import HOSTS
from tests.hosts.guarded import LOST, guarded
from tests.machines import root_of
from tests.tui.consoles import Console, console
from vfiotui.demo.machine import machine
from vfiotui.live.monitor import Started
from vfiotui.model.base.mode import Mode
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.guard import Lost
from vfiotui.state.topics import FACTS


async def test_a_guest_without_its_pages_is_told_of_once_and_marked() -> None:
    async with console(root_of(machine("thp-missing"), Mode.DEMO), (120, 40)) as found:
        await found.press("5")
        await found.until(lambda: len(found.app.history) > 1)
        await found.app.news.judge_pages([Started("win10", 0.0)])
        await found.app.news.judge_pages([Started("win10", 0.0)])
        # The demo machine's own alarms are told, too.
        (told,) = [n for n in found.app._notifications if n.title == "huge pages"]
        assert told.message.startswith("win10") and not told.markup

        def marked() -> int:
            return [mark.text for mark in found.app.history.marks].count(told.message)

        await found.until(marked, "the next sample carries the mark")
        assert marked() == 1


def losses(found: Console) -> list[str]:
    return [n.message for n in found.app._notifications if n.title.startswith("the next boot loses")]


def with_guard(found: Console, **parts: object) -> None:
    """Facts that were read again, with another guard."""
    facts = found.app.store.get(FACTS)
    assert facts is not None and isinstance(facts.boot, Boot)
    boot = replace(facts.boot, guard=replace(facts.boot.guard, **parts))  # type: ignore[arg-type]
    found.app.store.push(FACTS, replace(facts, boot=boot))


async def test_a_lost_isolation_is_told_at_the_start_and_once_for_each_check() -> None:
    async with console(root_of(HOSTS["guard-lost"]), (80, 24), toasts=True) as found:
        await found.shows("the next boot loses 1 thing", "0000:01:00.0")
        (message,) = losses(found)
        assert "nouveau, not vfio-pci" in message
        with_guard(found, interfaces=())
        assert losses(found) == [message]


async def test_a_later_check_that_finds_a_loss_is_told_anew() -> None:
    async with console(root_of(HOSTS["guard-lost"]), (80, 24)) as found:
        await found.until(lambda: losses(found), "the first warning")
        odd = Lost("iommu=pt", "[b] \x1b[2J is gone")
        with_guard(found, state=replace(LOST, at="2026-11-30T10:00:00+00:00", lost=(*LOST.lost, odd)))
        await found.until(lambda: len(losses(found)) == 2, "the second warning")
        assert "\x1b" not in losses(found)[1] and "[b]" in losses(found)[1]
        assert not any(n.markup for n in found.app._notifications)


async def test_what_an_earlier_boot_was_to_lose_is_told_no_more() -> None:
    """The check was made before the boot that runs now: that boot has lost it, or not."""
    past = guarded(replace(LOST, boot="11111111-2222-3333-4444-555555555555"))
    files = {**past.files, "/proc/sys/kernel/random/boot_id": "99999999-2222-3333-4444-555555555555\n"}
    async with console(root_of(replace(past, files=files)), (80, 24)) as found:
        await found.press("2")
        await found.shows("next boot")
        assert losses(found) == []
