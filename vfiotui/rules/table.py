"""All rules as one Markdown table: what each wants, the machines that prove it, and where it can judge."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.rules import catalogue
from vfiotui.rules.engine import Rule

RUNTIME = frozenset(
    "cpu pci iommu firmware usb memory modules kvm_device power limits interrupts screens host_use holders"
    " host_kind".split()
)
"""Parts of the facts that only a running system has, or a capture of one; a kernel log may be kept on the disk."""
COLUMNS = ("Code", "Title", "Area", "Level", "Fires on", "Silent on", "Live", "Mounted disk", "Capture")


def judges_disks(rule: Rule) -> bool:
    """Whether a rule can find its fault on a mounted disk, where nothing runs; elsewhere it is not checked."""
    return not rule.only_running and RUNTIME.isdisjoint(rule.needs)


def as_markdown() -> Iterator[str]:
    """The table, a row for each rule."""
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" * len(COLUMNS) + "|"
    for rule in catalogue():
        title = rule.title.replace("|", "\\|")
        disk = "yes" if judges_disks(rule) else "not checked"
        cells = (rule.code, title, rule.area, rule.severity.word, rule.fires, rule.silent, "yes", disk, "yes")
        yield f"| {' | '.join(cells)} |"
