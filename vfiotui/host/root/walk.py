"""Walks below a folder by descriptors: whatever its links say, no path leads out of it.

The kernel does it in one call where it knows openat2(2) (Linux 5.6, RESOLVE_IN_ROOT); else, and where a filter forbids
that call, every component is opened by itself and links are followed here.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from types import TracebackType

HOPS = 40
"""Symlinks followed in one path, as the kernel does (path_resolution(7))."""
LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
FOLLOW = os.O_PATH | os.O_CLOEXEC
FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY

OPENAT2 = 437
"""The call's number on every architecture that numbers as x86 does; others answer ENOSYS (asm-generic/unistd.h)."""
RESOLVE_NO_MAGICLINKS, RESOLVE_IN_ROOT = 0x02, 0x10
TRIES = 32
"""How often a walk is begun anew after EAGAIN: something was renamed meanwhile (openat2(2))."""

Call = Callable[[int, str, int], int]


class Top:
    """A folder that is held open: the "/" of the paths that are walked below it."""

    __slots__ = ("fd",)

    def __init__(self, folder: str) -> None:
        """OSError where it cannot be opened; links on the way to it are followed."""
        self.fd = -1
        self.fd = os.open(folder, FOLDER)

    def __del__(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)


def _openat2() -> Call | None:
    """The kernel's own walk; None where it does not know it or may not be asked."""
    import ctypes

    class How(ctypes.Structure):
        _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))

    call = ctypes.CDLL(None, use_errno=True).syscall
    call.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t)
    call.restype = ctypes.c_long
    hows: dict[int, tuple[How, int]] = {}

    def openat2(top: int, path: str, flags: int) -> int:
        known = hows.get(flags)
        if known is None:
            how = How(flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
            known = hows[flags] = (how, ctypes.addressof(how))
        name = os.fsencode(path)
        for _ in range(TRIES):
            fd: int = call(OPENAT2, top, name, known[1], 24)
            if fd >= 0:
                return fd
            error = ctypes.get_errno()
            if error not in (errno.EAGAIN, errno.EINTR):
                raise OSError(error, os.strerror(error), path)
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), path)

    try:
        os.close(openat2(-100, "/", FOLDER))
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EPERM):
            return None
    return openat2


_call: list[Call | None] = []
"""What `_openat2` found, asked for once."""


def opened(top: int, path: str, flags: int) -> int:
    """A descriptor for a path below `top`, whose links are followed as if `top` were "/".

    With O_NOFOLLOW the last one is not followed; with O_PATH nothing is opened that has an effect. OSError as of
    open(2), ValueError for a NUL in the path.
    """
    if "\0" in path:
        raise ValueError("embedded null byte")
    if not _call:
        _call.append(_openat2())
    if _call[0] is not None:
        try:
            return _call[0](top, path or "/", flags)
        except BlockingIOError:
            # The tree does not come to rest: step by step every step is right for itself.
            pass
    with Walk(top) as walk:
        name = walk.to(path, follow_last=not flags & os.O_NOFOLLOW)
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=walk.fd)


class Walk:
    """A walk step by step, that keeps every folder on its way open so that `..` leads back to where it came from."""

    def __init__(self, top: int) -> None:
        self._fds = [top]
        self._names: list[str] = []
        self._last = ""
        self.missing: tuple[str, ...] = ()
        """The components from the first that is not there on, where the walk ended in FileNotFoundError."""

    def __enter__(self) -> Walk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        while len(self._fds) > 1:
            os.close(self._fds.pop())

    @property
    def fd(self) -> int:
        """The folder that was reached; the top is the caller's, all others end with the walk."""
        return self._fds[-1]

    @property
    def path(self) -> str:
        """The path that was reached, without links in its folders."""
        return "/" + "/".join([*self._names, self._last] if self._last else self._names)

    def to(self, path: str, follow_last: bool = True) -> str:
        """Walks to the folder of a path's last component and returns that one's name ("." for the folder itself).

        The last component may be absent; every other raises FileNotFoundError.
        """
        todo = [p for p in reversed(path.split("/")) if p not in ("", ".")]
        hops = 0
        while todo:
            name = todo.pop()
            if name == "..":
                if len(self._fds) > 1:
                    os.close(self._fds.pop())
                    self._names.pop()
                continue
            if not todo and not follow_last:
                self._last = name
                return name
            try:
                fd = os.open(name, LOOK, dir_fd=self.fd)
            except FileNotFoundError:
                if todo:
                    self.missing = (name, *reversed(todo))
                    raise
                self._last = name
                return name
            mode = os.fstat(fd).st_mode
            if stat.S_ISDIR(mode):
                self._fds.append(fd)
                self._names.append(name)
                continue
            try:
                target = os.readlink("", dir_fd=fd) if stat.S_ISLNK(mode) else None
            finally:
                os.close(fd)
            if target is None:
                if todo:
                    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name)
                self._last = name
                return name
            hops += 1
            if hops > HOPS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            if target.startswith("/"):
                while len(self._fds) > 1:
                    os.close(self._fds.pop())
                self._names.clear()
            todo.extend(p for p in reversed(target.split("/")) if p not in ("", "."))
        return "."


def real(top: int, path: str) -> str:
    """The path below `top` without links; it exists, else OSError."""
    fd = opened(top, path, FOLLOW)
    try:
        # The kernel knows where it came out; where it does not say so, or says something else, the walk does.
        above, found = os.readlink(f"/proc/self/fd/{top}"), os.readlink(f"/proc/self/fd/{fd}")
        if above == "/":
            return found
        if found == above:
            return "/"
        if found.startswith(f"{above}/"):
            return found[len(above) :]
    except OSError:
        pass
    finally:
        os.close(fd)
    with Walk(top) as walk:
        os.stat(walk.to(path), dir_fd=walk.fd, follow_symlinks=False)
        return walk.path


def reach(top: int, path: str, follow_last: bool) -> str:
    """Like `real`, for a path that may be absent, or its folders too: what is missing is taken as it stands."""
    with Walk(top) as walk:
        try:
            walk.to(path, follow_last)
            return walk.path
        except FileNotFoundError:
            if ".." in walk.missing:
                raise
            return "/".join((walk.path.rstrip("/"), *walk.missing))


def straight(top: int, folder: str) -> int:
    """A descriptor (O_PATH) of a folder below `top`, on the way to which there is no link.

    OSError: ELOOP, with the path of the link, where there is one.
    """
    fd = os.open(".", FOLDER, dir_fd=top)
    done = ""
    for name in folder.split("/"):
        if name in ("", "."):
            continue
        done += f"/{name}"
        above = fd
        try:
            if name == "..":
                raise OSError(errno.EINVAL, "leads upwards", done)
            fd = os.open(name, LOOK | os.O_DIRECTORY, dir_fd=above)
        except NotADirectoryError as error:
            if stat.S_ISLNK(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
                raise OSError(errno.ELOOP, f"{done} is a symbolic link, which is not followed", done) from error
            raise NotADirectoryError(errno.ENOTDIR, f"{done} is no folder", done) from error
        finally:
            os.close(above)
    return fd
