"""A tree of kernel modules that depmod and modprobe read: ELF objects without code."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

from tests.requirements import need

RELEASE = "6.1.0"


def _section(name: int, kind: int, offset: int, size: int) -> bytes:
    return struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, size, 0, 0, 1, 0)


def module(name: str, alias: str = "") -> bytes:
    """An object of a module: its .modinfo and nothing else."""
    info = b"".join(f"{word}\0".encode() for word in (f"name={name}", *([f"alias={alias}"] if alias else [])))
    names = b"\0.shstrtab\0.modinfo\0"
    head = 64
    table = head + len(names) + len(info)
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, table, 0, 64, 0, 0, 64, 3, 1)
    sections = bytes(64) + _section(1, 3, head, len(names)) + _section(11, 1, head + len(names), len(info))
    return header + names + info + sections


def tree(folder: Path, modules: dict[str, str]) -> None:
    """Modules with their aliases below lib/modules, and what depmod makes of them."""
    place = folder / "lib/modules" / RELEASE / "kernel"
    place.mkdir(parents=True)
    for name, alias in modules.items():
        (place / f"{name}.ko").write_bytes(module(name.replace("-", "_"), alias))
    subprocess.run([need("depmod", "kmod"), "-b", str(folder), RELEASE], check=True, capture_output=True)


def shown(folder: Path, config: dict[str, str], name: str) -> list[str]:
    """What modprobe would do for a module: "insmod nouveau", "insmod vfio-pci ids=1:2", "install /bin/false"."""
    conf = folder / "conf"
    conf.mkdir(exist_ok=True)
    for old in conf.iterdir():
        old.unlink()
    for file, text in config.items():
        (conf / file).write_text(text)
    told = subprocess.run(
        [need("modprobe", "kmod"), "-d", str(folder), "-S", RELEASE, "-C", str(conf), "--show-depends", name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = []
    for line in told.stdout.splitlines():
        verb, _, rest = line.strip().partition(" ")
        path, _, options = rest.partition(" ")
        found.append(f"{verb} {path.rpartition('/')[2].removesuffix('.ko')} {options}".strip() if verb == "insmod"
                     else line.strip())  # fmt: skip
    return found
