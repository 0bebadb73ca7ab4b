"""A journal is believed wholly or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfiotui.model.change.journal import State, progress

APPLY = b'{"event": "apply", "at": "2026-01-02 03:04:05", "pid": 7, "start": 1, "boot": "b"}\n'
BEGIN = b'{"event": "begin", "step": 1}\n'
END = b'{"event": "end", "step": 1}\n'
DONE = b'{"event": "done"}\n'
WHOLE = APPLY + BEGIN + END + DONE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "is empty"),
        (b"\0" * 300, "nothing but zeros"),
        (APPLY + b"\0" * 20 + DONE, "bytes that no line of it has"),
        (WHOLE + b"\xff\n", "bytes that no line of it has"),
        (WHOLE.replace(b"\n", b"\r\n"), "bytes that no line of it has"),
        (WHOLE + b"hello\n", "line 5 of its journal is no event"),
        (WHOLE + b"[1]\n", "is no event"),
        (WHOLE + b'{"event": 1}\n', "is no event"),
        (WHOLE + b'{"event": "moved", "to": 2}\n', "does not know: 'moved'"),
        (APPLY + b'{"event": "begin", "step": 99}\n', "a step that the plan does not have"),
        (APPLY + b'{"event": "begin", "step": 0}\n', "a step that the plan does not have"),
        (APPLY + b'{"event": "begin", "step": -1}\n', "a step that the plan does not have"),
        (APPLY + b'{"event": "begin", "step": true}\n', "a step that the plan does not have"),
        (APPLY + b'{"event": "begin", "step": "1"}\n', "a step that the plan does not have"),
        (APPLY + b'{"event": "begin"}\n', "a step that the plan does not have"),
        (APPLY + b'{"event": "undo", "pid": 99999999999999999999, "start": 1, "boot": ""}\n', "impossible process"),
        (APPLY + b'{"event": "command", "step": 1, "pid": -1, "start": 1, "boot": ""}\n', "impossible process"),
        (APPLY + b'{"event": "undo", "pid": true, "start": 1, "boot": ""}\n', "impossible process"),
        (APPLY + b'{"event": "undo", "pid": 1, "start": 1}\n', "impossible process"),
        (APPLY + b'{"event": "stuck", "why": 5}\n', "holds no text"),
        (BEGIN + END + DONE, "has lost its beginning"),
        (b'{"event": "app', "has lost its beginning"),
        (b"[" * 100_000, "is no event"),
        (WHOLE + b'{"event": "done"}\n' * 100_000, "longer than"),
    ],
)
def test_what_is_wrong_with_it_is_said(text: bytes, reason: str) -> None:
    come = progress(text, 3)
    assert come.state is State.DAMAGED and reason in come.word, come
    assert come.begun == () and come.process is None


@pytest.mark.parametrize("cut", range(len(APPLY) + len(BEGIN) + len(END) + 1, len(WHOLE)))
def test_a_line_that_a_power_cut_tore_is_passed_over(cut: int) -> None:
    come = progress(WHOLE[:cut], 1)
    assert come.state in (State.APPLYING, State.DONE) and come.finished == {1}
    torn = WHOLE[:cut].rstrip(b"\n") + b'\n{"event": "done"}\n'
    assert progress(torn, 1).state is State.DONE


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_one_wrong_byte_never_undoes(place: int, byte: int) -> None:
    come = progress(WHOLE[:place] + bytes((byte,)) + WHOLE[place + 1 :], 1)
    assert come.state in (State.DONE, State.DAMAGED, State.APPLYING)


@given(st.binary(max_size=400))
def test_any_bytes_have_a_state(text: bytes) -> None:
    assert isinstance(progress(text, 2).state, State)
    assert isinstance(progress(APPLY + text, 2).state, State)
