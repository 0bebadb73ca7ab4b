"""A real Debian 13 for the proofs: made once by debootstrap, kept as archives, unpacked onto file systems of its own.

Needs root and a loop device. The mounts belong to the process and end with it (`private`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

BASE = "ca-certificates,systemd,udev,kmod,zstd,cpio,busybox"
SOURCES = (
    "deb http://deb.debian.org/debian trixie main\ndeb http://deb.debian.org/debian-security trixie-security main\n"
)
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
    "DEBIAN_FRONTEND": "noninteractive",
    "SYSTEMD_RELAX_ESP_CHECKS": "1",
    "SYSTEMD_RELAX_XBOOTLDR_CHECKS": "1",
}
ENTER = 'for t in dev proc sys; do mount --rbind /$t $0/$t; done; mount -t tmpfs tmpfs $0/run; exec chroot $0 "$@"'
INSTALL = (
    'mkdir -p "$1"; mount --bind /dev $0/dev; mount -t proc proc $0/proc; mount --bind "$1" $0/var/cache/apt/archives; '
    'exec chroot $0 sh -ec "$2"'
)
OWN_TRACES = ("/var/lib", "/var/cache/ldconfig/aux-cache")
"""What every chroot and the journal's folder leave."""
Fact = tuple[int, int, int, str, tuple[tuple[str, bytes], ...]]


class System:
    """A Debian on a file system of its own, mounted."""

    def __init__(self, top: Path) -> None:
        self.top = top

    def put(self, path: str, text: str, mode: int = 0o644) -> None:
        place = self.top / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(mode)

    def text(self, path: str) -> str:
        return (self.top / path.lstrip("/")).read_text()

    def found(self, pattern: str) -> list[str]:
        return sorted(f"/{p.relative_to(self.top)}" for p in self.top.glob(pattern.lstrip("/")))

    def run(self, *argv: str) -> str:
        """A command inside, with what it needs mounted for it alone."""
        words = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", ENTER, str(self.top), *argv]
        done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT)
        if done.returncode:
            raise SystemExit(f"{' '.join(argv)}: {done.stdout[-1500:]}{done.stderr[-1500:]}")
        return done.stdout

    def vfiotui(self, *argv: str) -> str:
        words = [sys.executable, "-m", "vfiotui", "--root", str(self.top), *argv]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"vfiotui {' '.join(argv)}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout + done.stderr

    def everything(self) -> dict[str, Fact]:
        """Kind and mode, owner, content and extended attributes of all that is below, but for the journal; by path."""
        found: dict[str, Fact] = {}
        for folder, folders, files in os.walk(self.top):
            folders[:] = [f for f in folders if f != "vfiotui" or not folder.endswith("/var/lib")]
            for name in (*folders, *files):
                place = os.path.join(folder, name)
                found[place.removeprefix(str(self.top))] = _fact(place)
        return found


def _fact(place: str) -> Fact:
    info = os.lstat(place)
    content = os.readlink(place) if stat.S_ISLNK(info.st_mode) else ""
    if stat.S_ISREG(info.st_mode):
        content = digest(Path(place))
    names = sorted(os.listxattr(place, follow_symlinks=False))
    more = tuple((name, os.getxattr(place, name, follow_symlinks=False)) for name in names)
    return info.st_mode, info.st_uid, info.st_gid, content, more


def digest(place: Path) -> str:
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def differing(before: dict[str, Fact], after: dict[str, Fact]) -> list[str]:
    """The paths that are not the same, without what every chroot leaves."""
    paths = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
    return [p for p in paths if p not in OWN_TRACES]


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise SystemExit(f"NOT SO: {what}")
    print(f"   {what}", flush=True)


def private(module: str) -> Path:
    """The folder for what is kept, from the command line; this process gets mounts of its own."""
    cache = Path(sys.argv[1] if len(sys.argv) > 1 else Path.home() / ".cache/vfiotui-loaders").resolve()
    if os.environ.get("PRIVATE") != "1":
        words = ["unshare", "--mount", "--propagation", "private", sys.executable, "-m", module]
        os.execvpe("unshare", [*words, str(cache), *sys.argv[2:]], {**os.environ, "PRIVATE": "1"})
    cache.mkdir(parents=True, exist_ok=True)
    return cache


def make_archive(cache: Path, name: str, install: str) -> Path:
    """A system as an archive, made once: the base, and what the shell text `install` puts in."""
    archive = cache / f"{name}.tar"
    if archive.exists():
        return archive
    print(f"== makes the system {name}", flush=True)
    base = _base(cache)
    new = cache / f"{name}.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    subprocess.run(["tar", "-C", str(new), "-xf", str(base)], check=True)
    with (cache / f"{name}.log").open("w") as log:
        words = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", INSTALL, str(new), str(cache / "debs")]
        text = f"apt-get update -q && {install}"
        subprocess.run([*words, text], stdout=log, stderr=subprocess.STDOUT, check=True, env=ENVIRONMENT)
    _pack(new, archive)
    return archive


def _base(cache: Path) -> Path:
    archive = cache / "base.tar"
    if archive.exists():
        return archive
    new = cache / "base.new"
    shutil.rmtree(new, ignore_errors=True)
    with (cache / "debootstrap.log").open("w") as log:
        words = ["debootstrap", "--variant=minbase", f"--include={BASE}", "trixie", str(new)]
        subprocess.run(words, stdout=log, stderr=subprocess.STDOUT, check=True)
    (new / "etc/apt/sources.list").write_text(SOURCES)
    for conf in Path("/etc/apt/apt.conf.d").glob("*"):
        shutil.copy(conf, new / "etc/apt/apt.conf.d")
    # The disk may be lost with the machine; it is made anew then.
    (new / "etc/dpkg/dpkg.cfg.d/fast").write_text("force-unsafe-io\n")
    for path in ("etc/resolv.conf", "etc/hosts"):
        shutil.copy(f"/{path}", new / path)
    _pack(new, archive)
    return archive


def _pack(new: Path, archive: Path) -> None:
    tar = ["tar", "--xattrs", "-C", str(new), "-cf", f"{archive}.part", "."]
    subprocess.run(tar, check=True)
    Path(f"{archive}.part").rename(archive)
    shutil.rmtree(new)


@contextlib.contextmanager
def disks(cache: Path) -> Iterator[Path]:
    """A folder for images of disks, taken away afterwards with all that is mounted below.

    grub-probe looks for the file behind a loop device, inside of the system too: below /dev it finds it.
    """
    work = Path(tempfile.mkdtemp(dir="/dev/shm"))
    store = Path(tempfile.mkdtemp(dir=cache))
    subprocess.run(["mount", "--bind", str(store), str(work)], check=True)
    try:
        yield work
    finally:
        for line in reversed(Path("/proc/self/mountinfo").read_text().splitlines()):
            point = line.split()[4]
            if point.startswith(f"{work}/"):
                subprocess.run(["umount", point], check=False)
        subprocess.run(["umount", "-l", str(work)], check=False)
        shutil.rmtree(store, ignore_errors=True)
        os.rmdir(work)


def disk(work: Path, name: str, label: str, size: int, top: Path | None = None) -> Path:
    """A new file system in an image, mounted; where, is given back."""
    image = work / f"{name}.img"
    with image.open("wb") as file:
        file.truncate(size)
    subprocess.run(["mkfs.ext4", "-q", "-L", label, str(image)], check=True)
    return mount(image, top or work / name)


def mount(image: Path, top: Path) -> Path:
    top.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(top)], check=True)
    return top
