"""Boot images, firmware programs and option ROMs made anew from what is read of them, and nothing else."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence

from vfiotui.formats.initramfs import booster_init
from vfiotui.formats.initramfs.boot_image import MODULE
from vfiotui.formats.initramfs.cpio import TRAILER
from vfiotui.formats.loaders.efi_program import HEADER, mark_of
from vfiotui.formats.loaders.key_values import key_values
from vfiotui.formats.loaders.pe_image import sections
from vfiotui.formats.option_rom import read_rom
from vfiotui.host.boot import image as boot_image
from vfiotui.host.boot.config_snapshot_boot import ENROLLED
from vfiotui.host.boot.path.unified import KERNEL_LEAST
from vfiotui.host.capture import reduce_shell, reduce_text
from vfiotui.host.capture.reduce_script import script, unit
from vfiotui.host.capture.scrub import Scrubber
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.image import Image
from vfiotui.model.pci.option_rom import OptionRom

TOOL_MARKS = re.compile(
    r"etc/booster\.init\.yaml|conf/(?:initramfs|arch)\.conf|scripts/init-top/ORDER|buildconfig|usr/lib/initcpio"
    r"|hooks/udev|(?:usr/)?lib/dracut|(?:usr/)?lib/dracut-lib\.sh"
)
"""Names by which the tool that built an image is known."""
FOLDERS = re.compile(
    r"(?:lib|lib64|bin|sbin|usr|usr/lib|usr/lib64|usr/bin|usr/sbin|etc|etc/modprobe\.d|var|run|scripts|conf)"
)
STARTS = re.compile(r"init|(?:etc|usr/lib)/systemd/system/sysinit\.target\.wants/vfiotui-[\w-]+\.service")
"""Links that show which program is init, and that our unit is started."""
PE_HEAD = 0x40
KERNEL_MARK = b"HdrS"
SYSTEM_KEYS = ("PRETTY_NAME", "IMAGE_ID", "NAME", "ID", "IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID")
"""Of os-release: what systemd-boot reads in a unified image."""


def initramfs(data: bytes, scrub: Scrubber) -> bytes | None:
    """An initramfs with its modules by name, and the lists, options, rules and scripts that decide about devices."""
    image = boot_image.read_bytes(data)
    return None if isinstance(image, Unread) or image.fault else archive(_kept(image, scrub))


def unified(data: bytes, scrub: Scrubber) -> bytes | None:
    """A unified kernel image, or an addon to one: kernel words, release, system and profiles, reduced initramfs."""
    image = boot_image.read_bytes(data)
    fault = image.fault if isinstance(image, Image) else ""
    if not sections(data) or fault:
        return None
    kept: list[tuple[str, bytes]] = []
    for section in sections(data):
        body = data[section.start : section.start + section.size]
        made: bytes | None = None
        if section.name == ".initrd" and not any(name == ".initrd" for name, _ in kept):
            made = archive(_kept(image, scrub)) if isinstance(image, Image) else body[:0]
        elif section.name == ".linux":
            made = bytes(min(len(body), KERNEL_LEAST))
        elif section.name in TEXTS:
            made = TEXTS[section.name](body.partition(b"\0")[0].decode("utf-8", "replace"), scrub).encode()
        if made is not None:
            kept.append((section.name, made))
    return _pe(kept)


def _about(keys: frozenset[str]) -> Callable[[str, Scrubber], str]:
    """Lines of os-release or of a profile, reduced to these keys."""

    def reduce(text: str, scrub: Scrubber) -> str:
        return "".join(f"{k.key}={scrub.text(k.value)}\n" for k in key_values(text, "=") if k.key in keys)

    return reduce


def _magic(text: str, scrub: Scrubber) -> str:
    """Which program of systemd it is, and its version."""
    match = re.search(r"#### LoaderInfo: systemd-[a-z]+ [0-9]+", text)
    return f"{match[0]} ####" if match else ""


TEXTS: Mapping[str, Callable[[str, Scrubber], str]] = {
    ".cmdline": lambda text, scrub: reduce_text.kernel_words(text, scrub),
    ".uname": lambda text, scrub: scrub.release(text.strip()),
    ".osrel": _about(frozenset(SYSTEM_KEYS)),
    ".profile": _about(frozenset(("ID", "TITLE"))),
    ".sdmagic": _magic,
}
"""Section of a unified image → what stays of its text."""


def program(data: bytes, scrub: Scrubber) -> bytes | None:
    """An EFI program: a unified image, an addon or systemd's loader by its sections, another one by its kind."""
    names = {section.name for section in sections(data)}
    if names & {".linux", ".cmdline", ".sdmagic"}:
        return unified(data, scrub)
    if data[HEADER] == KERNEL_MARK:
        return b"MZ".ljust(HEADER.start, b"\0") + KERNEL_MARK
    return loader_program(data, scrub)


