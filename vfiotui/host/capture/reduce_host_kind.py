"""What shows the kind of a host, reduced to that: names of container managers, hypervisors and boards."""

from __future__ import annotations

import re
from collections.abc import Callable

from vfiotui.host.boot.container_marks import GROUPS
from vfiotui.host.capture.scrub import Scrubber
from vfiotui.host.pci.device_tree import DEPTH, TREES, is_on

MANAGER = re.compile(rb"[A-Za-z][\w.-]{0,31}")


def environment(data: bytes, scrub: Scrubber) -> bytes:
    """/proc/1/environ: the name of the container manager."""
    words = (w.removeprefix(b"container=") for w in data.split(b"\0") if w.startswith(b"container="))
    return b"".join(b"container=" + w + b"\0" for w in words if MANAGER.fullmatch(w))


def groups(data: bytes, scrub: Scrubber) -> bytes:
    """/proc/1/cgroup: the part that names a container manager, without the container's id."""
    text = data.decode("utf-8", "replace")
    found = (expression.search(text) for expression, _ in GROUPS)
    return "".join(f"0::{re.sub('[0-9a-f]{12}', '0' * 12, m[0])}\n" for m in found if m).encode()


def manager(data: bytes, scrub: Scrubber) -> bytes:
    """The name of a container manager, in one word."""
    word = data.strip()
    return word + b"\n" if MANAGER.fullmatch(word) else b""


def names(data: bytes, scrub: Scrubber) -> bytes:
    """Names that the maker of a board or of a hypervisor gave; each name of a device tree ends with a NUL."""
    return scrub.kernel(data.decode("utf-8", "replace")).encode()


def control_program(data: bytes, scrub: Scrubber) -> bytes:
    """/proc/sysinfo: what runs the virtual machine."""
    return b"".join(m[0] + b"\n" for m in re.finditer(rb"^VM00 Control Program:[\w /.-]+$", data, re.MULTILINE))


def status(data: bytes, scrub: Scrubber) -> bytes:
    """Whether a node of a device tree is in use."""
    return b"okay\0" if is_on(data) else b"disabled\0"


LIST: tuple[tuple[str, str, Callable[[bytes, Scrubber], bytes]], ...] = (
    ("/proc/1/cgroup", "a container's manager", groups),
    ("/proc/1/environ", "a container's manager", environment),
    ("/run/systemd/container", "a container's manager", manager),
    ("/run/host/container-manager", "a container's manager", manager),
    ("/proc/sysinfo", "what runs the virtual machine", control_program),
    ("/proc/xen/capabilities", "what Xen lets it do", names),
    ("/sys/hypervisor/type", "name of the hypervisor", names),
    ("/sys/hypervisor/properties/features", "numbers", names),
    *(
        (f"{t}/{n}", "names of the board", names)
        for t in TREES
        for n in ("model", "compatible", "hypervisor/compatible")
    ),
    *((f"{t}{'/*' * depth}/status", "whether it is in use", status) for t in TREES for depth in range(1, DEPTH + 2)),
)
"""Path, what stays of it, and what reduces it."""
