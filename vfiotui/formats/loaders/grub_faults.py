"""Lines of /etc/default/grub that the shell does not take as they were meant.

grub-mkconfig sources the file in sh under "set -e": a command that does not exist ends it, and no menu is written. In
`A=x B=y` without quotes both are variables; in `A=x y` A is set for the command y alone. The generator puts the value
into the line of grub.cfg that loads the kernel: a line break in it ends that line.
"""

from __future__ import annotations

import re

from vfiotui.formats.fault import Fault
from vfiotui.formats.loaders import grub_default
from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.modprobe.modprobe_faults import QUOTES
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.assignments import parse, value_of
from vfiotui.formats.shell.source import ShellAssignment, scan
from vfiotui.formats.text_lines import Line, lines_of
from vfiotui.model.base.near import nearest

KERNEL = ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT", "GRUB_CMDLINE_LINUX_RECOVERY")
KNOWN = (
    *KERNEL,
    "GRUB_CMDLINE_GNUMACH",
    "GRUB_CMDLINE_XEN",
    "GRUB_CMDLINE_XEN_DEFAULT",
    "GRUB_CMDLINE_LINUX_XEN_REPLACE",
    "GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT",
)
"""Variables with words for a kernel (util/grub-mkconfig.in; Debian and Fedora add none)."""
LINE = re.compile(r"[ \t]*(?:export[ \t]+)?(GRUB_\w+|[A-Z]+_CMDLINE_\w+)([ \t]*)(\+?=)([ \t]*)(.*)", re.ASCII)
MOST = 50
"""More faults of one file are not looked for."""
PLAIN = re.compile(r"[^\"'`$\\;&|<>()#]*")


def faults(text: str) -> tuple[Fault, ...]:
    """The first lines that are not taken as they were meant, up to `MOST`; kinds: name, quotes."""
    found: list[Fault] = []
    broken = {text.count("\n", 0, one.start) + 1: one for one in _broken(text)}
    """Values with a line break in them, by the line on which they begin."""
    opened = False
    """Whether a value that begins above goes on."""
    for line in lines_of(text):
        odd = line.text.count('"') % 2 == 1
        if opened:
            opened = not odd
            continue
        match = LINE.fullmatch(line.text.rstrip())
        why = _misread(text, line, match) if match else None
        opened = odd and why is None
        if match is None or len(found) == MOST:
            continue
        if why is None and line.number in broken:
            found.append(_break(text, line, broken[line.number]))
        elif why is not None:
            found.append(Fault("quotes", line.number, line.text, *why))
        elif meant := _meant(text, match[1]):
            sentence = f"grub-mkconfig knows no variable {match[1]}: its words reach no kernel."
            found.append(Fault("name", line.number, line.text, sentence, meant))
    return tuple(found)


def _broken(text: str) -> list[ShellAssignment]:
    """Kernel words with a line break inside of closed quotes; a backslash before it would join the lines."""
    if '"' not in text and "'" not in text:
        return []
    return [
        one
        for one in scan(text)
        if one.name in KNOWN and any(p.text == "\n" for w in one.words if w.closed for p in w.parts)
    ]


def _break(text: str, line: Line, one: ShellAssignment) -> Fault:
    """The fault of a value that goes on in the next line."""
    shown = text[line.start : max(one.end, line.end)]
    first, *below = (part.strip() for part in shown.splitlines())
    lost = " ".join(below).rstrip("\"' ") or "what follows"
    right = " ".join((first, *below)) if PLAIN.fullmatch(shown.partition("=")[2].strip().strip("\"'")) else ""
    sentence = f"A line break stands inside the value: GRUB ends the kernel's line there, and no kernel gets {lost}."
    return Fault("quotes", line.number, shown, sentence, re.sub(r"\s+(?=[\"']$)", "", right))


def _meant(text: str, name: str) -> str:
    """The variable that was meant by one that grub-mkconfig does not know, and that the file does not use itself."""
    meant = "" if name in KNOWN else nearest(name, KERNEL, 4)
    return "" if meant and re.search(rf"\$\{{?{name}\b", text) else meant


