"""The answer on top of Live: the longest wait in the window, and the reason as far as it is known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vfiotui.live.history import LiveHistory
from vfiotui.model.live.interference import Culprit, Culprits
from vfiotui.model.live.sample import CpuMoment, GuestMoment, LiveMoment, Sample, ThreadMoment
from vfiotui.tui.screens.live.time_window import Window
from vfiotui.tui.screens.live.verdict import Worst, verdict_rows

GUEST = "win10"


def thread(kind: str, number: int, cpu: int, delay: float, busy: float) -> ThreadMoment:
    return ThreadMoment(kind, number, 100 + number, frozenset({cpu}), cpu, busy, delay, 10.0, 0.0)


def moment(
    at: float, delays: tuple[float, ...], *, load: float = 0.5, mhz: float = 4000.0, emulator: int = 9
) -> LiveMoment:
    """vCPU n on CPU n, half busy; the emulator on its own CPU."""
    cpus = tuple(CpuMoment(c, mhz if c == 0 else 4000.0, load) for c in range(10))
    threads = [thread("vcpu", n, n, d, 0.6) for n, d in enumerate(delays)]
    threads.append(thread("emulator", 0, emulator, 0.0, 0.3))
    guests = (GuestMoment(GUEST, 7, tuple(threads)),)
    return LiveMoment(at, cpus, guests, Sample(at, 1_700_000_000 + at, (), ()))


def told(history: LiveHistory, looks: tuple[Culprits, ...] = (), *, width: int = 200, hint: str = "") -> str:
    worst = Worst()
    worst.follow(history, GUEST, Window(history.count), 50)
    return "\n".join(r.text.rstrip() for r in verdict_rows(history, worst, looks, hint, width))


def kept(*moments: LiveMoment) -> LiveHistory:
    history = LiveHistory(100)
    for m in moments:
        history.append(m)
    return history


def test_a_calm_guest_is_told_so() -> None:
    assert told(kept(moment(1, (0.1, 0.2)))).strip() == "no vCPU waited longer than 2 ms in a second"


def test_the_longest_wait_with_place_and_frequency_and_how_much_others_took() -> None:
    text = told(kept(moment(1, (0.1, 0.2)), moment(2, (0.1, 37.5), load=0.9), moment(3, (5.0, 0.2))))
    assert "v1 waited 37.5 ms/s on CPU 1 at 4000 MHz" in text
    assert "others used 30% of CPU 1" in text


def test_where_no_task_took_the_cpu_that_is_told() -> None:
    assert "no task of the host used CPU 1" in told(kept(moment(1, (0.1, 37.5), load=0.6)))


def test_the_guests_own_emulator_on_the_same_cpu_is_the_reason() -> None:
    assert "because: emu ran there too, 30%" in told(kept(moment(1, (0.1, 37.5), emulator=1)))


def test_who_was_seen_there_is_named_and_who_was_seen_later_is_told_as_such() -> None:
    thief = Culprit(1, "kernel", "kworker/1:1", 9, 0.61, 0.0)
    timer = Culprit(1, "irq", "Local timer interrupts", 0, 0.0, 260.0)
    history = kept(moment(10, (0.1, 37.5)))
    look = Culprits(11.0, 2.0, (timer, thief), 3, 1.0)
    assert "because: kworker/1:1 (kernel) 61%" in told(history, (look,))
    assert "timer" not in told(history, (look,))
    later = look._replace(at=20.0)
    assert "seen there later: kworker/1:1" in told(history, (later,))
    assert "kworker" not in told(history, (look._replace(at=90.0),)), "too late to be of this"
    assert "kworker" not in told(history, (look._replace(at=8.0),)), "before it"


def test_a_slow_cpu_is_told_even_where_nobody_waits() -> None:
    text = told(kept(moment(1, (0.1, 0.2)), moment(2, (0.1, 0.2), mhz=1500.0)))
    assert "but v0 worked at 1500 MHz of 4000" in text


def test_what_to_do_next_stands_where_there_is_room() -> None:
    history = kept(moment(1, (0.1, 37.5)))
    assert told(history, hint="w names them").endswith("w names them")
    assert all(len(line) <= 80 for line in told(history, hint="w names them", width=80).split("\n"))


def test_a_hostile_name_stays_text() -> None:
    thief = Culprit(1, "task", "\x1b[31m[bold]x", 9, 0.61, 0.0)
    text = told(kept(moment(10, (0.1, 37.5))), (Culprits(11.0, 2.0, (thief,), 3, 1.0),))
    assert "\x1b" not in text and "[bold]" in text


DELAYS = st.lists(st.tuples(st.floats(0, 900), st.floats(0, 900)), min_size=1, max_size=60)


@given(DELAYS, st.integers(1, 12))
def test_following_finds_what_looking_at_all_finds(delays: list[tuple[float, float]], width: int) -> None:
    """The answer that grows sample by sample is that of a look at the whole window."""
    history, worst = LiveHistory(20), Worst()
    for at, pair in enumerate(delays):
        history.append(moment(float(at), pair))
        worst.follow(history, GUEST, Window(history.count), width)
        fresh = Worst()
        fresh.follow(history, GUEST, Window(history.count), width)
        assert (worst.delay, worst.slow, worst.fast) == (fresh.delay, fresh.slow, fresh.fast)
        begin = max(Window(history.count).begin(width), history.first)
        assert worst.delay == max(v for k in (0, 1) for v in history.values((GUEST, "vcpu", k), "delay", begin, at + 1))
