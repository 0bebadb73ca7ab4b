"""qemu.conf: the settings of libvirt's QEMU driver."""

from __future__ import annotations

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.source import line_at
from vfiotui.formats.system.qemu_conf import settings
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.guest.qemu_conf import PATH, QemuConf, QemuSetting

LIMIT = 256 << 10


def read(root: Root) -> Reading[QemuConf]:
    """All settings; Unread where the file is not there, or where libvirt could not read it either."""
    text = root.text(PATH, LIMIT)
    if isinstance(text, Unread):
        return text
    try:
        return QemuConf(
            tuple(
                QemuSetting(s.name, s.value, line_at(text, s.statement)[0], " ".join(text[s.statement : s.end].split()))
                for s in settings(text)
            )
        )
    except EditRefused as refusal:
        why = f"line {refusal.line_number} is no setting: {refusal.line_text[:80]!r}"
        return root.missed(Unread(why, Why.DAMAGED, PATH))
