"""One look at libvirt for commands that answer and end."""

from __future__ import annotations

from vfiotui.model.guest.domain import Virt
from vfiotui.virt.connect import DEFAULT_URI, NoConnection, in_time, load, not_connected, open_connection
from vfiotui.virt.read_connection import look


def read(uri: str | None = None, seconds: float = 3.0) -> Virt:
    """The guests now; never takes longer than `seconds`, and says why when there is no connection."""
    wanted = uri or DEFAULT_URI

    def ask() -> Virt:
        connection = open_connection(wanted)
        try:
            return look(connection, wanted)
        finally:
            connection.close()

    try:
        libvirt = load()
    except NoConnection as error:
        return not_connected(wanted, str(error))
    try:
        return in_time(ask, seconds, wanted)
    except NoConnection as error:
        return not_connected(wanted, str(error))
    except libvirt.libvirtError as error:
        return not_connected(wanted, f"{wanted} broke off: {error}; try again")
