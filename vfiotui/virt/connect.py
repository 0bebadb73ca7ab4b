"""Opening libvirt without surprises: silent, with a deadline, and with a sentence when it fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.guest.domain import Virt

T = TypeVar("T")
DEFAULT_URI = "qemu:///system"


class NoConnection(Exception):
    """A sentence: why libvirt cannot be asked and what to do."""


def load() -> Any:
    """The libvirt module with its printing of errors switched off; raises NoConnection."""
    try:
        import libvirt
    except ImportError as error:
        raise NoConnection(
            f"the Python package libvirt-python cannot be loaded ({error}): install it to see the guests"
        ) from error
    libvirt.registerErrorHandler(lambda context, error: None, None)
    return libvirt


def in_thread(use: Callable[[], T], seconds: float, late: Callable[[], object]) -> T:
    """What `use` returns or raises, computed in a thread, so that a signal is answered meanwhile.

    `late` is called where nothing came in `seconds`: what it raises is raised here, and the thread is left behind;
    where it returns, the thread is awaited.
    """
    answer: list[T] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            answer.append(use())
        except BaseException as error:
            failed.append(error)

    worker = threading.Thread(target=work, daemon=True, name="libvirt")
    worker.start()
    worker.join(seconds)
    if not answer and not failed:
        late()
        worker.join()
    if failed:
        raise failed[0]
    return answer[0]


def in_time(use: Callable[[], T], seconds: float, what: str) -> T:
    """What `use` returns or raises; raises NoConnection, with `what` as its subject, where it takes longer."""

    def late() -> None:
        raise NoConnection(
            f"{what} gave no answer in {seconds:g} s: is the daemon stuck? ('systemctl status libvirtd')"
        )

    return in_thread(use, seconds, late)


def advice(message: str, uri: str) -> str:
    """libvirt's message as a sentence with what to do next."""
    text = " ".join(message.split())
    if "Permission denied" in text or "authentication" in text.lower() or "Access denied" in text:
        todo = "join the group libvirt, or run as root"
    elif any(w in text for w in ("No such file", "Connection refused", "Failed to connect socket", "no daemon")):
        todo = "start the daemon ('systemctl start libvirtd' or virtqemud.socket)"
    else:
        todo = "check the URI given with --connect"
    return f"{uri} cannot be opened: {text}; {todo}"


def open_connection(uri: str) -> Any:
    """A connection for reading and, where that is allowed, events; blocks, and raises NoConnection."""
    libvirt = load()
    try:
        # Read-only is enough for all that is shown, and no authentication agent pops up in the terminal.
        return libvirt.openReadOnly(uri)
    except libvirt.libvirtError as error:
        raise NoConnection(advice(str(error), uri)) from error


def not_connected(uri: str, sentence: str) -> Virt:
    """The state without a connection."""
    return Virt(uri, False, sentence, "", "", Unread(sentence, Why.NOT_HERE))
