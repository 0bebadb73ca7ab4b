"""Unified kernel images: their profiles, the addons beside them, and the words that their stub gives to the kernel.

Source: systemd-stub(7), systemd src/boot/stub.c. Only section tables and short sections are read, never the kernel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from vfiotui.formats.loaders.key_values import key_values
from vfiotui.formats.loaders.pe_image import Section, is_pe, profile_sections, profiles, sections, text_of
from vfiotui.formats.records.pieces import Pieces
from vfiotui.host.boot.loader_firmware import EFIVARS, GLOBAL, PLACES
from vfiotui.host.boot.path.places import in_folder
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.path import PathStep

FILE_LIMIT = 768 << 20
COUNT_LIMIT = 512
"""Files of one folder."""
PROFILES_LIMIT = 256
"""As systemd-boot has it (UNIFIED_PROFILES_MAX)."""
KERNEL_LEAST = 0x40
"""Bytes; what is shorter has no header of a program, and is no kernel."""
MAGIC = re.compile(r"#### LoaderInfo: (\S+) (\d*)\S* ####")
ADDONS_SINCE = 254
"""The systemd whose stub reads addons first."""
GLOBAL_ADDONS = "loader/addons"
ADDON = ".addon.efi"


@dataclass(frozen=True, slots=True)
class Profile:
    """One way to start a unified image."""

    number: int
    name: str
    """ID of its .profile section; empty where it has none."""
    title: str
    words: str | None
    """The embedded command line; None where it has none."""
    release: str
    """Of .uname; empty where it has none."""
    system: dict[str, str]
    """os-release of the system that it starts; empty where it has none."""


@dataclass(frozen=True, slots=True)
class UnifiedImage:
    """An EFI program with sections of a unified image, or an addon to one."""

    path: str
    profiles: tuple[Profile, ...]
    stub: str
    """The program as its own mark names it: systemd-stub, systemd-boot, systemd-addon; empty where it has no mark."""
    version: int
    """Of systemd, by that mark; 0 where it is not known."""
    kernel_size: int
    """Bytes of its .linux section; 0 where it has none."""

    @property
    def has_kernel(self) -> bool:
        """Whether there is a kernel in it."""
        return self.kernel_size > 0


def mangled(text: str) -> str:
    r"""A command line as the stub cleans it: control characters are blanks, and none stay at its ends.

    >>> mangled(" root=/dev/sda1\n\tquiet\n\0")
    'root=/dev/sda1  quiet'
    """
    line = text.partition("\0")[0]
    return "".join(" " if c < " " else c for c in line).strip(" ")


def _profile(data: Pieces, found: tuple[Section, ...], number: int) -> Profile:
    named = profile_sections(found, number) or {}
    about = {k.key: k.value for k in key_values(text_of(data, named.get(".profile")) or "", "=")}
    system = {k.key: k.value for k in key_values(text_of(data, named.get(".osrel")) or "", "=")}
    words = text_of(data, named.get(".cmdline"))
    release = (text_of(data, named.get(".uname")) or "").strip()
    return Profile(
        number, about.get("ID", ""), about.get("TITLE", ""), None if words is None else mangled(words), release, system
    )


def _read_pieces(data: Pieces, path: str) -> Reading[UnifiedImage]:
    found = sections(data)
    if not found:
        what = "is cut off" if is_pe(data) else "is no EFI program"
        return Unread(what, Why.DAMAGED, path)
    mark = MAGIC.search(text_of(data, next((s for s in found if s.name == ".sdmagic"), None)) or "")
    kernel = next((s for s in found if s.name == ".linux"), None)
    count = min(profiles(found), PROFILES_LIMIT)
    return UnifiedImage(
        path,
        tuple(_profile(data, found, number) for number in range(count)),
        mark[1] if mark else "",
        int(mark[2] or 0) if mark else 0,
        kernel.size if kernel else 0,
    )


def read(root: Root, path: str) -> Reading[UnifiedImage]:
    """The image at a path, by its section table; Unread where it is no EFI program or cannot be read."""

    def use(piece: Callable[[int, int], bytes], size: int) -> Reading[UnifiedImage]:
        return _read_pieces(Pieces(piece, 0, size), path)

    return root.read_at(path, use, FILE_LIMIT)


def secure_boot(root: Root) -> Reading[bool]:
    """Whether the firmware checks signatures; Unread where its variables are not visible."""
    data = root.bytes(f"{EFIVARS}/SecureBoot-{GLOBAL}", 16)
    if isinstance(data, Unread):
        return False if data.why is Why.ABSENT and or_else(root.names(EFIVARS), ()) else data
    return len(data) > 4 and data[4] == 1


def _addon_files(root: Root, folder: str) -> Iterator[str]:
    """The addons of a folder in their order: by their names, upper case first."""
    for name in sorted(or_else(root.names(folder), ())[:COUNT_LIMIT] if folder else ()):
        if name.isascii() and not name.startswith(".") and name.lower().endswith(ADDON):
            yield f"{folder}/{name}"


def addons(root: Root, partition: str, image: UnifiedImage, release: str) -> Iterator[Reading[tuple[str, str]]]:
    """Path and words of every addon that this image's stub takes, in order: those of all images, then its own.

    An addon with a kernel in it is none, and one for another release is passed over.
    """
    if image.version and image.version < ADDONS_SINCE:
        return
    own = f"{image.path[len(partition.rstrip('/')) :]}.extra.d"
    for folder in (in_folder(root, partition, GLOBAL_ADDONS), in_folder(root, partition, own)):
        for path in _addon_files(root, folder):
            found = read(root, path)
            if isinstance(found, Unread):
                yield found
                continue
            one = found.profiles[0]
            if one.words and found.kernel_size < KERNEL_LEAST and one.release in ("", release or one.release):
                yield path, one.words


@dataclass(frozen=True, slots=True)
class StubWords:
    """What a stub gives to its kernel."""

    text: str
    steps: tuple[PathStep, ...]
    missing: tuple[Unread, ...] = ()


def stub_words(root: Root, partition: str, image: UnifiedImage, number: int, passed: str = "") -> StubWords:
    """The words of a profile: those that the loader passed, else the embedded ones; then every addon's.

    Under Secure Boot embedded words are not overruled (systemd src/boot/stub.c, settle_command_line).
    """
    profile = image.profiles[number]
    steps, missing = [], []
    secure = secure_boot(root)
    line = profile.words or ""
    if passed := mangled(passed):
        if profile.words is not None and secure is True:
            steps.append(PathStep("Secure Boot is on: the image's own words are taken, not the loader's", image.path))
        else:
            line = passed
            if profile.words is not None:
                steps.append(PathStep("the loader's words take the place of those in the image", image.path))
            if profile.words is not None and isinstance(secure, Unread):
                missing.append(secure)
    for addon in addons(root, partition, image, profile.release):
        if isinstance(addon, Unread):
            missing.append(addon)
            continue
        path, words = addon
        line = f"{line} {words}".strip(" ")
        steps.append(PathStep(f"an addon of the image appends {words!r}", path, words))
    return StubWords(line, tuple(steps), tuple(missing))


def image_files(root: Root) -> tuple[str, ...]:
    """The unified images on the mounted EFI partitions: in EFI/Linux, and those with a kernel in any other folder."""
    found = []
    for place in PLACES:
        efi = in_folder(root, place, "EFI")
        for folder in or_else(root.names(efi), ())[:COUNT_LIMIT] if efi else ():
            for name in or_else(root.names(f"{efi}/{folder}"), ())[:COUNT_LIMIT]:
                path = f"{efi}/{folder}/{name}"
                if not name.lower().endswith(".efi") or name.lower().endswith(ADDON):
                    continue
                if folder.lower() == "linux" or _is_unified(root, path):
                    found.append(path)
    return tuple(dict.fromkeys(found))


def _is_unified(root: Root, path: str) -> bool:
    image = read(root, path)
    return not isinstance(image, Unread) and image.has_kernel
