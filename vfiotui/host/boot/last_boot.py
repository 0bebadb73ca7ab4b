"""The boot before this one, from the journal, or from the dmesg that Debian's boot scripts rotate."""

from __future__ import annotations

from vfiotui.host.boot import system_journal as journal
from vfiotui.host.boot.kernel_log import LOG_LIMIT, note_cut, parse_dmesg, saved, text_messages, touches
from vfiotui.host.capture.statement import Statement
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why, then
from vfiotui.model.boot.boot import LastBoot

ROTATED = "/var/log/dmesg.0"
CUT = "last_boot_cut"
"""What a capture says of a log whose beginning was lost, in its facts."""


def read(root: Root) -> Reading[LastBoot]:
    """What its kernel said, and whether it was shut down; of a mounted disk its last boot."""
    said = root.said
    if said is not None:
        return _captured(root, said)
    text = root.text(ROTATED, LOG_LIMIT) if not root.is_live else Unread("is old", Why.NOT_HERE, ROTATED)
    if not isinstance(text, Unread):
        ending = Unread("dmesg does not show how it ended", Why.NOT_HERE, ROTATED)
        note_cut(root, text_messages(text), ROTATED)
        return then(saved(text, ROTATED), lambda lines: LastBoot(lines, ending, ROTATED))
    if text.why not in (Why.ABSENT, Why.NOT_HERE):
        return text
    boot = 0 if root.mode is Mode.ROOT else -1
    lines = journal.kernel_lines(root, boot)
    if isinstance(lines, Unread):
        return lines
    note_cut(root, (line.text for line in lines), journal.FOLDER)
    kept = tuple(line for line in lines if touches(line.text))
    return LastBoot(kept, journal.was_shut_down(root, boot), f"journalctl -k -b {boot}")


def _captured(root: Root, said: Statement) -> Reading[LastBoot]:
    """As the capture's host told it."""
    if "last_boot" in said.unread:
        return said.unread["last_boot"]
    text = root.text(ROTATED)
    if isinstance(text, Unread):
        return text
    if reason := str(said.facts.get(CUT, "")):
        root.missed(Unread(reason, Why.VANISHED, ROTATED))
    ended: Reading[bool] = said.unread.get("shut_down", said.facts.get("shut_down") is True)
    return LastBoot(parse_dmesg(text), ended, str(said.facts.get("last_boot_source", ROTATED)))
