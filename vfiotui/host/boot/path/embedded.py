"""What an EFI program holds for the kernel that it starts: the words of a unified image, read piece by piece."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.formats.loaders.pe_image import WORDS_LIMIT, Section, sections
from vfiotui.formats.records.pieces import Pieces
from vfiotui.host.boot.loader_firmware import EFIVARS, GLOBAL
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why

IMAGE_LIMIT = 512 << 20


def section_text(root: Root, path: str, *names: str) -> Reading[dict[str, str]]:
    """The texts of the named sections that a PE file has, without the NULs at their ends; no other byte is read.

    Unread where the file cannot be read or is no unified image.
    """

    def look(read: Callable[[int, int], bytes], size: int) -> Reading[dict[str, str]]:
        found: tuple[Section, ...] = sections(Pieces(read, 0, size))
        if not any(s.name == ".linux" for s in found):
            return Unread("is no unified image", Why.DAMAGED, path)
        texts: dict[str, str] = {}
        for section in found:
            if section.name in names:
                raw = bytes(read(section.start, min(section.size, WORDS_LIMIT)))
                texts.setdefault(section.name, raw.decode("utf-8", "replace").strip("\0"))
        return texts

    return root.read_at(path, look, IMAGE_LIMIT)


def secure_boot(root: Root) -> Reading[bool]:
    """Whether the firmware checked signatures when this host was started; Unread where its variables are not seen."""
    data = root.bytes(f"{EFIVARS}/SecureBoot-{GLOBAL}", 16)
    if isinstance(data, Unread):
        return data
    return bool(data[4]) if len(data) == 5 else Unread("has a wrong length", Why.DAMAGED, f"{EFIVARS}/SecureBoot")
