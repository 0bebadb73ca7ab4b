"""What grub-mkconfig would make of its sources: /etc/default/grub, what that sources, and drop-ins where they are read.

Debian's and Ubuntu's grub-mkconfig source /etc/default/grub.d/*.cfg behind the file; those of upstream, Arch and Fedora
do not. The script on the system says which one it is.
"""

from __future__ import annotations

from vfiotui.formats.loaders import grub_entries
from vfiotui.formats.loaders.grub_line import as_kernel_gets
from vfiotui.formats.loaders.grub_menu import is_generated
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.assignments import Computed, parse, value_of
from vfiotui.formats.shell.evaluate import Value, evaluate
from vfiotui.formats.shell.source import RUNS_CODE, meddlings, scan
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootPath

GRUB = "/etc/default/grub"
DROP_INS = f"{GRUB}.d"
MAKERS = tuple(f"/usr/{folder}/{name}" for name in ("grub-mkconfig", "grub2-mkconfig") for folder in ("sbin", "bin"))
WITHOUT_DROP_INS = frozenset("arch fedora rhel centos suse opensuse gentoo void".split())
"""Systems by their ID or ID_LIKE, for where the script itself cannot be read."""
EVERY, NORMAL = "GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT"
FILE_LIMIT = 256 << 10


def reads_drop_ins(root: Root) -> bool:
    """Whether this system's grub-mkconfig reads /etc/default/grub.d: by the script, else by the distribution."""
    for path in MAKERS:
        text = or_else(root.text(path, FILE_LIMIT), "") if root.exists(path) is True else ""
        if "default/grub" in text:
            return "default/grub.d" in text
    release = root.text("/etc/os-release", 1 << 16)
    if isinstance(release, Unread):
        release = or_else(root.text("/usr/lib/os-release", 1 << 16), "")
    held = [value_of(parse(release), name) for name in ("ID", "ID_LIKE")]
    return not any(word in WITHOUT_DROP_INS for text in held if isinstance(text, str) for word in text.split())


def _may_read(path: str) -> bool:
    """Whether a file that the settings source is read here: those beside /etc/default/grub that begin as it does."""
    return path.startswith(GRUB) and "/" not in path[len("/etc/default/") :]


class Settings:
    """The variables after grub-mkconfig read its settings."""

    def __init__(self, root: Root, files: tuple[ConfigFile, ...]) -> None:
        self.root = root
        drop_ins = reads_drop_ins(root)
        self.values: dict[str, Value] = {EVERY: "", NORMAL: ""}
        self.read: list[tuple[str, str]] = []
        """Every file that was read, with its text, in order; those that others source among them."""
        self.sources = [f for f in files if f.path == GRUB or (drop_ins and f.path.startswith(f"{DROP_INS}/"))]
        for file in self.sources:
            self.read.append((file.path, file.text))
            self.values = evaluate(file.text, self._sourced, self.values)

    def _sourced(self, path: str) -> str | None:
        if not _may_read(path):
            return None
        text = self.root.decoded(path, FILE_LIMIT)
        if isinstance(text, Unread):
            # A test for the file stands ahead of it, or grub-mkconfig ends there.
            return "" if text.why is Why.ABSENT else None
        self.read.append((path, text))
        return text

    def setter(self, name: str) -> str:
        """The file whose assignment of the variable counts; empty where none sets it."""
        own = {f.path: f.text for f in self.sources}
        found = ""
        for path, text in self.read:
            places = [one.start for one in scan(text) if one.name == name]
            if places and path in own:
                found, last = path, max(places)
                later = [m.start for m in meddlings(text) if m.verb in RUNS_CODE]
                if not later or max(later) < last:
                    continue
                among = [p for p, t in self.read if p not in own and any(o.name == name for o in scan(t))]
                found = among[-1] if among else path
            elif places and not found:
                found = path
        return found


def of_grub(root: Root, files: tuple[ConfigFile, ...]) -> Reading[CommandLine]:
    """GRUB_CMDLINE_LINUX, then GRUB_CMDLINE_LINUX_DEFAULT, as grub-mkconfig joins them and GRUB hands them over.

    The source is the file whose assignment counts.
    """
    if not any(f.path == GRUB or f.path.startswith(f"{DROP_INS}/") for f in files):
        return Unread("is not there", Why.ABSENT, GRUB)
    try:
        settings = Settings(root, files)
    except EditRefused as refusal:
        return Unread(f"line {refusal.line_number}: {refusal.sentence}", Why.NOT_HERE, GRUB)
    words = []
    for name in (EVERY, NORMAL):
        value = settings.values.get(name, "")
        source = settings.setter(name) or GRUB
        if isinstance(value, Computed):
            return Unread(f"line {value.line} lets the shell compute it: {value.text[:80]}", Why.NOT_HERE, source)
        # Of an array the shell takes the first element.
        text = value if isinstance(value, str) else "".join(value[:1])
        words += [(text, source)] if text else []
    source = words[-1][1] if words else settings.setter(NORMAL) or settings.setter(EVERY) or GRUB
    line = as_kernel_gets(" ".join(text for text, _ in words))
    if line is None:
        return Unread("GRUB cannot read the line: a quote or a dollar sign is left open in it", Why.DAMAGED, source)
    return CommandLine(line, source)


def grub_files(root: Root) -> tuple[tuple[str, ...], bool]:
    """The files beside /etc/default/grub that its settings source, and whether drop-ins are read."""
    text = root.decoded(GRUB, FILE_LIMIT)
    drop_ins = reads_drop_ins(root)
    if isinstance(text, Unread) or not ("source" in text or ". /" in text):
        return (), drop_ins
    try:
        read = Settings(root, (ConfigFile(GRUB, text),)).read
    except EditRefused:
        return (), drop_ins
    return tuple(p for p, _ in read if p != GRUB), drop_ins


def of_hand_entry(root: Root, path: Reading[BootPath]) -> CommandLine | None:
    """The words of GRUB's default entry where a person wrote it: those in its script of /etc/grub.d, else its own,
    which the settings do not reach; None for an entry of a package's script."""
    entry = path.default if isinstance(path, BootPath) else None
    if entry is None or entry.other_system or isinstance(entry.words, Unread):
        return None
    if entry.source.rpartition(":")[0].endswith("/custom.cfg"):
        return entry.words
    if not entry.maker.startswith("/etc/grub.d/") or is_generated(entry.maker):
        return None
    text = root.decoded(entry.maker, FILE_LIMIT)
    try:
        words = () if isinstance(text, Unread) else grub_entries.words(text, entry.name.rpartition(">")[2])
    except EditRefused:
        return entry.words
    line = as_kernel_gets(" ".join(words))
    return CommandLine(line, entry.maker) if line else entry.words
