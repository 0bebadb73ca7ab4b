"""A hugetlbfs of a page size is mounted at every boot, so that libvirt finds it."""

from __future__ import annotations

import re

from vfiotui.model.change.change import Effect, set_link
from vfiotui.model.finding.finding import Risk
from vfiotui.model.memory.page_words import page_words, parse_size_word, size_word
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner

FOLDER = "/etc/systemd/system"
WANTS = f"{FOLDER}/sysinit.target.wants"
WRITES = (rf"{FOLDER}/dev-hugepages\d+[KMG]\.mount",)
UNIT = """\
[Unit]
Description=Huge pages of {words} for guests
DefaultDependencies=no
Before=sysinit.target
ConditionPathExists=/sys/kernel/mm/hugepages/hugepages-{kib}kB

[Mount]
What=hugetlbfs
Where=/dev/hugepages{size}
Type=hugetlbfs
Options=pagesize={size}

[Install]
WantedBy=sysinit.target
"""


def unit_of(kib: int) -> tuple[str, str]:
    """Path and text of the unit for pages of so many KiB (systemd.mount(5): it is named as its folder)."""
    size = size_word(kib)
    return f"{FOLDER}/dev-hugepages{size}.mount", UNIT.format(words=page_words(kib), kib=kib, size=size)


def is_unit(path: str) -> bool:
    """Whether a path is that of such a unit."""
    return re.fullmatch(WRITES[0], path) is not None


def is_own_text(path: str, text: str) -> bool:
    """Whether a unit has the text that is written here, and mounts the pages of its name."""
    kib = parse_size_word(path.rpartition("hugepages")[2].removesuffix(".mount"))
    return kib is not None and (path, text) == unit_of(kib)


def is_own_link(path: str, target: bytes | None) -> bool:
    """Whether a link starts such a unit at boot, or goes away."""
    unit = f"{FOLDER}/{path.rpartition('/')[2]}"
    return path == f"{WANTS}/{path.rpartition('/')[2]}" and is_unit(unit) and target in (None, unit.encode())


def draw(draft: Draft, argument: str) -> None:
    """The unit and the link that starts it; PlanError where the kernel has no such pages or the host no systemd."""
    if not argument.isascii() or not argument.isdigit() or not 0 < int(argument) < 1 << 30:
        raise PlanError(f"{argument!r} is no size in KiB, such as 2048 or 1048576")
    kib, memory = int(argument), draft.facts.memory
    mounted = getattr(memory, "mounted_kib", ())
    if isinstance(mounted, tuple | frozenset) and kib in mounted:
        return
    if not draft.snapshot.systemd:
        raise PlanError(f"this host has no systemd: mount a hugetlbfs with pagesize={size_word(kib)} by /etc/fstab")
    path, text = unit_of(kib)
    why = f"mount a hugetlbfs of {page_words(kib)} at every boot"
    draft.write(path, text, why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.BOOT)
    name = path.rpartition("/")[2]
    link = set_link(f"{WANTS}/{name}", None, path, f"{why}: start the unit", risk=Risk.R2, effect=Effect.BOOT)
    draft.add(link, Phase.HOST_FILE)
    draft.note(
        f"to have it before the next boot: 'systemctl daemon-reload', 'systemctl start {name}', then restart "
        "libvirt's daemon, which looks for such mounts when it starts"
    )


PLANNERS = (
    Planner("memory.mount", "KIB", "mount a hugetlbfs of a page size at every boot", "Mount pages of {} KiB", draw),
)
