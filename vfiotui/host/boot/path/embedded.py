"""What an EFI program holds for the kernel that it starts: the words of a unified image, read piece by piece."""

from __future__ import annotations

from collections.abc import Callable

from vfiotui.formats.loaders.pe_image import WORDS_LIMIT, Section, sections
from vfiotui.formats.records.pieces import Pieces
from vfiotui.host.boot.loader_firmware import EFIVARS, GLOBAL
from vfiotui.host.boot.path.kernels import release_of
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.boot.cmdline import CommandLine

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


def program_words(root: Root, program: Reading[str], given: CommandLine | None) -> Reading[CommandLine]:
    """The words of a kernel that is started as an EFI program: those that the loader gives it, else its own.

    A unified image takes its own words where it is given none, and where Secure Boot is on (systemd-stub(7)).
    """
    nothing = CommandLine("", program if isinstance(program, str) else "")
    if isinstance(program, Unread):
        return program if given is None else given
    own = or_else(section_text(root, program, ".cmdline"), {}).get(".cmdline", "").strip()
    if own and (given is None or not given.text or secure_boot(root) is True):
        return CommandLine(" ".join(own.split()), program)
    return given or nothing


def release_in(root: Root, program: Reading[str], name: str) -> Reading[str]:
    """The release of the kernel in a unified image, else by the name of the file."""
    held = section_text(root, program, ".uname") if isinstance(program, str) else program
    told = or_else(held, {}).get(".uname", "").strip()
    return told or release_of(root, program if isinstance(program, str) else name)


def is_unified(root: Root, program: Reading[str]) -> bool:
    """Whether a program is a unified kernel image."""
    return isinstance(program, str) and not isinstance(section_text(root, program), Unread)
