"""What can be done on the Host screen, and its help."""

from __future__ import annotations

from vfiotui.tui.actions import COPY, NEXT_PANE, OPEN, READ_AGAIN, Action, Page

NEXT_LIST = NEXT_PANE._replace(help="goes from list to list")
FIX = Action(
    "f", "fix", "fix", "makes the plan that mends it, where one can be made; nothing happens before you apply it",
    sometimes=True,
)  # fmt: skip
WRONG = Action("w", "wrong", "what is wrong?", "asks what goes wrong, and ranks what may cause it")
FILTER = Action("slash", "filter", "filter", "keeps only what holds a text")
SEVERITY = Action("s", "severity", "severity", "steps through problems, all, fail, warn, unknown, holds")
AREA = Action("a", "area", "area", "keeps one area of checks")
GUEST = Action("g", "guest", "guest", "keeps what concerns one guest")
CLEAR = Action("escape", "clear", "clear", "wants everything again")
EXPLAIN = Action("e", "explain", "explain", "explains the check")
COPY_EVIDENCE = COPY._replace(help="copies the evidence as Markdown for a forum post")

HOST: Page = (
    "The worst finding stands at the top. A mark, a word and a colour tell how bad it is: fail, warn, unkn "
    "(it could not be seen, and why), info, hold.",
    "",
    "The lower list shows the IOMMU groups: what can only be given away together. BLOCKED means that a foreign "
    "device is in the group of a graphics card.",
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
    COPY_EVIDENCE,
    Action("", "", help="reads the host again", shown="r"),
)
KEYS = (OPEN, WRONG, FILTER, SEVERITY, AREA, GUEST, EXPLAIN, COPY_EVIDENCE, READ_AGAIN)
