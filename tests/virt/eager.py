"""A task factory that starts coroutines at once, as Textual sets it from Python 3.12 on; before that, its essence."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any


@types.coroutine
def _rest(coroutine: Coroutine[Any, Any, Any], waits_for: Any) -> Generator[Any, Any, Any]:
    """What is left of a coroutine that was stepped once."""
    while True:
        try:
            value = yield waits_for
        except BaseException as error:
            step: Callable[[], Any] = lambda error=error: coroutine.throw(error)  # noqa: E731
        else:
            step = lambda value=value: coroutine.send(value)  # noqa: E731
        try:
            waits_for = step()
        except StopIteration as end:
            return end.value


async def _continue(coroutine: Coroutine[Any, Any, Any], waits_for: Any) -> Any:
    return await _rest(coroutine, waits_for)


def _step_at_once(loop: asyncio.AbstractEventLoop, coroutine: Any, **named: Any) -> Any:
    if not loop.is_running():
        return asyncio.Task(coroutine, loop=loop, **named)
    try:
        waits_for = coroutine.send(None)
    except StopIteration as end:
        done = loop.create_future()
        done.set_result(end.value)
        return done
    return asyncio.Task(_continue(coroutine, waits_for), loop=loop, **named)


def eager_factory() -> Any:
    """What `loop.set_task_factory` takes."""
    return getattr(asyncio, "eager_task_factory", _step_at_once)
