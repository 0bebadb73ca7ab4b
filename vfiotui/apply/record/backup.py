"""What a change needs to be undone, kept in its folder before the first write, with a list of what was kept.

The list is written once, when all is kept, and its digest stands in the journal. A note of what a step did is written
later: it carries a digest of its own.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import json
import os
from collections.abc import Callable
from typing import Any

from vfiotui.apply.errors import Damage
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.disk import Meta
from vfiotui.apply.writes.place import Place
from vfiotui.model.base.value import dataclass

BLOCK = 1 << 20
KEPT = "before"
"""The folder of what is kept."""
PARTIAL = ".partial"
"""The name under which a file of ours is made first."""
LIST = "kept.json"
PLAN = "plan.json"
DONE = ".done.json"
"""How the note of what a step did ends; that of what was before ends with .json alone."""
WRITING = "writing-"
"""How the names of marks begin, in the change's folder: undo.sh knows them too."""
REPLACED = "replaced-"
"""How the names of what a forced undo overwrote begin, in the change's folder."""
ABSENT = "absent"
NO_FILE = "something that is no file"
"""The digest of what is neither a file nor a link: it is not looked into (the same words as in undo.sh)."""


def own_meta() -> Meta:
    """Readable for the one who applies, and for nobody else."""
    return Meta(0o600, os.geteuid(), os.getegid())


