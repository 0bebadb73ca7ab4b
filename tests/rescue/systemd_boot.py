"""Proves the boot path of systemd-boot: what OVMF and systemd-boot start in QEMU, against what is resolved.

    python -m tests.rescue.systemd_boot [CASE]

Needs qemu-system-x86_64, gcc, binutils and the packages ovmf and systemd-boot-efi; half a minute for each case. In the
kernel's place stands a program that prints the words that it was given.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from vfiotui.host.boot.path import systemd_boot
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.cmdline import CommandLine

BOOT = Path("/usr/lib/systemd/boot/efi")
FIRMWARE = Path("/usr/share/OVMF")
COMPILE = (
    "gcc -Os -fno-ident -ffreestanding -fno-stack-protector -fPIC -fshort-wchar -mno-red-zone "
    "-fno-asynchronous-unwind-tables -c"
).split()
LINK = (
    "ld -s -m i386pep --subsystem 10 -e efi_main -nostdlib --image-base 0 --file-alignment 4096 "
    "--major-image-version 1 --enable-reloc-section --dynamicbase"
).split()
SECONDS = 180


def entry(words: str, *lines: str) -> str:
    return "\n".join(("linux /vmlinuz", *lines, f"options k={words}\n"))


SORTED = {
    "zz": entry("sort-6.9", "version 6.9", "sort-key arch"),
    "aa": entry("sort-6.12", "version 6.12", "sort-key arch"),
    "zzz": entry("old-style"),
}
COUNTED = {"new+0-3": entry("bad"), "old": entry("good")}
CASES: dict[str, tuple[str, dict[str, str], bool]] = {
    "sort order": ("", SORTED, False),
    "pattern": ("default ZZZ*", SORTED, False),
    "boot counting": ("", COUNTED, False),
    "bad entry by pattern": ("default new*", COUNTED, False),
    "unified image": ("", {}, True),
    "pattern of an image": ("default *.efi", {"zzz": entry("type1")}, True),
}
"""Name → loader.conf, entries, and whether there is a unified image."""


def build(work: Path) -> Path:
    program = work / "print.efi"
    source = Path(__file__).with_name("efi_print.c")
    subprocess.run([*COMPILE, str(source), "-o", str(work / "print.o")], check=True)
    subprocess.run([*LINK, str(work / "print.o"), "-o", str(program)], check=True)
    return program


def unified(work: Path, program: Path, target: Path) -> None:
    texts = {".osrel": "ID=arch\nVERSION_ID=1\n", ".cmdline": "k=uki quiet"}
    words = ["objcopy"]
    for place, (name, text) in enumerate(texts.items(), 2):
        (work / name[1:]).write_text(text)
        words += ["--add-section", f"{name}={work / name[1:]}", "--change-section-vma", f"{name}={place << 16:#x}"]
    words += ["--add-section", f".linux={program}", "--change-section-vma", ".linux=0x2000000"]
    subprocess.run([*words, str(BOOT / "linuxx64.efi.stub"), str(target)], check=True)


def started(work: Path, esp: Path) -> str:
    """The words that the kernel's stand-in got."""
    shutil.copy(FIRMWARE / "OVMF_VARS_4M.fd", work / "vars.fd")
    words = [
        "qemu-system-x86_64", "-machine", "q35,accel=tcg", "-m", "192", "-nographic", "-nic", "none", "-no-reboot",
        "-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE / 'OVMF_CODE_4M.fd'}",
        "-drive", f"if=pflash,format=raw,file={work / 'vars.fd'}", "-drive", f"format=raw,file=fat:rw:{esp}",
    ]  # fmt: skip
    done = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS, check=False)
    found = re.search(rb"\[words:(.*?):words\]", done.stdout, re.DOTALL)
    return found[1].decode() if found else f"nothing: {done.stdout[-300:]!r}"


def predicted(top: Path) -> str:
    found = systemd_boot.find(Root.mounted(str(top)))
    default = None if isinstance(found, Unread) else found.default
    return default.words.text if default and isinstance(default.words, CommandLine) else f"not known: {found}"


def main() -> None:
    right = tried = 0
    for name, (conf, entries, image) in CASES.items():
        if sys.argv[1:] and sys.argv[1] not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            work, esp = Path(folder), Path(folder) / "top/efi"
            program = build(work)
            for part in ("EFI/BOOT", "EFI/Linux", "loader/entries"):
                (esp / part).mkdir(parents=True)
            shutil.copy(BOOT / "systemd-bootx64.efi", esp / "EFI/BOOT/BOOTX64.EFI")
            shutil.copy(program, esp / "vmlinuz")
            (esp / "loader/loader.conf").write_text(f"timeout 0\n{conf}\n")
            for file, text in entries.items():
                (esp / f"loader/entries/{file}.conf").write_text(text)
            if image:
                unified(work, program, esp / "EFI/Linux/arch.efi")
            told, real = predicted(work / "top"), started(work, esp)
            tried, right = tried + 1, right + (told == real)
            print(f"{'as predicted' if told == real else 'NOT SO'}: {name}: {told!r}, started {real!r}", flush=True)
    if right != tried:
        raise SystemExit(f"{right} of {tried} as predicted")
    print(f"== proved: {right} of {tried}")


if __name__ == "__main__":
    main()
