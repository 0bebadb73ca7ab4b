"""The watch: facts, guests and findings come by themselves and stay true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.hosts import HOSTS, TOWER
from tests.machines import root_of
from tests.trees import folder_root
from vfiotui.demo.libvirt_node import write_node
from vfiotui.host import gather
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Finding
from vfiotui.model.guest.domain import Virt
from vfiotui.model.memory.host_memory import Memory
from vfiotui.rules import judge
from vfiotui.state.facts_refresher import FactsRefresher
from vfiotui.state.store import Store

SECONDS = 60.0


class Follower:
    """A store whose changes can be awaited."""

    def __init__(self, root: Root, uri: str | None = None) -> None:
        self.store = Store()
        self.changed = asyncio.Event()
        for topic in ("facts", "virt", "findings", "reading", "trouble"):
            self.store.subscribe(topic, lambda _: self.changed.set())
        self.watch = FactsRefresher(root, self.store, uri=uri, judge=judge)

    async def until(self, true: Callable[[], Any]) -> None:
        async def wait() -> None:
            while not true():
                self.changed.clear()
                await self.changed.wait()

        await asyncio.wait_for(wait(), SECONDS)

    async def __aenter__(self) -> Follower:
        self.watch.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.watch.stop()

    def get(self, topic: str) -> Any:
        return self.store.get(topic)

    def names(self) -> list[str]:
        virt = self.get("virt")
        return [] if not isinstance(virt, Virt) or isinstance(virt.domains, Unread) else [d.name for d in virt.domains]


async def test_a_capture_is_read_and_judged() -> None:
    async with Follower(root_of(HOSTS["tower"])) as follower:
        await follower.until(lambda: follower.get("findings") and follower.get("reading") is False)
        facts = follower.get("facts")
        assert isinstance(facts, Facts) and facts.mode is Mode.CAPTURE
        assert follower.get("findings") == judge(facts)
        assert follower.names() == ["arch-test", "macos", "win10"]


async def test_what_has_changed_is_read_again_and_judged_anew(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/proc/meminfo": "MemTotal: 1 kB\n", "/etc/hostname": "a\n"})
    async with Follower(root) as follower:
        await follower.until(lambda: follower.get("reading") is False)
        before = follower.get("facts")
        (tmp_path / "proc/meminfo").write_text("MemTotal: 2 kB\n")
        (tmp_path / "etc/hostname").write_text("b\n")
        follower.watch.read_again(frozenset({"memory"}))
        await follower.until(lambda: follower.get("facts") is not before)
        facts = follower.get("facts")
        assert isinstance(facts.memory, Memory) and facts.memory.meminfo == {"MemTotal": 2}
        assert facts.boot is before.boot, "only what was named is read"
        follower.watch.read_again()
        await follower.until(lambda: follower.get("facts").boot.hostname == "b")


async def test_libvirts_test_driver_tells_the_demos_guests(tmp_path: Path) -> None:
    uri = write_node(TOWER, str(tmp_path))
    async with Follower(root_of(TOWER, Mode.DEMO), uri) as follower:
        await follower.until(lambda: "win10" in follower.names() and isinstance(follower.get("facts"), Facts))
        virt = follower.get("virt")
        assert virt.connected and virt.uri == uri
        win10 = next(d for d in virt.domains if d.name == "win10")
        assert win10.state == "running"
        assert [c for _, c in win10.vcpu_pins] == [frozenset({p}) for p in TOWER.guests[0].pins]
        await follower.until(lambda: isinstance(follower.get("facts").virt, Virt))


async def test_a_missing_libvirt_leaves_everything_else() -> None:
    async with Follower(root_of(TOWER, Mode.DEMO), "qemu+unix:///session?socket=/nowhere/sock") as follower:
        await follower.until(lambda: isinstance(follower.get("virt"), Virt) and follower.get("findings"))
        virt = follower.get("virt")
        assert not virt.connected and "start the daemon" in virt.detail


async def test_stopping_ends_every_task(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with Follower(root_of(TOWER, Mode.DEMO), write_node(TOWER, str(tmp_path))):
        assert asyncio.all_tasks() > before
    assert asyncio.all_tasks() == before


async def test_a_judge_that_breaks_is_a_sentence_and_the_next_reading_is_judged_again() -> None:
    follower = Follower(root_of(HOSTS["tower"]))
    broken = True

    def judge_or_break(facts: Facts) -> tuple[Finding, ...]:
        if broken:
            raise RuntimeError("boom")
        return judge(facts)

    follower.watch = FactsRefresher(root_of(HOSTS["tower"]), follower.store, uri=None, judge=judge_or_break)
    async with follower:
        await follower.until(lambda: follower.get("trouble") and follower.get("reading") is False)
        assert follower.get("trouble") == "judging failed (RuntimeError: boom); r tries again"
        assert isinstance(follower.get("facts"), Facts) and follower.get("findings") is None
        broken = False
        follower.watch.read_again()
        await follower.until(lambda: follower.get("findings") and follower.get("reading") is False)
        assert follower.get("trouble") == "" and follower.get("findings") == judge(follower.get("facts"))


async def test_a_reading_that_breaks_is_a_sentence_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    follower = Follower(root_of(HOSTS["tower"]))
    whole = gather.gather
    monkeypatch.setattr(gather, "gather", lambda *_: 1 / 0)
    async with follower:
        await follower.until(lambda: follower.get("trouble") and follower.get("reading") is False)
        assert follower.get("trouble").startswith("reading failed (ZeroDivisionError")
        monkeypatch.setattr(gather, "gather", whole)
        follower.watch.read_again()
        await follower.until(lambda: follower.get("findings") and follower.get("reading") is False)
        assert follower.get("trouble") == "" and isinstance(follower.get("facts"), Facts)