def kernel(data: bytes, scrub: Scrubber) -> bytes | None:
    """A kernel: only that it is one, unless it is a unified image."""
    return program(data, scrub) if data[:2] == b"MZ" else b""


def loader_program(data: bytes, scrub: Scrubber) -> bytes | None:
    """A loader's program: the text by which its kind is known, and whether a checksum is enrolled in it, not which."""
    if ENROLLED not in data:
        return b"MZ" + mark_of(data)
    enrolled = data.partition(ENROLLED)[2][:128].strip(b"0")
    return b"MZ" + ENROLLED + (b"1" if enrolled else b"0") * 128


def option_rom(data: bytes, scrub: Scrubber) -> bytes | None:
    """An option ROM: its headers and data structures at their places, zeros elsewhere, the same checksums."""
    rom = read_rom(data)
    if not rom.images:
        return None
    made = bytearray(len(data))
    for image in (*rom.images, *rom.beyond):
        for start, size in ((0, 0x20), (image.pcir_offset, image.pcir_length + 2), (image.pcir_offset + 0x18, 0x40)):
            place = image.offset + start
            made[place : place + size] = data[place : place + size]
        for number in range(0x20 if image.device_list else 0):
            place = image.offset + image.pcir_offset + 0x18 + 2 * number
            made[place : place + 2] = data[place : place + 2]
        end = image.offset + image.length - 1
        if end < len(made):
            whole = slice(image.offset, image.offset + image.length)
            made[end] = (made[end] + sum(data[whole]) - sum(made[whole])) & 0xFF
    return bytes(made) if _same(read_rom(bytes(made)), rom) else None


def _same(one: OptionRom, other: OptionRom) -> bool:
    return (one.size, one.images, one.beyond, one.fault) == (other.size, other.images, other.beyond, other.fault)


def _kept(image: Image, scrub: Scrubber) -> Iterator[tuple[str, int, bytes]]:
    """Name, mode and content of what stays, in the image's order."""
    for path, file in image.files.items():
        module = MODULE.fullmatch(path)
        if file.target:
            if FOLDERS.fullmatch(path) or TOOL_MARKS.fullmatch(path) or STARTS.fullmatch(path):
                yield path, file.mode, scrub.path(file.target).encode()
            continue
        reduce = _reducer(path)
        if module:
            folder, _, name = path.rpartition("/")
            release = module[1]
            shown = folder.replace(f"/{release}/", f"/{scrub.release(release)}/") if release else folder
            yield f"{shown}/{name}" if folder else name, file.mode, b""
        elif reduce is not None and file.content is not None:
            text = reduce(file.content.decode("utf-8", "replace"), scrub)
            if text is not None:
                yield scrub.path(path), file.mode, text.encode()
        elif TOOL_MARKS.fullmatch(path):
            yield path, file.mode, b""


def _reducer(path: str) -> Callable[[str, Scrubber], str | None] | None:
    """What reduces a file of an image: the same as its source on the disk."""
    for pattern, reduce in REDUCERS.items():
        if re.fullmatch(pattern, path):
            return reduce
    return None


