"""Sets of CPU numbers in the two spellings of the kernel: lists and hexadecimal masks."""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.model.base.reading import Reading, Unread, Why

LIMIT = 65536
"""No kernel knows more CPUs (NR_CPUS is 8192 at most); larger numbers are damage, not data."""


def parse_list(text: str) -> Reading[frozenset[int]]:
    """The CPUs of a list such as "0-3,8,10-14:2"; an empty text is the empty set.

    "(null)", as nohz_full reads on kernels without it, is the empty set too.
    `^n` takes a CPU out again, as libvirt's cpuset does.

    >>> sorted(parse_list("0-3,^1,8"))
    [0, 2, 3, 8]
    >>> parse_list("3-").reason
    'not a CPU list: 3-'
    """
    text = text.replace("\x00", "").strip()
    if not text or text == "(null)":
        return frozenset()
    found: set[int] = set()
    named = 0
    for part in text.split(","):
        part = part.strip()
        out = part.startswith("^")
        span, _, step = part.lstrip("^").partition(":")
        low, dash, high = span.partition("-")
        step = step.partition("/")[2] or step
        numbers = (low, high if dash else low, step or "1")
        if not all(n.isascii() and n.isdigit() and len(n) < 10 for n in numbers):
            return Unread(f"not a CPU list: {text[:40]}", Why.DAMAGED)
        first, last, stride = (int(n) for n in numbers)
        if last < first or last >= LIMIT or stride < 1:
            return Unread(f"not a CPU list: {text[:40]}", Why.DAMAGED)
        chosen = range(first, last + 1, stride)
        named += len(chosen)
        if named > 4 * LIMIT:
            return Unread(f"the CPU list names its CPUs again and again: {text[:40]}", Why.DAMAGED)
        if out:
            found.difference_update(chosen)
        else:
            found.update(chosen)
    return frozenset(found)


def parse_mask(text: str) -> Reading[frozenset[int]]:
    """The CPUs of a mask such as "ff" or "00000001,ffffffff" (32-bit words, highest first).

    >>> sorted(parse_mask("1,00000003"))
    [0, 1, 32]
    """
    digits = text.replace("\x00", "").strip().replace(",", "").removeprefix("0x")
    if not digits or len(digits) > LIMIT // 4 or any(c not in "0123456789abcdefABCDEF" for c in digits):
        return Unread(f"not a CPU mask: {text.strip()[:40]}", Why.DAMAGED)
    mask = int(digits, 16)
    return frozenset(i for i in range(mask.bit_length()) if mask >> i & 1)


def format_list(cpus: Iterable[int]) -> str:
    """The shortest list that the kernel and libvirt read as these CPUs.

    >>> format_list([8, 0, 1, 2, 3])
    '0-3,8'
    """
    spans: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if spans and cpu == spans[-1][1] + 1:
            spans[-1][1] = cpu
        else:
            spans.append([cpu, cpu])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def format_mask(cpus: Iterable[int], count: int) -> str:
    """The set as the kernel prints a mask of `count` CPUs: 32-bit words, highest first.

    >>> format_mask({0, 2, 33}, 40), format_mask({0}, 8)
    ('02,00000005', '01')
    """
    digits = f"{sum(1 << c for c in set(cpus)):0{-(-count // 4)}x}"
    head = len(digits) % 8
    return ",".join(([digits[:head]] if head else []) + [digits[i : i + 8] for i in range(head, len(digits), 8)])
