"""A call to libvirt that takes long: awaited or left behind, as its caller says, and never holding up the command."""

from __future__ import annotations

import threading

import pytest

from vfiotui.virt.connect import NoConnection, in_thread, in_time


def test_who_is_told_that_it_takes_long_gets_the_answer_all_the_same() -> None:
    told, go = [], threading.Event()

    def use() -> int:
        assert go.wait(60)
        return 7

    def late() -> None:
        told.append("it goes on")
        go.set()

    assert in_thread(use, 0.01, late) == 7
    assert told == ["it goes on"]


def test_an_answer_in_time_is_returned_without_a_word() -> None:
    def late() -> None:
        raise AssertionError("it was in time")

    assert in_thread(lambda: None, 60, late) is None


@pytest.mark.parametrize("seconds", [60, 0.01])
def test_an_error_is_raised_where_the_answer_is_awaited(seconds: float) -> None:
    go = threading.Event()

    def use() -> None:
        assert seconds == 60 or go.wait(60)
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        in_thread(use, seconds, go.set)


def test_a_daemon_that_never_answers_is_left_behind_with_a_sentence() -> None:
    go = threading.Event()
    with pytest.raises(NoConnection, match=r"qemu:///system gave no answer in 0\.01 s: .*systemctl status"):
        in_time(lambda: go.wait(600), 0.01, "qemu:///system")
    go.set()
