"""The menu of systemd-boot: entries of the Boot Loader Specification and unified images, in the loader's order.

Source: systemd src/boot/boot.c (boot_entry_add_type1, boot_entry_add_type2, boot_entry_compare), systemd-boot(7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cmp_to_key

from vfiotui.formats.loaders import loader_entry
from vfiotui.formats.loaders.efi_pattern import lower
from vfiotui.formats.loaders.loader_conf import LoaderConf
from vfiotui.host.boot.path import unified
from vfiotui.host.boot.path.kernels import release_of, with_built_in
from vfiotui.host.boot.path.places import in_folder
from vfiotui.host.boot.path.sdboot_order import MenuEntry, compare_entries, counted, titled
from vfiotui.host.boot.path.sdboot_partitions import Partitions
from vfiotui.host.boot.path.unified import Profile, UnifiedImage
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass, field
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootEntry, PathStep

LOADER = "systemd-boot"
FILE_LIMIT = 256 << 10
COUNT_LIMIT = 1024
MACHINE_ID = re.compile(r"[0-9a-f]{32}")
KERNEL_HEADER = b"HdrS"
WITHOUT_NAME = "names no program, or programs of two kinds"


@dataclass(slots=True)
class Menu:
    """What was found, and what could not be read."""

    entries: list[MenuEntry] = field(default_factory=list)
    missing: list[Unread] = field(default_factory=list)
    left_out: list[PathStep] = field(default_factory=list)


class Reader:
    """Reads the entries of both partitions."""

    def __init__(self, root: Root, partitions: Partitions) -> None:
        self.root = root
        self.partitions = partitions
        self.menu = Menu(missing=list(partitions.missing))
        self.machine = or_else(root.text("/etc/machine-id", 4096), "").strip()
        self.system = _system(root)

    def read(self, conf: LoaderConf) -> Menu:
        """The whole menu, sorted, with the automatic entries at its end."""
        for place in (self.partitions.esp, self.partitions.extended):
            if place:
                self.menu.entries += self._unified(place)
                self.menu.entries += self._entries(place)
        self._leave_out()
        self.menu.entries.sort(key=cmp_to_key(compare_entries))
        self.menu.entries += self._automatic(conf)
        self.menu.entries = titled(self.menu.entries)
        return self.menu

    def _names(self, folder: str, suffix: str) -> Iterator[str]:
        names = self.root.names(folder) if folder else ()
        if isinstance(names, Unread):
            self.menu.missing.append(names)
            return
        for name in names[:COUNT_LIMIT]:
            low = name.lower()
            if low.endswith(suffix) and not low.startswith((".", "auto-")):
                yield name
        if len(names) > COUNT_LIMIT:
            self.menu.missing.append(Unread(f"holds more than {COUNT_LIMIT} files", Why.TOO_BIG, folder))

    def _leave_out(self) -> None:
        """Entries whose program is not there, where this root shows kernels at all and another entry remains."""
        lacking = [e for e in self.menu.entries if e.lacks]
        if len(lacking) in (0, len(self.menu.entries)) or not _shows_kernels(self.root, self.menu.entries):
            return
        self.menu.entries = [e for e in self.menu.entries if not e.lacks]
        for one in lacking:
            text = f"systemd-boot leaves {one.entry.name!r} out: {one.lacks} is not there"
            self.menu.left_out.append(PathStep(text, one.entry.source))

    # Type 1

    def _entries(self, place: str) -> Iterator[MenuEntry]:
        folder = in_folder(self.root, place, "loader/entries")
        for name in self._names(folder, ".conf"):
            path = f"{folder}/{name}"
            data = self.root.bytes(path, FILE_LIMIT)
            if isinstance(data, Unread):
                if data.why not in (Why.NOT_A_FILE, Why.ABSENT):
                    self.menu.missing.append(data)
                continue
            made = self._entry(place, ConfigFile(path, data.decode("utf-8", "replace")))
            if isinstance(made, MenuEntry):
                yield made
            else:
                self.menu.left_out.append(made)

    def _entry(self, place: str, file: ConfigFile) -> MenuEntry | PathStep:
        told = loader_entry.read(file.text)
        name = file.path.rpartition("/")[2]
        if not told.kind or not told.program:
            return PathStep(f"systemd-boot leaves {name} out: it {WITHOUT_NAME}", file.path)
        if told.architecture and told.architecture != _architecture(self.root):
            return PathStep(f"systemd-boot leaves {name} out: it is for {told.architecture}", file.path)
        plain, left, done = counted(name, ".conf")
        steps: tuple[PathStep, ...] = ()
        missing: tuple[Unread, ...] = ()
        lacks, is_unified = "", False
        if told.kind == "uki-url":
            kernel: Reading[str] = Unread(f"is loaded from {told.program}", Why.NOT_HERE, file.path)
            release: Reading[str] = kernel
            words: Reading[CommandLine] = Unread(f"is loaded from {told.program}", Why.NOT_HERE, file.path)
        else:
            found = in_folder(self.root, place, told.program)
            wanted = f"{place.rstrip('/')}/{told.program.lstrip('/')}"
            kernel = found or Unread("is not there", Why.ABSENT, wanted)
            lacks = "" if found else wanted
            image = unified.read(self.root, found) if found else kernel
            options = told.options or ""
            if isinstance(image, UnifiedImage) and image.has_kernel and told.profile < len(image.profiles):
                is_unified = True
                release = _release(image.profiles[told.profile], image)
                stub = unified.stub_words(self.root, place, image, told.profile, options)
                words = CommandLine(with_built_in(self.root, release, stub.text), file.path if options else image.path)
                steps, missing = stub.steps, stub.missing
            else:
                release = self._kernel_release(told, found, wanted)
                line = CommandLine(with_built_in(self.root, release, options), file.path)
                words = (
                    line
                    if told.kind != "efi" or self._is_kernel(found or wanted)
                    else Unread("starts an EFI program that is no kernel", Why.NOT_HERE, file.path)
                )
        initrds = told.initrds if told.kind == "linux" else ()
        entry = BootEntry(
            LOADER,
            told.title or plain,
            file.path,
            kernel,
            release,
            tuple(self._initrds(place, initrds, told.options or "")),
            words,
            "",
            told.maker,
            is_unified,
            self._is_other(told.machine_id, name, told.program),
        )
        return MenuEntry(
            lower(plain), entry, "", told.sort_key, told.version or "", told.machine_id or "", left, done,
            told.profile, False, lacks, steps, missing,
        )  # fmt: skip

    def _kernel_release(self, told: loader_entry.Entry, found: str, wanted: str) -> Reading[str]:
        named = release_of(self.root, found or wanted)
        if isinstance(named, Unread) and told.version and told.version in or_else(self.root.names("/lib/modules"), ()):
            return told.version
        return named

    def _is_kernel(self, path: str) -> bool:
        """Whether an EFI program is a kernel with its own stub, by its header or, where it is not there, its name."""
        head = self.root.peek(path, 0x206)
        if isinstance(head, Unread):
            return path.rpartition("/")[2].lower().startswith(("vmlinuz", "bzimage", "linux"))
        return bytes(head[0x202:0x206]) == KERNEL_HEADER

    def _initrds(self, place: str, named: tuple[str, ...], options: str) -> Iterator[str]:
        """Those of the entry, then those that its words name with initrd= (the kernel's EFI stub reads them)."""
        more = tuple(v for v in CommandLine(options, "").values("initrd") if v)
        for name in (*named, *more):
            yield in_folder(self.root, place, name) or f"{place.rstrip('/')}/{name.replace(chr(92), '/').lstrip('/')}"

    def _is_other(self, machine_id: str | None, name: str, program: str) -> bool:
        """Whether an entry is another installation's: by machine-id, else by the ids in its name and its path."""
        if not self.machine:
            return False
        if machine_id:
            return machine_id != self.machine
        ids = {*MACHINE_ID.findall(name[:32]), *(p for p in program.split("/") if MACHINE_ID.fullmatch(p))}
        return bool(ids) and self.machine not in ids

    # Type 2

    def _unified(self, place: str) -> Iterator[MenuEntry]:
        folder = in_folder(self.root, place, "EFI/Linux")
        for name in self._names(folder, ".efi"):
            path = f"{folder}/{name}"
            image = unified.read(self.root, path)
            if isinstance(image, Unread):
                if image.why not in (Why.NOT_A_FILE, Why.ABSENT):
                    self.menu.missing.append(image)
                continue
            for profile in image.profiles:
                made = self.of_profile(place, image, profile)
                if made is not None:
                    yield made

    def of_profile(self, place: str, image: UnifiedImage, profile: Profile) -> MenuEntry | None:
        """The entry of one profile; None where it has no os-release with a name, for then the loader makes none."""
        os = profile.system
        title = next((os[k] for k in ("PRETTY_NAME", "IMAGE_ID", "NAME", "ID") if k in os), None)
        if title is None:
            return None
        name = image.path.rpartition("/")[2]
        plain, left, done = counted(name, ".efi")
        base = lower(plain)
        suffix = profile.name or str(profile.number)
        if profile.title or profile.number:
            title += f" ({profile.title or profile.name or f'Profile #{profile.number + 1}'})"
        release = _release(profile, image)
        stub = unified.stub_words(self.root, place, image, profile.number)
        entry = BootEntry(
            LOADER,
            title,
            image.path,
            image.path,
            release,
            (),
            CommandLine(with_built_in(self.root, release, stub.text), image.path),
            "",
            "",
            True,
            self._is_other_image(profile, name),
        )
        version = next((os[k] for k in ("IMAGE_VERSION", "VERSION", "VERSION_ID", "BUILD_ID") if k in os), "")
        return MenuEntry(
            f"{base}@{suffix}" if profile.number else base, entry, base, os.get("IMAGE_ID", os.get("ID")), version, "",
            left, done, profile.number, False, "", stub.steps, stub.missing,
        )  # fmt: skip

    def _is_other_image(self, profile: Profile, name: str) -> bool:
        """By the ids in its name, else by its os-release; a kernel with its modules here is this system's."""
        if MACHINE_ID.match(name):
            return self._is_other(None, name, "")
        other = bool(self.system) and profile.system.get("ID", self.system) != self.system
        return other and profile.release not in or_else(self.root.names("/lib/modules"), ())

    # Automatic entries

    def _automatic(self, conf: LoaderConf) -> Iterator[MenuEntry]:
        """Programs at well-known places of the EFI partition, and the firmware's setup."""
        esp = self.partitions.esp
        suffix = _architecture(self.root)
        if conf.auto_entries and esp:
            known = (
                ("auto-windows", "Windows Boot Manager", "EFI/Microsoft/Boot/bootmgfw.efi"),
                ("auto-efi-shell", "EFI Shell", f"shell{suffix}.efi"),
                ("auto-efi-default", "EFI Default Loader", f"EFI/BOOT/BOOT{suffix}.EFI"),
            )
            for name, title, program in known:
                path = in_folder(self.root, esp, program)
                if path and not (name == "auto-efi-default" and _is_loader(self.root, path)):
                    yield _automatic(name, title, path, other=name == "auto-windows")
        if conf.auto_firmware:
            yield _automatic("auto-reboot-to-firmware-setup", "Reboot Into Firmware Interface", "")


def _automatic(name: str, title: str, path: str, other: bool = False) -> MenuEntry:
    none = Unread("starts no kernel by itself", Why.NOT_HERE, path)
    entry = BootEntry(LOADER, title, path, path or none, none, (), none, "", other_system=other)
    return MenuEntry(name, entry, automatic=True)


def _is_loader(root: Root, path: str) -> bool:
    image = unified.read(root, path)
    return isinstance(image, UnifiedImage) and image.stub == LOADER


def _release(profile: Profile, image: UnifiedImage) -> Reading[str]:
    return profile.release or Unread("has no .uname section", Why.ABSENT, image.path)


def _architecture(root: Root) -> str:
    """How the firmware names this machine's processor: by the loader programs that are there; x64 where none tells."""
    for place in ("/usr/lib/systemd/boot/efi", "/efi/EFI/BOOT", "/boot/efi/EFI/BOOT", "/boot/EFI/BOOT"):
        for name in or_else(root.names(place), ()):
            match = re.fullmatch(r"(?:systemd-)?boot(x64|aa64|ia32|riscv64|arm)\.efi", name.lower())
            if match:
                return match[1]
    return "x64"


def _system(root: Root) -> str:
    """ID of the system's os-release; empty where it cannot be read."""
    from vfiotui.formats.shell.assignments import parse, value_of

    for path in ("/etc/os-release", "/usr/lib/os-release"):
        text = root.text(path, 1 << 16)
        if not isinstance(text, Unread):
            value = value_of(parse(text), "ID")
            return value if isinstance(value, str) else ""
    return ""


def _shows_kernels(root: Root, entries: list[MenuEntry]) -> bool:
    """Whether any kernel's file is there: a tree without kernels does not tell that one is missing."""
    if any(not e.lacks and not e.entry.unified for e in entries):
        return True
    if any(n.startswith("vmlinuz") for n in or_else(root.names("/boot"), ())):
        return True
    folder = "/usr/lib/modules"
    return any(root.exists(f"{folder}/{n}/vmlinuz") is True for n in or_else(root.names(folder), ()))
