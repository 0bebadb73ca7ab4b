"""Durable writing: a name holds its old content or its new one, at every instant and after a power cut."""

from __future__ import annotations

import errno
import os
import stat

from vfiotui.model.value import dataclass

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


def meta_of(path: str) -> Meta:
    """The metadata of a name itself, links not followed."""
    found = os.lstat(path)
    xattrs = []
    try:
        for name in sorted(os.listxattr(path, follow_symlinks=False)):
            xattrs.append((name, os.getxattr(path, name, follow_symlinks=False)))
    except OSError as error:
        if error.errno not in NO_XATTRS:
            raise
    return Meta(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, tuple(xattrs), found.st_mtime_ns)


def sync_folder(path: str) -> None:
    """Makes the names in a folder durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        # Some file systems (FUSE, 9p) know no fsync of folders; their names are as durable as they get.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(fd)


def dress(fd: int, meta: Meta) -> None:
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


def put_file(path: str, data: bytes, meta: Meta, partial: str) -> None:
    """The name holds exactly these bytes and metadata, or what it held before; `partial` lies in the same folder."""
    drop(partial)
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            write_all(fd, data)
            dress(fd, meta)
            os.fsync(fd)
            os.rename(partial, path)
            # FAT keeps a file's place and size in its name, and writes them with the file, not with the folder.
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError:
        drop(partial)
        raise
    sync_folder(os.path.dirname(path))


def put_link(path: str, target: str, partial: str) -> None:
    """The name is a link to the target, or what it was before."""
    drop(partial)
    os.symlink(target, partial)
    try:
        os.rename(partial, path)
    except OSError:
        drop(partial)
        raise
    sync_folder(os.path.dirname(path))


def drop(path: str) -> None:
    """The name is not there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def remove(path: str) -> None:
    """The name is not there, durably."""
    drop(path)
    sync_folder(os.path.dirname(path))


def make_folders(path: str, mode: int = 0o755) -> None:
    """The folder is there; each new one is durable in the one above."""
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    make_folders(above, mode)
    try:
        os.mkdir(path, mode)
    except FileExistsError:
        return
    sync_folder(above)


def missing_folders(path: str) -> tuple[str, ...]:
    """The folders above a name that are not there, deepest first."""
    found = []
    above = os.path.dirname(path)
    while above not in ("", "/") and not os.path.isdir(above):
        found.append(above)
        above = os.path.dirname(above)
    return tuple(found)


def drop_empty(folders: tuple[str, ...]) -> None:
    """Removes folders that hold nothing; one that holds something stays, and all above it."""
    for folder in folders:
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            continue
        except OSError:
            return
        sync_folder(os.path.dirname(folder))
