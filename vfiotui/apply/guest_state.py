"""Starts, stops and pauses guests, for the console and the command line alike.

No change of the journal: a guest that was started is shut down again, and not undone.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from vfiotui.apply.errors import ApplyError
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.virt import control as virt
from vfiotui.virt.connect import load

NOT_HERE = {
    Mode.ROOT: "{} is a mounted disk, where no guest runs: boot it, then ask there",
    Mode.CAPTURE: "{} is a capture, where no guest runs: ask on the host that it was taken from",
    Mode.DEMO: "this is a sample machine: its guests can be neither started nor stopped",
}
LOCAL = ("", "localhost", "127.0.0.1", "::1")


def why_not(root: Root, uri: str) -> str:
    """Why no guest of a root can be started or stopped, as a sentence; empty where a daemon may do it.

    `uri` is the connection that a person named; empty for none.
    """
    if root.is_live or (uri and root.mode is not Mode.DEMO):
        return ""
    return NOT_HERE[root.mode].format(root.label)


def elsewhere(uri: str) -> bool:
    """Whether the guests of a connection run on another host, which the facts of this one do not describe.

    >>> elsewhere("qemu+ssh://root@tower/system"), elsewhere("qemu:///system"), elsewhere("qemu+ssh://localhost/system")
    (True, False, False)
    """
    try:
        return (urlsplit(uri).hostname or "") not in LOCAL
    except ValueError:
        return False


def control(root: Root, uri: str, name: str, verb: str, *, named: bool = False) -> virt.Outcome:
    """Does one of `virt.control.VERBS` with a guest; blocks as long as libvirt does.

    `uri` is where libvirt is reached, `named` whether a person gave it. Raises ApplyError where the root has no guests
    that run, and the errors of `virt.control`.
    """
    if why := why_not(root, uri if named else ""):
        raise ApplyError(why)
    load()
    return virt.control(uri, name, verb)


def wait_until_off(uri: str, name: str, seconds: float) -> bool:
    """Waits for the end of a guest that was asked to shut down; whether it came."""
    return virt.wait_until_off(uri, name, seconds)
