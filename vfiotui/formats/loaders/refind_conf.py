"""refind.conf: settings of one line each, and stanzas of entries (rodsbooks.com/refind/configfile.html).

Words are parted by blanks, "=" and ","; inside double quotes they are kept together, and "" stands for one quote.
Outside of quotes a slash becomes a backslash; "#" begins a comment (refind/config.c, ReadTokenLine).
"""

from __future__ import annotations

from vfiotui.formats.text_lines import lines_of
from vfiotui.model.base.value import dataclass, field

SEPARATORS = " \t=,"
LISTS = frozenset(
    "also_scan_dirs dont_scan_dirs dont_scan_files dont_scan_volumes extra_kernel_version_strings".split()
)
"""Settings that add to what they held where "+" comes first."""


@dataclass(slots=True)
class Stanza:
    """A menuentry, or a submenuentry in one."""

    title: str
    line: int
    loader: str = ""
    """With backslashes, as rEFInd has it; empty where the stanza names none."""
    volume: str = ""
    initrd: str = ""
    options: str | None = None
    options_line: int = 0
    disabled: bool = False
    boot_number: str = ""
    """firmware_bootnum: a Boot#### entry of the firmware that it starts instead."""
    inner: list[Stanza] = field(default_factory=list)


@dataclass(slots=True)
class Config:
    """What the file says."""

    settings: dict[str, tuple[tuple[str, ...], int]] = field(default_factory=dict)
    """Setting in lower case → its words and the number of its line; the last one counts, lists add up after "+"."""
    defaults: list[tuple[tuple[str, ...], int]] = field(default_factory=list)
    """Every default_selection in order, with the times that some have."""
    includes: list[str] = field(default_factory=list)
    stanzas: list[Stanza] = field(default_factory=list)


def tokens(line: str) -> tuple[str, ...]:
    r"""The words of a line.

    >>> tokens('options "root=/dev/sda2 ""a"" b" # x'), tokens("initrd /boot/initrd.img")
    (('options', 'root=/dev/sda2 "a" b'), ('initrd', '\\boot\\initrd.img'))
    """
    found: list[str] = []
    at, end = 0, len(line)
    while at < end:
        if line[at] in SEPARATORS:
            at += 1
            continue
        if line[at] == "#":
            break
        quoted = line[at] == '"'
        at += quoted
        word = ""
        while at < end:
            char = line[at]
            if char == '"':
                if line[at + 1 : at + 2] != '"':
                    at += 1
                    break
                at += 1
            elif not quoted and (char in SEPARATORS or char == "#"):
                break
            word += "\\" if char == "/" and not quoted else char
            at += 1
        found.append(word)
    return tuple(found)


def parse(text: str) -> Config:
    r"""The settings and stanzas of a file; what it includes is not followed.

    >>> parse('timeout 5\nmenuentry "Arch" {\n loader vmlinuz\n}').stanzas[0].loader
    'vmlinuz'
    """
    config = Config()
    open_: list[Stanza] = []
    for line in lines_of(text):
        words = tokens(line.text.rstrip("\r"))
        if not words:
            continue
        key, values = words[0].lower(), words[1:]
        if open_:
            if words[0] == "}":
                open_.pop()
            elif key == "submenuentry" and values and len(open_) == 1:
                open_[0].inner.append(Stanza(values[0], line.number))
                open_.append(open_[0].inner[-1])
            else:
                _in_stanza(open_[-1], key, values, line.number, inner=len(open_) > 1)
        elif key == "menuentry" and values:
            config.stanzas.append(Stanza(values[0], line.number))
            open_.append(config.stanzas[-1])
        elif key == "default_selection" and values:
            config.defaults.append((values, line.number))
        elif key == "include" and len(values) == 1:
            config.includes.append(values[0])
        else:
            _setting(config, key.replace("don't", "dont"), values, line.number)
    return config


def _setting(config: Config, key: str, values: tuple[str, ...], number: int) -> None:
    before, _ = config.settings.get(key, ((), 0))
    if key in LISTS and values[:1] == ("+",) and len(values) > 1:
        values = (*before, *values[1:])
    config.settings[key] = (values, number)


def _in_stanza(stanza: Stanza, key: str, values: tuple[str, ...], number: int, *, inner: bool) -> None:
    if key == "disabled":
        stanza.disabled = True
    if not values:
        return
    match key:
        case "loader":
            stanza.loader = values[0]
        case "volume":
            stanza.volume = values[0]
        case "initrd":
            stanza.initrd = values[0]
        case "options":
            stanza.options, stanza.options_line = values[0], number
        case "add_options" if inner:
            stanza.options, stanza.options_line = f"+{values[0]}", number
        case "firmware_bootnum":
            stanza.boot_number = values[0]
