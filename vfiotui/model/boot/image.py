"""A built boot image: what lies in an initramfs, part by part, and the few files of it that were kept."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from posixpath import normpath

from vfiotui.model.base.value import dataclass

LINKS_LIMIT = 40
"""Links that are followed for one name, as the kernel does (MAXSYMLINKS)."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One name in an image."""

    path: str
    """Without a leading slash; bytes that are no UTF-8 are lone surrogates. Hostile text."""
    mode: int
    """With the kind of file, as stat(2) gives it."""
    size: int
    """Bytes."""
    target: str = ""
    """Where a symbolic link leads."""
    content: bytes | None = None
    """None where it was not kept."""

    @property
    def kind(self) -> str:
        """file, folder, link or node."""
        names = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}
        return names.get(stat.S_IFMT(self.mode), "node")


@dataclass(frozen=True, slots=True)
class Part:
    """One of the archives that an image is made of."""

    offset: int
    """Where it begins in the file."""
    packing: str
    """none, gzip, xz, lzma, bzip2, zstd, lz4."""
    names: tuple[str, ...]
    """As they are stored, in order, repetitions included."""


@dataclass(frozen=True, slots=True)
class Image:
    """Everything that was read of one image."""

    path: str
    """Inside the root."""
    size: int
    """Bytes of the file."""
    parts: tuple[Part, ...]
    files: Mapping[str, ImageFile]
    """By path; where several parts hold a name, the last one counts, as it does when the kernel unpacks them."""
    fault: str = ""
    """Why not all of it was read; empty where it was."""
    cmdline: str | None = None
    """The command line of a unified kernel image."""
    release: str | None = None
    """The kernel that a unified kernel image says it holds."""

    def real(self, path: str) -> str:
        """The path with every link in it followed inside the image; an endless one is given back as it came.

        >>> link = ImageFile("lib", 0o120777, 7, "usr/lib")
        >>> Image("", 0, (), {"lib": link}).real("lib/modprobe.d/x.conf")
        'usr/lib/modprobe.d/x.conf'
        """
        todo, done = path.strip("/").split("/"), ""
        for _ in range(LINKS_LIMIT + len(todo)):
            if not todo:
                return done
            done = normpath(f"{done}/{todo.pop(0)}").strip("/")
            done = "" if done == ".." else done.removeprefix("../")
            file = self.files.get(done)
            if file is not None and file.target:
                todo = file.target.strip("/").split("/") + todo
                done = "" if file.target.startswith("/") else done.rpartition("/")[0]
        return path

    def get(self, path: str) -> ImageFile | None:
        """What lies at a path, links followed."""
        return self.files.get(self.real(path))

    def text(self, path: str) -> str | None:
        """The text of a kept file, or None."""
        file = self.get(path)
        return None if file is None or file.content is None else file.content.decode("utf-8", "surrogateescape")

    def below(self, folder: str, suffix: str = "") -> Iterator[ImageFile]:
        """The files in a folder, by name; links are given as what they lead to, under their own name."""
        inside = self.real(folder) + "/"
        for path in sorted(p for p in self.files if p.startswith(inside) and p.endswith(suffix)):
            found = self.get(path)
            if "/" not in path[len(inside) :] and found is not None and found.kind == "file":
                yield ImageFile(path, found.mode, found.size, "", found.content)
