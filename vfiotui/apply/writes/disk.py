"""Durable writing: a name holds its old content or its new one, at every instant and after a power cut.

Every call is given a `Place` and works with a descriptor of its folder and a single name: no link is followed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vfiotui.apply.errors import Conflict
from vfiotui.apply.writes.place import Place
from vfiotui.host.root.tree import kind_of
from vfiotui.host.root.walk import LIST, LOOK, straight
from vfiotui.model.base.value import dataclass

NO_XATTRS = frozenset({errno.ENOTSUP, errno.EPERM, errno.EACCES, errno.ENODATA})


@dataclass(frozen=True, slots=True)
class Meta:
    """What a file has beside its content."""

    mode: int
    uid: int
    gid: int
    xattrs: tuple[tuple[str, bytes], ...] = ()
    """Extended attributes, the SELinux label and ACLs among them."""
    mtime: int | None = None
    """Nanoseconds; None leaves it to the clock."""


def stat_of(place: Place) -> os.stat_result:
    """The status of a name itself."""
    with place.folder() as folder:
        return os.stat(place.name, dir_fd=folder, follow_symlinks=False)


def kind(place: Place) -> str | None:
    """file, directory, link or other; None where nothing is there, or no folder for it."""
    try:
        return kind_of(stat_of(place).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


def open_regular(place: Place, flags: int) -> int:
    """A descriptor of a regular file, made where O_CREAT says so.

    OSError where something else is there: a FIFO, a device and a socket are not even opened, a link is not followed.
    """
    with place.folder() as folder:
        try:
            _must_be_regular(os.stat(place.name, dir_fd=folder, follow_symlinks=False), place)
        except FileNotFoundError:
            if not flags & os.O_CREAT:
                raise
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        fd = os.open(place.name, flags, 0o600, dir_fd=folder)
    try:
        _must_be_regular(os.fstat(fd), place)
    except OSError:
        os.close(fd)
        raise
    return fd


def _must_be_regular(found: os.stat_result, place: Place) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise OSError(errno.ELOOP, f"{place} is a symbolic link, which is not followed", place.path)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.ENXIO, f"{place} is no regular file", place.path)


def read(place: Place) -> bytes:
    """The bytes of a regular file."""
    with open(open_regular(place, os.O_RDONLY), "rb") as file:
        return file.read()


def readlink(place: Place) -> str:
    """The target of a link."""
    with place.folder() as folder:
        return os.readlink(place.name, dir_fd=folder)


def names(place: Place) -> list[str]:
    """The names in a folder, in no order."""
    fd = open_folder(place)
    try:
        return os.listdir(fd)
    finally:
        os.close(fd)


def open_folder(place: Place) -> int:
    """A descriptor of a folder, for listing and fsync."""
    fd = straight(place.top.fd, place.path)
    try:
        return os.open(".", LIST, dir_fd=fd)
    finally:
        os.close(fd)


@contextmanager
def nearest(place: Place) -> Iterator[tuple[Place, int]]:
    """What is there of a place: itself, or the lowest folder above it; its descriptor is only to look at (O_PATH)."""
    there = place
    while True:
        try:
            with there.folder() as folder:
                fd = os.open(there.name, LOOK, dir_fd=folder)
            break
        except (FileNotFoundError, NotADirectoryError):
            there = there.above
    try:
        yield there, fd
    finally:
        os.close(fd)


def meta_of(place: Place) -> Meta:
    """The metadata of a name itself, links not followed."""
    with place.folder() as folder:
        found = os.stat(place.name, dir_fd=folder, follow_symlinks=False)
        xattrs: list[tuple[str, bytes]] = []
        if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            fd = os.open(place.name, flags, dir_fd=folder)
            try:
                xattrs = sorted(_xattrs(fd))
            finally:
                os.close(fd)
    return Meta(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, tuple(xattrs), found.st_mtime_ns)


def _sync(folder: int) -> None:
    """Makes the names in a folder durable, of which a descriptor to look at is given."""
    fd = os.open(".", LIST, dir_fd=folder)
    try:
        os.fsync(fd)
    except OSError as error:
        # Some file systems (FUSE, 9p) know no fsync of folders; their names are as durable as they get.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(fd)


def sync_folder(place: Place) -> None:
    """Makes the names in a folder durable."""
    fd = straight(place.top.fd, place.path)
    try:
        _sync(fd)
    finally:
        os.close(fd)


def sync_file(place: Place) -> None:
    """Makes the bytes of a regular file durable."""
    fd = open_regular(place, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def touch(place: Place) -> None:
    """A regular file is as new as this moment."""
    fd = open_regular(place, os.O_RDONLY)
    try:
        os.utime(fd)
    finally:
        os.close(fd)


def set_metadata(fd: int, meta: Meta) -> None:
    """Gives an open file its metadata. Owner first: changing it clears set-user-ID bits and capabilities."""
    now = os.fstat(fd)
    if (now.st_uid, now.st_gid) != (meta.uid, meta.gid):
        os.fchown(fd, meta.uid, meta.gid)
    if stat.S_IMODE(now.st_mode) != meta.mode:
        os.fchmod(fd, meta.mode)
    present = dict(_xattrs(fd))
    for name, value in meta.xattrs:
        if present.get(name) != value:
            os.setxattr(fd, name, value)
    if meta.mtime is not None:
        os.utime(fd, ns=(meta.mtime, meta.mtime))


def _xattrs(fd: int) -> list[tuple[str, bytes]]:
    try:
        return [(name, os.getxattr(fd, name)) for name in os.listxattr(fd)]
    except OSError as error:
        if error.errno not in NO_XATTRS:
            raise
        return []


def write_all(fd: int, data: bytes) -> None:
    """Writes everything, however little the kernel takes at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def new_file(folder: int, name: str) -> int:
    """A file that was not there, for writing; only its owner can read it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, 0o600, dir_fd=folder)


def _unlink(name: str, folder: int) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return


TakePlace = Callable[[int, str, Place], None]
"""Moves a finished name of a folder, given by descriptor, to its place."""


def rename_over(folder: int, partial: str, place: Place) -> None:
    """The place holds what was `partial`, whatever it held before."""
    os.rename(partial, place.name, src_dir_fd=folder, dst_dir_fd=folder)


def put_file(place: Place, data: bytes, meta: Meta, partial: str, take_place: TakePlace = rename_over) -> None:
    """The name holds exactly these bytes and metadata, or what it held before; `partial` is a name beside it."""
    with place.folder() as folder:
        _unlink(partial, folder)
        fd = new_file(folder, partial)
        try:
            try:
                write_all(fd, data)
                set_metadata(fd, meta)
                os.fsync(fd)
                take_place(folder, partial, place)
                # FAT keeps a file's place and size in its name, and writes them with the file, not with the folder.
                os.fsync(fd)
            finally:
                os.close(fd)
        except (OSError, Conflict):
            _unlink(partial, folder)
            raise
        _sync(folder)


def put_link(place: Place, target: str, partial: str, take_place: TakePlace = rename_over) -> None:
    """The name is a link to the target, or what it was before; `partial` is a name beside it."""
    with place.folder() as folder:
        _unlink(partial, folder)
        os.symlink(target, partial, dir_fd=folder)
        try:
            take_place(folder, partial, place)
        except (OSError, Conflict):
            _unlink(partial, folder)
            raise
        _sync(folder)


def rename(place: Place, name: str) -> None:
    """The name becomes another one in the same folder, durably."""
    with place.folder() as folder:
        os.rename(place.name, name, src_dir_fd=folder, dst_dir_fd=folder)
        _sync(folder)


def drop(place: Place) -> None:
    """The name is not there; where no folder for it is, there is nothing to do."""
    try:
        with place.folder() as folder:
            _unlink(place.name, folder)
    except (FileNotFoundError, NotADirectoryError):
        return


def remove(place: Place) -> None:
    """The name is not there, durably."""
    with place.folder() as folder:
        _unlink(place.name, folder)
        _sync(folder)


def remove_tree(place: Place) -> None:
    """The folder and all below it are not there; links in it are removed, never followed."""
    with place.folder() as folder:
        shutil.rmtree(place.name, dir_fd=folder)


def make_folders(place: Place, mode: int = 0o755) -> None:
    """The folder is there; each new one is durable in the one above."""
    if place.is_top:
        return
    try:
        os.close(straight(place.top.fd, place.path))
        return
    except FileNotFoundError:
        make_folders(place.above, mode)
    make_folder(place, mode)


def make_folder(place: Place, mode: int, exist_ok: bool = True) -> None:
    """One folder is made, durably, unless something of this name is there."""
    with place.folder() as folder:
        try:
            os.mkdir(place.name, mode, dir_fd=folder)
        except FileExistsError:
            if exist_ok:
                return
            raise
        _sync(folder)


def make_folder_as(place: Place, mode: int, uid: int, gid: int) -> None:
    """One folder is made with its mode and, where the file system has owners, its owner."""
    make_folder(place, mode)
    with place.folder() as folder:
        fd = os.open(place.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        with contextlib.suppress(PermissionError):
            os.fchown(fd, uid, gid)
            os.fchmod(fd, mode)
    finally:
        os.close(fd)


def missing_folders(place: Place) -> tuple[Place, ...]:
    """The folders above a name that are not there, deepest first."""
    found = []
    above = place.above
    while not above.is_top and kind(above) is None:
        found.append(above)
        above = above.above
    return tuple(found)


def drop_empty(folders: tuple[Place, ...]) -> None:
    """Removes folders that hold nothing; one that holds something stays, and all above it."""
    for place in folders:
        try:
            with place.folder() as folder:
                os.rmdir(place.name, dir_fd=folder)
                _sync(folder)
        except FileNotFoundError:
            continue
        except OSError:
            return
