"""Which boot loader starts this host: an installed one is not yet the active one, so the evidence is kept."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.host.boot.loader_clue import Clue
from vfiotui.host.boot.loader_firmware import PLACES, other_partition, running
from vfiotui.host.boot.loader_owner import owners
from vfiotui.host.boot.mounts import not_mounted
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import or_else
from vfiotui.model.boot.boot import Loader

ENTRIES = ("/boot/loader/entries", "/efi/loader/entries", "/boot/efi/loader/entries")
LIMINE_FOLDERS = ("/boot", "/boot/limine", *(f"{esp}{d}" for esp in PLACES for d in ("", "/EFI/limine", "/EFI/BOOT")))
LIMINE = tuple(dict.fromkeys(f"{d}/{n}" for d in LIMINE_FOLDERS for n in ("limine.conf", "limine.cfg")))
IN_BOOT = frozenset({"grub", "grub-bls"})
"""Loaders whose words need no EFI partition."""


def _there(root: Root, path: str) -> bool:
    return root.exists(path) is True


def _has_names(root: Root, path: str, suffix: str) -> bool:
    return any(n.endswith(suffix) for n in or_else(root.names(path), ()))


def _files(root: Root) -> Iterator[Clue]:
    """What lies on the disks."""
    for path in ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"):
        if _there(root, path):
            bls = _has_names(root, ENTRIES[0], ".conf") and "blscfg" in or_else(root.text(path), "")
            sentence = f"GRUB's menu is at {path}{' and loads the entries of /boot/loader' if bls else ''}"
            yield Clue("grub-bls" if bls else "grub", 2, sentence)
    if _there(root, "/etc/default/grub"):
        yield Clue("grub", 1, "GRUB is set up in /etc/default/grub")
    for place in ENTRIES:
        if _has_names(root, place, ".conf"):
            yield Clue("systemd-boot", 1, f"entries of the Boot Loader Specification lie in {place}")
    for esp in PLACES:
        if _there(root, f"{esp}/loader/loader.conf"):
            yield Clue("systemd-boot", 2, f"systemd-boot is set up in {esp}/loader/loader.conf")
        if _has_names(root, f"{esp}/EFI/Linux", ".efi"):
            yield Clue("uki", 2, f"unified kernel images lie in {esp}/EFI/Linux")
        if _there(root, f"{esp}/EFI/refind/refind.conf"):
            yield Clue("refind", 2, f"rEFInd is set up in {esp}/EFI/refind/refind.conf")
    if _there(root, "/boot/refind_linux.conf"):
        yield Clue("refind", 2, "rEFInd's options are in /boot/refind_linux.conf")
    for path in LIMINE:
        if _there(root, path):
            yield Clue("limine", 2, f"Limine is set up in {path}")


def _unseen(root: Root) -> Iterator[Clue]:
    """Boot partitions that are not mounted, or not the ones that count."""
    for point, command in not_mounted(root).items():
        if point in PLACES:
            yield Clue("", 0, f"{point} of /etc/fstab is not mounted, so what lies there is not seen ('{command}')")
    wrong = other_partition(root)
    if wrong is not None:
        yield wrong


def _family(name: str) -> str:
    """grub and grub-bls are one loader with two homes for its words."""
    return "grub" if name == "grub-bls" else name


def _unified(root: Root, clues: list[Clue]) -> bool:
    """Whether systemd-boot finds nothing but unified images: the words are in the images then."""
    return any(c.name == "uki" for c in clues) and not any(_has_names(root, place, ".conf") for place in ENTRIES)


def find_loader(root: Root) -> Loader:
    """The loader with the weightiest evidence; sure only where nothing of the same weight speaks for another."""
    clues = [*owners(root), *running(root), *_files(root)]
    unseen = list(_unseen(root))
    evidence = tuple(c.sentence for c in (*clues, *unseen))
    named = [c for c in clues if c.name]
    if not named:
        nothing = "no boot loader's files were found below /boot, /efi or /etc"
        return Loader("unknown", False, (*evidence, nothing))
    best = max(c.weight for c in named)
    families = dict.fromkeys(_family(c.name) for c in named if c.weight == best)
    name = next(iter(families))
    if name == "grub" and any(c.name == "grub-bls" for c in named):
        name = "grub-bls"
    if name == "systemd-boot" and _unified(root, clues):
        name = "uki"
    others = tuple(n for n in dict.fromkeys(c.name for c in named) if _family(n) != _family(name))
    # A boot partition that is not seen could hold the files of another, or newer ones of this loader.
    hidden = bool(unseen) and best < 4 and (best < 3 or name not in IN_BOOT)
    return Loader(name, best > 1 and len(families) == 1 and not hidden, evidence, others)
