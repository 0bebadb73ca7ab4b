"""GRUB's `test` and `[`: strings, numbers and files (grub-core/commands/test.c). None is not known."""

from __future__ import annotations

import re

from vfiotui.host.boot.path.grub.places import Places, There

NUMBER = re.compile(r"[+-]?(0[xX][0-9a-fA-F]+|\d+)")
NUMBERS = {
    "-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b,
    "-le": lambda a, b: a <= b, "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b,
}  # fmt: skip
STRINGS = {
    "=": lambda a, b: a == b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}  # fmt: skip
FILES = ("-d", "-e", "-f", "-s")
DEPTH_LIMIT = 50

Answer = bool | None


def number(text: str) -> int:
    """The number at the beginning of a text, as GRUB's strtoul with base 0 takes it; 0 where there is none.

    >>> number("0x10"), number("010"), number("2>1"), number("x")
    (16, 8, 2, 0)
    """
    match = NUMBER.match(text)
    if not match:
        return 0
    sign = -1 if match[0].startswith("-") else 1
    digits = match[1][:40]
    if digits[:2] in ("0x", "0X"):
        return sign * int(digits, 16)
    if octal := re.match(r"0[0-7]+", digits):
        return sign * int(octal[0], 8)
    return sign * int(digits)


class _Test:
    """Walks over the arguments once; conditions are joined by -a, which may be left out, and by -o."""

    def __init__(self, args: list[str], places: Places, device: str) -> None:
        self.args, self.places, self.device = args, places, device
        self.at = self.depth = 0

    def run(self) -> Answer:
        conjunction: Answer = True
        disjunction: Answer = False
        invert = False
        while self.at < len(self.args):
            word = self.args[self.at]
            value: Answer
            if self.at + 2 < len(self.args) and self.args[self.at + 1] in (*STRINGS, *NUMBERS):
                value = self._compare(word, self.args[self.at + 1], self.args[self.at + 2])
                self.at += 3
            elif self.at + 2 < len(self.args) and self.args[self.at + 1][:3] in ("-nt", "-ot", "-pg", "-pl"):
                value = None
                self.at += 3
            elif self.at + 1 < len(self.args) and word in (*FILES, "-n", "-z"):
                value = self._unary(word, self.args[self.at + 1])
                self.at += 2
            elif word == ")":
                self.at += 1
                break
            elif word == "(" and self.depth < DEPTH_LIMIT:
                self.at += 1
                self.depth += 1
                value = self.run()
            elif word == "!":
                invert = not invert
                self.at += 1
                continue
            elif word == "-a":
                self.at += 1
                continue
            elif word == "-o":
                disjunction = _or(disjunction, conjunction)
                conjunction = True
                self.at += 1
                continue
            else:
                value = bool(word)
                self.at += 1
            if invert and value is not None:
                value = not value
            invert = False
            conjunction = _and(conjunction, value)
        return _or(disjunction, conjunction)

    def _compare(self, left: str, operator: str, right: str) -> Answer:
        if operator in STRINGS:
            return bool(STRINGS[operator](left, right))
        return bool(NUMBERS[operator](number(left), number(right)))

    def _unary(self, operator: str, word: str) -> Answer:
        if operator in ("-n", "-z"):
            return bool(word) == (operator == "-n")
        if not word:
            return False
        found = self.places.find(word, self.device)
        if found.there is There.UNKNOWN:
            return None
        if found.there is There.NO:
            return False
        if operator == "-d":
            return found.kind == "directory"
        if operator == "-e":
            return True
        return found.kind != "directory" and (operator == "-f" or found.size > 0)


def _and(left: Answer, right: Answer) -> Answer:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _or(left: Answer, right: Answer) -> Answer:
    if left or right:
        return True
    return None if left is None or right is None else False


def answer(args: list[str], places: Places, device: str) -> Answer:
    """Whether the condition holds; files without a device of their own lie on the given one.

    One without words holds (commands/test.c), as `[ $none ]` is.
    """
    words = args[:-1] if args and args[-1] == "]" else args
    return _Test(words, places, device).run()
