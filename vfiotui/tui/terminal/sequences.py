"""What a terminal sends, by its form: which bytes are one sequence, and which sequences are keys, mouse or answers.

The forms are those of ECMA-48 (control sequences, control strings) and of xterm's control sequences; kitty's keyboard
protocol, the Linux console and rxvt have some of their own. A sequence that is none of the known keys is an answer
that nobody waits for, and no part of it is a key.
"""

from __future__ import annotations

import re

BEGIN, END = b"\x1b[200~", b"\x1b[201~"
"""How a terminal marks what is pasted (bracketed paste)."""
UNREADABLE = "\ufffd"
"""What stands for bytes that are no text."""
_CHARACTER = rb"[\x00-\x1a\x1c-\x7f]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
_CUT = rb"[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2}"
_CSI, _BODY = rb"(?:\x1b\[|\x9b)", rb"[0-?]*[ -/]*"
TOKEN = re.compile(
    rb"(?P<text>(?:" + _CHARACTER + rb")+)"
    rb"|(?P<begin>\x1b\[200~)"
    rb"|(?P<mouse>\x1b\[M(?P<report>.{3}))"
    rb"|(?P<unfinished>(?:\x1b(?:"
    + _CUT
    + rb")?|"
    + _CUT
    + rb"|\x1b\[M.{0,2}|\x1b\[\[|\x1bO|"
    + _CSI
    + _BODY
    + rb")\Z)"
    rb"|(?P<sequence>\x1b\[\[[A-E]|" + _CSI + _BODY + rb"[@-~]|\x1bO[ -~])"
    rb"|(?P<broken>" + _CSI + _BODY + rb")"
    rb"|(?P<string>\x1b[P\]X^_]|[\x90\x98\x9d-\x9f])"
    rb"|(?P<escape>\x1b(?=\x1b))"
    rb"|(?P<alt>\x1b(?:" + _CHARACTER + rb"))"
    rb"|(?P<noise>.)",
    re.DOTALL,
)
"""The next piece of input; the name of its group says what it is. `noise` is one byte that is no text.

`unfinished` is the beginning of something, `broken` a control sequence in the middle of which something else begins,
`string` the beginning of a control string. C1 controls are such only as bytes that are no part of UTF-8.
"""
STRING_END = re.compile(rb"\x07|\x1b\\|\x9c|\x1b(?=[^\\])")
"""Where a control string ends: at BEL, at ST, or where another sequence begins."""
STRING_BEGINS = re.compile(rb"\](?:[\dlLI])|P[\d>!+$|]|_[A-Za-z]")
"""How the control strings of terminals begin: introducer and first byte."""
REST = re.compile(rb"(?:\][\dlLI]|P[\d>!+$|]|_G|\[[\d<=>?]).", re.DOTALL)
"""What follows an escape character in an answer or a report, and what no person types at once."""
CUT_KEY = re.compile(rb"\x1b\[\d{1,3}\$")
"""A key of rxvt whose last byte is none in any other terminal (rxvt's reference, "Key Codes")."""
NO_TEXT = re.compile(
    rb"\x1b[P\]X^_][^\x07\x1b]*(?:\x07|\x1b\\|\Z)?|\x1b\[M[^\x1b]{3}|\x1b\[" + _BODY + rb"[@-~]|\x1bO.|\x1b.?",
    re.DOTALL,
)
"""Sequences of all kinds, roughly: what is left between them was typed or pasted."""
_KEY = re.compile(
    r"\x1b\[(?:\[[A-E]|[\d:;]{0,24}[A-HPQSZ~u]|[a-dIO]|\d{1,3}[\^@$]|<\d{1,4};-?\d{1,5};-?\d{1,5}[Mm])|\x1bO[ -~]"
)
"""Keys, focus (I, O) and SGR's mouse reports. R is left to the cursor's place, and no key here needs it."""
_NUMBER = re.compile(r"\d+")
_ASKED = re.compile(r"\x1b\[\?2026;[0-4]\$y")
"""The answer on synchronized output, for which Textual asks."""
_FENCE = re.compile(r"\x1b\[\?[\d;]*c")


def is_key(sequence: str) -> bool:
    """Whether a whole control sequence is a key, the mouse, focus, or the answer that Textual waits for."""
    if sequence in (BEGIN.decode(), END.decode()):
        return False
    if _ASKED.fullmatch(sequence):
        return True
    return bool(_KEY.fullmatch(sequence)) and all(_may_be_character(int(n)) for n in _NUMBER.findall(sequence))


def _may_be_character(number: int) -> bool:
    """Whether it is one of Unicode: kitty's protocol sends keys so, and half a surrogate pair cannot be drawn."""
    return number < 0xD800 or 0xDFFF < number < 0x110000


def is_fence(sequence: str) -> bool:
    """Whether it is the answer to "which terminal are you?" (primary device attributes): all earlier ones are in."""
    return _FENCE.fullmatch(sequence) is not None


def sgr_mouse(report: bytes) -> str:
    """X10's report (button, column, row as bytes, 32 added) in SGR's form, which has no bytes beyond ASCII.

    Empty where the place is beyond its reach.
    """
    button, column, row = (byte - 32 for byte in report)
    if button < 0 or column < 1 or row < 1:
        return ""
    released = button & 3 == 3 and not button & (32 | 64)
    return f"\x1b[<{button & ~3 if released else button};{column};{row}{'m' if released else 'M'}"
