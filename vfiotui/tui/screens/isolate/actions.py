"""What can be done on the Isolate screen, and its help."""

from __future__ import annotations

from vfiotui.tui.actions import BOOT, Action, Page

CHOOSE = Action(
    "space", "give", "select",
    "selects the device, and everything that must go with it: the functions of its slot, the members of its IOMMU "
    "group",
    priority=True,
)  # fmt: skip
METHOD = Action(
    "m", "method", "method", "another way to bind: by ids, by address, or by libvirt when the guest starts",
    sometimes=True,
)  # fmt: skip
PLAN = Action(
    "p", "plan", "plan",
    "the plan: every file with its difference, the commands, the next boot, the way back; nothing happens before it "
    "is applied",
    shown="p, enter", bar="p", sometimes=True,
)  # fmt: skip
TRIAL = Action(
    "t", "trial", "one-shot boot",
    "the plan with a one-shot boot: passthrough stays only when a check finds the host healthy",
    sometimes=True,
)  # fmt: skip
OFF = Action(
    "o", "off", "give back",
    "the plan that gives the chosen devices, or the one of the line, back to the host at the next boot, whatever binds "
    "them: words, files, rules, units, made here or by hand",
    sometimes=True,
)  # fmt: skip
UNDO = Action("u", "undo", "undo", "undoes the newest isolation", sometimes=True)
GUARD = Action(
    "g", "guard", "guard",
    "the plan that turns the guard on or off: hooks that warn before a reboot when an update lost the isolation",
    sometimes=True,
)  # fmt: skip
FILTER = Action("slash", "filter", "filter", "filter by any text")
CLEAR = Action("escape", "clear", "clear")

ISOLATE: Page = (
    CHOOSE,
    "[-]  cannot be passed through; the reason stands below",
    METHOD,
    PLAN,
    TRIAL,
    OFF,
    UNDO,
    BOOT,
    GUARD,
    "",
    "configured  what the files ask for: ids, override (by address), managed (by libvirt)",
    "on disk  what the built initramfs and the boot entry hold of it",
    "booted  what this boot was given",
    "driver  the driver in use now",
    "next boot  the driver after the next boot; several where their order is not certain",
    "!  the columns do not agree; the sentence about it stands below",
    "",
    "enter with nothing selected  everything about the device",
    FILTER,
    CLEAR,
)
