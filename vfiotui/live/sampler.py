"""One thread that reads what moves, and only while somebody looks at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vfiotui.host.live import own_threads
from vfiotui.host.live.cpus import CpuReader
from vfiotui.host.live.guests import GuestReader
from vfiotui.host.live.own_cost import CostReader
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.base.value import replace
from vfiotui.model.live.rates import Rates
from vfiotui.model.live.sample import LiveMoment, Sample
from vfiotui.state.topics import COST, CULPRITS, LIVE, MEMORY, Topic

if TYPE_CHECKING:
    # What Live does not show is loaded when somebody looks at it.
    from vfiotui.host.live.interference import CulpritReader
    from vfiotui.host.memory.guest_backing import BackingReader
    from vfiotui.model.live.interference import Culprits

STILL = Unread("a disk or a capture holds no live figures", Why.NOT_HERE)
Post = Callable[[Topic[Any], Any, bool], None]
"""Hands a topic's value over to the store's thread; the flag asks to keep it in the history."""

SLOWEST, FASTEST = 10.0, 0.1
"""Seconds between two samples."""
MEMORY_SECONDS = 2.0
COST_SECONDS, COST_ALONE_SECONDS = 4.0, 60.0
"""How often the own cost is read; the second where nothing else is: reading it would be most of it."""
CULPRIT_SECONDS = 2.0
"""How often all tasks are looked through at most."""
CULPRIT_SHARE, ASKED_SHARE = 0.0005, 0.02
"""What share of a CPU that may take: where a vCPU waits, and where a person asked for it."""
NEWEST = 0.25
"""How much the last look counts in what a look is taken to cost."""
TRIES, PROMPT_SECONDS = 3, 0.005
"""How often a sample is taken again that took longer than so many seconds."""
PAUSED_SECONDS = 20.0
"""How often while the picture stands: the time between two samples is one value in the graphs then."""
CROWDED_SECONDS = 2.0
"""The fastest where every CPU belongs to a guest."""
FEEDS: frozenset[Topic[Any]] = frozenset({LIVE, MEMORY, COST, CULPRITS})


class Sampler:
    """Wakes at the interval while a topic is wanted; sleeps without a timer otherwise."""

    def __init__(
        self,
        root: Root,
        post: Post,
        written: Callable[[], int | None] = lambda: None,
        readers: Readers | None = None,
    ) -> None:
        """`written` tells how many bytes went to the terminal so far; `readers` may have taken a sample already."""
        self._post = post
        self._readers = Readers(root) if readers is None else readers
        self._readers.cost = CostReader(written)
        self._wanted: frozenset[Topic[Any]] = frozenset()
        self._interval = 1.0
        self._paused = False
        self.crowded = False
        """Whether every CPU belongs to a guest: then it samples less often."""
        self.focus = ""
        """The guest of which everything is read at every sample; "" stands for all."""
        self.cores: frozenset[int] = frozenset()
        """The CPUs on which culprits are looked for."""
        self.asked = False
        """Whether a person asked for culprits, and may have them at a higher price."""
        self._wake = threading.Event()
        self._again = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="sampler")

    def start(self) -> None:
        """Begins; may be called once."""
        self._thread.start()

    @property
    def interval(self) -> float:
        """Seconds between two samples of what is live: 0.1 to 10."""
        return self._interval

    @interval.setter
    def interval(self, seconds: float) -> None:
        self._interval = min(max(seconds, FASTEST), SLOWEST)
        self._wake.set()

    def pause(self, paused: bool) -> None:
        """While the picture stands, few samples are enough: no rate is lost, it is only told for a longer time."""
        self._paused = paused
        self._readers.guests.sparing = paused
        self._wake.set()

    def want(self, topics: frozenset[str]) -> None:
        """From now on reads these of its topics, and no others."""
        wanted = FEEDS & topics
        if wanted != self._wanted:
            self._wanted = wanted
            self._wake.set()

    def look_again(self) -> None:
        """Searches for guests at the next sample: one has started or ended."""
        self._again.set()

    def stop(self, seconds: float = 2.0) -> None:
        """Ends the thread, and waits for it a little."""
        self._ended = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        read = dict.fromkeys(FEEDS, -SLOWEST * 1e3)
        wanted: frozenset[Topic[Any]] = frozenset()
        try:
            while not self._ended:
                before, wanted = wanted, self._wanted
                now = time.monotonic()
                for topic in sorted(wanted):
                    if read[topic] + self._period(topic) <= now:
                        self._sample(topic)
                        # The beat is kept: one late sample does not make all later ones late.
                        beat = read[topic] + self._period(topic)
                        read[topic] = beat if now - beat < self._period(topic) else now
                if LIVE in before - wanted:
                    self._readers.rest()
                if CULPRITS in before - wanted:
                    self._readers.let_culprits_go()
                pause = min((read[t] + self._period(t) for t in wanted), default=None)
                self._wake.wait(None if pause is None else max(pause - time.monotonic(), 0.001))
                self._wake.clear()
        finally:
            self._readers.rest()
            self._readers.let_culprits_go()

    def _period(self, topic: Topic[Any]) -> float:
        if topic == CULPRITS:
            return self._readers.culprit_pause(self.asked)
        if topic == COST:
            return COST_SECONDS if len(self._wanted) > 1 and not self._paused else COST_ALONE_SECONDS
        if self._paused and topic == LIVE:
            return max(PAUSED_SECONDS, self._interval)
        interval = max(self._interval, CROWDED_SECONDS if self.crowded else 0.0)
        return max(MEMORY_SECONDS, interval) if topic == MEMORY else interval

    def _sample(self, topic: Topic[Any]) -> None:
        readers = self._readers
        if self._again.is_set():
            self._again.clear()
            readers.guests.look_again()
        try:
            value: Any
            if topic == LIVE:
                value = readers.live(self.focus)
            elif topic == MEMORY:
                value = readers.memory()
            elif topic == CULPRITS:
                value = readers.culprits(self.cores)
            else:
                value = readers.cost.read()
        except Exception as error:
            # One bad sample must not end all later ones.
            value = Unread(f"the reading failed ({type(error).__name__}: {error})", Why.DAMAGED)
        self._post(topic, value, topic == MEMORY or isinstance(value, LiveMoment))


class Readers:
    """The readers of one sampler; they keep files open while they are in use."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self.cost = CostReader(lambda: None)
        self.guests = GuestReader(root)
        self._pages: BackingReader | None = None
        self._cpus: CpuReader | None = None
        self._rates = Rates()
        self.newest: LiveMoment | None = None
        """The last moment that was read."""
        self._batch = False
        self._culprits: CulpritReader | None = None
        self._looking = False
        self.culprit_cost = 0.0
        """Seconds of CPU that a look takes, by the last ones: reading all tasks once makes it dear for some looks."""
        self.culprits_known = False

    def sample(self, focus: str = "") -> Sample:
        """Counts everything once."""
        if not self._root.moves:
            return Sample(time.monotonic(), time.time(), STILL, STILL)
        if self._cpus is None:
            self._cpus = CpuReader(self._root)
        # Who is pushed off its CPU in the middle of a reading cannot say when it was: it reads again.
        for _ in range(TRIES):
            before = time.monotonic()
            guests = self.guests.read(focus)
            cpus = self._cpus.read()
            after = time.monotonic()
            if after - before < PROMPT_SECONDS:
                break
        at = (before + after) / 2
        return Sample(at, time.time() - (time.monotonic() - at), cpus, guests, self.guests.unseen)

    def live(self, focus: str = "") -> LiveMoment:
        """The moment since the last call."""
        if self._root.is_live and not self._batch:
            self._batch = True
            own_threads.lower_priority(self._root)
        self.newest = self._rates.moment(self.sample(focus))
        return self.newest

    def culprits(self, cores: frozenset[int]) -> Culprits:
        """Who ran on these CPUs since the last call."""
        if self._culprits is None:
            from vfiotui.host.live.interference import CulpritReader

            self._culprits = CulpritReader(self._root)
        self._looking = True
        found = self._culprits.read(cores)
        self.culprit_cost += (found.cost_ms / 1e3 - self.culprit_cost) * NEWEST
        self.culprits_known = not isinstance(found.found, Unread)
        return found

    def culprit_pause(self, asked: bool = False) -> float:
        """Seconds from one look to the next: what it costs stays below a share of a CPU, a larger one where a person
        asked for it."""
        # The second look is the one that answers: the price is minded after it, and before the next two.
        looks = 1 if self.culprits_known else 0 if self._looking else 2
        return max(CULPRIT_SECONDS, looks * self.culprit_cost / (ASKED_SHARE if asked else CULPRIT_SHARE))

    def let_culprits_go(self) -> None:
        """Closes the files that only culprits need; the next hunt may be soon, and begins where this one ended."""
        if self._looking and self._culprits is not None:
            self._culprits.close()
            self._looking = self.culprits_known = False

    def memory(self) -> Any:
        """Memory now."""
        from vfiotui.host.memory import host_memory as memory
        from vfiotui.model.memory.host_memory import Memory

        if self._pages is None:
            from vfiotui.host.memory.guest_backing import BackingReader

            self._pages = BackingReader(self._root, ages=True)
        found = memory.read(self._root)
        return replace(found, guests=self._pages.read()) if isinstance(found, Memory) else found

    def rest(self) -> None:
        """Closes the files of what nobody looks at."""
        if self._cpus is not None:
            self._cpus.close()
            self._cpus = None
            self._rates = Rates()
            self.guests.close()
            self.guests.look_again()
