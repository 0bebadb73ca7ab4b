"""What can be done on the Host screen, and its help."""

from __future__ import annotations

from vfiotui.tui.actions import BOOT, COPY, NEXT_PANE, OPEN, READ_AGAIN, Action, Page

NEXT_LIST = NEXT_PANE._replace(help="goes from list to list")
FIX = Action(
    "f", "fix", "fix", "the plan that fixes it, where one can be made; nothing is changed before you apply it",
    sometimes=True,
)  # fmt: skip
WRONG = Action("w", "wrong", "symptoms", "lists symptoms, and ranks what may cause one")
FILTER = Action("slash", "filter", "filter", "filter by any text")
SEVERITY = Action("s", "severity", "severity", "steps through problems, all, failed, warning, not checked, passed")
AREA = Action("a", "area", "area", "keeps one area of checks")
GUEST = Action("g", "guest", "guest", "keeps what concerns one guest")
CLEAR = Action("escape", "clear", "clear", "clear filter")
EXPLAIN = Action("e", "explain", "explain", "explains the check")
COPY_EVIDENCE = COPY._replace(help="copies the evidence as Markdown for a forum post")

HOST: Page = (
    "The worst finding stands at the top. A mark, a word and a colour show how bad it is: failed, "
    "warning, not checked (with the reason), info, passed.",
    "",
    "The lower list shows the IOMMU groups: devices that can only be passed through together. BLOCKED means "
    "that a foreign device is in the group of a graphics card. Where a group holds several slots, the first line "
    "leads to what pcie_acs_override= would change.",
    "",
    "The last pane shows what the next boot starts, by what lies on the disk, and how its words differ from those "
    "of this boot.",
    "",
    NEXT_LIST,
    OPEN._replace(help="opens what the cursor stands on: a finding leads on to its device, guest and files"),
    FIX,
    WRONG,
    FILTER,
    "Checks that lack the same thing are one line; enter opens it",
    SEVERITY,
    AREA,
    GUEST,
    CLEAR,
    EXPLAIN,
    BOOT,
    COPY_EVIDENCE,
    Action("", "", help="refresh", shown="r"),
)
KEYS = (OPEN, WRONG, FILTER, SEVERITY, AREA, GUEST, EXPLAIN, BOOT, COPY_EVIDENCE, READ_AGAIN)
