"""What an EFI program holds for the kernel that a loader starts in it: the words and the release of a unified image."""

from __future__ import annotations

from vfiotui.host.boot.loader_firmware import EFIVARS, PLACES
from vfiotui.host.boot.path import unified
from vfiotui.host.boot.path.kernels import release_of
from vfiotui.host.boot.path.unified import UnifiedImage
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.boot.cmdline import CommandLine


def _image(root: Root, program: Reading[str]) -> UnifiedImage | None:
    """The program as a unified image; None for a plain kernel, and for what cannot be read."""
    image = unified.read(root, program) if isinstance(program, str) else program
    return None if isinstance(image, Unread) or not image.has_kernel else image


def partition_of(path: str) -> str:
    """Where the EFI partition with a file is mounted; empty where the file lies on none."""
    return max((p for p in PLACES if path.startswith(f"{p}/")), key=len, default="")


def program_words(root: Root, program: Reading[str], given: CommandLine | None) -> Reading[CommandLine]:
    """The words of a kernel that is started as an EFI program: those that the loader gives it, else its own.

    A unified image's stub decides between both, and appends those of its addons (`unified.stub_words`).
    """
    if isinstance(program, Unread):
        return program if given is None else given
    image = _image(root, program)
    if image is None:
        return given or CommandLine("", program)
    stub = unified.stub_words(root, partition_of(program), image, 0, given.text if given else "")
    # Where the firmware's variables are not visible, Secure Boot is taken to be off.
    addon = next((m for m in stub.missing if not m.path.startswith(EFIVARS)), None)
    if addon:
        return addon
    return given if given and given.text == stub.text else CommandLine(" ".join(stub.text.split()), program)


def release_in(root: Root, program: Reading[str], name: str) -> Reading[str]:
    """The release of the kernel in a unified image, else by the name of the file."""
    image = _image(root, program)
    told = image.profiles[0].release if image else ""
    return told or release_of(root, program if isinstance(program, str) else name)


def is_unified(root: Root, program: Reading[str]) -> bool:
    """Whether a program is a unified kernel image."""
    return _image(root, program) is not None
