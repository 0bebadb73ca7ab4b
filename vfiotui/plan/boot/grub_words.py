"""The words that grub-mkconfig would make of its settings as a plan leaves them."""

from __future__ import annotations

from vfiotui.formats.loaders import kernel_cmdline
from vfiotui.formats.loaders.grub_line import as_kernel_gets
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.evaluate import Value, evaluate
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.cmdline import split
from vfiotui.plan.boot.image_edits import planned
from vfiotui.plan.boot.loader_files import CMDLINE, GRUB
from vfiotui.plan.boot.loader_text import words_loader
from vfiotui.plan.draft import Draft

VARIABLES = ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT")
"""In the order in which grub-mkconfig joins them."""


def grub_words(draft: Draft) -> str | None:
    """The line that GRUB hands over; None where the shell computes it, or GRUB cannot read it."""
    snapshot, files = draft.snapshot, planned(draft)
    drop_ins = [file.text for file in files.below(f"{GRUB}.d", ".cfg")] if snapshot.grub_drop_ins else []
    values: dict[str, Value] = dict.fromkeys(VARIABLES, "")

    def sourced(path: str) -> str | None:
        return draft.text(path) if path in snapshot.grub_sourced else None

    try:
        for text in (draft.text(GRUB) or "", *drop_ins):
            values = evaluate(text, sourced, values)
    except EditRefused:
        return None
    texts = [values.get(name, "") for name in VARIABLES]
    if not all(isinstance(text, str) for text in texts):
        return None
    return as_kernel_gets(" ".join(str(text) for text in texts if text))


def predict_words(draft: Draft) -> None:
    """Has the forecast go by GRUB's settings, or by the line that proxmox-boot-tool copies, as the plan leaves them.

    Nothing where the next boot's words come from neither.
    """
    boot = draft.facts.boot
    if isinstance(boot, Unread):
        return
    now = boot.configured
    source = now.path if isinstance(now, Unread) else now.source
    loader = words_loader(boot)
    if loader == "proxmox" and source == CMDLINE:
        draft.cmdline = " ".join(kernel_cmdline.first_line(draft.text(CMDLINE) or ""))
    line = grub_words(draft) if loader in ("grub", "proxmox") and source.startswith(GRUB) else None
    if line is None:
        return
    draft.cmdline = line
    if loader == "proxmox":
        return  # The boot partitions that it writes are not mounted: no step can look there.
    # Settings that grub-mkconfig cannot read change nothing: the menu stays as it is.
    before = boot.next_line if isinstance(now, Unread) else now
    old = [] if isinstance(before, Unread) else split(before.text)
    new = split(line)
    plain = [w for w in new if w not in old and not set(w) & set("\\$`")]
    gone = [] if isinstance(now, Unread) else [w for w in old if w not in new]
    draft.effect((f"word {w}" for w in plain), gone)
