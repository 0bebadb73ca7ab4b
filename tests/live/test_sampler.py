"""The sampler: reads while somebody looks, sleeps otherwise, and ends."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.hosts import TOWER
from tests.machines import root_of
from vfiotui.live.sampler import FASTEST, PROMPT_SECONDS, SLOWEST, TRIES, Readers, Sampler
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.sample import LiveMoment, OwnCost
from vfiotui.model.memory.host_memory import Memory

SECONDS = 60.0
"""How long a sample may take to come on a busy machine."""


class Post:
    """What the sampler handed over."""

    def __init__(self) -> None:
        self.samples: queue.Queue[tuple[str, Any, bool]] = queue.Queue()

    def __call__(self, topic: str, value: Any, keep: bool) -> None:
        self.samples.put((topic, value, keep))

    def next(self, topic: str) -> tuple[Any, bool]:
        while True:
            name, value, keep = self.samples.get(timeout=SECONDS)
            if name == topic:
                return value, keep


@pytest.fixture(params=[Mode.DEMO, Mode.CAPTURE])
def running(request: pytest.FixtureRequest) -> Iterator[tuple[Sampler, Post, Mode]]:
    post = Post()
    sampler = Sampler(root_of(TOWER, request.param), post)
    sampler.interval = FASTEST
    sampler.start()
    yield sampler, post, request.param
    sampler.stop()
    assert not sampler._thread.is_alive()


def test_what_is_wanted_comes_and_is_kept(running: tuple[Sampler, Post, Mode]) -> None:
    sampler, post, mode = running
    sampler.want(frozenset({"live", "facts"}))
    value, keep = post.next("live")
    assert isinstance(value, LiveMoment) and keep
    assert isinstance(value.cpus, Unread) == (mode is Mode.CAPTURE), "a capture has no live figures, and says so"
    later, _ = post.next("live")
    assert later.at > value.at
    sampler.want(frozenset({"memory", "cost"}))
    assert isinstance(post.next("memory")[0], Memory)
    cost, keep = post.next("cost")
    assert isinstance(cost, OwnCost) and not keep


def test_nothing_is_read_when_nobody_looks(running: tuple[Sampler, Post, Mode]) -> None:
    sampler, post, _ = running
    sampler.want(frozenset({"live"}))
    post.next("live")
    sampler.want(frozenset())
    # What was under way may still come; after it there is silence.
    end = time.monotonic() + SECONDS
    with pytest.raises(queue.Empty):
        while time.monotonic() < end:
            post.samples.get(timeout=4 * FASTEST)


def test_the_interval_has_bounds() -> None:
    sampler = Sampler(root_of(TOWER), Post())
    for asked, given in ((0.0, FASTEST), (2.0, 2.0), (1e9, SLOWEST)):
        sampler.interval = asked
        assert sampler.interval == given


def test_a_bad_sample_is_told_and_does_not_end_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    from vfiotui.host.memory import host_memory as memory
    from vfiotui.live import sampler as module

    answers = iter([RuntimeError("boom")])

    def read(root: object) -> str:
        error = next(answers, None)
        if error:
            raise error
        return "fine"

    monkeypatch.setattr(memory, "read", read)
    monkeypatch.setattr(module, "MEMORY_SECONDS", FASTEST)
    post = Post()
    sampler = Sampler(root_of(TOWER), post)
    sampler.interval = FASTEST
    sampler.start()
    sampler.want(frozenset({"memory"}))
    first, _ = post.next("memory")
    assert isinstance(first, Unread) and "boom" in first.reason
    assert post.next("memory")[0] == "fine"
    sampler.stop()


class Interrupted:
    """Readers that are pushed off their CPU in the middle of some readings: time passes meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
        self.readers = Readers(root_of(TOWER, Mode.DEMO))
        self.readings = list[float]()
        """When each reading ended."""
        real, now = self.readers.guests.read, 1000.0

        def read(focus: str = "") -> Any:
            nonlocal now
            found = real(focus)
            if len(self.readings) < times:
                now += 2 * PROMPT_SECONDS
            self.readings.append(now)
            return found

        monkeypatch.setattr(self.readers.guests, "read", read)
        monkeypatch.setattr(time, "monotonic", lambda: now)


@pytest.mark.parametrize("times", [1, 2])
def test_a_sample_that_was_interrupted_is_taken_again(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    interrupted = Interrupted(monkeypatch, times)
    sample = interrupted.readers.sample()
    assert len(interrupted.readings) == times + 1
    assert sample.at == interrupted.readings[-1], "it is the moment of the reading that was not interrupted"


def test_a_machine_that_interrupts_always_is_sampled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted = Interrupted(monkeypatch, 99)
    sample = interrupted.readers.sample()
    assert len(interrupted.readings) == TRIES and not isinstance(sample.guests, Unread)