def digest(place: Place) -> str:
    """What lies at a name, as one word: absent, link:TARGET, or the SHA-256 of a file."""
    try:
        kind = disk.kind(place)
        if kind == "link":
            return f"link:{disk.readlink(place)}"
        if kind == "file":
            with open(disk.open_regular(place, os.O_RDONLY), "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ABSENT
    return ABSENT if kind is None else NO_FILE


def digest_of(data: bytes) -> str:
    """The same word for the content of a file."""
    return hashlib.sha256(data).hexdigest()


FICLONE = 0x40049409
"""ioctl_ficlone(2): btrfs, XFS and bcachefs let two files share their blocks until one is written."""


def _cloned(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError:
        return False
    return True


def copy_durably(source: Place, target: Place, *, durably: bool = True) -> None:
    """A copy with the same bytes and metadata; links are copied as links, what is no file is refused with OSError."""
    if disk.kind(source) == "link":
        with target.folder() as folder:
            os.symlink(disk.readlink(source), target.name, dir_fd=folder)
        return
    meta = disk.meta_of(source)
    with open(disk.open_regular(source, os.O_RDONLY), "rb") as file, target.folder() as folder:
        fd = disk.new_file(folder, target.name)
        try:
            if not _cloned(file.fileno(), fd):
                while block := file.read(BLOCK):
                    disk.write_all(fd, block)
            disk.set_metadata(fd, meta)
            if durably:
                os.fsync(fd)
            else:
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)  # starts writing, and waits for nothing
        finally:
            os.close(fd)


@dataclass(frozen=True, slots=True)
class Kept:
    """One line of the list: a file or link in the folder before/, as it was kept."""

    digest: str
    size: int
    meta: Meta


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_pairs(value: object) -> bool:
    return isinstance(value, list) and all(_are_texts(pair) and len(pair) == 2 for pair in value)


def _is_map(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


NOTED: dict[str, Callable[[object], bool]] = {
    "place": _is_text,
    "before": _is_text,
    "made": _are_texts,
    "kept": _are_pairs,
    "kernels": _are_texts,
    "gone": _are_texts,
    "after": _is_map,
    "odd": _are_texts,
    "folders": _are_pairs,
    "boot": _is_text,
    "override": _is_text,
    "got": _is_number,
    "said": _is_text,
    "done": lambda value: isinstance(value, bool),
    "declared": _is_number,
    "seen": _is_map,
    "others": _are_texts,
    "touched": _are_texts,
    "wrote": _are_texts,
    "tree": _is_map,
    "folders_made": _are_texts,
    "folders_gone": _are_texts,
}
"""What a note may hold, and whether a value can be that."""


class BackupStore:
    """The folder before/ of one change: copies with their metadata, and notes for each step."""

    def __init__(self, folder: Place) -> None:
        self.top = folder
        self.folder = folder / KEPT

    def make(self) -> None:
        """The folder is there."""
        disk.make_folders(self.folder, 0o700)

    def path(self, name: str) -> Place:
        """Where a kept copy lies."""
        return self.folder / name

    def copy(self, source: Place, name: str, *, durably: bool = True) -> None:
        """Keeps a file or a link as it is; without `durably` its bytes reach the disk with a later sync."""
        copy_durably(source, self.path(name), durably=durably)

    def name_again(self, name: str, second: str) -> None:
        """What is kept under a name is kept under a second one as well, and takes no more room."""
        with self.path(name).folder() as folder:
            os.link(name, second, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)

    def copy_replaced(self, source: Place, name: str) -> None:
        """Keeps what a forced undo overwrites, beside what was there before the change."""
        target = self.top / f"{REPLACED}{name}"
        disk.drop(target)
        copy_durably(source, target)
        disk.sync_folder(target.above)

    def _mark(self, name: str) -> Place:
        return self.top / f"{WRITING}{name}"

    def mark_writing(self, name: str) -> None:
        """What lies where this copy belongs is our own work from now on, whatever it holds: also after a power cut."""
        disk.put_file(self._mark(name), b"", own_meta(), ".partial")

    def unmark_writing(self, name: str) -> None:
        """It is whole again."""
        disk.drop(self._mark(name))

    def is_writing(self, name: str) -> bool:
        """Whether a way back was cut short while it wrote this copy, its own or that of undo.sh."""
        return disk.kind(self._mark(name)) is not None

    def write(self, name: str, data: bytes) -> None:
        """Keeps bytes that are no file of the machine."""
        disk.put_file(self.path(name), data, own_meta(), PARTIAL)

    def read(self, name: str) -> bytes | None:
        """Kept bytes, or None. Damage where something else stands in their place, or they cannot be read."""
        try:
            return disk.read(self.path(name))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Damage(f"{self.path(name)} cannot be read: {(error.strerror or '').lower()}") from error

    def meta(self, name: str) -> Meta:
        """The metadata of a file when it was kept; those of the copy where no list was made of them."""
        kept = self.listed().get(name)
        return disk.meta_of(self.path(name)) if kept is None else kept.meta

    def note(self, step: int, **values: Any) -> None:
        """Notes what was before a step; not after the list was made."""
        self._write_note(f"{step}.json", {**self._note(f"{step}.json"), **values})

    def note_done(self, step: int, **values: Any) -> None:
        """Adds to what is noted of what a step did."""
        self._write_note(f"{step}{DONE}", {**self._note(f"{step}{DONE}"), **values})

    def forget_done(self, step: int) -> None:
        """Nothing is noted of what a step did: it is done again. What others did before it ran stays."""
        others = self._note(f"{step}{DONE}").get("others")
        disk.drop(self.path(f"{step}{DONE}"))
        if others is not None:
            self.note_done(step, others=others)
        self.sync()

    def _write_note(self, name: str, values: dict[str, Any]) -> None:
        self.write(name, _packed(values))

    def noted(self, step: int) -> dict[str, Any]:
        """All that was noted for a step; empty where nothing was. Damage where a note cannot be believed."""
        return {**self._note(f"{step}.json"), **self._note(f"{step}{DONE}")}

    def _note(self, name: str) -> dict[str, Any]:
        data = self.read(name)
        if data is None:
            return {}
        try:
            value = json.loads(data)
            if not isinstance(value, dict):
                raise ValueError
            # Changes of an earlier version have notes without a sum.
            whole = "sum" not in value or data == _packed({k: v for k, v in value.items() if k != "sum"})
            value.pop("sum", None)
            if not whole or not all(k in NOTED and NOTED[k](v) for k, v in value.items()):
                raise ValueError
        except (ValueError, RecursionError) as error:
            raise Damage(f"the note {self.path(name)} is damaged") from error
        return value

    def later(self, step: int) -> list[dict[str, Any]]:
        """What was noted for the steps behind this one, in order."""
        names = {name.partition(".")[0] for name in disk.names(self.folder) if name.endswith(".json")}
        return [self.noted(n) for n in sorted(int(name) for name in names if name.isdigit()) if n > step]

    def close(self) -> str:
        """Writes the list of all that was kept, and of the plan; returns its digest."""
        entries = {}
        places = {name: self.path(name) for name in sorted(disk.names(self.folder))}
        for name, place in {PLAN: self.top / PLAN, **places}.items():
            meta = disk.meta_of(place)
            entries[name] = {
                "digest": digest(place),
                "size": disk.stat_of(place).st_size,
                "mode": meta.mode,
                "owner": [meta.uid, meta.gid],
                "mtime": meta.mtime,
                "xattrs": {key: base64.b64encode(value).decode() for key, value in meta.xattrs},
            }
        data = json.dumps(entries, indent=1).encode()
        disk.put_file(self.top / LIST, data, own_meta(), PARTIAL)
        return digest_of(data)

    def listed(self, wanted: str = "") -> dict[str, Kept]:
        """The list by name, empty where there is none; Damage where it is not the `wanted` one or cannot be read."""
        damage = Damage(f"the list of what was kept, {self.top}/{LIST}, is missing or damaged")
        try:
            data = disk.read(self.top / LIST)
        except FileNotFoundError:
            if wanted:
                raise damage from None
            return {}
        except OSError as error:
            raise damage from error
        if wanted and digest_of(data) != wanted:
            raise damage
        try:
            return {str(name): _kept(entry) for name, entry in json.loads(data).items()}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise damage from error

    def sync(self) -> None:
        """Makes the names in the folder durable."""
        disk.sync_folder(self.folder)


def _packed(values: dict[str, Any]) -> bytes:
    """A note with the digest of what it holds."""
    word = digest_of(json.dumps(values, sort_keys=True).encode())
    return json.dumps({**values, "sum": word}).encode()


def _kept(entry: Any) -> Kept:
    uid, gid = entry["owner"]
    try:
        xattrs = tuple((str(k), base64.b64decode(v, validate=True)) for k, v in entry["xattrs"].items())
    except binascii.Error as error:
        raise ValueError from error
    meta = Meta(int(entry["mode"]), int(uid), int(gid), xattrs, int(entry["mtime"]))
    return Kept(str(entry["digest"]), int(entry["size"]), meta)
