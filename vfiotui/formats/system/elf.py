"""For which processor a program was built (elf(5))."""

from __future__ import annotations

MACHINES = {
    3: "i386",
    8: "mips",
    20: "ppc",
    21: "ppc64",
    22: "s390x",
    40: "arm",
    62: "x86_64",
    183: "aarch64",
    243: "riscv",
}


def machine_name(program: bytes) -> str:
    """The processor's name, or what can be said of it.

    >>> machine_name(b"\\x7fELF\\x02\\x01\\x01" + bytes(11) + b"\\xb7\\x00")
    'aarch64'
    """
    if program[:4] != b"\x7fELF" or len(program) < 20:
        return "an unknown processor"
    number = int.from_bytes(program[18:20], "big" if program[5] == 2 else "little")
    return MACHINES.get(number, f"processor number {number}")
