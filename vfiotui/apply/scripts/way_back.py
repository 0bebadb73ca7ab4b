"""The way back on one page, to take off the machine before a risky change: the host may show nothing afterwards."""

from __future__ import annotations

from vfiotui.apply.target import Target
from vfiotui.apply.writes import disk
from vfiotui.model.change.change_folder import next_number
from vfiotui.model.change.journal import JOURNAL
from vfiotui.model.change.plan import Plan

RISKY = "R3"
"""From this risk on the page is shown before a person agrees."""


def folder_of(target: Target, plan: Plan) -> str:
    """The folder that the change of a plan would have now, inside the root."""
    try:
        names = disk.names(target.journal)
    except OSError:
        names = []
    return f"{JOURNAL}/{next_number(names):04d}-{plan.slug}"


def page(plan: Plan, folder: str) -> tuple[str, ...]:
    """About ten lines of text for paper or a telephone; `folder` is that of the change."""
    script, number = f"{folder}/undo.sh", folder.rpartition("/")[2].partition("-")[0].lstrip("0")
    return (
        f"the way back of: {plan.title}",
        *plan.escape,
        f"on the host, by a text console (Ctrl+Alt+F3) or ssh: vfiotui undo {number}",
        f"without this program: sh {script}",
        "from a rescue system: mount the system's root file system at /mnt, its /boot and its EFI partition below it,",
        f"   then: sh /mnt{script}",
        "   it needs a shell only, and puts back every file that the change wrote; 'undo.sh -n' changes nothing",
        f"these lines lie on the disk as well: {folder}/escape.txt",
    )