def _misread(text: str, line: Line, match: re.Match[str]) -> tuple[str, str] | None:
    """What the shell makes of a line that it reads otherwise, and the line as it was meant."""
    name, before, equals, after, value = match.groups()
    head = f"{name}{equals}"
    if any(q in value for q in QUOTES):
        bare = re.sub(rf"[{QUOTES}]", '"', value)
        inner = bare.strip('"')
        right = f'{head}"{inner}"' if PLAIN.fullmatch(inner) else ""
        return "Typographic quotation marks are letters to the shell: the value ends at the first blank.", right
    if before or (after and value and not value.startswith("#")):
        inner = value[1:-1] if _quoted(value) else value
        right = f"{head}{value}" if _quoted(value) else f'{head}"{inner}"' if PLAIN.fullmatch(inner) else ""
        return (
            f"A blank beside '=' makes {value.split()[0] if not before else name} a command: grub-mkconfig fails.",
            right,
        )
    if value[:1] in ("'", '"') and value.count(value[0]) == 1 and _swallows(text, line, value[0]):
        right = f"{head}{value}{value[0]}"
        return "The quote is never closed: what stands below becomes part of the value, or the file ends in it.", right
    return _unquoted(head, value)


def _quoted(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" and value[0] not in value[1:-1]


def _swallows(text: str, line: Line, quote: str) -> bool:
    """Whether a quote that is open at the end of the line takes in the next assignment, or the end of the file."""
    below = text[line.end :]
    inside, closed, _ = below.partition(quote)
    return not closed or re.search(r"\n[ \t]*GRUB_\w+=", inside) is not None


def _unquoted(head: str, value: str) -> tuple[str, str] | None:
    """Words behind the first one without quotes around them."""
    first, rest = _shell_word(value)
    rest = rest.strip()
    if "`" in first or "$(" in first:
        return None
    if not rest or rest[0] in "#;&|<>":
        return None
    words, gap, comment = value.partition(" #")
    if PLAIN.fullmatch(words):
        right = f'{head}"{words.rstrip()}"{gap}{comment}'
    elif _wrapped(value):
        right = f"{head}'{value[1:-1]}'"
    else:
        right = ""
    lost = PLAIN.match(rest)
    shown = (lost[0] if lost else rest).split()
    command = next((w for w in (shown or [rest]) if "=" not in w), "")
    if command:
        sentence = (
            f"The value ends before {rest.split()[0]}, and the shell runs {command} as a command: grub-mkconfig fails."
        )
        return sentence, right
    return (
        f"The value ends at the blank: {rest} is another variable for the shell, and does not reach the kernel.",
        right,
    )


def _wrapped(value: str) -> bool:
    """Whether double quotes around the whole were meant to hold double quotes too."""
    return len(value) > 2 and value[0] == value[-1] == '"' and not re.search(r"['`$\\]", value[1:-1])


def _shell_word(value: str) -> tuple[str, str]:
    """The first word as the shell parts it, and the rest."""
    quote, place = "", 0
    while place < len(value):
        char = value[place]
        if quote:
            quote = "" if char == quote else quote
            place += char == "\\" and quote == '"'
        elif char in "'\"":
            quote = char
        elif char == "\\":
            place += 1
        elif char in " \t;&|":
            break
        place += 1
    return value[:place], value[place:]


def repaired(text: str, kind: str) -> str:
    """The text without the faults of a kind whose right line is known; EditRefused where the variable is computed."""
    for fault in reversed([f for f in faults(text) if f.kind == kind and f.right]):
        line = lines_of(text)[fault.line - 1]
        if kind == "quotes":
            text = text[: line.start] + fault.right + text[line.start + len(fault.text) :]
        else:
            text = _renamed(text, line, fault.right)
    return text


def _renamed(text: str, line: Line, name: str) -> str:
    """The words of a misspelt variable in the right one: by its name, or joined to what that has already."""
    match = LINE.fullmatch(line.text)
    assert match
    wrong = match[1]
    renamed = text[: line.start + match.start(1)] + name + text[line.start + match.end(1) :]
    there = value_of(parse(text), name)
    if not there:
        without = text[: line.start] + text[line.end :].removeprefix("\r").removeprefix("\n")
        # An empty assignment below would take the words away again.
        return renamed if value_of(parse(renamed), name) else _joined(without, name, text, wrong)
    without = text[: line.start] + text[line.end :].removeprefix("\r").removeprefix("\n")
    return _joined(without, name, text, wrong)


def _joined(without: str, name: str, text: str, wrong: str) -> str:
    words = value_of(parse(text), wrong)
    if not isinstance(words, str):
        raise EditRefused(f"{wrong} has a value that shell code computes; move its words to {name} by hand.")
    return grub_default.edit_words(without, WordEdit(add=tuple(words.split())))
