"""Pins of what the next boot loads: hashes, signatures, Secure Boot, TPM-bound volumes, verified roots."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.formats.loaders import limine_conf
from vfiotui.formats.records import luks_header
from vfiotui.formats.shell.assignments import parse as shell_parse
from vfiotui.formats.shell.assignments import value_of
from vfiotui.formats.system import crypttab
from vfiotui.host.boot.path import limine
from vfiotui.host.boot.path.unified import secure_boot
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.boot.boot import Loader
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootPath
from vfiotui.model.boot.pins import Pin, PinKind

SIGNED_FOLDERS = ("/boot", "/boot/grub", "/boot/grub2")
GRUB_MENUS = ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg")
CRYPTTABS = ("/etc/crypttab", "/etc/crypttab.initramfs")
DEFAULT_PCRS = frozenset({7})
"""What systemd-cryptenroll(1) binds to where nothing else is said."""
VERITY_WORDS = ("roothash", "systemd.verity_root_hash", "systemd.verity_root_data")
LUKS_UUID = re.compile(r"(?:luks-)?([0-9a-fA-F-]+)=")
COUNT_LIMIT = 64


def read_pins(root: Root, loader: Loader, path: Reading[BootPath]) -> tuple[Pin, ...]:
    """Every pin that was found; what cannot be read is no pin, and says so where it matters (`Pin.others`)."""
    found = [*_tpm(root, path), *_verity(path)]
    if loader.name == "limine":
        found += _limine(root)
    if loader.name.startswith("grub") or loader.name in ("proxmox", "rpm-ostree"):
        found += _grub(root)
    found += _images(root, path)
    return tuple(found)


def _limine(root: Root) -> Iterator[Pin]:
    tool = next((t for t in ("limine-update", "limine-mkinitcpio") if root.exists(f"/usr/bin/{t}") is True), "")
    for config in limine.configs(root)[:1]:
        for entry in limine_conf.entries(config.text)[: limine.COUNT_LIMIT]:
            for _, value, number in entry.values:
                place = limine_conf.place_of(value)
                if place.hash:
                    file = limine.file_of(root, config, value)
                    target = file if isinstance(file, str) else place.path
                    yield Pin(PinKind.LIMINE_HASH, target, f"{config.path}:{number}", tool)


def _grub(root: Root) -> Iterator[Pin]:
    """Files with a detached signature beside them, where the menu makes GRUB check them."""
    for menu in GRUB_MENUS:
        for number, line in enumerate(or_else(root.lines(menu), ()), 1):
            words = line.split("#", 1)[0].replace('"', "").replace("'", "").split()
            if words[:2] == ["set", "check_signatures=enforce"] or words == ["check_signatures=enforce"]:
                signed = [
                    f"{folder}/{name.removesuffix('.sig')}"
                    for folder in SIGNED_FOLDERS for name in or_else(root.names(folder), ()) if name.endswith(".sig")
                ]  # fmt: skip
                for target in signed or [menu]:
                    yield Pin(PinKind.GRUB_SIGNATURE, target, f"{menu}:{number}")
                return


def _images(root: Root, path: Reading[BootPath]) -> Iterator[Pin]:
    if isinstance(path, Unread) or secure_boot(root) is not True:
        return
    for entry in path.own:
        if entry.unified and isinstance(entry.kernel, str):
            yield Pin(PinKind.SIGNED_IMAGE, entry.kernel, "EFI variable SecureBoot", signer(root))


def signer(root: Root) -> str:
    """What signs unified images when they are built; empty where nothing is set up for it."""
    if root.exists("/usr/bin/sbctl") is True:
        for path in ("/usr/lib/initcpio/post/sbctl", "/usr/lib/kernel/install.d/91-sbctl.install"):
            if root.exists(path) is True:
                return f"sbctl ({path})"
    for name in or_else(root.names("/etc/initcpio/post"), ()):
        return f"/etc/initcpio/post/{name}"
    for path in ("/etc/kernel/uki.conf", "/etc/systemd/ukify.conf"):
        text = or_else(root.text(path, 1 << 16), "")
        if any(line.replace(" ", "").startswith("SecureBootPrivateKey=") for line in text.splitlines()):
            return f"ukify ({path})"
    paths = ["/etc/dracut.conf"]
    paths += [f"/etc/dracut.conf.d/{n}" for n in or_else(root.names("/etc/dracut.conf.d"), ()) if n.endswith(".conf")]
    for path in paths:
        text = or_else(root.text(path, 1 << 16), "")
        if "uefi_secureboot_key" in text and value_of(shell_parse(text), "uefi_secureboot_key"):
            return f"dracut ({path})"
    return ""


def _verity(path: Reading[BootPath]) -> Iterator[Pin]:
    for entry in () if isinstance(path, Unread) else path.own:
        words = entry.words
        word = next((w for w in VERITY_WORDS if isinstance(words, CommandLine) and words.has(w)), "")
        if word and isinstance(words, CommandLine):
            yield Pin(PinKind.VERITY, "/", words.source)
            return


def _tpm(root: Root, path: Reading[BootPath]) -> Iterator[Pin]:
    """Volumes that a TPM opens: by crypttab's options, by the words of rd.luks, and by what their header says."""
    volumes = [
        (source, volume) for source in CRYPTTABS
        for volume in crypttab.parse(or_else(root.text(source, 1 << 16), ""))[:COUNT_LIMIT]
    ]  # fmt: skip
    seen: set[str] = set()
    for source, volume in volumes:
        header = _header(root, volume.path)
        if volume.path in seen or not (volume.tpm or (header is not None and header.tpm)):
            continue
        seen.add(volume.path)
        yield from _pins(volume.path, f"{source}:{volume.line}", header)
    for entry in () if isinstance(path, Unread) else path.own[:1]:
        words = entry.words
        if isinstance(words, CommandLine):
            for value in words.values("rd.luks.options"):
                if value and "tpm2-device" in value:
                    named = LUKS_UUID.match(value)
                    uuid = named[1] if named else (words.last("rd.luks.uuid") or "").removeprefix("luks-")
                    device = f"/dev/disk/by-uuid/{uuid}" if uuid and "/" not in uuid else "the root volume"
                    if device not in seen:
                        yield from _pins(device, words.source, _header(root, device) if uuid else None)


def _pins(device: str, source: str, header: luks_header.LuksHeader | None) -> Iterator[Pin]:
    if header is None or not header.tpm:
        yield Pin(PinKind.TPM, device, source, pcrs=DEFAULT_PCRS)
        return
    for slot in header.tpm:
        yield Pin(PinKind.TPM, device, source, "", slot.maker, slot.pcrs, slot.signed_pcrs, slot.pcrlock, header.others)


def _header(root: Root, device: str) -> luks_header.LuksHeader | None:
    """The header of a volume; None where it is no LUKS volume or may not be read."""
    if not device.startswith("/"):
        return None
    head = root.peek(device, 64 << 10)
    if isinstance(head, Unread):
        return None
    data = bytes(head)
    if luks_header.size(data) > len(data):
        data = bytes(or_else(root.peek(device, luks_header.size(data)), b""))
    return luks_header.parse(data)