def _booster(text: str, scrub: Scrubber) -> str:
    """booster's own list: kernel, modules that are loaded by name, and their options."""
    lines = [f"kernel: {scrub.release(booster_init.release(text))}"] if booster_init.release(text) else []
    forced = booster_init.forced(text)
    if forced:
        lines += ["modulesforceload:", *(f"    - {scrub.text(m)}" for m in forced)]
    options = [o for o in booster_init.options_as_modprobe(text).split("\n") if o]
    if options:
        lines.append("modprobeoptions:")
        for option in options:
            _, module, value = option.split(" ", 2)
            lines.append(f"    {scrub.text(module)}: {scrub.text(value)}")
    return "\n".join(lines) + "\n"


def _builtin(text: str, scrub: Scrubber) -> str:
    return scrub.kernel(text)


def _order(text: str, scrub: Scrubber) -> str:
    """The order of scripts."""
    return "".join(f"/scripts/init-top/{scrub.file_name(n)}\n" for n in re.findall(r"/scripts/init-top/(\S+)", text))


REDUCERS: Mapping[str, Callable[[str, Scrubber], str | None]] = {
    r"etc/booster\.init\.yaml": _booster,
    r"(?:.*/)?modprobe\.d/[^/]+": reduce_text.modprobe,
    r"(?:.*/)?modules-load\.d/[^/]+|conf/modules|etc/modules": reduce_text.words,
    r"(?:.*/)?udev/rules\.d/[^/]+": reduce_text.udev,
    r"etc/cmdline\.d/[^/]+": reduce_text.cmdline_file,
    r"config|buildconfig": reduce_shell.shell(("MODULES", "HOOKS", "EARLYHOOKS", "LATEHOOKS")),
    r"(?:usr/)?lib/modules/[^/]+/modules\.(?:builtin|softdep|order)": _builtin,
    r"scripts/init-top/ORDER": _order,
    r"etc/systemd/system/vfiotui-[\w-]+\.service": unit,
    r"usr/lib/vfiotui/[\w-]+": script,
    r"(?:scripts|hooks)/.+|(?:usr/|var/)?lib/dracut/hooks/.+|(?:usr/)?(?:local/)?s?bin/[^/]+": script,
}
"""Path in the image → what stays of it."""


def archive(files: Iterator[tuple[str, int, bytes]]) -> bytes:
    """A cpio archive in the new ASCII format (Documentation/driver-api/early-userspace/buffer-format.rst)."""
    found = []
    for number, (path, mode, body) in enumerate([*files, (TRAILER.decode(), 0, b"")], 1):
        name = path.encode("utf-8", "surrogateescape") + b"\0"
        kind = mode if stat.S_IFMT(mode) or not mode else mode | stat.S_IFREG
        numbers = (number, kind, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(name), 0)
        head = b"070701" + b"".join(b"%08X" % n for n in numbers) + name
        found.append(head + bytes(-len(head) % 4) + body + bytes(-len(body) % 4))
    return b"".join(found)


def _pe(kept: Sequence[tuple[str, bytes]]) -> bytes:
    """A PE file of sections only (Microsoft PE/COFF specification)."""
    table = PE_HEAD + 24
    place = table + 40 * len(kept)
    heads, bodies = [], []
    for name, body in kept:
        numbers = (len(body), 0, len(body), place, 0, 0, 0, 0)
        heads.append(name.encode().ljust(8, b"\0") + b"".join(n.to_bytes(4, "little") for n in numbers))
        bodies.append(body)
        place += len(body)
    dos = (b"MZ".ljust(0x3C, b"\0") + PE_HEAD.to_bytes(4, "little")).ljust(PE_HEAD, b"\0")
    coff = b"PE\0\0" + b"\x64\x86" + len(kept).to_bytes(2, "little") + bytes(16)
    return dos + coff + b"".join(heads) + b"".join(bodies)
